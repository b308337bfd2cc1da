package auth

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// farAway is a byte that no file of ours has: locks of Windows keep others from
// reading what is locked.
var farAway = windows.Overlapped{OffsetHigh: 0x7fffffff}

// tryLock takes the lock of f if nobody has it. It ends with the process.
func tryLock(f *os.File) (bool, error) {
	at := farAway
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

func unlock(f *os.File) error {
	at := farAway
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &at)
}

// syncDir does nothing: NTFS keeps names in its journal.
func syncDir(string) error { return nil }

// othersMayRead cannot be told from a mode here; the folder of a user is his own.
func othersMayRead(os.FileInfo) bool { return false }
