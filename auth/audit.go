package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"
)

// Phases of a Line.
const (
	PhaseIntent  = "intent"  // before a step is sent
	PhaseResult  = "result"  // after it, whatever came of it
	PhaseRefused = "refused" // instead of it
)

// Line is one entry of the audit. Its fields are all that can be written down: there
// is none for arguments, bodies, headers or values, so no secret has a place here.
type Line struct {
	Time      time.Time `json:"time"` // zero means now
	Phase     string    `json:"phase"`
	Say       string    `json:"say"` // one sentence in plain English
	Agent     string    `json:"agent,omitempty"`
	Principal string    `json:"principal,omitempty"`
	Tool      string    `json:"tool,omitempty"`
	Risk      string    `json:"risk,omitempty"`
	Targets   []Target  `json:"targets,omitempty"`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"` // the template, never the path sent
	Decision  string    `json:"decision,omitempty"`
	Outcome   string    `json:"outcome,omitempty"`
	Code      string    `json:"code,omitempty"`
	Attempts  int       `json:"attempts,omitempty"`
	MS        int64     `json:"ms,omitempty"`
	Change    string    `json:"change,omitempty"` // change id
	Trace     string    `json:"trace,omitempty"`  // W3C trace id the caller sent
	Call      string    `json:"call,omitempty"`   // call id, the same on intent and result
}

// AuditTarget is one object a step touches.
type AuditTarget = Target

// Audit takes the lines. When Write fails the step must not be sent.
type Audit interface {
	Write(ctx context.Context, l Line) error
}

// ErrAudit is what every failed Write is: the line is not, or not surely, written.
var ErrAudit = errors.New("the audit log cannot be written, so nothing is changed")

// auditError has a text of ours; the cause, which may name a path, is for errors.Is.
type auditError struct{ cause error }

func (e *auditError) Error() string   { return ErrAudit.Error() }
func (e *auditError) Unwrap() []error { return []error{ErrAudit, e.cause} }

const (
	maxAuditText = 2000                       // runes of one field
	auditTime    = "2006-01-02T15:04:05.000Z" // of one width, so that texts of it compare as times do
)

type auditLog struct {
	mu     sync.Mutex
	w      io.Writer
	close  func() error // nil when the writer is not ours
	broken error        // first failure; all later writes fail with it

	memory auditMemory
	file   *os.File // to read from; nil when there is none, and unread says why
	unread error
}

// NewAudit writes to w, one JSON object a line, each in one Write. After a write that
// failed or was short a torn line may stand in w, so all later ones fail too.
// What it was given it cannot read back; it is an [AuditReader] of what it remembers.
func NewAudit(w io.Writer) Audit {
	return &auditLog{w: w, memory: auditMemory{from: time.Now()}, unread: errNotKept}
}

// OpenAudit appends to the file at path, which is made for this user alone if it is
// not there. A line that was cut off when the process before ended is closed first.
// Close ends it; writing after that fails. The Audit is an [AuditReader], of the whole
// file where it is a regular one.
func OpenAudit(path string) (Audit, io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the audit log: %w", err)
	}
	l := &auditLog{w: f, close: f.Close, memory: auditMemory{from: time.Now()}}
	torn, err := l.openToRead(path, f)
	if err == nil && torn {
		_, err = f.Write([]byte("\n"))
	}
	if err != nil {
		_ = l.Close()
		return nil, nil, fmt.Errorf("reading the end of the audit log: %w", err)
	}
	return l, l, nil
}

// openToRead opens the file a second time, since f is for appending only, and
// reports whether its last line was cut off. One that may not be read has to be
// empty: else nobody can tell that.
func (a *auditLog) openToRead(path string, f *os.File) (torn bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		a.unread = errNotKept
		return false, nil
	}
	if a.file, a.unread = openSame(path, info); a.unread != nil {
		if info.Size() == 0 {
			return false, nil
		}
		return false, a.unread
	}
	a.close = func() error { return errors.Join(f.Close(), a.file.Close()) }
	if info.Size() == 0 {
		return false, nil
	}
	last := make([]byte, 1)
	if _, err := a.file.ReadAt(last, info.Size()-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}

// openSame opens the file at path if it is still the one that info is of.
func openSame(path string, info os.FileInfo) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(info, now) {
		err = errors.New("another file has taken its place")
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Write writes one line. It does not look at ctx: a client that hangs up cannot
// keep its call out of the record.
func (a *auditLog) Write(_ context.Context, l Line) error {
	b, err := l.encode(time.Now())
	if err != nil {
		return &auditError{err}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		return &auditError{a.broken}
	}
	n, err := a.w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		a.broken = err
		return &auditError{err}
	}
	a.memory.add(l, b)
	return nil
}

// Close closes the file of OpenAudit.
func (a *auditLog) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.close == nil {
		return nil
	}
	err := a.close()
	a.close = nil
	return err
}

// encode makes the line, with its end. Names come from the directory: they are cut,
// and nothing in them can break the line or act on a terminal.
func (l Line) encode(now time.Time) ([]byte, error) {
	switch l.Phase {
	case PhaseIntent, PhaseResult, PhaseRefused:
	default:
		return nil, fmt.Errorf("unknown phase of an audit line")
	}
	if l.Time.IsZero() {
		l.Time = now
	}
	for _, s := range []*string{&l.Say, &l.Agent, &l.Principal, &l.Tool, &l.Risk, &l.Method, &l.Path,
		&l.Decision, &l.Outcome, &l.Code, &l.Change, &l.Call} {
		*s = cutText(*s)
	}
	targets := make([]Target, len(l.Targets))
	for i, t := range l.Targets {
		targets[i] = AuditTarget{Type: cutText(t.Type), ID: cutText(t.ID), Name: cutText(t.Name)}
	}
	l.Targets = targets
	type fields Line // the outer Time, in a fixed form that sorts, goes before the inner
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Time string `json:"time"`
		fields
	}{l.Time.UTC().Format(auditTime), fields(l)})
	if err != nil {
		return nil, err
	}
	return escapeHidden(buf.Bytes()), nil
}

func cutText(s string) string {
	if len(s) <= maxAuditText {
		return s
	}
	if r := []rune(s); len(r) > maxAuditText {
		return string(r[:maxAuditText]) + "…"
	}
	return s
}

// escapeHidden writes the characters that cannot be seen (control, bidi, zero width)
// as \u escapes, which changes no value: outside ASCII, JSON has only strings.
func escapeHidden(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		switch {
		case r < 0x7f || unicode.IsPrint(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
