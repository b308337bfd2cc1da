package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf16"
)

// Phases of a Line.
const (
	PhaseIntent   = "intent"   // before a step is sent
	PhaseResult   = "result"   // after it, whatever came of it
	PhaseRefused  = "refused"  // instead of it
	PhaseApproved = "approved" // a person said yes to a request
	PhaseDeclined = "declined" // a person said no
	PhaseExpired  = "expired"  // nobody said anything in time
	PhaseShown    = "shown"    // a secret was shown to the person it was sent to
	PhaseSwitch   = "switch"   // the kill switch was thrown, or lifted
	PhaseReload   = "reload"   // other grants are in force
	PhaseStart    = "start"    // a process begins
	PhaseStop     = "stop"     // a process ends
	PhaseUnknown  = "unknown"  // an intent whose process ended before its result
	PhaseRotate   = "rotate"   // the first line of a file that goes on where another ended
	PhaseResumed  = "resumed"  // lines can be written again, after some could not
)

var phases = []string{PhaseIntent, PhaseResult, PhaseRefused, PhaseApproved, PhaseDeclined, PhaseExpired, PhaseShown, PhaseSwitch,
	PhaseReload, PhaseStart, PhaseStop, PhaseUnknown, PhaseRotate, PhaseResumed}

// Line is one entry of the audit. Its fields are all that can be written down: there
// is none for arguments, bodies, headers or values, so no secret has a place here.
type Line struct {
	Time      time.Time `json:"time"` // zero means now
	Phase     string    `json:"phase"`
	Say       string    `json:"say"` // one sentence in plain English
	Agent     string    `json:"agent,omitempty"`
	Principal string    `json:"principal,omitempty"`
	Approver  string    `json:"approver,omitempty"` // who said yes or no
	Request   string    `json:"request,omitempty"`  // code of the request that was asked
	Org       string    `json:"org,omitempty"`      // name of the organisation, where there are several
	Reason    string    `json:"reason,omitempty"`   // as the caller gave it, where the grant asks for one
	Tool      string    `json:"tool,omitempty"`
	Risk      string    `json:"risk,omitempty"`
	Targets   []Target  `json:"targets,omitempty"`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"` // the template, never the path sent
	Decision  string    `json:"decision,omitempty"`
	Version   string    `json:"version,omitempty"` // of the grants that decided
	Outcome   string    `json:"outcome,omitempty"`
	Code      string    `json:"code,omitempty"`
	Attempts  int       `json:"attempts,omitempty"`
	MS        int64     `json:"ms,omitempty"`
	Change    string    `json:"change,omitempty"` // change id
	Trace     string    `json:"trace,omitempty"`  // W3C trace id the caller sent
	Call      string    `json:"call,omitempty"`   // call id, the same on intent and result
	Step      int       `json:"step,omitempty"`   // of the call, from 1; the same on intent and result
	Run       string    `json:"run,omitempty"`    // which process; set when it is written
	Seq       uint64    `json:"seq,omitempty"`    // place in the chain, from 1; set when it is written
}

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

// durable lines are on the disk before Write returns: all but those of reads.
func (l *Line) durable() bool { return l.Risk != Read.String() }

// begins reports whether l is the intent of a change.
func (l *Line) begins() bool { return l.Phase == PhaseIntent && l.durable() }

// encode makes the line, with its end, as it is before it has a place in the chain. Names come from the directory: they are cut,
// and nothing in them can break the line or act on a terminal.
func (l Line) encode(now time.Time) ([]byte, error) {
	if !slices.Contains(phases, l.Phase) {
		return nil, errors.New("unknown phase of an audit line")
	}
	if l.Time.IsZero() {
		l.Time = now
	}
	for _, s := range []*string{&l.Say, &l.Agent, &l.Principal, &l.Approver, &l.Request, &l.Org, &l.Reason, &l.Tool, &l.Risk,
		&l.Method, &l.Path, &l.Decision, &l.Version, &l.Outcome, &l.Code, &l.Change, &l.Trace, &l.Call} {
		*s = cutText(*s)
	}
	targets := make([]Target, len(l.Targets))
	for i, t := range l.Targets {
		targets[i] = Target{Type: cutText(t.Type), ID: cutText(t.ID), Name: cutText(t.Name)}
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
	if !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x7f }) {
		return b // as nearly all are
	}
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
