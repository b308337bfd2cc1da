package transport

import (
	"net/http"
	"sync"
	"time"
)

// writeWithin is how long a client may take to read one message.
const writeWithin = 30 * time.Second

// stream is the answer to one POST or GET: one JSON body as long as there is
// only a result, server-sent events from the first message before it.
type stream struct {
	w  http.ResponseWriter
	rc *http.ResponseController

	mu     sync.Mutex
	events bool // the header of an event stream is out
	closed bool
}

func newStream(w http.ResponseWriter) *stream {
	return &stream{w: w, rc: http.NewResponseController(w)}
}

func (s *stream) send(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.openLocked()
	s.writeEventLocked(b)
}

func (s *stream) comment() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || !s.events {
		return
	}
	s.patience()
	_, _ = s.w.Write([]byte(": keep-alive\n\n")) // a lost client shows as the end of the request
	_ = s.rc.Flush()
}

// open starts the events without a message, for a GET stream.
func (s *stream) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.openLocked()
	_ = s.rc.Flush()
}

func (s *stream) openLocked() {
	if s.events {
		return
	}
	s.events = true
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no") // else nginx keeps events back
	s.patience()
	s.w.WriteHeader(http.StatusOK)
}

func (s *stream) writeEventLocked(b []byte) {
	s.patience()
	e := make([]byte, 0, len(b)+32)
	e = append(e, "event: message\ndata: "...)
	e = append(e, b...)
	e = append(e, "\n\n"...)
	_, _ = s.w.Write(e)
	_ = s.rc.Flush()
}

// finish writes the result, with its status while that can still be chosen.
func (s *stream) finish(status int, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return
	case s.events:
		s.writeEventLocked(b)
	default:
		s.patience()
		if status == http.StatusServiceUnavailable {
			s.w.Header().Set("Retry-After", "1")
		}
		writeJSON(s.w, status, b)
	}
	s.closed = true
}

// close makes the rest of the request silent. Where nothing was written yet the
// answer becomes an event stream without events: a request that was cancelled
// has no result.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.openLocked()
	_ = s.rc.Flush()
	s.closed = true
}

// patience bounds the next write. Writers that know no deadline have none.
func (s *stream) patience() { _ = s.rc.SetWriteDeadline(time.Now().Add(writeWithin)) }

func writeJSON(w http.ResponseWriter, status int, b []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
