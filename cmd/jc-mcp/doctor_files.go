package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

const (
	auditEnd   = 1 << 20  // bytes of the audit log that are verified
	leastSpace = 64 << 20 // bytes that should be free where a day's audit takes less
)

// audit looks whether lines can be added, at the end of the record, at the key of its
// heads, and at the space for what a day brings.
func (e *examination) audit(ctx context.Context, s *sheet) {
	path := e.config.auditLog
	if path == "" {
		s.ok("audit", "lines go to stderr (JC_AUDIT_LOG names a file)")
		return
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := makes(filepath.Dir(path)); err != nil {
			s.fix("audit", "%s cannot be made: %v; nothing would be changed without it", path, err)
			return
		}
		s.ok("audit", "%s will be made", path)
	case err != nil:
		s.fix("audit", "%s cannot be looked at: nothing would be changed without it", path)
		return
	default:
		if err := adds(path, info); err != nil {
			s.fix("audit", "%s: %v; nothing would be changed without it", path, err)
			return
		}
		s.ok("audit", "lines are added to %s", path)
	}
	if err == nil && !info.Mode().IsRegular() {
		return // a pipe or device
	}
	e.auditEnd(ctx, s, path)
	space(s, path)
}

// adds reports why lines cannot be added to what is there.
func adds(path string, info fs.FileInfo) error {
	if info.IsDir() {
		return errors.New("it is a folder")
	}
	if !info.Mode().IsRegular() {
		return nil // opening a pipe would wait for its reader
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	if err != nil {
		return errors.New("this user may not write it")
	}
	_ = f.Close()
	return makes(filepath.Dir(path)) // the lock, and the file that follows this one
}

// makes reports why no file can be made in a folder. It makes one and removes it.
func makes(dir string) error {
	f, err := os.CreateTemp(dir, ".jc-mcp-doctor-")
	if err != nil {
		return fmt.Errorf("this user cannot make files in the folder %s", dir)
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// auditEnd verifies the last lines, with the signed heads there are.
func (e *examination) auditEnd(ctx context.Context, s *sheet, path string) {
	check := auditCheck{stateDir: e.config.stateDir}
	key, err := e.publicKey(check)
	if err != nil {
		s.fix("audit key", "the key that heads of the audit are signed with: %v", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return // not there yet
	}
	defer func() { _ = f.Close() }()
	heads, bad, err := check.readHeads(key, []string{path})
	if err != nil {
		s.fix("audit key", "%v", err)
		return
	}
	part, err := lastLines(f, auditEnd)
	if err != nil {
		s.fix("audit", "the end of %s cannot be read", path)
		return
	}
	rep, err := auth.VerifyAuditEnd(ctx, auth.AuditFile{Name: path, Data: part}, heads)
	switch {
	case err != nil:
		s.note("audit", "the end of the record could not be verified in time: jc-mcp audit verify %s", path)
		return
	case rep.Bad() || len(bad) > 0:
		s.fix("audit", "its last %d lines are NOT as they were written: jc-mcp audit verify %s says which", rep.Lines, path)
		return
	}
	s.ok("audit", "its last %d lines are one chain", rep.Lines)
	switch {
	case key == "":
		s.note("audit key", "no server has signed a head yet, so lines that are cut off at the end would not show")
	case rep.Vouched == 0:
		s.note("audit key", "no signed head vouches for the last lines")
	default:
		s.ok("audit key", "a signed head vouches for all up to line %d, %s", rep.Vouched, rep.Since.UTC().Format(time.RFC3339))
	}
}

// lastLines are the whole lines in the last n bytes.
func lastLines(f *os.File, n int64) (io.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-n)
	part := io.NewSectionReader(f, from, info.Size()-from)
	if from == 0 {
		return part, nil
	}
	one := make([]byte, 1)
	for {
		if _, err := part.Read(one); err != nil {
			return nil, err
		}
		if one[0] == '\n' {
			return part, nil
		}
	}
}

// space compares what is free with what a day of audit took.
func space(s *sheet, path string) {
	free, err := freeBytes(filepath.Dir(path))
	if err != nil {
		return // not every file system tells
	}
	day := uint64(0)
	for _, f := range auth.AuditFiles(path) {
		if info, err := os.Stat(f); err == nil && time.Since(info.ModTime()) < 24*time.Hour {
			day += uint64(max(0, info.Size()))
		}
	}
	if want := max(day, leastSpace); free < want {
		s.fix("disk", "%s free for the audit and %s a day are likely: make room, or changes will be refused", megabytes(free), megabytes(want))
		return
	}
	s.ok("disk", "%s free for the audit; the files of the last day have %s", megabytes(free), megabytes(day))
}

func megabytes(n uint64) string { return fmt.Sprintf("%d MB", n>>20) }

// state looks at the state directory, at the kill switch in it and at who waits.
func (e *examination) state(ctx context.Context, s *sheet) {
	path, there, err := state.Look(e.config.stateDir)
	switch {
	case err != nil:
		s.fix("state", "%v", err)
		return
	case !there:
		if err := makesUnder(path); err != nil {
			s.fix("state", "%s is not there and cannot be made: %v (--state-dir)", path, err)
			return
		}
		s.ok("state", "%s will be made", path)
	default:
		if err := makes(path); err != nil {
			s.fix("state", "%v", err)
			return
		}
		s.ok("state", "%s is this user's alone", path)
	}
	dir, end, err := e.openDir(path, there)
	if err != nil {
		s.note("stop", "what is stopped and who waits could not be looked at: %v", err)
	}
	if dir == nil || err != nil {
		return
	}
	defer end()
	stops, err := dir.Stops()
	switch {
	case err != nil:
		s.fix("stop", "the kill switch cannot be read, so all changes are refused: %v", err)
	case len(stops) == 0:
		s.ok("stop", "nothing is stopped")
	}
	for _, stop := range stops {
		s.note("stop", "stopped: %s (jc-mcp resume lifts it)", stop)
	}
	switch waiting, err := dir.Pending(); {
	case err != nil:
		s.fix("requests", "%v", err)
	case len(waiting) > 0:
		s.note("requests", "%d wait for a person: jc-mcp approvals", len(waiting))
	default:
		s.ok("requests", "none waits for a person")
	}
}

// openDir opens what servers share, and makes nothing that stays; nil where nothing is
// there. A store needs a directory of the process: one for a moment does.
//
// An error leaves nothing open.
func (e *examination) openDir(path string, there bool) (dir *state.Dir, end func(), err error) {
	store, err := e.config.connectStore(false)
	switch {
	case err != nil:
		return nil, nil, err
	case store == nil && !there:
		return nil, nil, nil
	case store == nil:
		dir, err = state.Open(path)
		return dir, func() {}, err
	}
	end = func() { _ = store.Close() }
	if !there {
		if path, err = os.MkdirTemp("", "jc-mcp-doctor-"); err != nil {
			end()
			return nil, nil, err
		}
		end = func() { _ = store.Close(); _ = os.RemoveAll(path) }
	}
	if dir, err = state.OpenShared(path, store); err != nil {
		end()
	}
	return dir, end, err
}

// makesUnder reports why a folder could not be made: nothing can be made in the
// nearest one that is there.
func makesUnder(path string) error {
	for {
		path = filepath.Dir(path)
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is no folder", path)
		}
		if err == nil || path == filepath.Dir(path) {
			return makes(path)
		}
	}
}
