package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Lines reads the file, and those that were put aside before it, so that lines of
// another file that has taken its place are never among these.
func (a *AuditLog) Lines(ctx context.Context, w Wanted) (Record, error) {
	whole, done, err := a.whole(w.Since)
	if err == nil {
		var rec Record
		rec, err = scanAudit(ctx, whole, w)
		if done(); err == nil {
			return rec, nil
		}
	}
	switch rec := a.remembered(w); {
	case ctx.Err() != nil:
		return Record{}, ctx.Err()
	case errors.Is(err, errNotKept):
		return rec, nil
	default:
		return rec, &unreadError{err}
	}
}

// whole is the record since then, as it is now: what is added meanwhile is not read.
func (a *AuditLog) whole(since time.Time) (_ io.Reader, done func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.path == "":
		return nil, nil, errNotKept
	case a.closed || a.file == nil:
		return nil, nil, os.ErrClosed
	}
	var files []*os.File
	done = func() {
		for _, f := range files {
			_ = f.Close()
		}
	}
	ours := false // whether our file is among those at hand
	var parts []io.Reader
	add := func(path string, only bool) {
		f, oerr := os.Open(path)
		if errors.Is(oerr, os.ErrNotExist) {
			return
		}
		info, serr := f.Stat()
		if err = errors.Join(err, oerr, serr); err != nil {
			return
		}
		files = append(files, f)
		same := os.SameFile(info, a.info)
		if only && !same {
			return // another file in the place of ours
		}
		ours = ours || same
		if len(parts) > 0 { // the one before may end in a line that a crash cut off; the last one, in a line that is being written
			parts = append(parts, strings.NewReader("\n"))
		}
		parts = append(parts, io.NewSectionReader(f, 0, info.Size()))
	}
	for _, path := range notBefore(rotated(a.path), since) {
		add(path, false)
	}
	add(a.path, !ours)
	if !ours && err == nil { // it was moved away, by somebody else
		info, serr := a.file.Stat()
		if err = serr; err == nil {
			parts = append(parts, strings.NewReader("\n"), io.NewSectionReader(a.file, 0, info.Size()))
		}
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return io.MultiReader(parts...), done, nil
}

// notBefore leaves out files that end before a time, but for the last of them, which
// shows that nothing is missing.
func notBefore(paths []string, since time.Time) []string {
	first := 0
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil && info.ModTime().Before(since.Add(-time.Minute)) {
			first = i
		}
	}
	return paths[first:]
}

// remembered reads the memory.
func (a *AuditLog) remembered(w Wanted) Record {
	a.mu.Lock()
	lines, from := slices.Clone(a.memory.lines), a.memory.from
	a.mu.Unlock()
	s := newScan(w)
	for _, line := range lines {
		s.take(line)
	}
	rec := s.end()
	rec.Memory = true
	if !s.dropped {
		rec.From = from
	}
	if rec.From.Before(w.Since) {
		rec.From = w.Since
	}
	return rec
}

// AuditFiles are the files of the record at path, the oldest first: those that were
// put aside, and path.
func AuditFiles(path string) []string { return append(rotated(path), path) }

// ReadAudit gives the lines of a file, one after the other, to take, whose error ends
// it. It counts those that could not be understood.
func ReadAudit(ctx context.Context, r io.Reader, take func(Line) error) (unread int, err error) {
	err = readLines(ctx, r, func(line []byte) error {
		var l Line
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case len(line) > maxAuditLine || json.Unmarshal(line, &l) != nil || !l.known():
			unread++
		default:
			return take(l)
		}
		return nil
	})
	return unread, err
}
