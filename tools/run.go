package tools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// readBacks is how often a change that is not seen yet is looked for, and how
// long is waited before each look: the directory needs a moment in places.
var readBacks = [...]time.Duration{0, 300 * time.Millisecond, time.Second}

// run does the steps of a plan. A step that fails ends a plan whose order
// matters; what was not sent is said.
func (d *Desk) run(ctx context.Context, r *Reader, p *Plan, dec auth.Decision) []Result {
	results := make([]Result, len(p.Steps))
	workers := 1
	if p.Parallel {
		workers = 8
	}
	stop, halt := context.WithCancelCause(context.Background())
	defer halt(nil)
	one := func(i int) {
		s := &p.Steps[i]
		results[i] = Result{Step: s, Seen: Seen{Outcome: NotSent}}
		switch {
		case s.Skip != "":
			results[i].Seen = Seen{Outcome: NoEffect, Note: s.Skip}
		case stop.Err() != nil:
			results[i].Err = context.Cause(stop)
		default:
			results[i] = d.safely(ctx, r, s, dec)
			if err := results[i].Err; err != nil && (!p.Parallel || hopeless(err)) {
				halt(err)
			}
		}
	}
	if len(p.Steps) == 1 { // as nearly always
		one(0)
		return results
	}
	ended := make(chan struct{}, len(p.Steps))
	go func() {
		var g errgroup.Group
		g.SetLimit(workers)
		for i := range p.Steps {
			g.Go(func() error { one(i); ended <- struct{}{}; return nil })
		}
		_ = g.Wait()
	}()
	for i := range p.Steps {
		<-ended
		if r.trip.call.Progress != nil { // from this goroutine, as it is promised
			r.trip.call.Progress(i+1, len(p.Steps), "steps done")
		}
	}
	return results
}

// hopeless errors would meet every later step too.
func hopeless(err error) bool {
	return jc.IsCode(err, jc.CodeRateLimited) || jc.IsCode(err, jc.CodeUnauthorized) || jc.IsCode(err, jc.CodeUpstreamDown) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// safely does a step; one that panics is unknown, and takes nothing else down.
func (d *Desk) safely(ctx context.Context, r *Reader, s *Step, dec auth.Decision) (res Result) {
	defer func() {
		if recover() != nil {
			d.o.Log.ErrorContext(ctx, "a step panicked", "tool", s.Tool.Name)
			res = Result{Step: s, Seen: Seen{Outcome: Unknown}, Err: &jc.Error{Code: jc.CodeOutcomeUnknown, Outcome: jc.Unknown}}
		}
	}()
	return d.step(ctx, r, s, dec)
}

// step does one step: intent line, send, read back, result line. No line, no change.
func (d *Desk) step(ctx context.Context, r *Reader, s *Step, dec auth.Decision) (res Result) {
	res = Result{Step: s, Seen: Seen{Outcome: NotSent}}
	if res.Err = d.stopped(r.trip.who, s.Tool); res.Err != nil { // since the call began
		return res
	}
	ctx = jc.WithFence(ctx, d.fence(r.trip.tool, s)...)
	line := auth.Line{
		Tool: s.Tool.Name, Risk: s.Tool.Risk.String(), Targets: s.Targets, Decision: dec.Rule, Version: dec.Version,
		Method: s.Request.Method, Path: s.Request.Path,
	}
	line.Step = r.number()
	line.Say = r.trip.say(s, "asked")
	quiet := context.WithoutCancel(ctx)
	if err := d.o.Audit.Write(quiet, r.trip.line("intent", line)); err != nil && s.read == nil {
		res.Err = &Refusal{jc.CodeInternal, "the audit line could not be written, so the change was not made"}
		return res
	}
	start := time.Now()
	if s.read != nil {
		res.Value, res.Err = s.read(ctx, r)
		if res.Outcome = WasRead; res.Err != nil {
			res.Outcome = Failed
		}
	} else {
		d.send(ctx, r, s, &res)
	}
	line.Outcome, line.Attempts, line.MS = string(res.Outcome), res.Attempts, time.Since(start).Milliseconds()
	if res.Err != nil {
		line.Code = failure(res.Err, false).Code
	}
	line.Change, line.Targets = r.change(s), s.targetsAfter(res.Made)
	line.Say = r.trip.say(s, string(res.Outcome))
	if err := d.o.Audit.Write(quiet, r.trip.line("result", line)); err != nil {
		d.o.Log.ErrorContext(ctx, "the audit line of a result could not be written", "tool", s.Tool.Name)
		res.Note = strings.TrimPrefix(res.Note+"; the audit line of this result could not be written", "; ")
	}
	d.journal(quiet, r, &res)
	return res
}

// joins reports whether a request only joins two objects, or parts them: neither is
// called otherwise after it, so what look-ups found stays true.
func joins(e jc.Endpoint) bool {
	return strings.HasSuffix(e.Path, "/members") || strings.HasSuffix(e.Path, "/associations")
}

// send makes the request of a step and reads back what became of it. Once the
// request is on the wire the call can no longer be cancelled.
func (d *Desk) send(ctx context.Context, r *Reader, s *Step, res *Result) {
	resp, err := d.o.Client.Do(ctx, s.Request)
	if !joins(s.Request.Endpoint) {
		d.dir.Forget()
	}
	var api *jc.Error
	if errors.As(err, &api) {
		res.Attempts = api.Attempts
		if echoes(api.Message, s.Request.Body) {
			api.Message = "" // JumpCloud repeats what it refuses, a password too
		}
	}
	if resp != nil {
		res.Attempts = resp.Attempts
	}
	after := context.WithoutCancel(ctx)
	after, cancel := context.WithTimeout(after, 10*time.Second)
	defer cancel()
	switch {
	case err == nil:
		res.Seen, _ = d.readBack(after, r, s, resp)
		res.Made = s.madeID(res.Row, resp)
	case api != nil && api.Outcome == jc.Unknown:
		res.Err = err
		res.Seen = Seen{Outcome: Unknown}
		seen, verr := d.readBack(after, r, s, nil)
		if verr == nil && seen.Outcome == Done {
			res.Seen, res.Err = seen, nil
			res.Note = strings.TrimPrefix(res.Note+"; the answer was lost, seen on read-back", "; ")
		}
		res.Made = s.madeID(res.Row, nil)
	case api != nil && api.Outcome == jc.NotSent:
		res.Err = err
	default:
		res.Seen, res.Err = Seen{Outcome: Failed}, err
	}
}

// madeID is the id of the object that a step created: of the row that was read
// back, else as the answer tells it. Only what has the form of an id is taken.
func (s *Step) madeID(row jc.Row, resp *jc.Response) string {
	if s.Makes == nil {
		return ""
	}
	id := s.Makes.IDOf(row)
	if id == "" && resp != nil {
		var made jc.Row
		if resp.Decode(&made) == nil {
			id = s.Makes.IDOf(made)
		}
	}
	if !s.Makes.IsID(id) {
		return ""
	}
	return id
}

// targetsAfter are the targets with the object that the step created, first.
func (s *Step) targetsAfter(made string) []auth.Target {
	if made == "" {
		return s.Targets
	}
	out := slices.Clone(s.Targets)
	if i := slices.IndexFunc(out, func(t auth.Target) bool { return t.Type == s.Makes.Type && t.ID == "" }); i >= 0 {
		out[i].ID = made
		return out
	}
	return append([]auth.Target{{Type: s.Makes.Type, ID: made}}, out...)
}

// readBack looks whether the change is there, a few times where it is not at once.
func (d *Desk) readBack(ctx context.Context, r *Reader, s *Step, resp *jc.Response) (seen Seen, err error) {
	if s.Verify == nil {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		return Seen{Outcome: Accepted}, nil
	}
	for _, wait := range readBacks {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return seen, ctx.Err()
		}
		seen, err = s.Verify(ctx, r, resp)
		if err != nil {
			note := "it could not be read back"
			if resp != nil {
				return Seen{Outcome: Accepted, Note: strings.TrimPrefix(seen.Note+"; "+note, "; ")}, nil
			}
			return Seen{Outcome: Unknown, Note: note}, err
		}
		if seen.Outcome == Done || s.Tool.noBack != "" || s.Tool.Risk == auth.Reveal { // a reveal is told by its answer alone
			break
		}
	}
	return seen, nil
}

// say is the sentence of an audit line: "helpdesk (stdio), done, read back: add
// user ana.lopez to user group Sales".
func (tr *trip) say(s *Step, how string) string {
	what := tr.tool.purpose()
	if s != nil && s.Line != "" {
		what = s.Line
	} else if s != nil {
		what = s.Tool.purpose() + onTargets(s.Targets)
	}
	if tr.undo != nil {
		how += ", to undo change " + tr.undo.ID
	}
	said := clean(fmt.Sprintf("%s, %s: %s", tr.where(), how, what))
	if tr.reason != "" {
		said += fmt.Sprintf("; it says why: %q", tr.reason)
	}
	return said
}

// where is who calls, and for which organisation of several.
func (tr *trip) where() string {
	if tr.org == "" {
		return tr.who.String()
	}
	return tr.who.String() + " in " + tr.org
}

// purpose is the first sentence of a tool's description, to go on a sentence of ours.
func (t *Tool) purpose() string {
	first, _, _ := strings.Cut(t.Doc, ".")
	return lower(first)
}

// onTargets is ": user ana.lopez, user group Sales".
func onTargets(targets []auth.Target) string {
	if len(targets) == 0 {
		return ""
	}
	words := make([]string, len(targets))
	for i, t := range targets {
		words[i] = describe(t)
	}
	return ": " + strings.Join(words, ", ")
}

// describe is "user group Sales"; the id where there is no name.
func describe(t auth.Target) string {
	noun := t.Type
	if k := jc.KindOf(t.Type); k != nil {
		noun = k.Noun
	}
	if t.Name != "" {
		return noun + " " + plainName(t.Name)
	}
	return strings.TrimSpace(noun + " " + t.ID) // what is not made yet may have neither
}
