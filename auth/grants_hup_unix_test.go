//go:build unix

package auth

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestHangup: a real signal reaches a watch that looks at nothing else.
func TestHangup(t *testing.T) {
	f := newGrantFile(t, agent(reader))
	g, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { g.Watch(ctx, make(chan time.Time)); close(ended) }()
	defer func() { cancel(); <-ended }()
	f.write(t, agent(writer))
	hold, stop := hangups() // the signal must not end the process before the watch listens
	defer stop()
	give := time.After(time.Minute)
	for again := time.NewTicker(20 * time.Millisecond); !may(t, g, "users_update"); {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		select {
		case <-again.C:
		case <-hold:
		case <-give:
			t.Fatal("SIGHUP was not heard")
		}
	}
}
