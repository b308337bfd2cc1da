package auth

import (
	"errors"
	"math/rand/v2"
	"os"
	"time"
)

// errLocked is why another handle's lock could not be had.
var errLocked = errors.New("another process holds the audit log")

// lockWait bounds the waiting for other processes, which hold the lock for as long
// as one write takes: one that is stopped in the middle must not stop all others.
const lockWait = 10 * time.Second

// waitLock locks f against all other handles of the file.
func waitLock(f *os.File) error {
	deadline := time.Now().Add(lockWait)
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, 2*time.Millisecond) {
		ok, err := tryLock(f)
		switch {
		case ok || err != nil:
			return err
		case time.Now().After(deadline):
			return errLocked
		}
		time.Sleep(pause/2 + rand.N(pause))
	}
}
