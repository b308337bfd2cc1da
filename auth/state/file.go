package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// errTorn is what a file is that was not written by this program, or not to its end.
var errTorn = errors.New("it is damaged")

const tempMark = ".tmp-"

// files is the state directory as a shelf.
type files struct {
	path string

	mu            sync.Mutex
	tidied        time.Time // when quotas were last looked at
	recorded      int       // changes, since the journal was
	journalTidied time.Time // when that was
	turns         map[string]chan struct{}
}

func (f *files) file(parts ...string) string {
	return filepath.Join(append([]string{f.path}, parts...)...)
}

func (f *files) at(name string) string { return f.file(filepath.FromSlash(name)) }

func (f *files) read(name string) ([]byte, error) { return read(f.at(name)) }

func (f *files) list(folder string) (names []string, err error) {
	entries, err := os.ReadDir(f.file(folder))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (f *files) snapshot(string) (reader, error) { return f, nil }

// swap relies on the lock: whoever writes a file holds it.
func (f *files) swap(name string, _, data []byte, _ time.Time) (bool, error) {
	if data != nil {
		return true, write(f.at(name), data)
	}
	if err := os.Remove(f.at(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, syncFolder(filepath.Dir(f.at(name)))
}

func (f *files) remove(name string) error { return os.Remove(f.at(name)) }

func (f *files) there() error {
	if _, err := os.Stat(f.path); err != nil {
		return fmt.Errorf("the state directory is gone: %w", err)
	}
	return nil
}

func (f *files) run() (string, error) { return "", nil }

// turn is what those of this process queue for before they try the lock called name.
func (f *files) turn(name string) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turns == nil {
		f.turns = map[string]chan struct{}{}
	}
	if f.turns[name] == nil {
		f.turns[name] = make(chan struct{}, 1)
	}
	return f.turns[name]
}

// lock waits for the lock called name and gives back what releases it. A lock of a file
// can only be tried again and again; between those of this process it goes round at once.
func (f *files) lock(ctx context.Context, name, _ string) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	turn := f.turn(name)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("the state directory is in use (%s.lock): %w", name, ctx.Err())
	}
	release, err := f.lockFile(ctx, name)
	if err != nil {
		<-turn
		return nil, err
	}
	return func() { release(); <-turn }, nil
}

// lockFile keeps other processes out.
func (f *files) lockFile(ctx context.Context, name string) (func(), error) {
	held, err := os.OpenFile(f.file(name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the state directory cannot be used: %w", err)
	}
	for wait := 200 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		ok, err := tryLock(held)
		if ok {
			return func() { _ = held.Close() }, nil
		}
		if err == nil {
			err = sleep(ctx, wait/2+rand.N(wait))
		}
		if err != nil {
			_ = held.Close()
			return nil, fmt.Errorf("the state directory is in use (%s.lock): %w", name, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write replaces a file as a whole: readers see the old one or the new one, also
// after the machine lost its power.
func write(path string, data []byte) error {
	if err := replace(path, data, true); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// replace does without the last wait for the disk where lasting is false: a file that
// the machine loses its power under can then be the old one, or damaged.
func replace(path string, data []byte, lasting bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempMark+"*") // 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("writing %s: %w", filepath.Base(path), err)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if lasting {
		if err = f.Sync(); err != nil {
			return err
		}
	}
	if err = f.Close(); err != nil {
		return err
	}
	return rename(f.Name(), path)
}

func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return write(path, data)
}

// read gives the bytes of an ordinary file of at most 1 MiB.
func read(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), errTorn)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = data.ReadFrom(io.LimitReader(f, maxFile))
	return data.Bytes(), err
}

// readJSON reads what [writeJSON] wrote.
func readJSON(path string, v any) error {
	data, err := read(path)
	if err != nil {
		return err
	}
	if err := decode(data, v); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}

// sweep removes files that are past their time.
func (f *files) sweep(now time.Time) {
	for _, folder := range folders {
		entries, _ := os.ReadDir(f.file(folder))
		for _, e := range entries {
			if path := f.file(folder, e.Name()); stale(folder, e, path, now) {
				_ = os.Remove(path)
			}
		}
	}
}

// stale reports whether nobody needs a file any more.
func stale(folder string, e fs.DirEntry, path string, now time.Time) bool {
	if strings.HasPrefix(e.Name(), tempMark) { // of a process that was ended while it wrote
		info, err := e.Info()
		return err == nil && now.Sub(info.ModTime()) > time.Hour
	}
	switch folder {
	case "used":
		until, err := usedUntil(path)
		return err == nil && now.After(until.Add(usedGrace))
	case "approvals":
		return staleApproval(path, now)
	case "limits":
		return staleLimit(path, now)
	case "tasks":
		return staleTask(path, now)
	}
	return false // quotas: see tidyMeter
}
