package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// trip is one call on its way: what the stations of the road know of it.
type trip struct {
	tool *Tool
	who  auth.Principal
	call Call
	args arguments
	id   string // joins the audit lines of one call

	org, credential string // of several; see [Options]

	undo  *state.Change     // the change that the call takes back
	notes map[string]string // what the plan made up; see [trip.steady]

	earlier func() map[string]string // notes of the request that a person was asked with before

	reason   string         // why, as the caller says
	request  string         // code of the request that a person was asked with
	approver *auth.Approver // who said yes to it
	approval string         // what the call met of a person, for metrics
}

// arguments are decoded arguments: the tool's own, and those that are ours everywhere.
type arguments struct {
	in     any // *In
	list   listArgs
	search searchArgs
	export exportArgs
	body   map[string]any // of an untyped operation
	dry    bool
}

// trip begins a call.
func (d *Desk) trip(t *Tool, who auth.Principal, c Call) *trip {
	return &trip{tool: t, who: who, call: c, id: newID("k-"), org: d.o.Org, credential: d.o.Credential}
}

// Call runs a tool. Every call takes this road, top to bottom, and no code
// reaches JumpCloud another way.
func (d *Desk) Call(ctx context.Context, c Call) (answer Answer) {
	t := d.byName[c.Tool]
	who, known := auth.From(ctx)
	tr := d.trip(t, who, c.oneByOne())
	ctx, end := d.observed(ctx, c)
	defer func() { end(tr, answer) }()
	if t == nil || !known {
		return d.unlisted(ctx, tr)
	}
	if t.carries != nil { // from here on the call is one of the tool that it names
		if err := d.carry(tr); err != nil {
			return d.refuse(ctx, tr, nil, err, auth.Decision{})
		}
		t = tr.tool
	}
	if err := tr.why(); err != nil {
		return d.refuse(ctx, tr, nil, err, auth.Decision{})
	}
	if t.undoes { // and now one of the tool that takes the change back
		if dec, err := d.takeBack(tr); err != nil {
			return d.refuse(ctx, tr, nil, err, dec)
		}
		t = tr.tool
	}
	changing := t.Risk != auth.Read
	if d.o.Structured {
		defer func() { answer.structure(time.Now()) }()
	}
	budget := Budget
	if c.Patient {
		budget = PatientBudget
	}
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // its value may hold anything: it is neither shown nor logged
			d.o.Log.ErrorContext(ctx, "a tool panicked", "tool", t.Name)
			answer = failure(errors.New("panic"), false)
		}
	}()

	// grant: may this principal use this tool?
	if dec := d.asSuch(who, t); !dec.Allow {
		return d.refuse(ctx, tr, nil, denied(dec), dec)
	}
	if err := d.stopped(who, t); err != nil {
		return d.refuse(ctx, tr, nil, err, auth.Decision{})
	}
	// decode: slips of reads put right and said, schema check, unknown argument refused
	var slips []string
	tr.call.Arguments, slips = tr.mend(d.schema(t), tr.call.Arguments)
	defer func() { answer = answer.tell(slips) }()
	if err := tr.decode(d.schema(t)); err != nil {
		return d.refuse(ctx, tr, nil, err, auth.Decision{})
	}
	if d.o.Client == nil && len(t.Operations) > 0 {
		return d.refuse(ctx, tr, nil, &Refusal{jc.CodeUnauthorized, d.o.Unset}, auth.Decision{})
	}
	ctx = jc.WithAgent(ctx, who.Agent)
	ctx = jc.WithFence(ctx, d.fence(t, nil)...)
	tr.earlier = sync.OnceValue(func() map[string]string { return d.earlierNotes(tr) })
	r := &Reader{d: d, trip: tr}
	if d.dir != nil {
		r.dir = d.finds(tr)
	}
	// resolve: every ref, everywhere in the value
	if err := resolve(ctx, r.dir, t.Risk, tr.args.in); err != nil {
		return d.refuse(ctx, tr, nil, err, auth.Decision{})
	}
	// plan: what would be sent, in order
	plan, err := t.plan(ctx, r, tr.args.in)
	if err != nil {
		return d.refuse(ctx, tr, nil, err, auth.Decision{})
	}
	if err := errors.Join(r.unbound(), r.unkept()); err != nil {
		return d.refuse(ctx, tr, nil, err, auth.Decision{})
	}
	if changing {
		defer func() { answer = d.hush(who, plan, answer) }()
	}
	// grant: these objects, this many, now?
	dec := d.decide(ctx, who, plan)
	if !dec.Allow {
		return d.refuse(ctx, tr, plan, denied(dec), dec)
	}
	if err := tr.untouched(plan); err != nil { // of what is taken back
		return d.refuse(ctx, tr, plan, err, auth.Decision{})
	}
	// dry run: show the plan and stop
	if tr.args.dry {
		return d.preview(ctx, tr, plan, dec)
	}
	if err := tr.unexplained(dec); err != nil {
		return d.refuse(ctx, tr, plan, err, dec)
	}
	// confirm: a person says yes, sealed to the plan
	if ask := d.confirm(ctx, tr, plan, dec); ask != nil {
		return *ask
	}
	// quotas: charged before anything is sent, given back when certainly nothing was done
	charged, over := d.spend(ctx, who, plan)
	if !over.Allow {
		return d.refuse(ctx, tr, plan, denied(over), over)
	}
	// run: intent line, send, read back, result line
	results := d.run(ctx, r, plan, dec)
	charged.settle(results)
	// shape
	finish := plan.Finish
	if finish == nil {
		finish = d.report
	}
	if !changing && results[0].Err != nil {
		return failure(results[0].Err, false)
	}
	answer, err = finish(context.WithoutCancel(ctx), r, results)
	if err != nil {
		return failure(err, changing)
	}
	return answer.tell(d.ailing(changing))
}

// ailing is what a reader should know of this server: that it keeps to other rules
// than the grant file's, or cannot write its audit.
func (d *Desk) ailing(changing bool) (out []string) {
	if changing && d.o.Stale != nil {
		if why := d.o.Stale(); why != "" {
			out = append(out, why)
		}
	}
	if h, ok := d.o.Audit.(interface{ Health() error }); ok && h.Health() != nil {
		out = append(out, "this server's audit log cannot be written, so changes are refused; the operator has to look at it")
	}
	return out
}

// unlisted answers a call of a tool that is not listed: who refuses it, or how it is
// reached.
func (d *Desk) unlisted(ctx context.Context, tr *trip) Answer {
	t := d.reach[tr.call.Tool]
	if t == nil {
		return failed(jc.CodeNotFound, "not_found. There is no tool "+clip(tr.call.Tool)+" here.")
	}
	tr.tool = t
	if dec := d.asSuch(tr.who, t); !dec.Allow {
		return d.refuse(ctx, tr, nil, denied(dec), dec)
	}
	if by := carrierOf(t.Risk); d.byName[by] != nil {
		return failed(jc.CodeNotFound, fmt.Sprintf("not_found. %s is not listed here: call it through %s, tool=%s.", t.Name, by, t.Name))
	}
	return failed(jc.CodeNotFound, "not_found. There is no tool "+clip(tr.call.Tool)+" here.")
}

// oneByOne lets steps that run side by side tell their progress one after the other.
func (c Call) oneByOne() Call {
	if tell := c.Progress; tell != nil {
		var mu sync.Mutex
		c.Progress = func(done, total int, message string) {
			mu.Lock()
			defer mu.Unlock()
			tell(done, total, message)
		}
	}
	return c
}

// decode checks the arguments against the full schema and fills the input.
func (tr *trip) decode(schema *schemas.Schema) error {
	raw := tr.call.Arguments
	if len(bytes.TrimSpace(raw)) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		raw = json.RawMessage("{}")
	}
	if err := schema.Check(raw); err != nil {
		return err
	}
	tr.args.in = reflect.New(tr.tool.in).Interface()
	var dry dryArgs
	for _, part := range []any{tr.args.in, &tr.args.list, &tr.args.search, &tr.args.export, &dry} {
		if err := json.Unmarshal(raw, part); err != nil {
			return invalid("", "the arguments do not have the form of the schema")
		}
	}
	tr.args.dry = dry.DryRun
	if tr.tool.bodyPart() != nil {
		var given struct{ Body jc.Row }
		if err := exact(raw, &given); err != nil {
			return invalid("body", "it is no JSON object")
		}
		tr.args.body = given.Body
	}
	return nil
}

// exact decodes JSON and keeps numbers as they were written.
func exact(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(v)
}

// fence is what the call in hand may send: reads that follow from the
// declaration, and, while a step runs, that step's operation.
func (d *Desk) fence(t *Tool, step *Step) []jc.Endpoint {
	out := append(t.lookups(), organizationsList)
	if step != nil {
		out = append(out, step.Tool.lookups()...)
		// A step can only be what the declaration names, and the tool whose grant it has.
		for _, e := range t.Operations {
			if e == step.Request.Endpoint && slices.Contains(step.Tool.Operations, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// refuse writes the line of a refusal and makes its answer.
func (d *Desk) refuse(ctx context.Context, tr *trip, p *Plan, err error, dec auth.Decision) Answer {
	a := failure(err, tr.tool.Risk != auth.Read)
	line := tr.line("refused", auth.Line{Code: a.Code, Decision: dec.Rule, Version: dec.Version, Outcome: string(NotSent)})
	line.Targets = tr.about(p)
	if line.Decision == "" {
		line.Decision = ruleOf(err)
	}
	how, named := a.Code+", refused", line.Targets
	if n := len(named); n > shownTargets {
		how, named = fmt.Sprintf("%s, on %d objects", how, n), named[:shownTargets]
	}
	line.Say = tr.say(&Step{Tool: tr.tool, Targets: named}, how)
	if err := d.o.Audit.Write(context.WithoutCancel(ctx), line); err != nil {
		d.o.Log.ErrorContext(ctx, "the audit line of a refusal could not be written", "tool", tr.tool.Name)
	}
	if !dec.Allow && dec.Rule != "" && tr.tool.Risk != auth.Read { // not a person's no, nor a mistake
		d.burst(ctx, tr.who)
	}
	return a
}

// shownTargets are named in the sentence of a refusal; all are in its fields.
const shownTargets = 5

// about are the objects that a refused call was about: those of its plan, else those
// that its arguments came to, as far as they were looked up.
func (tr *trip) about(p *Plan) (out []auth.Target) {
	if p != nil {
		for _, s := range p.all() {
			for _, t := range s.Targets {
				if !slices.Contains(out, t) {
					out = append(out, t)
				}
			}
		}
	}
	if out == nil && tr.args.in != nil {
		out = targetsOf(tr.args.in)
	}
	return out
}

// ruleOf is the line of the grants that a refusal cites by itself.
func ruleOf(err error) string {
	var cited *citing
	if errors.As(err, &cited) {
		return cited.rule
	}
	return ""
}

// line is an audit line with what every line of a call has in common.
func (tr *trip) line(phase string, l auth.Line) auth.Line {
	l.Time, l.Phase, l.Call = time.Now().UTC(), phase, tr.id
	l.Org, l.Agent, l.Principal = tr.org, tr.who.Agent, tr.who.Name
	l.Trace, l.Request, l.Reason = traceID(tr.call.Trace), tr.request, tr.reason
	if tr.approver != nil {
		l.Approver = tr.approver.Name
	}
	if l.Tool == "" {
		l.Tool, l.Risk = tr.tool.Name, tr.tool.Risk.String()
	}
	return l
}

// traceID is the trace id of a W3C traceparent; "" for anything else.
func traceID(traceparent string) string {
	if !traceparentForm.MatchString(traceparent) {
		return ""
	}
	return traceparent[3:35]
}

var traceparentForm = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
