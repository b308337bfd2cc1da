package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// UseOnce uses up id, which is good until then: of any number of calls with one id,
// in all processes, at most one gets true. An id past its time is not used any more.
// It is remembered a day longer than that, for clocks that are set back.
func (d *Dir) UseOnce(id string, until time.Time) (bool, error) {
	d.sweep()
	if id == "" || !d.now().Before(until) {
		return false, nil
	}
	sum := sha256.Sum256([]byte(id))
	name := hex.EncodeToString(sum[:])
	// The process remembers its own: a file can be taken away.
	d.mu.Lock()
	_, again := d.used[name]
	d.used[name] = until
	d.mu.Unlock()
	if again {
		return false, nil
	}
	// Making the file is the use, whatever becomes of its content.
	f, err := os.OpenFile(d.file("used", name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		_, err = f.WriteString(until.UTC().Format(time.RFC3339Nano) + "\n")
		err = errors.Join(err, f.Sync(), f.Close(), syncFolder(d.file("used")))
	}
	if err != nil {
		return false, fmt.Errorf("what was used up cannot be remembered: %w", err)
	}
	return true, nil
}

// usedUntil is the time in a file that [Dir.UseOnce] made. A file without one was cut
// off by a crash and is kept as long as any approval can be good.
func usedUntil(path string) (time.Time, error) {
	data, err := read(path)
	if err != nil {
		return time.Time{}, err
	}
	if until, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(string(data), "\n")); err == nil {
		return until, nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime().Add(maxWait), nil
}
