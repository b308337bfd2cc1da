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
	"time"
)

// errTorn is what a file is that was not written by this program, or not to its end.
var errTorn = errors.New("it is damaged")

const tempMark = ".tmp-"

// lock waits for the lock called name and gives back what releases it.
func (d *Dir) lock(ctx context.Context, name string) (func(), error) {
	f, err := os.OpenFile(d.file(name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the state directory cannot be used: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for wait := 200 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		ok, err := tryLock(f)
		if ok {
			return func() { _ = f.Close() }, nil
		}
		if err == nil {
			err = sleep(ctx, wait/2+rand.N(wait))
		}
		if err != nil {
			_ = f.Close()
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
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// readJSON reads what [writeJSON] wrote. There is exactly one text for one value;
// every other one (other letters in a name, another order, a name twice) is damaged.
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

func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return errTorn
	}
	again, err := json.Marshal(v)
	if err != nil || !bytes.Equal(again, data) {
		return errTorn
	}
	return nil
}

// sweep removes, once in a while, what is past its time. It is housekeeping: what
// it cannot remove now it removes later, and nothing relies on it.
func (d *Dir) sweep() {
	now := d.now()
	d.mu.Lock()
	due := now.Sub(d.swept) >= sweepEvery || now.Before(d.swept)
	if due {
		d.swept = now
		for id, until := range d.used {
			if now.After(until.Add(usedGrace)) {
				delete(d.used, id)
			}
		}
	}
	d.mu.Unlock()
	if !due {
		return
	}
	for _, folder := range folders {
		entries, _ := os.ReadDir(d.file(folder))
		for _, e := range entries {
			if path := d.file(folder, e.Name()); d.stale(folder, e, path, now) {
				_ = os.Remove(path)
			}
		}
	}
}

// stale reports whether nobody needs a file any more.
func (d *Dir) stale(folder string, e fs.DirEntry, path string, now time.Time) bool {
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
	case "tasks":
		return staleTask(path, now)
	}
	return false // quotas: see tidyMeter
}
