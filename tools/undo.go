package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// back is the call that reverses a step, and what the step changed.
type back struct {
	tool          string
	args          map[string]any
	before, after map[string]any
}

// journal writes down a change that was made, with what takes it back.
func (d *Desk) journal(ctx context.Context, r *Reader, res *Result) {
	s := res.Step
	if d.o.People.Dir == nil || s.read != nil || res.Outcome != Done && res.Outcome != Accepted {
		return
	}
	c := state.Change{
		ID: r.change(s), At: time.Now().UTC(), Agent: r.trip.who.Agent, Principal: r.trip.who.Name,
		Org: r.trip.org, Tool: s.Tool.Name, Targets: s.targetsAfter(res.Made), Say: clean(stepLine(s)), Reason: r.trip.reason,
	}
	if b, args := d.backOf(res); b != nil {
		c.Before, c.After = b.before, b.after
		c.Reverse = &state.Reverse{Tool: b.tool, Arguments: args}
	}
	if r.trip.undo != nil {
		c.Undoes = r.trip.undo.ID
	}
	if err := d.o.People.Dir.Record(ctx, c); err != nil {
		d.o.Log.ErrorContext(ctx, "a change could not be written into the journal", "tool", s.Tool.Name, "why", err.Error())
		res.Note = strings.TrimPrefix(res.Note+"; it is not in the journal, so it cannot be undone by its id", "; ")
	}
}

// backOf is the call that takes a step back, and its arguments; nil where none is known
// or it would hold a secret.
func (d *Desk) backOf(res *Result) (*back, json.RawMessage) {
	b := res.reverse()
	if b == nil || secretIn(b.before) || secretIn(b.after) || secretIn(b.args) {
		return nil, nil
	}
	args, ok := d.callable(b)
	if !ok {
		return nil, nil
	}
	return b, args
}

// prospect says before a plan is run whether it can be taken back.
func (d *Desk) prospect(p *Plan) string {
	steps, back := 0, 0
	for _, s := range p.all() {
		if !s.acts() {
			continue
		}
		steps++
		res := Result{Step: s}
		if s.Makes != nil {
			res.Made = madeLater
		}
		if b, _ := d.backOf(&res); b != nil {
			back++
		}
	}
	switch {
	case steps == 0:
		return ""
	case back == 0, p.one && steps > 1:
		return "No reverse is known."
	case d.o.People.Dir == nil:
		return "No reverse is kept: this server has no state directory."
	case back < steps:
		return fmt.Sprintf("Only %d of %d steps can be undone with changes_undo.", back, steps)
	}
	return "Can be undone with changes_undo."
}

// madeLater stands for the id of what is not made yet.
const madeLater = "000000000000000000000000"

// callable gives the arguments of a reverse as a caller would write them, when its
// tool takes them and says all of them to the API.
func (d *Desk) callable(b *back) (json.RawMessage, bool) {
	i := slices.IndexFunc(d.o.Tools, func(t *Tool) bool { return t.Name == b.tool })
	if i < 0 {
		return nil, false
	}
	t := d.o.Tools[i]
	raw, err := json.Marshal(b.args)
	if err != nil || t.Schema.Check(raw) != nil {
		return nil, false
	}
	in := reflect.New(t.in)
	if json.Unmarshal(raw, in.Interface()) != nil {
		return nil, false
	}
	for _, f := range fieldsOf(t.in) {
		if _, given := b.args[f.name]; given && in.Elem().FieldByIndex(f.index).IsZero() {
			return nil, false // it would be taken for not given
		}
	}
	return raw, true
}

// reverse is what takes a step back; nil where that is not known.
func (res *Result) reverse() *back {
	s := res.Step
	body := bodyOf(s.Request)
	switch {
	case s.edits:
		return s.backEdit()
	case s.Request.Endpoint == userPut && len(body) == 1 && s.now != nil:
		return s.backState(body["state"])
	case s.Request.Endpoint == createAccess && res.Made != "":
		return &back{tool: "access_requests_revoke", args: map[string]any{"request": res.Made}, after: map[string]any{"expiry": body["expiry"]}}
	case body["op"] != nil && body["type"] != nil && body["id"] != nil:
		return s.backEdge(body)
	}
	return nil
}

// backState: who was active is activated again, and who was suspended suspended.
// A staged user has no way back.
func (s *Step) backState(to any) *back {
	tools := map[any]string{userActive: "users_activate", userSuspended: "users_suspend"}
	from := s.now["state"]
	if tools[from] == "" || tools[to] == "" || from == to {
		return nil
	}
	return &back{tool: tools[from], args: map[string]any{"user": s.Request.Params["user"]}, before: map[string]any{"state": from}, after: map[string]any{"state": to}}
}

// backEdge is the opposite of the change of a connection, by the tool that made it:
// a list of members, or one association.
func (s *Step) backEdge(body map[string]any) *back {
	names := map[string]bool{}
	for _, f := range fieldsOf(s.Tool.in) {
		names[f.name] = true
	}
	b := &back{tool: s.Tool.Name, args: map[string]any{}}
	for name, id := range s.Request.Params {
		b.args[name] = id
	}
	opposite := map[any]string{"add": "remove", "remove": "add", "update": "update"}[body["op"]]
	if names["add"] && names["remove"] {
		b.args[opposite] = []any{body["id"]}
		return b
	}
	if !names["op"] || !names["type"] || !names["object"] {
		return nil
	}
	b.args["op"], b.args["type"], b.args["object"] = opposite, body["type"], body["id"]
	was, known := s.now["attributes"].(map[string]any)
	switch body["op"] {
	case "remove":
		if !known { // what it carried was not read
			return nil
		}
		if !hollow(was) {
			b.args["attributes"], b.before = was, s.now
		}
	default:
		given, _ := body["attributes"].(map[string]any)
		if len(given) > 0 {
			b.after = map[string]any{"attributes": given}
		}
		if body["op"] == "add" {
			return b
		}
		for name := range given {
			if _, there := was[name]; !there {
				return nil // an update cannot take it away
			}
		}
		b.args["attributes"], b.before = was, s.now
	}
	return b
}

// reversing is an input that knows by itself which arguments set a field of the API
// back; of the others the argument is the value that was.
type reversing interface {
	// back gives the argument that sets a field to what it was; ok is false where none does.
	back(field string, was any) (arg any, ok bool)
}

// backEdit sets the fields that were changed to what they were.
func (s *Step) backEdit() *back {
	t := s.Tool
	if t.untyped {
		return nil
	}
	b := &back{tool: t.Name, args: map[string]any{}, before: map[string]any{}, after: map[string]any{}}
	body := map[string]field{}
	for _, f := range fieldsOf(t.in) {
		switch {
		case f.place == "path":
			b.args[f.name] = s.Request.Params[f.name]
		case f.place == "query" && s.Request.Query.Has(f.api):
			b.args[f.name] = s.Request.Query.Get(f.api)
		case f.place == "body":
			body[f.api] = f
		}
	}
	for name, given := range s.After { // all that was given
		f, typed := body[name]
		was := s.now[name]
		if !typed || isSecret(name, given) || isSecret(name, was) {
			return nil
		}
		if was == nil {
			if f.typ != reflect.TypeFor[*string]() || !slices.Contains(t.outFields, name) {
				return nil // it was absent, and cannot be made absent
			}
			was = ""
		}
		arg := was
		if own, ok := s.edit.(reversing); ok {
			if arg, ok = own.back(name, was); !ok {
				return nil
			}
		}
		b.args[f.name], b.before[name], b.after[name] = arg, was, given
	}
	if len(b.after) == 0 || !s.saysTheSame(b) {
		return nil
	}
	return b
}

// saysTheSame reports whether an input that makes its own body would make of the
// arguments of a reverse what was there before.
func (s *Step) saysTheSame(b *back) bool {
	if _, computes := s.edit.(Bodied); !computes {
		return true
	}
	if _, knows := s.edit.(reversing); knows {
		return true
	}
	in := reflect.New(s.Tool.in).Interface()
	raw, err := json.Marshal(b.args)
	if err != nil || json.Unmarshal(raw, in) != nil {
		return false
	}
	req, err := bind(s.Tool, s.Request.Endpoint, in)
	body := bodyOf(req)
	if err != nil || len(body) != len(b.before) {
		return false
	}
	for name, was := range b.before {
		if !equal(body[name], was) {
			return false
		}
	}
	return true
}

// differing are the fields that are not as a change left them; what a connection
// carries that the change did not give counts too.
func differing(now, left map[string]any) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if have := now[name]; !equal(have, left[name]) && (!isEmpty(have) || !isEmpty(left[name])) {
			out = append(out, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, given := left[name]; !given && !hollow(now[name]) {
			out = append(out, name)
		}
	}
	return out
}

// hollow says nothing: it is empty, or all in it is off or empty.
func hollow(v any) bool {
	switch x := v.(type) {
	case bool:
		return !x
	case map[string]any:
		for _, e := range x {
			if !hollow(e) {
				return false
			}
		}
		return true
	}
	return isEmpty(v)
}

// secretIn reports whether a value holds a secret at any depth. A value whose name
// stands beside it is known by that name; one without a name could be anything.
func secretIn(v any) bool {
	switch x := v.(type) {
	case jc.Row:
		return secretIn(map[string]any(x))
	case map[string]any:
		if value, there := x["value"]; there {
			name, _ := x["name"].(string)
			if name == "" {
				name, _ = x["type"].(string)
			}
			hidden, told := x["sensitive"].(bool) // the field of a policy's value says it
			if name == "" && (!told || hidden) || isSecret(name, value) {
				return true
			}
		}
		for k, e := range x {
			if isSecret(k, e) && !isEmpty(e) || secretIn(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(x, secretIn)
	case json.RawMessage:
		var inner any
		return exact(bytes.TrimSpace(x), &inner) != nil || secretIn(inner)
	}
	return false
}
