package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// openAny opens what is at path: a file, which it may make, or a device or pipe.
func (a *AuditLog) openAny(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		a.out, a.end = f, f.Close
		return nil
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // those who come by another name need the same lock
	}
	a.path = path
	release, err := a.ready(nil, false)
	if err == nil {
		release()
	}
	return err
}

// ready takes the lock between processes, and makes a.file the file at a.path and
// a.head the last line in it, whoever wrote that.
func (a *AuditLog) ready(batch []*entry, rotate bool) (release func(), err error) {
	if a.path == "" {
		return func() {}, nil
	}
	if err := a.takeLock(); err != nil {
		return nil, err
	}
	release = func() { _ = unlock(a.lock) }
	err = a.refresh()
	for _, e := range batch {
		if err == nil && a.presence == nil && e.line.begins() {
			err = a.appear()
		}
	}
	full := len(batch) > 0 && a.o.RotateBytes > 0 && a.size >= max(a.rotateAt, a.o.RotateBytes)
	if err == nil && (rotate || full) && a.size > 0 && !a.carry {
		err = a.rotate()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// takeLock locks the file that all processes lock: where somebody has removed it, the
// new one, so that not two of them go on with two locks.
func (a *AuditLog) takeLock() error {
	name := filepath.Join(a.runs(), "lock")
	for range 5 {
		if a.lock == nil {
			if err := os.Mkdir(a.runs(), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
			f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
			if err != nil {
				return err
			}
			a.lock = f
		}
		if err := waitLock(a.lock); err != nil {
			return err
		}
		ours, err := a.lock.Stat()
		if err != nil {
			return err
		}
		if now, err := os.Stat(name); err == nil && os.SameFile(now, ours) {
			return nil
		}
		_ = a.lock.Close()
		a.lock = nil
	}
	return errLocked
}

// refresh opens what is at the path, and reads what others have added to it.
func (a *AuditLog) refresh() error {
	if a.file != nil {
		if err := a.catchUp(); err != nil {
			return err
		}
	}
	now, err := os.Stat(a.path)
	switch {
	case err == nil && a.file != nil && os.SameFile(now, a.info):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return a.open()
}

// open opens the file at the path in the place of the one before, which was put
// aside. A new file goes on after the newest line there is.
func (a *AuditLog) open() error {
	f, err := os.OpenFile(a.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file any more")
	}
	if err != nil {
		_ = f.Close()
		return err
	}
	_ = a.swap(f) // that the other did not reach the disk is told to those who wait for it
	a.file, a.out, a.info, a.size, a.torn, a.rotateAt = f, f, info, 0, false, 0
	if info.Size() > 0 {
		a.carry = false
		return a.catchUp()
	}
	if older := rotated(a.path); len(older) > 0 {
		h, err := lastOf(older[len(older)-1])
		if err != nil {
			return err
		}
		if h.seq > a.head.seq {
			a.head = h
		}
	}
	a.carry = a.head.seq > 0
	return syncDir(filepath.Dir(a.path))
}

// catchUp reads what other processes have added. A file only grows: in one that has
// become shorter somebody cut, and the chain goes on from the line that is known, so
// that the gap shows.
func (a *AuditLog) catchUp() error {
	info, err := a.file.Stat()
	if err != nil || info.Size() == a.size {
		return err
	}
	from := a.size
	if info.Size() < from {
		from = max(0, info.Size()-1)
	}
	l, found, torn, err := lastLink(a.file, from, info.Size())
	if err != nil {
		return err
	}
	if found && l.seq > a.head.seq {
		a.head, a.carry = l.chainHead, false
	}
	a.torn, a.size = torn, info.Size()
	return nil
}

// rotate puts the file aside. Where that does not work, as on Windows while another
// process has it open, it grows on, and it is tried again later.
func (a *AuditLog) rotate() error {
	a.signHead()
	aside := fmt.Sprintf("%s.%012d", a.path, a.head.seq)
	_ = a.swap(nil)
	a.file = nil
	_, err := os.Lstat(aside)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(a.path, aside)
	} else if err == nil {
		err = fs.ErrExist
	}
	if oerr := a.open(); oerr != nil || err == nil {
		return oerr
	}
	a.rotateAt = a.size + a.o.RotateBytes/8
	return nil
}

// Rotate puts the file aside now, as an operator may ask (SIGHUP).
func (a *AuditLog) Rotate() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.append(nil, true)
	return a.Health()
}

// rotated are the files that were put aside, the oldest first.
func rotated(path string) []string {
	entries, _ := os.ReadDir(filepath.Dir(path))
	var out []string
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if _, err := strconv.ParseUint(number, 10, 64); ok && err == nil && len(number) == 12 && e.Type().IsRegular() {
			out = append(out, filepath.Join(filepath.Dir(path), e.Name())) // ReadDir sorts, and they are of one width
		}
	}
	return out
}

// lastOf is the last line of the chain in a file.
func lastOf(path string) (chainHead, error) {
	f, err := os.Open(path)
	if err != nil {
		return chainHead{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return chainHead{}, err
	}
	l, _, _, err := lastLink(f, 0, info.Size())
	return l.chainHead, err
}

// closeFiles ends all that is open. While results of changes are owed the process
// stays among those that ended early, so that the next names them.
func (a *AuditLog) closeFiles() error {
	var errs []error
	errs = append(errs, a.swap(nil))
	a.file = nil
	if a.end != nil {
		errs = append(errs, a.end())
	}
	if a.presence != nil {
		name := a.presence.Name()
		errs = append(errs, a.presence.Close())
		if len(a.owed) == 0 {
			if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}
