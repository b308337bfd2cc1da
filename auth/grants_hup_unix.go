//go:build unix

package auth

import (
	"os"
	"os/signal"
	"syscall"
)

// hangups are the SIGHUPs of this process until stop.
func hangups() (_ <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
