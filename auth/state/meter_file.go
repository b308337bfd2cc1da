package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// A quota's file is read and written before every change, so it is short and has no
// need of a parser: a mark, the CRC of the rest, the window in nanoseconds, how many
// counts there are, and time and number of each, as integers with the low byte first;
// then the key, for the people who look into it.
const (
	quotaMark = "jcq1"
	quotaHead = len(quotaMark) + 4 + 8 + 4
	quotaEach = 16
	quotaMost = 1 << 32 // sums of them must not run over
)

func (f *files) meterFile(key string) string {
	return f.file("meter", hashed(key)[:32]+".quota")
}

func (c *counts) encode() []byte {
	out := make([]byte, 0, quotaHead+len(c.list)*quotaEach+len(c.key)+1)
	out = append(out, quotaMark+"\x00\x00\x00\x00"...)
	out = binary.LittleEndian.AppendUint64(out, uint64(c.window))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(c.list)))
	for _, e := range c.list {
		out = binary.LittleEndian.AppendUint64(out, uint64(e.at))
		out = binary.LittleEndian.AppendUint64(out, uint64(e.n))
	}
	out = append(out, c.key+"\n"...)
	sum := crc32.ChecksumIEEE(out[len(quotaMark)+4:])
	binary.LittleEndian.PutUint32(out[len(quotaMark):], sum)
	return out
}

// decodeCounts reads what [counts.encode] made, with room for one entry more.
func decodeCounts(data []byte) (c counts, err error) {
	if len(data) < quotaHead || string(data[:len(quotaMark)]) != quotaMark {
		return c, errTorn
	}
	sum, rest := binary.LittleEndian.Uint32(data[len(quotaMark):]), data[len(quotaMark)+4:]
	if crc32.ChecksumIEEE(rest) != sum {
		return c, errTorn
	}
	c.window = time.Duration(binary.LittleEndian.Uint64(rest))
	n := int(binary.LittleEndian.Uint32(rest[8:]))
	if rest = rest[12:]; c.window <= 0 || n > len(rest)/quotaEach {
		return counts{}, errTorn
	}
	c.list = make([]count, n, n+1)
	for i := range c.list {
		e := count{int64(binary.LittleEndian.Uint64(rest)), int64(binary.LittleEndian.Uint64(rest[8:]))}
		if e.n < 0 || e.n > quotaMost {
			return counts{}, errTorn
		}
		c.list[i], rest = e, rest[quotaEach:]
	}
	c.key = string(rest[:max(0, len(rest)-1)])
	return c, nil
}

// quotaFile is the file of a quota, as it is found with the lock held.
type quotaFile struct {
	counts
	path string
	had  []byte // what stands in it
	odd  bool   // it is not even a file, or none of this size
}

// quota reads the file of a quota. A damaged one counts as used up at the time of its
// last change, so that damage neither frees a quota nor blocks it for ever.
func (f *files) quota(q auth.Quota) (*quotaFile, error) {
	o := &quotaFile{path: f.meterFile(q.Key)}
	var err error
	if o.had, err = read(o.path); err == nil {
		o.counts, err = decodeCounts(o.had)
	} else {
		o.odd = errors.Is(err, errTorn)
	}
	if errors.Is(err, errTorn) {
		info, err := os.Lstat(o.path)
		if err != nil || info.IsDir() {
			return nil, fmt.Errorf("the quota %s: %w", q.Key, errors.Join(err, errTorn))
		}
		o.list = []count{{info.ModTime().UnixNano(), int64(q.Limit)}}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the quota %s: %w", q.Key, err)
	}
	return o, nil
}

// save writes in place, as this stands before every change: to put a file in the place
// of another makes some file systems write to the disk at once, and all who change
// something wait here. All who read hold the lock. Where the machine loses its power
// within the write, the file can be damaged.
func (o *quotaFile) save() (err error) {
	if o.odd { // it is not written to
		if err := os.Remove(o.path); err != nil {
			return err
		}
		o.odd, o.had = false, nil
	}
	f, err := os.OpenFile(o.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err = overwrite(f, o.encode(), len(o.had)); err != nil { // the disk is full: what was there still fits
		err = errors.Join(err, overwrite(f, o.had, maxFile))
	}
	return err
}

// restore undoes a save.
func (o *quotaFile) restore() {
	if o.had == nil {
		_ = os.Remove(o.path)
		return
	}
	if f, err := os.OpenFile(o.path, os.O_WRONLY, 0o600); err == nil {
		_ = overwrite(f, o.had, maxFile)
		_ = f.Close()
	}
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

func (f *files) count(ctx context.Context, n int, quotas []auth.Quota, at time.Time) (*auth.Full, error) {
	unlock, err := f.lock(ctx, "meter", "")
	if err != nil {
		return nil, err
	}
	defer unlock()
	f.tidyMeter(at)
	found := make([]*quotaFile, len(quotas))
	for i, q := range quotas {
		if found[i], err = f.quota(q); err != nil {
			return nil, err
		}
		if free := found[i].add(n, q, at); !free.IsZero() {
			return &auth.Full{Index: i, Free: free}, nil
		}
	}
	for i, o := range found {
		if err := o.save(); err != nil {
			for _, before := range slices.Backward(found[:i]) {
				before.restore()
			}
			return nil, fmt.Errorf("the quota %s: %w", o.key, err)
		}
	}
	return nil, nil
}

func (f *files) uncount(ctx context.Context, n int, quotas []auth.Quota) {
	unlock, err := f.lock(ctx, "meter", "")
	if err != nil {
		return
	}
	defer unlock()
	for _, q := range quotas {
		data, err := read(f.meterFile(q.Key))
		if err != nil {
			continue
		}
		o := quotaFile{path: f.meterFile(q.Key), had: data}
		if o.counts, err = decodeCounts(data); err != nil {
			continue
		}
		if o.takeBack(n); len(o.list) == 0 {
			_ = os.Remove(o.path)
		} else {
			_ = o.save()
		}
	}
}

func (f *files) forget(key string) { _ = os.Remove(f.meterFile(key)) }

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
		data, err := read(path)
		if err != nil {
			continue
		}
		if c, err := decodeCounts(data); err == nil && c.ended(now) {
			_ = os.Remove(path)
		}
	}
}
