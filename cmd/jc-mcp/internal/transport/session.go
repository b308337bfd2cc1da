package transport

import (
	"crypto/rand"
	"sync"
	"time"
)

// maxSessions bounds what abandoned sessions of 2025 clients may cost before
// they are old enough to go; past it the one idle for longest goes first.
const maxSessions = 10_000

// sessions are those of 2025 clients, the only clients that need one: it is
// where a question to a person meets its answer.
type sessions struct {
	ttl time.Duration
	mu  sync.Mutex
	all map[string]*session
}

// session is one 2025 client.
type session struct {
	*peer
	id     string
	owner  string
	ended  chan struct{} // closed when the session is over
	active int           // requests and streams in progress, under sessions.mu
	seen   time.Time
	stream bool // a GET stream is open
	timer  *time.Timer
}

func newSessions(ttl time.Duration) *sessions {
	return &sessions{ttl: ttl, all: map[string]*session{}}
}

// open starts a session for owner around the peer that initialize introduced.
func (s *sessions) open(p *peer, owner string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) >= maxSessions {
		s.dropIdlest()
	}
	e := &session{peer: p, id: rand.Text(), owner: owner, ended: make(chan struct{}), seen: time.Now()}
	e.timer = time.AfterFunc(s.ttl, func() { s.expire(e) })
	s.all[e.id] = e
	return e
}

// enter finds a session and counts one more use of it; nil when there is none
// of that id that belongs to owner.
func (s *sessions) enter(id, owner string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.all[id]
	if e == nil || e.owner != owner {
		return nil
	}
	e.active++
	return e
}

// leave ends a use; the session is idle from the last.
func (s *sessions) leave(e *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.active--
	e.seen = time.Now()
	if s.all[e.id] == e {
		e.timer.Reset(s.ttl)
	}
}

// streaming marks the one GET stream that a session may have; false when it has one.
func (s *sessions) streaming(e *session, open bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open && e.stream {
		return false
	}
	e.stream = open
	return true
}

// end closes a session at its client's wish and cancels what runs in it.
func (s *sessions) end(e *session) {
	s.mu.Lock()
	s.drop(e)
	s.mu.Unlock()
	e.cancelAll()
}

func (s *sessions) expire(e *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.active == 0 && time.Since(e.seen) >= s.ttl {
		s.drop(e)
	} // else leave sets the timer again
}

func (s *sessions) dropIdlest() {
	var oldest *session
	for _, e := range s.all {
		if e.active == 0 && (oldest == nil || e.seen.Before(oldest.seen)) {
			oldest = e
		}
	}
	if oldest != nil {
		s.drop(oldest)
	}
}

func (s *sessions) drop(e *session) {
	if s.all[e.id] != e {
		return
	}
	delete(s.all, e.id)
	e.timer.Stop()
	close(e.ended)
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}
