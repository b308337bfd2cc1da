package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Refusal is an error of ours: nothing was sent. Its text is written for the model.
type Refusal struct {
	Code jc.Code
	Text string
}

func (e *Refusal) Error() string { return e.Text }

// citing is a refusal by a line of the grants.
type citing struct {
	*Refusal
	rule string
}

func (e *citing) Unwrap() error { return e.Refusal }

func invalid(arg, problem string) error {
	return &Refusal{jc.CodeInvalidArgument, (&schemas.Invalid{Argument: arg, Problem: problem}).Error()}
}

func notFound(arg, problem string) error {
	return &Refusal{jc.CodeNotFound, (&schemas.Invalid{Argument: arg, Problem: problem}).Error()}
}

// failure turns any error into the answer for a model: what happened, whether
// anything changed, and the next step. No error text of a library gets through.
func failure(err error, changing bool) Answer {
	var invalidArgs *schemas.Invalid
	var refusal *Refusal
	var api *jc.Error
	nothing := ""
	if changing {
		nothing = " Nothing was changed."
	}
	switch {
	case errors.As(err, &invalidArgs):
		return failed(jc.CodeInvalidArgument, "invalid_argument. "+sentence(invalidArgs.Error())+nothing)
	case errors.As(err, &refusal):
		return failed(refusal.Code, string(refusal.Code)+". "+sentence(refusal.Text)+nothing)
	case errors.As(err, &api):
		a := failed(api.Code, upstream(api, changing))
		a.retryAt = api.RetryAt
		return a
	case errors.Is(err, context.DeadlineExceeded):
		return failed(jc.CodeTimeout, "timeout. The call took longer than a client waits."+nothing+" Ask for less, or repeat it.")
	case errors.Is(err, context.Canceled):
		return failed(jc.CodeTimeout, "timeout. The call was cancelled."+nothing)
	}
	return failed(jc.CodeInternal, "internal. This server failed in a way it does not know."+nothing)
}

func failed(code jc.Code, text string) Answer {
	return Answer{Text: []string{text}, IsError: true, Code: string(code)}
}

// upstream says what JumpCloud, and not this server, refused or failed to do.
func upstream(e *jc.Error, changing bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", e.Code)
	if at := e.Endpoint; at.Path != "" && e.Code != jc.CodeRateLimited {
		fmt.Fprintf(&b, " at %s", at)
	}
	b.WriteString(". ")
	own := ""
	if e.Message != "" {
		own = fmt.Sprintf(" It says: %q.", e.Message)
	}
	switch e.Code {
	case jc.CodeUnauthorized:
		if e.Status == 0 && e.Cause != "" { // there was nothing to send the request with
			b.WriteString(upper(e.Cause) + ", so the request was not sent. The operator has to put that right (jc-mcp doctor says what is wrong); repeating will not help.")
			break
		}
		b.WriteString("JumpCloud does not accept the credential: wrong, expired, or for another region." + own + " The operator has to set a valid one; repeating will not help.")
	case jc.CodeForbidden:
		b.WriteString("JumpCloud, not this server, refuses: the credential's administrator role or the plan does not allow it." + own + " Repeating will not help.")
	case jc.CodeNotFound:
		b.WriteString("JumpCloud has no such object, or the feature is switched off." + own)
	case jc.CodeConflict:
		b.WriteString("JumpCloud says that it exists already or is in use." + own)
	case jc.CodeInvalidArgument:
		b.WriteString("JumpCloud refuses the request." + own)
	case jc.CodeRateLimited:
		b.WriteString("JumpCloud asks to wait.")
		if !e.RetryAt.IsZero() {
			fmt.Fprintf(&b, " Repeat this call unchanged after %s.", e.RetryAt.UTC().Format("15:04:05Z"))
		} else {
			b.WriteString(" Repeat this call unchanged in a minute.")
		}
	case jc.CodeTooLarge:
		b.WriteString("The answer is larger than 8 MiB. Ask for fewer rows or fields.")
	case jc.CodeOutcomeUnknown:
		b.WriteString("The connection failed after the request had been sent; whether JumpCloud did it is not known. Look before you repeat it.")
		return b.String()
	case jc.CodeTimeout:
		b.WriteString("JumpCloud did not answer in time; try again later.")
	case jc.CodeInternal:
		b.WriteString("This server could not make the request.")
	default:
		b.WriteString("JumpCloud cannot be used right now")
		if e.Cause != "" {
			b.WriteString(" (" + e.Cause + ")")
		}
		b.WriteString("." + own + " What could not be read is not shown as empty; try again ")
		if e.RetryAt.IsZero() {
			b.WriteString("later.")
		} else {
			fmt.Fprintf(&b, "after %s.", e.RetryAt.UTC().Format("15:04:05Z"))
		}
	}
	if changing {
		if e.Outcome == jc.Unknown {
			b.WriteString(" Whether anything was changed is not known.")
		} else {
			b.WriteString(" Nothing was changed.")
		}
	}
	return b.String()
}

func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// article puts "a" or "an" before a noun.
func article(noun string) string {
	if strings.ContainsRune("aeiouAEIO", rune(noun[0])) && !strings.HasPrefix(noun, "user") {
		return "an " + noun
	}
	return "a " + noun
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", clean(n))
	}
	return strings.Join(out, ", ")
}

func joinNames(names []string) string { return strings.Join(names, ", ") }

// clip shortens what a caller wrote before it is shown back.
func clip(s string) string {
	if r := []rune(clean(s)); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return clean(s)
}

func sameInstant(a, b string) bool {
	x, err1 := time.Parse(time.RFC3339, a)
	y, err2 := time.Parse(time.RFC3339, b)
	return err1 == nil && err2 == nil && x.Truncate(time.Second).Equal(y.Truncate(time.Second))
}
