package state

import (
	"context"
	"crypto/hpke"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

const (
	defaultDelivery = 15 * time.Minute
	maxSecret       = 64 << 10
	maxSecrets      = 100 // of one request
)

// secretFile is CODE.N.secret. The secret is encrypted by HPKE (RFC 9180: X25519,
// HKDF-SHA256, AES-256-GCM), bound to all else in the file.
type secretFile struct {
	Version    int       `json:"version"`
	Code       string    `json:"code"`
	To         string    `json:"to"`
	Until      time.Time `json:"until"`
	Ciphertext []byte    `json:"ciphertext"`
}

func (s *secretFile) info() []byte {
	return []byte(strings.Join([]string{"jc-mcp secret v1", s.Code, s.To, stamp(s.Until)}, "\n"))
}

// Deliver leaves a secret for the approver of a request. It is never on disk in
// clear: only his passphrase opens it, once, within ttl (0 is 15 minutes, a day at most).
func (d *Dir) Deliver(ctx context.Context, code string, to auth.Approver, secret []byte, ttl time.Duration) error {
	d.sweep()
	code, err := ParseCode(code)
	if err != nil {
		return err
	}
	if len(secret) == 0 || len(secret) > maxSecret {
		return fmt.Errorf("a secret to be delivered has 1 to %d bytes", maxSecret)
	}
	public, err := ParsePublic(to.Key)
	if err != nil {
		return fmt.Errorf("the secret cannot be delivered to %s: %w", to.Name, err)
	}
	seal, err := hpke.NewDHKEMPublicKey(public.seal)
	if err != nil {
		return fmt.Errorf("the secret cannot be delivered to %s: %w", to.Name, err)
	}
	if ttl <= 0 {
		ttl = defaultDelivery
	}
	s := secretFile{Version: 1, Code: code, To: to.Name, Until: d.now().Add(min(ttl, maxWait)).UTC().Round(0)}
	if s.Ciphertext, err = hpke.Seal(seal, hpke.HKDFSHA256(), hpke.AES256GCM(), s.info(), secret); err != nil {
		return fmt.Errorf("the secret cannot be delivered to %s: %w", to.Name, err)
	}
	unlock, err := d.shelf.lock(ctx, "approvals", "")
	if err != nil {
		return err
	}
	defer unlock()
	have, err := secrets(d.shelf, code)
	if err != nil {
		return err
	}
	next := 1
	if len(have) > 0 {
		next = have[len(have)-1] + 1
	}
	for ; next <= maxSecrets; next++ {
		err := put(d.shelf, approval(code, strconv.Itoa(next)+".secret"), nil, s, s.Until)
		if !errors.Is(err, errMoving) {
			return err
		}
	}
	return fmt.Errorf("request %s has %d secrets already", code, maxSecrets)
}

// secrets are the numbers of those that wait under a code, in order.
func secrets(s reader, code string) (numbers []int, err error) {
	names, err := s.list(approvalFolder)
	for _, name := range names {
		word, ours := strings.CutPrefix(name, code+".")
		word, secret := strings.CutSuffix(word, ".secret")
		if n, err := strconv.Atoi(word); ours && secret && err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

// Errors of [Dir.Reveal].
var (
	ErrNoSecret  = errors.New("no secret waits under this code: it was shown already, or its time is over")
	ErrNotForYou = errors.New("it was sent to another approver")
)

// Reveal opens the secrets that wait for the approver under a code, in the order in
// which they were delivered, and removes them: they are shown once.
func (d *Dir) Reveal(ctx context.Context, code string, key *Key) ([][]byte, error) {
	code, err := ParseCode(code)
	if err != nil {
		return nil, err
	}
	unlock, err := d.shelf.lock(ctx, "approvals", "")
	if err != nil {
		return nil, err
	}
	defer unlock()
	open, err := hpke.NewDHKEMPrivateKey(key.open)
	if err != nil {
		return nil, fmt.Errorf("opening a secret: %w", err)
	}
	numbers, err := secrets(d.shelf, code)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	other := false
	for _, n := range numbers {
		name := approval(code, strconv.Itoa(n)+".secret")
		var s secretFile
		if err := readValue(d.shelf, name, &s); err != nil || s.Version != 1 || s.Code != code || !d.now().Before(s.Until) {
			continue
		}
		plain, err := hpke.Open(open, hpke.HKDFSHA256(), hpke.AES256GCM(), s.info(), s.Ciphertext)
		if err != nil {
			other = true
			continue
		}
		// Before it is shown: what cannot be removed would be shown again.
		switch err := d.shelf.remove(name); {
		case err == nil:
			out = append(out, plain)
		case !errors.Is(err, fs.ErrNotExist) && len(out) == 0:
			return nil, fmt.Errorf("the secret cannot be removed, so it is not shown: %w", err)
		}
	}
	switch {
	case len(out) > 0:
		return out, nil
	case other:
		return nil, ErrNotForYou
	}
	return nil, ErrNoSecret
}
