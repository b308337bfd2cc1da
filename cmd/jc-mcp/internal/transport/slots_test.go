package transport

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, 1)
		for range 3 { // those who waited leave room for others
			if err := s.take(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := make(chan error, 1)
			go func() { got <- s.take(t.Context()) }()
			synctest.Wait()
			if err := s.take(t.Context()); !errors.Is(err, errBusy) {
				t.Errorf("a second in the queue: %v", err)
			}
			s.give()
			if err := <-got; err != nil {
				t.Errorf("the first in the queue: %v", err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() { got <- s.take(ctx) }()
			synctest.Wait()
			cancel(errCancelled)
			if err := <-got; !errors.Is(err, errCancelled) {
				t.Errorf("cancelled in the queue: %v", err)
			}
			s.give()
		}
	})
}
