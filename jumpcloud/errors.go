package jumpcloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Code sorts errors by what an agent can do about them.
type Code string

// The codes. needs_approval, denied and ambiguous are mostly given by the layers above.
const (
	CodeInvalidArgument Code = "invalid_argument"
	CodeNotFound        Code = "not_found"
	CodeAmbiguous       Code = "ambiguous"
	CodeDenied          Code = "denied"
	CodeNeedsApproval   Code = "needs_approval"
	CodeUnauthorized    Code = "unauthorized"
	CodeForbidden       Code = "forbidden"
	CodeConflict        Code = "conflict"
	CodeRateLimited     Code = "rate_limited"
	CodeUpstreamDown    Code = "upstream_down"
	CodeTimeout         Code = "timeout"
	CodeOutcomeUnknown  Code = "outcome_unknown"
	CodeTooLarge        Code = "too_large"
	CodeInternal        Code = "internal"
)

// Outcome says what is known about the effect of a request that failed.
type Outcome uint8

const (
	// NotSent: nothing reached JumpCloud.
	NotSent Outcome = iota
	// NotDone: JumpCloud refused it, or it changes nothing.
	NotDone
	// Unknown: it may have been done. Never to be shown as "not done".
	Unknown
)

// String is the word for it.
func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "not sent"
	case NotDone:
		return "not done"
	}
	return "unknown"
}

// Error is the only kind of error that the client gives. It never holds a URL,
// a query, a host, a body of ours or the text of a Go error.
type Error struct {
	Code     Code
	Endpoint Endpoint
	// Status is the last HTTP status; 0 when there was no answer.
	Status int
	// Message is what JumpCloud said, cleaned and at most 200 runes: text from
	// the outside, not ours. "" when it said nothing that can be shown.
	Message string
	Outcome Outcome
	// RetryAt is when another try makes sense; zero when nobody said.
	RetryAt time.Time
	// Attempts is how often it was tried.
	Attempts int
	// Cause is a short word of ours: "connection reset", "not JSON".
	Cause string
}

// Error says what happened in words of ours. JumpCloud's own are in Message.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Endpoint.Path != "" {
		b.WriteString(e.Endpoint.String() + ": ")
	}
	b.WriteString(string(e.Code))
	if e.Status != 0 {
		b.WriteString(", JumpCloud answered ")
		for _, d := range []int{e.Status / 100 % 10, e.Status / 10 % 10, e.Status % 10} {
			b.WriteByte(byte('0' + d))
		}
	}
	if e.Cause != "" {
		b.WriteString(", " + e.Cause)
	}
	if e.Outcome == Unknown {
		b.WriteString("; it may have been done")
	}
	return b.String()
}

// IsCode reports whether err is an *Error with that code.
func IsCode(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Unsent may be implemented by errors of the transport below the client: a
// signer that could not get a credential knows that nothing was sent, and
// whether the credential was refused. Without it an error of a transport that
// does not report what it writes counts as "may have been sent".
type Unsent interface {
	error
	// NotSent is true when the request never left.
	NotSent() bool
	// Unauthorized is true when there is no valid credential to send it with;
	// trying again at once will not help.
	Unauthorized() bool
	// Why says in a few words of ours why there is none.
	Why() string
}

const maxMessage = 200 // runes of JumpCloud's words that are kept

// said takes JumpCloud's words from the body of an error answer: {"message"},
// {"error"} (a string, or an object that has them) and details.
func said(body []byte) string {
	if body = trim(body); len(body) == 0 || body[0] != '{' {
		return ""
	}
	var doc map[string]json.RawMessage
	if json.Unmarshal(body, &doc) != nil {
		return ""
	}
	var words []string
	add := func(s string) {
		if s = clean(s, maxMessage); s != "" && !strings.Contains(strings.Join(words, "; "), s) {
			words = append(words, s)
		}
	}
	for _, key := range []string{"message", "error", "errorMessage"} {
		add(wordsOf(doc[key]))
	}
	var details []json.RawMessage
	if json.Unmarshal(doc["details"], &details) == nil {
		for _, d := range details[:min(len(details), 5)] {
			add(wordsOf(d))
		}
	}
	return clean(strings.Join(words, "; "), maxMessage)
}

// wordsOf is a JSON string, or the text inside an object that explains an error.
func wordsOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(raw, &inner) != nil {
		return ""
	}
	for _, key := range []string{"message", "description", "detail", "reason", "error"} {
		if json.Unmarshal(inner[key], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// clean makes outside text fit for one line: no control, bidi or hidden
// characters, single spaces, at most limit runes. Markup is not text: "".
func clean(s string, limit int) string {
	if looksLikeHTML([]byte(s)) {
		return ""
	}
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' {
			space = n > 0
			continue
		}
		if Hidden(r) {
			continue
		}
		if n+1 > limit || space && n+2 > limit {
			break
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// Hidden reports characters that change what a reader sees without being seen:
// controls, bidi and zero-width marks, tags, fillers, private use.
func Hidden(r rune) bool {
	switch {
	case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF, r >= 0x180B && r <= 0x180F: // variation selectors, tags
		return true
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x2800, r == 0x3164, r == 0xFFA0: // joiners and fillers that show nothing
		return true
	}
	return false
}

// looksLikeHTML reports markup by its first characters: proxies and login pages
// answer 200 with it, and any content type.
func looksLikeHTML(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && b[0] == '<'
}
