package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// What was changed is in the journal of the state directory. Undoing makes the call
// that the journal keeps: from there on it is that call, on the same road, under the
// grant of its tool, with the same questions, quotas and audit lines.

type changesQuery struct {
	Tool   string `json:"tool,omitempty" in:"-"`
	Target string `json:"target,omitempty" in:"-" jsonschema:"description=Name or id."`
	Since  string `json:"since,omitempty" in:"-" jsonschema:"example=2h,example=2026-01-31"`
	Limit  int    `json:"limit,omitempty" in:"-" jsonschema:"minimum=1,maximum=1000"`
}

type changeUndo struct {
	Change string `json:"change" in:"-" jsonschema:"required,minLength=1,example=c-1a2b3c4d"`
}

const changesShown = 25 // unless asked otherwise

var changes = Set{"changes", "What was changed through this server, and putting it back."}.Of(
	changesList("changes_list", "List recent changes made through this server, latest first, and whether they can be undone."),
	undoing("changes_undo", "Undo a change by its id, if it can be undone and nobody changed it since."),
)

// changesList declares the list. It sends nothing.
func changesList(name, doc string) *Tool {
	t := declare[changesQuery, None](name, doc, auth.Read, jc.Safe, nil)
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) {
		q := in.(*changesQuery)
		var a Answer
		step := Step{Tool: t, read: func(context.Context, *Reader) (_ any, err error) {
			a, err = r.d.listChanges(r.trip.who, q, r.room(300))
			return nil, err
		}}
		return &Plan{Steps: []Step{step}, Finish: func(context.Context, *Reader, []Result) (Answer, error) { return a, nil }}, nil
	}
	return t.done()
}

// undoing declares the tool that becomes the reverse of a change.
func undoing(name, doc string) *Tool {
	t := declare[changeUndo, None](name, doc, auth.Change, jc.Idempotent, nil)
	t.undoes = true
	return t.done(dryArgs{})
}

const nothingKept = "This server has no state directory, so it keeps no changes; the operator can name one with --state-dir"

// knows reports whether a caller may know of a change: of those of this organisation,
// and under a grant file of his own only, not of those that the same agent made for
// somebody else.
func (d *Desk) knows(who auth.Principal, c *state.Change) bool {
	_, everything := d.o.Grants.(auth.AllowAll)
	return c.Org == d.o.Org && (everything || auth.Principal{Agent: c.Agent, Name: c.Principal}.Key() == who.Key())
}

// kept are the changes that a caller may know of, the oldest first, and by which of
// them others were undone.
func (d *Desk) kept(who auth.Principal) (list []state.Change, undone map[string]string, err error) {
	if d.o.People.Dir == nil {
		return nil, nil, &Refusal{jc.CodeNotFound, nothingKept}
	}
	all, err := d.o.People.Dir.Changes()
	if err != nil {
		return nil, nil, &Refusal{jc.CodeInternal, "the journal of changes cannot be read; the operator has to look at the state directory"}
	}
	undone = map[string]string{}
	for i := range all {
		if all[i].Undoes != "" && all[i].Org == d.o.Org {
			undone[all[i].Undoes] = all[i].ID
		}
		if d.knows(who, &all[i]) {
			list = append(list, all[i])
		}
	}
	return list, undone, nil
}

func (d *Desk) listChanges(who auth.Principal, q *changesQuery, room int) (Answer, error) {
	if d.o.People.Dir == nil {
		return Answer{Text: []string{nothingKept + "."}}, nil
	}
	since, err := sinceWhen(q.Since, time.Now())
	if err != nil {
		return Answer{}, err
	}
	list, undone, err := d.kept(who)
	if err != nil {
		return Answer{}, err
	}
	all := slices.Clone(list)
	list = slices.DeleteFunc(list, func(c state.Change) bool {
		return q.Tool != "" && c.Tool != q.Tool || c.At.Before(since) || q.Target != "" && !slices.ContainsFunc(c.Targets, func(t auth.Target) bool {
			return t.ID == q.Target || strings.EqualFold(t.Name, q.Target)
		})
	})
	slices.Reverse(list)
	if q.Limit == 0 {
		q.Limit = changesShown
	}
	t := &table{columns: []string{"change", "time", "agent", "what", "undo"}}
	for _, c := range list[:min(len(list), q.Limit)] {
		t.rows = append(t.rows, []string{clean(c.ID), c.At.UTC().Format(minute), orDash(clean(c.Agent)), said(&c), undoable(all, c.ID, undone)})
	}
	n := t.fit(room)
	head := fmt.Sprintf("# %d of %d changes of the last 30 days, latest first", n, len(list))
	a := Answer{Text: []string{head, t.csv(n)}}
	a.show(t, n)
	return a, nil
}

// said is what a change did, and why where that was said.
func said(c *state.Change) string {
	if c.Reason == "" {
		return clean(c.Say)
	}
	return clean(c.Say) + "; why: " + clean(c.Reason)
}

func undoable(all []state.Change, id string, undone map[string]string) string {
	if by := undone[id]; by != "" {
		return "undone by " + clean(by)
	}
	if c, err := wholeChange(all, id); err != nil || c.Reverse == nil {
		return "no"
	}
	return "yes"
}

// wholeChange is the change of that id; nil where there is none. One call that
// changed the members of a group left an entry for each, and one call takes all of
// them back: its lists are those of the entries together.
func wholeChange(list []state.Change, id string) (*state.Change, error) {
	var whole *state.Change
	for i := range list {
		switch c := list[i]; {
		case c.ID != id:
		case whole == nil:
			whole = &c
		case whole.Reverse == nil || c.Reverse == nil: // a part that stays would be left alone
			whole.Reverse = nil
		default:
			args, ok := together(whole.Reverse.Arguments, c.Reverse.Arguments)
			if !ok || whole.Reverse.Tool != c.Reverse.Tool || len(whole.After)+len(c.After) > 0 {
				return nil, &Refusal{jc.CodeInvalidArgument, "change " + id + " is of several objects that are not put back by one call; changes_list shows what each was, to be set directly"}
			}
			whole.Reverse = &state.Reverse{Tool: c.Reverse.Tool, Arguments: args}
		}
	}
	return whole, nil
}

// together are the arguments of two calls as those of one: lists are joined, and all
// else has to be the same.
func together(a, b json.RawMessage) (json.RawMessage, bool) {
	var one, other map[string]any
	if exact(a, &one) != nil || exact(b, &other) != nil {
		return nil, false
	}
	for name, v := range other {
		more, isList := v.([]any)
		have, hasList := one[name].([]any)
		switch was, there := one[name]; {
		case isList && (hasList || !there):
			one[name] = append(have, more...)
		case !there || !equal(was, v):
			return nil, false
		}
	}
	for name, v := range one {
		if _, isList := v.([]any); !isList && other[name] == nil {
			return nil, false
		}
	}
	raw, err := json.Marshal(one)
	return raw, err == nil
}

// sinceWhen reads a time, a day, or a length of time up to now.
func sinceWhen(given string, now time.Time) (time.Time, error) {
	if given == "" {
		return time.Time{}, nil
	}
	if d, ok := parseDuration(given); ok {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(form, given); err == nil {
			return at, nil
		}
	}
	return now, invalid("since", fmt.Sprintf("%q is no length of time such as 2h or 7d, day such as 2026-01-31, or RFC 3339 time", clip(given)))
}

// takeBack puts the call that reverses a change in the place of one that names the
// change. Both tools have to be granted: this one here, the other on the road.
func (d *Desk) takeBack(tr *trip) (auth.Decision, error) {
	t := tr.tool
	if dec := d.asSuch(tr.who, t); !dec.Allow {
		return dec, denied(dec)
	}
	none := auth.Decision{}
	if err := d.stopped(tr.who, t); err != nil {
		return none, err
	}
	if err := tr.decode(t.Schema); err != nil {
		return none, err
	}
	id := strings.TrimSpace(tr.args.in.(*changeUndo).Change)
	list, undone, err := d.kept(tr.who)
	if err != nil {
		return none, err
	}
	c, err := wholeChange(list, id)
	if err != nil {
		return none, err
	}
	if c == nil {
		return none, notFound("change", fmt.Sprintf("no change %q of yours is kept; changes_list shows those of the last 30 days", clip(id)))
	}
	if by := undone[id]; by != "" {
		return none, &Refusal{jc.CodeConflict, "change " + id + " was undone already, by change " + clean(by)}
	}
	if c.Reverse == nil {
		return none, &Refusal{jc.CodeInvalidArgument, "change " + id + " cannot be undone here: nothing is known that puts it back (" + clean(c.Say) + ")"}
	}
	reverse := d.reach[c.Reverse.Tool]
	if reverse == nil || reverse.undoes || reverse.carries != nil {
		return none, &Refusal{jc.CodeNotFound, "undoing change " + id + " takes " + clip(c.Reverse.Tool) + ", which this server does not serve"}
	}
	args := c.Reverse.Arguments
	if tr.args.dry {
		var with map[string]json.RawMessage
		if err := json.Unmarshal(args, &with); err != nil {
			return none, &Refusal{jc.CodeInternal, "the journal of changes is damaged"}
		}
		with["dry_run"] = json.RawMessage("true")
		if args, err = json.Marshal(with); err != nil {
			return none, err
		}
	}
	tr.undo, tr.tool, tr.call.Tool, tr.call.Arguments, tr.args = c, reverse, reverse.Name, args, arguments{}
	return none, nil
}

// untouched refuses to take back what somebody has changed since.
func (tr *trip) untouched(p *Plan) error {
	if tr.undo == nil {
		return nil
	}
	refuse := func(what string) error {
		return &Refusal{jc.CodeConflict, "somebody has changed it since change " + tr.undo.ID + ": " + what + ". Look at it, and change it directly if it is still wanted"}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Skip != "" {
			return refuse("to undo it, nothing would have to be sent (" + clean(s.Skip) + ")")
		}
		if differ := differing(s.now, tr.undo.After); len(differ) > 0 {
			return refuse(joinNames(differ) + " is not as it was left")
		}
	}
	return nil
}
