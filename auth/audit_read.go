package auth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"
)

// AuditReader is an Audit that can be read back.
type AuditReader interface {
	// Lines gives the lines that are wanted, and says what of the record could be
	// read. Of more than [MaxRecord] it gives the newest. Where there is no file, only
	// results of changes are remembered, the newest of them. With an error the Record
	// holds what is remembered in place of what could not be read.
	Lines(ctx context.Context, w Wanted) (Record, error)
}

// Wanted says which lines to read.
type Wanted struct {
	// Since is the time of the earliest.
	Since time.Time
	// Target is a type that one of the line's targets has; "" for any line. Lines
	// without one are passed over undecoded, which makes a long record quick to read.
	Target string
	// Keep looks at what is left; nil keeps all.
	Keep func(Line) bool
}

// Record is what was read of an audit.
type Record struct {
	// Lines are those that were asked for, the newest last.
	Lines []Line
	// From is when what was read begins: none that was asked for is missing after it,
	// but for those counted as Unread. It is never before the time that was asked for.
	From time.Time
	// Memory says that the lines are those which this process remembers of its own.
	Memory bool
	// Unread counts lines that are, or may be, of that time and could not be understood.
	Unread int
}

const (
	// MaxRecord is how many lines one Record holds at most.
	MaxRecord = 5000

	maxAuditLine   = 4 << 20 // bytes of a line that is read; a longer one is Unread
	maxAuditMemory = 2 << 20 // bytes of lines that are remembered
)

// ErrAuditUnread is what every failed reading is, unless the caller gave up.
var ErrAuditUnread = errors.New("the audit log cannot be read")

// unreadError has a text of ours; the cause, which may name a path, is for errors.Is.
type unreadError struct{ cause error }

func (e *unreadError) Error() string   { return ErrAuditUnread.Error() }
func (e *unreadError) Unwrap() []error { return []error{ErrAuditUnread, e.cause} }

// errNotKept is why an audit that goes to a stream has only its memory.
var errNotKept = errors.New("lines go to a stream")

// auditScan takes lines one after the other and keeps those that are wanted.
type auditScan struct {
	Wanted
	from    []byte // Since, as lines have it
	mark    []byte // what stands in a line with the Target
	rec     Record
	begun   bool // a line was understood
	dropped bool // there were more than MaxRecord
	odd     int  // not understood since the last that was
}

func newScan(w Wanted) *auditScan {
	s := &auditScan{Wanted: w, from: []byte(w.Since.UTC().Format(auditTime)), rec: Record{From: time.Now()}}
	if w.Target != "" {
		s.mark = []byte(`"type":"` + w.Target + `"`)
	}
	return s
}

func scanAudit(ctx context.Context, r io.Reader, w Wanted) (Record, error) {
	s := newScan(w)
	err := readLines(ctx, r, func(line []byte) error {
		if line[len(line)-1] == '\n' { // else it is being written now, or never will be
			s.take(line)
		}
		return nil
	})
	if err != nil {
		return Record{}, err
	}
	return s.end(), nil
}

var auditTimeField = []byte(`{"time":"`)

// timeOf is the time of a line that begins as this version writes it, else nil.
func timeOf(line []byte) []byte {
	rest, ok := bytes.CutPrefix(line, auditTimeField)
	if !ok || len(rest) <= len(auditTime) || rest[len(auditTime)] != '"' || rest[len(auditTime)-1] != 'Z' {
		return nil
	}
	return rest[:len(auditTime)]
}

func (s *auditScan) take(line []byte) {
	if s.passOver(line) {
		return
	}
	var l Line
	switch {
	case len(bytes.TrimSpace(line)) == 0:
	case len(line) > maxAuditLine || json.Unmarshal(line, &l) != nil || !l.known():
		s.odd++
	case s.understood(l.Time) && s.wants(l):
		if s.rec.Lines = append(s.rec.Lines, l); len(s.rec.Lines) >= 2*MaxRecord {
			s.cut()
		}
	}
}

// passOver spares most lines of a long record the decoding: those which, as this
// version writes them, are from before the time or without the target.
func (s *auditScan) passOver(line []byte) bool {
	at := timeOf(line)
	if at == nil || !bytes.HasSuffix(line, []byte("}\n")) || bytes.LastIndex(line, auditTimeField) > 0 { // or torn
		return false
	}
	if bytes.Compare(at, s.from) >= 0 && bytes.Contains(line, s.mark) {
		return false
	}
	t, err := time.Parse(auditTime, string(at))
	if err == nil {
		s.understood(t)
	}
	return err == nil
}

// understood notes the time of a line that could be read, and reports whether it is
// of the time that is wanted. The record begins with the first of them.
func (s *auditScan) understood(at time.Time) bool {
	since := s.Since.Truncate(time.Millisecond) // lines have no less
	if !s.begun {
		s.begun, s.rec.From = true, at
		if at.Before(since) {
			s.rec.From = s.Since
		}
	}
	odd := s.odd
	if s.odd = 0; at.Before(since) {
		return false
	}
	s.rec.Unread += odd
	return true
}

func (s *auditScan) wants(l Line) bool {
	if s.Target != "" && !slices.ContainsFunc(l.Targets, func(t Target) bool { return t.Type == s.Target }) {
		return false
	}
	return s.Keep == nil || s.Keep(l)
}

// cut keeps the newest MaxRecord. Processes that share a file, and calls that end
// side by side, may write lines a moment out of their order.
func (s *auditScan) cut() {
	slices.SortStableFunc(s.rec.Lines, func(a, b Line) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	if over := len(s.rec.Lines) - MaxRecord; over > 0 {
		s.rec.Lines = slices.Clone(s.rec.Lines[over:])
		s.dropped = true
	}
}

func (s *auditScan) end() Record {
	s.rec.Unread += s.odd
	s.cut()
	if s.dropped {
		s.rec.From = s.rec.Lines[0].Time
	}
	return s.rec
}

// known reports whether a line is of a form that this version reads.
func (l Line) known() bool {
	return !l.Time.IsZero() && slices.Contains(phases, l.Phase)
}

// auditMemory holds the newest results of changes, as they were written.
type auditMemory struct {
	lines [][]byte
	size  int
	from  time.Time // no line is missing after it
}

// add remembers a line that was written.
func (m *auditMemory) add(l Line, written []byte) {
	if l.Phase != PhaseResult || l.Risk == Read.String() {
		return
	}
	m.lines = append(m.lines, written)
	m.size += len(written)
	for m.size > maxAuditMemory {
		if at, err := time.Parse(auditTime, string(timeOf(m.lines[0]))); err == nil {
			m.from = at
		}
		m.size -= len(m.lines[0])
		m.lines[0] = nil // the array behind lives on
		m.lines = m.lines[1:]
	}
}
