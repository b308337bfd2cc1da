package state

import (
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
	run, err := d.shelf.run()
	if err != nil {
		return false, err
	}
	return d.useOnce(run, id, until)
}

// useOnce is UseOnce of what was given out in a run of the shelf: in another one it
// is not known whether it was used.
func (d *Dir) useOnce(run, id string, until time.Time) (bool, error) {
	d.sweep()
	if id == "" || !d.now().Before(until) {
		return false, nil
	}
	name := hashed(id)
	// The process remembers its own: a file can be taken away.
	d.mu.Lock()
	_, again := d.used[name]
	d.used[name] = until
	d.mu.Unlock()
	if again {
		return false, nil
	}
	ok, err := d.shelf.once("used/"+name, until)
	if err != nil || !ok {
		return false, err
	}
	// The shelf may have been another one from the moment it was looked at.
	now, err := d.shelf.run()
	return err == nil && now == run, err
}

func (f *files) once(name string, until time.Time) (bool, error) {
	// Making the file is the use, whatever becomes of its content.
	file, err := os.OpenFile(f.at(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		_, err = file.WriteString(until.UTC().Format(time.RFC3339Nano) + "\n")
		err = errors.Join(err, file.Sync(), file.Close(), syncFolder(f.file("used")))
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
