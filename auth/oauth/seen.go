package oauth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Verifying costs a signature. A client sends the same token with each call, so what
// was found good is remembered for a short time: as long as a withdrawn key may count.
const (
	seenFor = time.Minute
	maxSeen = 4096
)

type sum [sha256.Size]byte

func sumOf(raw string) sum { return sha256.Sum256([]byte(raw)) }

// seen remembers verified tokens by their hash, a bounded number of them.
type seen struct {
	mu    sync.RWMutex
	kept  map[sum]seenToken
	swept time.Time
}

type seenToken struct {
	token Token
	until time.Time
}

func newSeen() *seen { return &seen{kept: map[sum]seenToken{}} }

func (s *seen) get(at sum, now time.Time) (Token, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.kept[at]
	return t.token, ok && now.Before(t.until)
}

// put keeps a token until it expires or a minute has gone by. Where there is no room
// the outdated go, and else any.
func (s *seen) put(at sum, t Token, now time.Time) {
	until := now.Add(seenFor)
	if t.Expires.Before(until) {
		until = t.Expires
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxSeen && now.Sub(s.swept) >= time.Second { // looking through all is not for every call
		s.swept = now
		for k, old := range s.kept {
			if !now.Before(old.until) {
				delete(s.kept, k)
			}
		}
	}
	for k := range s.kept {
		if len(s.kept) < maxSeen {
			break
		}
		delete(s.kept, k)
	}
	s.kept[at] = seenToken{t, until}
}
