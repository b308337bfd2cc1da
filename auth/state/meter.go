package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// maxCounts are the entries that a quota keeps apart. Beyond it those of each span, of
// which a window has mergedSpans, are taken together at the latest time: that can refuse
// so much longer, and never allow more. All are read and written for every change, so
// they are few.
const (
	maxCounts   = 256
	mergedSpans = maxCounts / 2
)

type meter struct{ d *Dir }

// Meter counts quotas that all processes share and that outlive them.
func (d *Dir) Meter() auth.Meter { return meter{d} }

// counts is a file of meter/. The key stands in it for the people who read it.
type counts struct {
	Key    string        `json:"key"`
	Window time.Duration `json:"window_ns"`
	Counts []count       `json:"counts"`
}

type count struct {
	At int64 `json:"at"` // Unix nanoseconds
	N  int   `json:"n"`
}

func (f *files) meterFile(key string) string {
	return f.file("meter", hashed(key)[:32]+".json")
}

// Add counts; see [auth.Meter].
func (m meter) Add(ctx context.Context, key string, n int, window time.Duration, limit int) (ok bool, retry time.Time, err error) {
	if n < 0 || window <= 0 {
		return false, time.Time{}, errors.New("a quota counts up, within a length of time")
	}
	if n > limit {
		return false, time.Time{}, nil
	}
	return m.d.shelf.count(ctx, key, n, window, limit, m.d.now())
}

// Back takes n off again; see [auth.Meter]. Where that fails the quota stays charged.
func (m meter) Back(ctx context.Context, key string, n int) {
	m.d.shelf.uncount(context.WithoutCancel(ctx), key, n)
}

func (f *files) count(ctx context.Context, key string, n int, window time.Duration, limit int, at time.Time) (ok bool, retry time.Time, err error) {
	unlock, err := f.lock(ctx, "meter", "")
	if err != nil {
		return false, time.Time{}, err
	}
	defer unlock()
	f.tidyMeter(at)
	path := f.meterFile(key)
	c, err := load(path, limit)
	if err != nil {
		return false, time.Time{}, fmt.Errorf("the quota %s: %w", key, err)
	}
	c.Key, c.Window = key, window
	now := at.UnixNano()
	for len(c.Counts) > 0 && now-c.Counts[0].At >= int64(window) {
		c.Counts = c.Counts[1:]
	}
	sum := 0
	for _, e := range c.Counts {
		sum += e.N
	}
	if sum+n > limit {
		return false, c.free(sum + n - limit), nil
	}
	// A clock that was set back must not let what was counted end early.
	if last := len(c.Counts) - 1; last >= 0 {
		now = max(now, c.Counts[last].At)
	}
	c.Counts = merge(append(c.Counts, count{now, n}), window)
	if err := save(path, c); err != nil {
		return false, time.Time{}, fmt.Errorf("the quota %s: %w", key, err)
	}
	return true, time.Time{}, nil
}

// free is when so much of what was counted has ended.
func (c *counts) free(need int) time.Time {
	for _, e := range c.Counts {
		if need -= e.N; need <= 0 {
			return time.Unix(0, e.At).Add(c.Window)
		}
	}
	return time.Time{}
}

func (f *files) uncount(ctx context.Context, key string, n int) {
	unlock, err := f.lock(ctx, "meter", "")
	if err != nil {
		return
	}
	defer unlock()
	path := f.meterFile(key)
	var c counts
	if readJSON(path, &c) != nil {
		return
	}
	for n > 0 && len(c.Counts) > 0 {
		last := &c.Counts[len(c.Counts)-1]
		if last.N > n {
			last.N -= n
			break
		}
		n -= last.N
		c.Counts = c.Counts[:len(c.Counts)-1]
	}
	if len(c.Counts) == 0 {
		_ = os.Remove(path)
		return
	}
	_ = save(path, c)
}

func (f *files) forget(key string) { _ = os.Remove(f.meterFile(key)) }

// save writes in place, as this stands before every change: to put a file in the place
// of another makes some file systems write to the disk at once, and all who change
// something wait here. All who read hold the lock. Where the process is killed within the
// write, or the machine loses its power, the file can be damaged; see [load].
func save(path string, c counts) (err error) {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	before, err := read(path)
	switch {
	case errors.Is(err, errTorn): // not even a file of this size, or none: it is not written to
		if err := os.Remove(path); err != nil {
			return err
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err = overwrite(f, data, len(before)); err != nil { // the disk is full: what was there still fits
		err = errors.Join(err, overwrite(f, before, maxFile))
	}
	return err
}

// overwrite makes data the content of a file that had so many bytes at most.
func overwrite(f *os.File, data []byte, had int) error {
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	if len(data) < had {
		return f.Truncate(int64(len(data)))
	}
	return nil
}

// load reads what was counted. A damaged file counts as used up at the time of its
// last change, so that damage neither frees a quota nor blocks it for ever.
func load(path string, limit int) (c counts, err error) {
	err = readJSON(path, &c)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return counts{}, nil
	case errors.Is(err, errTorn):
		info, err := os.Lstat(path)
		if err != nil {
			return counts{}, err
		}
		if info.IsDir() {
			return counts{}, errTorn
		}
		return counts{Counts: []count{{info.ModTime().UnixNano(), limit}}}, nil
	}
	for _, e := range c.Counts { // sums must not run over
		if e.N < 0 || e.N > 1<<32 {
			return counts{}, errTorn
		}
	}
	return c, err
}

// merge takes those of a span together where there are too many entries.
func merge(list []count, window time.Duration) []count {
	if len(list) <= maxCounts {
		return list
	}
	span := max(1, int64(window)/mergedSpans)
	out := list[:0:0]
	for _, e := range list {
		if last := len(out) - 1; last >= 0 && out[last].At/span == e.At/span {
			out[last] = count{e.At, out[last].N + e.N}
			continue
		}
		out = append(out, e)
	}
	return out
}

// tidyMeter removes, once in a while, quotas that are all free again. It is called
// with the lock held, so that nothing counted meanwhile is lost.
func (f *files) tidyMeter(now time.Time) {
	f.mu.Lock()
	due := now.Sub(f.tidied) >= tidyEvery || now.Before(f.tidied)
	if due {
		f.tidied = now
	}
	f.mu.Unlock()
	if !due {
		return
	}
	entries, _ := os.ReadDir(f.file("meter"))
	for _, e := range entries {
		path := f.file("meter", e.Name())
		var c counts
		if readJSON(path, &c) != nil {
			continue
		}
		if last := len(c.Counts) - 1; last < 0 || now.UnixNano()-c.Counts[last].At >= int64(c.Window) {
			_ = os.Remove(path)
		}
	}
}
