package tools

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Plan is a call that is decoded and resolved, and of which nothing has been sent.
type Plan struct {
	// Steps are run in order; those with Skip are not sent.
	Steps []Step
	// Objects is how many objects the plan changes where that is not what its steps
	// count: a leaver with forty memberships is one person. 0 counts the steps.
	Objects int
	// Parallel says that the order of the steps does not matter.
	Parallel bool
	// one says that all steps are one change; see oneChange.
	one bool
	// Finish makes the answer when the steps have ended; nil for the usual one.
	Finish func(ctx context.Context, r *Reader, done []Result) (Answer, error)
}

// Step is one use of one operation.
type Step struct {
	// Tool is whose grant the step needs; the job itself when nil.
	Tool *Tool
	// Request is what is sent, with every ref resolved.
	Request jc.Request
	// Targets are the objects it acts on, the changed one first.
	Targets []auth.Target
	// Each says that every target is changed, and none is only what the others are put into.
	Each bool
	// Makes is the kind of the object that the step creates; nil when it creates none.
	// The result line then names that object, with its id, first among the targets.
	Makes *jc.Kind
	// Before and After hold the fields that change, by the API's names; secrets as "set".
	Before, After map[string]any
	// Line says in words what the step does, where targets and fields do not ("add user a to user group b").
	Line string
	// Skip says why nothing has to be sent ("already a member").
	Skip string
	// Verify reads back whether the step happened. resp is nil when the outcome of
	// sending is unknown; then Done may be said only of what was absent before.
	Verify func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error)
	// State is what is known of the target now, for the person who is asked ("last seen …").
	State string

	// now is what the plan saw of what the step changes, for who compares: fields by
	// the API's names. nil where it was not read.
	now map[string]any
	// narrowed says that the step is a read that leaves out objects which are not granted.
	narrowed bool
	// edits says that the step sets fields of an object, with After all that is given,
	// through Tool; edit is its resolved input, where there is one.
	edits bool
	edit  any

	// read does a step that only reads; nil for all others.
	read func(ctx context.Context, r *Reader) (any, error)
}

// own makes the steps that name no tool those of t.
func (p *Plan) own(t *Tool) {
	for i := range p.Steps {
		if p.Steps[i].Tool == nil {
			p.Steps[i].Tool = t
		}
	}
}

// Outcome is how a step ended.
type Outcome string

// The outcomes. "Done" is said only of what was read back.
const (
	WasRead  Outcome = "read"
	Done     Outcome = "done, read back"
	Accepted Outcome = "accepted, not yet seen"
	NoEffect Outcome = "no effect"
	Failed   Outcome = "failed"
	Unknown  Outcome = "outcome unknown"
	NotSent  Outcome = "not sent"
)

// Seen is what reading back showed.
type Seen struct {
	Outcome Outcome
	// Note is added to the answer ("queued; last seen 2026-11-21 22:14Z").
	Note string
	// Row is the object as it is now, where it was read.
	Row jc.Row
}

// Result is a step with its end.
type Result struct {
	Step *Step
	Seen
	// Value is what a read gave.
	Value any
	// Err says why a step failed or is unknown.
	Err error
	// Attempts is how often it was sent.
	Attempts int
	// Made is the id of the object that the step created, where it is known.
	Made string
}

// planGet reads one object.
func planGet(t *Tool, r *Reader, in any, check func(jc.Row) error) (*Plan, error) {
	req, err := r.bind(t, t.Operations[0], in)
	if err != nil {
		return nil, err
	}
	seen := r.sees(t)
	step := Step{Tool: t, Request: req, Targets: targetsOf(in)}
	if t.kind != nil && slices.ContainsFunc(step.Targets, func(x auth.Target) bool { return x.Type == t.kind.Type }) {
		r.keeps(t)
	}
	step.read = func(ctx context.Context, r *Reader) (any, error) {
		if t.untyped {
			row, err := r.anything(ctx, req)
			return seen.mask(row), err
		}
		row, err := r.row(ctx, req, t.kind)
		if err != nil {
			return nil, err
		}
		if r.spares.Load() {
			return seen.mask(r.only(ctx, t, step.Targets, row, nil)), check(row)
		}
		return seen.mask(row), check(row)
	}
	return &Plan{Steps: []Step{step}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		return r.object(ctx, t, done[0].Value.(jc.Row)), nil
	}}, nil
}

// planCreate makes an object. What has the same natural key already is found
// before anything is sent; that it was absent is also what later lets a lost
// answer be told from a lost request.
func planCreate(ctx context.Context, t *Tool, r *Reader, in any) (*Plan, error) {
	req, err := r.bind(t, t.Operations[0], in)
	if err != nil {
		return nil, err
	}
	body := bodyOf(req)
	kind := t.kind.In(parentsOf(in))
	key := naturalKey(kind, body)
	if key != "" {
		have, err := r.dir.ByName(ctx, kind, []string{key}, true)
		if err != nil {
			return nil, err
		}
		if there := have[key]; len(there) > 0 {
			return nil, &Refusal{Code: jc.CodeConflict, Text: fmt.Sprintf("%s called %s exists already (id %s)", article(t.kind.Noun), plainName(there[0].Name), there[0].ID)}
		}
	}
	step := Step{Tool: t, Request: req, Targets: targetsOf(in), Makes: t.kind, After: hideSecrets(body)}
	if t.kind != nil {
		step.Targets = append([]auth.Target{{Type: t.kind.Type, Name: key}}, step.Targets...)
	}
	step.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		id := ""
		if resp != nil {
			var made jc.Row
			if err := resp.Decode(&made); err != nil {
				made = nil // it was made, as far as the status tells; its id is not known
			}
			if kind == nil {
				return seeMade(ctx, t, r, req.Params, idOf(made), body)
			}
			id = kind.IDOf(made)
		}
		return seeCreated(ctx, t, r, kind, id, key, body)
	}
	return &Plan{Steps: []Step{step}}, nil
}

// seeMade looks for a new object of no kind by the id that was answered, where a
// Get of the same set reads it.
func seeMade(ctx context.Context, t *Tool, r *Reader, params map[string]string, id string, body map[string]any) (Seen, error) {
	seen := Seen{Outcome: Accepted, Note: t.noBack}
	if id != "" {
		seen.Note = strings.TrimPrefix(seen.Note+"; id "+id, "; ")
	}
	if t.after == nil || id == "" {
		return seen, nil
	}
	at := jc.Request{Endpoint: *t.after, Params: map[string]string{}}
	names := t.after.Names()
	for i, name := range names {
		if at.Params[name] = params[name]; i == len(names)-1 {
			at.Params[name] = id
		}
	}
	row, err := r.row(ctx, at, nil)
	if err != nil {
		return seen, err
	}
	return t.seen(t.sent(row, body), body, "id "+id), nil
}

// seeCreated looks for the new object by the id that was answered, else by the
// key that nothing had before.
func seeCreated(ctx context.Context, t *Tool, r *Reader, kind *jc.Kind, id, key string, body map[string]any) (Seen, error) {
	unseen := Seen{Outcome: Unknown}
	if id != "" {
		unseen = Seen{Outcome: Accepted, Note: "id " + id}
	}
	if kind == nil || id == "" && key == "" {
		return unseen, nil
	}
	var o jc.Object
	if id != "" && kind.Get.Path != "" {
		found, err := r.dir.ByID(ctx, kind, []string{id}, true)
		if err != nil {
			return unseen, err
		}
		o = found[id]
	} else if key != "" {
		found, err := r.dir.ByName(ctx, kind, []string{key}, true)
		if err != nil {
			return unseen, err
		}
		if len(found[key]) == 1 {
			o = found[key][0]
		}
	}
	if o.ID == "" {
		return unseen, nil
	}
	seen := t.seen(t.sent(o.Row, body), body, "id "+o.ID)
	if id == "" && seen.Outcome != Done { // something else of this name, perhaps
		return unseen, nil
	}
	return seen, nil
}

// planChange updates an object: it is read first, so that the plan shows before
// and after, a Merge loses nothing, and what is already so is not sent.
func planChange(ctx context.Context, t *Tool, r *Reader, in any) (*Plan, error) {
	req, err := r.bind(t, t.Operations[0], in)
	if err != nil {
		return nil, err
	}
	given := bodyOf(req)
	step := Step{Tool: t, Targets: targetsOf(in), After: hideSecrets(given)}
	if t.noBack != "" {
		step.Request = req
		step.Verify = func(context.Context, *Reader, *jc.Response) (Seen, error) {
			return Seen{Outcome: Accepted, Note: t.noBack}, nil
		}
		return &Plan{Steps: []Step{step}}, nil
	}
	if len(given) == 0 {
		return nil, invalid("", "nothing to change was given; it takes "+firstNames(bodyNames(t)))
	}
	read := t.backOf(req)
	asked := req
	now, err := r.current(ctx, t, read, asked)
	if err != nil {
		return nil, err
	}
	now = t.sent(now, given)
	step.Before = map[string]any{}
	for name := range given {
		if v, ok := now[name]; ok && !isSecret(name, v) {
			step.Before[name] = v
		}
	}
	if differ, untold := t.compare(now, given); len(differ)+len(untold) == 0 && !r.hides(t, given) {
		step.Skip = "already so"
	}
	step.now, step.edits, step.edit = step.Before, true, in
	if t.merge {
		whole := map[string]any{}
		for _, f := range fieldsOf(t.in) {
			if v, ok := now[f.api]; ok && f.place == "body" && v != nil {
				whole[f.api] = v
			}
		}
		for _, name := range t.seenUse {
			if v, ok := now[name]; ok && v != nil {
				whole[name] = v
			}
		}
		maps.Copy(whole, given)
		req.Body = whole
	}
	step.Request = req
	step.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		after, err := r.current(ctx, t, read, asked)
		if err != nil {
			return Seen{Outcome: Accepted}, err
		}
		return t.seen(t.sent(after, given), given, ""), nil
	}
	return &Plan{Steps: []Step{step}}, nil
}

// planDelete deletes an object and sees that it is gone.
func planDelete(t *Tool, r *Reader, in any) (*Plan, error) {
	step, err := r.order(t, in)
	if err != nil {
		return nil, err
	}
	if body := bodyOf(step.Request); len(body) > 0 {
		step.After = hideSecrets(body)
	}
	step.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		if t.noBack != "" {
			return Seen{Outcome: Accepted, Note: t.noBack}, nil
		}
		_, err := r.current(ctx, t, jc.Request{Endpoint: jc.Endpoint{Method: "GET", Path: step.Request.Path}, Params: step.Request.Params}, step.Request)
		switch {
		case jc.IsCode(err, jc.CodeNotFound):
			return Seen{Outcome: Done}, nil
		case err != nil:
			return Seen{Outcome: Accepted}, err
		}
		return Seen{Outcome: Accepted, Note: "it can still be read"}, nil
	}
	return &Plan{Steps: []Step{step}}, nil
}

// planAct orders something that cannot be read back.
func planAct(t *Tool, r *Reader, in any) (*Plan, error) {
	step, err := r.order(t, in)
	if err != nil {
		return nil, err
	}
	step.After = hideSecrets(bodyOf(step.Request))
	step.Verify = func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		note := t.noBack
		if told := plainAnswer(resp); t.untyped && told != "" {
			note += "; " + told
		}
		if step.State != "" {
			note += "; " + step.State
		}
		return Seen{Outcome: Accepted, Note: note}, nil
	}
	return &Plan{Steps: []Step{step}}, nil
}

// order is the step of what needs no look before it is sent, on the objects that the
// input names: those of an untyped body first.
func (r *Reader) order(t *Tool, in any) (Step, error) {
	req, err := r.bind(t, t.Operations[0], in)
	if err != nil {
		return Step{}, err
	}
	selected, err := t.selected(r)
	return Step{Tool: t, Request: req, Targets: append(selected, targetsOf(in)...), State: stateOf(in)}, err
}

// targetsOf are the objects that the refs of an input came to, in the order of its
// fields, and before them those that a plain id in the path names.
func targetsOf(in any) []auth.Target {
	var all []found
	_ = references(reflect.ValueOf(in), "", &all)
	out := namedByID(in)
	for _, f := range all {
		o := f.ref.Found()
		if t := (auth.Target{Type: f.kind.Type, ID: o.ID, Name: o.Name}); o.ID != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// namedByID are the objects of no known kind: their type is the argument's name.
func namedByID(in any) (out []auth.Target) {
	v := reflect.Indirect(reflect.ValueOf(in))
	for _, f := range fieldsOf(v.Type()) {
		if fv := v.FieldByIndex(f.index); f.place == "path" && fv.Kind() == reflect.String && fv.String() != "" {
			out = append(out, auth.Target{Type: f.name, ID: fv.String()})
		}
	}
	slices.Reverse(out) // the last in the path is what is meant, the others are where it is
	return out
}

// parentsOf are the ids that a look-up inside other objects needs: those of refs by
// graph type, those of plain ids by argument.
func parentsOf(in any) map[string]string {
	out := map[string]string{}
	for _, t := range targetsOf(in) {
		if out[t.Type] == "" {
			out[t.Type] = t.ID
		}
	}
	return out
}

// stateOf says what is known of the first target, for a person who has to decide.
func stateOf(in any) string {
	var all []found
	_ = references(reflect.ValueOf(in), "", &all)
	for _, f := range all {
		if o := f.ref.Found(); f.kind.State != nil && o.Row != nil {
			return f.kind.State(o.Row)
		}
	}
	return ""
}

// naturalKey is what nothing else of its kind may be called.
func naturalKey(k *jc.Kind, body map[string]any) string {
	if k == nil || k.Find.Path == "" {
		return ""
	}
	for _, n := range k.Names {
		if s, _ := body[n.Field].(string); s != "" {
			return s
		}
	}
	return ""
}

func bodyOf(req jc.Request) map[string]any {
	b, _ := req.Body.(map[string]any)
	return b
}

func bodyNames(t *Tool) (out []string) {
	for _, f := range fieldsOf(t.in) {
		if f.place == "body" {
			out = append(out, f.name)
		}
	}
	return out
}
