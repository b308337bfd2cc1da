package auth

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// What Open can find. All of them mean: do not act, ask again.
var (
	ErrSealInvalid = errors.New("this approval is not valid: ask again")
	ErrSealExpired = errors.New("this approval has expired: ask again")
	ErrSealMoved   = errors.New("this approval was given for something else, or what it was given for has changed: ask again")
	ErrSealUsed    = errors.New("this approval has been used already: ask again")
)

const (
	sealVersion  = 1
	sealKeyID    = 4
	sealNonce    = 12
	sealHead     = 1 + sealKeyID   // version, key id: in clear, authenticated
	sealBody     = 8 + sha256.Size // expiry in Unix milliseconds, SHA-256 of what was approved
	sealTag      = 16              //
	maxSealTTL   = 24 * time.Hour  // a longer one is cut
	maxUsedSeals = 10_000          // remembered at once
	sealBytes    = sealHead + sealNonce + sealBody + sealTag
)

// Sealer makes and checks approval seals: short texts that can travel through a
// client, that nobody without the key can make or change, and that open once.
//
// Single use is remembered in this process. A Sealer in another process with the
// same master opens the same seals, so whoever shares a master must share the
// memory of used seals as well; with a random master a restart voids all.
type Sealer struct {
	aead cipher.AEAD
	head [sealHead]byte
	now  func() time.Time

	mu    sync.Mutex
	used  map[[sealNonce]byte]int64 // to expiry, Unix milliseconds
	floor int64                     // seals that expire up to here are refused: their use may be forgotten
	limit int
}

// NewSealer derives the key from master, at least 32 bytes of it; nil means random.
// now gives the time; nil means the clock.
func NewSealer(master []byte, now func() time.Time) (*Sealer, error) {
	if master == nil {
		master = make([]byte, 32)
		_, _ = rand.Read(master) // never fails: crypto/rand ends the process instead
	}
	if len(master) < 32 {
		return nil, errors.New("the master key of approvals needs at least 32 bytes")
	}
	if now == nil {
		now = time.Now
	}
	key, err := hkdf.Key(sha256.New, master, nil, "jc-mcp approval seal v1: key", 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of approvals: %w", err)
	}
	id, err := hkdf.Key(sha256.New, master, nil, "jc-mcp approval seal v1: key id", sealKeyID)
	if err != nil {
		return nil, fmt.Errorf("deriving the key id of approvals: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("the cipher of approvals: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("the cipher of approvals: %w", err)
	}
	s := &Sealer{aead: aead, now: now, used: map[[sealNonce]byte]int64{}, limit: maxUsedSeals}
	s.head[0] = sealVersion
	copy(s.head[1:], id)
	return s, nil
}

// Format keeps the key out of anything printed.
func (s *Sealer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "approval sealer") }

// Seal binds an approval to bound for ttl, a day at most. bound is the canonical form
// of all that the approval covers (who, which tool, plan, targets, what was seen of
// them, version of the grants); only its hash and the expiry are in the seal.
func (s *Sealer) Seal(bound []byte, ttl time.Duration) string {
	out := make([]byte, sealHead+sealNonce, sealBytes)
	copy(out, s.head[:])
	_, _ = rand.Read(out[sealHead:])
	body := make([]byte, 8, sealBody)
	binary.BigEndian.PutUint64(body, uint64(s.now().Add(min(ttl, maxSealTTL)).UnixMilli()))
	sum := sha256.Sum256(bound)
	body = append(body, sum[:]...)
	out = s.aead.Seal(out, out[sealHead:], body, s.head[:])
	return base64.RawURLEncoding.EncodeToString(out)
}

// Open checks that state is a seal of ours, in time, not used, and for exactly bound,
// and uses it up. Of any number of calls with one seal at most one gets nil. An empty
// bound covers nothing and opens nothing.
func (s *Sealer) Open(state string, bound []byte) error {
	if len(bound) == 0 {
		return ErrSealInvalid
	}
	nonce, expiry, sealed, err := s.decode(state)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(bound)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UnixMilli()
	if now >= expiry || expiry <= s.floor {
		return ErrSealExpired
	}
	if _, found := s.used[nonce]; found { // before the content: what was done has changed it
		return ErrSealUsed
	}
	if subtle.ConstantTimeCompare(sum[:], sealed[:]) != 1 {
		return ErrSealMoved
	}
	if len(s.used) >= s.limit {
		s.prune(now)
	}
	s.used[nonce] = expiry
	return nil
}

// decode takes a seal apart. There is exactly one text for one seal.
func (s *Sealer) decode(state string) (nonce [sealNonce]byte, expiry int64, sum [sha256.Size]byte, err error) {
	if len(state) != base64.RawURLEncoding.EncodedLen(sealBytes) {
		return nonce, 0, sum, ErrSealInvalid
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(state)
	if err != nil || len(b) != sealBytes || [sealHead]byte(b) != s.head {
		return nonce, 0, sum, ErrSealInvalid
	}
	nonce = [sealNonce]byte(b[sealHead:])
	body, err := s.aead.Open(nil, nonce[:], b[sealHead+sealNonce:], s.head[:])
	if err != nil || len(body) != sealBody {
		return nonce, 0, sum, ErrSealInvalid
	}
	return nonce, int64(binary.BigEndian.Uint64(body)), [sha256.Size]byte(body[8:]), nil
}

// prune forgets the seals that have expired or, if that does not make room, the half
// that expires first. The floor keeps what was forgotten shut, also when the clock is
// set back: an approval asked for twice is the price, one used twice never.
func (s *Sealer) prune(now int64) {
	type entry struct {
		nonce  [sealNonce]byte
		expiry int64
	}
	all := make([]entry, 0, len(s.used))
	for n, e := range s.used {
		all = append(all, entry{n, e})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.expiry, b.expiry) })
	for i, e := range all {
		if e.expiry > now && i >= len(all)/2 {
			break
		}
		s.floor = max(s.floor, e.expiry)
		delete(s.used, e.nonce)
	}
}
