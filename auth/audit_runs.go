package auth

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A process that makes changes has a file in path.d, run-<its id>, which it holds
// locked and takes away when it ends. One that is there and not locked is of a
// process that was killed: what it began and did not end is unknown.

func (a *AuditLog) runs() string { return a.path + ".d" }

const runPrefix = "run-"

// appear makes the file of this process. The lock between processes is held, so that
// nobody sees it before it is locked.
func (a *AuditLog) appear() error {
	f, err := os.OpenFile(filepath.Join(a.runs(), runPrefix+a.run), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = errLocked
	}
	if err == nil {
		_, err = f.WriteString(strconv.FormatUint(a.head.seq, 10) + "\n") // its lines come after this one
	}
	if err == nil { // it has to outlast a power failure, as the intents do
		err = errors.Join(f.Sync(), syncDir(a.runs()))
	}
	if err != nil {
		_ = f.Close()
		return errors.Join(err, os.Remove(f.Name()))
	}
	a.presence = f
	return nil
}

// ended is a process that is no more.
type ended struct {
	id    string
	after uint64
	file  *os.File // locked by us
}

// Start writes a line that this process begins, and before it one for each change of
// which nobody knows what became, since its process was killed: of phase unknown. These
// are given back. Say, and what else l has, are the caller's.
func (a *AuditLog) Start(ctx context.Context, l Line) (unknown []Line, err error) {
	l.Phase = PhaseStart
	if a.path == "" {
		return nil, a.Write(ctx, l)
	}
	gone, err := a.findEnded()
	defer func() {
		for _, g := range gone {
			_ = g.file.Close()
		}
	}()
	if err != nil {
		return nil, &auditError{err}
	}
	if len(gone) > 0 {
		if unknown, err = a.unfinished(ctx, gone); err != nil {
			return nil, &auditError{err}
		}
	}
	for _, u := range unknown {
		if err := a.write(u); err != nil {
			return unknown, err
		}
	}
	for _, g := range gone {
		_ = g.file.Close() // before it is removed, for Windows
		if err := os.Remove(g.file.Name()); err != nil {
			return unknown, &auditError{err}
		}
	}
	return unknown, a.Write(ctx, l)
}

// findEnded locks the files of processes that have ended.
func (a *AuditLog) findEnded() (gone []ended, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, os.ErrClosed
	}
	release, err := a.ready(nil, false)
	if err != nil {
		return nil, err
	}
	defer release()
	entries, err := os.ReadDir(a.runs())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		id, ok := strings.CutPrefix(e.Name(), runPrefix)
		if !ok || id == a.run {
			continue
		}
		f, err := os.OpenFile(filepath.Join(a.runs(), e.Name()), os.O_RDWR, 0)
		if err != nil {
			return gone, err
		}
		if ok, err := tryLock(f); err != nil || !ok {
			_ = f.Close()
			continue
		}
		b, _ := io.ReadAll(io.LimitReader(f, 32))
		after, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64) // 0 where it was killed before: all is read
		gone = append(gone, ended{id, after, f})
	}
	return gone, nil
}

// unfinished are the intents of these processes that have no result.
func (a *AuditLog) unfinished(ctx context.Context, gone []ended) ([]Line, error) {
	first := gone[0].after
	marks := make([][]byte, len(gone))
	for i, g := range gone {
		first = min(first, g.after)
		marks[i] = []byte(`"run":"` + g.id + `"`)
	}
	var open []Line
	take := func(raw []byte) {
		var l Line
		of := func(mark []byte) bool { return bytes.Contains(raw, mark) }
		if !slices.ContainsFunc(marks, of) || json.Unmarshal(raw, &l) != nil || !slices.ContainsFunc(gone, func(g ended) bool { return g.id == l.Run }) {
			return
		}
		switch {
		case l.begins():
			open = append(open, l)
		case l.Phase == PhaseResult || l.Phase == PhaseUnknown:
			if i := matching(open, l); i >= 0 {
				open = slices.Delete(open, i, i+1)
			}
		}
	}
	for _, path := range append(rotated(a.path), a.path) {
		if number, err := strconv.ParseUint(strings.TrimPrefix(path, a.path+"."), 10, 64); err == nil && number <= first {
			continue // it ends before them
		}
		if err := eachLine(ctx, path, take); err != nil {
			return nil, err
		}
	}
	for i, l := range open {
		open[i] = Line{
			Phase: PhaseUnknown, Say: "outcome unknown, the process ended: " + l.Say, Agent: l.Agent, Principal: l.Principal, Approver: l.Approver,
			Request: l.Request, Tool: l.Tool, Risk: l.Risk, Targets: l.Targets, Method: l.Method, Path: l.Path, Decision: l.Decision,
			Version: l.Version, Outcome: "unknown", Change: l.Change, Trace: l.Trace, Call: l.Call, Step: l.Step, Run: l.Run,
		}
	}
	return open, nil
}

// matching finds the intent that a result belongs to: by its step, else the one of the
// same call with most of the same targets.
func matching(open []Line, l Line) int {
	best, most := -1, -1
	for i, o := range open {
		if o.Run != l.Run || o.Call != l.Call || o.Tool != l.Tool || o.Method != l.Method || o.Path != l.Path || o.Step != l.Step {
			continue
		}
		n := 0
		for _, t := range o.Targets {
			if slices.ContainsFunc(l.Targets, func(r Target) bool {
				return r.Type == t.Type && r.Name == t.Name && (r.ID == t.ID || t.ID == "")
			}) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}

// eachLine gives the lines of a file to take, which may not keep them.
func eachLine(ctx context.Context, path string, take func([]byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return readLines(ctx, f, func(line []byte) error { take(line); return nil })
}

// readLines gives lines with their ends; one that is longer than any of ours without
// its middle, and what has no end as it is. What take gets is its own only until it returns.
func readLines(ctx context.Context, r io.Reader, take func([]byte) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var long []byte // a line that does not fit into the buffer
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		part, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if len(long) <= maxAuditLine { // one that is longer yet can be no line of ours
				long = append(long, part...)
			}
			continue
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if len(long) > 0 {
			part = append(long, part...)
			long = part[:0]
		}
		if len(part) > 0 {
			if err := take(part); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
	}
}
