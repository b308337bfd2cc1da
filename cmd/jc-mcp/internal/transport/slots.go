package transport

import (
	"context"
	"errors"
	"sync/atomic"
)

var (
	errBusy      = errors.New("busy")
	errCancelled = errors.New("the client cancelled the request")
	errStopping  = errors.New("the server is stopping")
)

// maxListens bounds the streams that are open at once, those of GET included.
const maxListens = 16_384

// slots lets a number of holders in, a further number wait, and refuses the rest.
type slots struct {
	held    chan struct{}
	waiting atomic.Int64
	queue   int64
}

func newSlots(n, queue int) *slots {
	return &slots{held: make(chan struct{}, n), queue: int64(queue)}
}

// take gives a slot; errBusy when too many wait, or what ended ctx.
func (s *slots) take(ctx context.Context) error {
	select {
	case s.held <- struct{}{}:
		return nil
	default:
	}
	if s.waiting.Add(1) > s.queue {
		s.waiting.Add(-1)
		return errBusy
	}
	defer s.waiting.Add(-1)
	select {
	case s.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *slots) give() { <-s.held }

// retake waits for a slot as long as it takes: for a holder who lent his out.
func (s *slots) retake() { s.held <- struct{}{} }
