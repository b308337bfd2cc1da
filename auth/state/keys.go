package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	masterBytes = 32
	maxKeys     = 8 // in the ring; the oldest goes when one more comes
)

// ring is keys.json, the newest key first.
type ring struct {
	Version int         `json:"version"`
	Keys    []masterKey `json:"keys"`
}

type masterKey struct {
	Made time.Time `json:"made"`
	Key  []byte    `json:"key"`
}

// Master is the key that new seals are made with: 32 bytes, made at the first call of
// any process that uses this directory.
func (d *Dir) Master() ([]byte, error) {
	keys, err := d.Masters()
	if err != nil {
		return nil, err
	}
	return keys[0], nil
}

// Masters are the keys that open seals, the newest first.
//
// Replicas that share a store have them from their operator, and not from the directory.
func (d *Dir) Masters() ([][]byte, error) {
	if d.store != nil {
		if len(d.store.masters) == 0 {
			return nil, errors.New("there is no seal key: JC_SEAL_KEY is not set")
		}
		return d.store.masters, nil
	}
	r, err := d.ring()
	if errors.Is(err, fs.ErrNotExist) {
		r, err = d.addKey(func(r ring) bool { return len(r.Keys) == 0 })
	}
	if err != nil {
		return nil, fmt.Errorf("the key ring of approvals: %w", err)
	}
	out := make([][]byte, len(r.Keys))
	for i, k := range r.Keys {
		out[i] = k.Key
	}
	return out, nil
}

// Rotate makes a new master key. Seals made with the ones before still open.
func (d *Dir) Rotate() error {
	if d.store != nil {
		return errors.New("replicas that share a store have their keys from JC_SEAL_KEY: set a new one, and the old one as JC_SEAL_KEY_2")
	}
	if _, err := d.addKey(func(ring) bool { return true }); err != nil {
		return fmt.Errorf("the key ring of approvals: %w", err)
	}
	return nil
}

// ring reads the keys. Damage is an error and not a new key: seals must not be voided in silence.
func (d *Dir) ring() (r ring, err error) {
	path := d.local.file("keys.json")
	info, err := os.Lstat(path)
	if err != nil {
		return r, err
	}
	if err := checkOwner(path, info); err != nil {
		return r, err
	}
	if err := readJSON(path, &r); err != nil {
		return r, err
	}
	if r.Version != 1 || len(r.Keys) == 0 {
		return r, fmt.Errorf("%s: %w", path, errTorn)
	}
	for _, k := range r.Keys {
		if len(k.Key) != masterBytes {
			return r, fmt.Errorf("%s: %w", path, errTorn)
		}
	}
	return r, nil
}

// addKey puts a key in front where want says so, with the ring as it is under the lock.
func (d *Dir) addKey(want func(ring) bool) (ring, error) {
	unlock, err := d.local.lock(context.Background(), "keys", "")
	if err != nil {
		return ring{}, err
	}
	defer unlock()
	r, err := d.ring()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	if !want(r) {
		return r, nil
	}
	key := make([]byte, masterBytes)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	r.Version = 1
	r.Keys = append([]masterKey{{d.now().UTC(), key}}, r.Keys...)
	r.Keys = r.Keys[:min(len(r.Keys), maxKeys)]
	return r, writeJSON(d.local.file("keys.json"), r)
}

// Sealer makes and opens approval seals like [auth.Sealer], for all processes that
// share the directory and over restarts: one of them opens what another one sealed,
// seals of older keys still open, and each seal opens once in all of them.
type Sealer struct{ d *Dir }

// Sealer gives the sealer of this directory; it fails where there can be no key.
func (d *Dir) Sealer() (*Sealer, error) {
	if _, err := d.Master(); err != nil {
		return nil, err
	}
	return &Sealer{d}, nil
}

// Format keeps the key out of anything printed.
func (s *Sealer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "approval sealer") }

// Seal is [auth.Sealer.Seal]. It is "", which nothing opens, when the key ring cannot
// be read any more, or the store cannot be reached.
func (s *Sealer) Seal(bound []byte, ttl time.Duration) string {
	master, err := s.d.Master()
	if err != nil {
		return ""
	}
	sealer, err := auth.NewSealer(master, s.d.now)
	if err != nil {
		return ""
	}
	run, err := s.d.shelf.run()
	if err != nil {
		return ""
	}
	return sealer.Seal(within(bound, run), ttl)
}

// within binds a seal to a run of the shelf: one that forgot what was used up must not
// let it be used again.
func within(bound []byte, run string) []byte {
	if run == "" {
		return bound
	}
	return append([]byte(run+"\n"), bound...)
}

// Open is [auth.Sealer.Open]. An error that is none of its own is about the directory.
func (s *Sealer) Open(seal string, bound []byte) error {
	masters, err := s.d.Masters()
	if err != nil {
		return err
	}
	run, err := s.d.shelf.run()
	if err != nil {
		return err
	}
	for _, m := range masters {
		sealer, err := auth.NewSealer(m, s.d.now)
		if err != nil {
			return err
		}
		if err = sealer.Open(seal, within(bound, run)); errors.Is(err, auth.ErrSealInvalid) {
			continue // another key's
		}
		if err != nil {
			return err
		}
		first, err := s.d.useOnce(run, "seal "+seal, s.d.now().Add(maxWait))
		if err == nil && !first {
			err = auth.ErrSealUsed
		}
		return err
	}
	return auth.ErrSealInvalid
}
