package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Call runs a tool in the organisation that the call names. From there on it is a
// call like any other, on the one road of that organisation's desk.
func (o *Organizations) Call(ctx context.Context, c Call) Answer {
	who, _ := auth.From(ctx)
	mine, names := o.desksOf(ctx)
	t := o.reach[c.Tool]
	switch {
	case t == nil: // there is none
		return o.front.Call(ctx, c)
	case len(mine) == 0:
		return o.refuse(ctx, t, who, c, &Refusal{jc.CodeDenied, "denied by this server (no organisation is granted to " + who.String() + "), not by JumpCloud. Repeating will not help"})
	case len(mine) == 1:
		return o.callOnly(ctx, t, who, c, mine[0])
	}
	c.orgs = names
	if t.Local() || o.byName[c.Tool] == nil { // nothing is asked of an organisation
		return o.front.Call(ctx, c)
	}
	org, rest, err := takeOrg(t, c.Arguments)
	if err == nil {
		err = checkOrg(t, org, rest, names)
	}
	if err != nil {
		return o.refuse(ctx, t, who, c, err)
	}
	c.Arguments = rest
	if org == EveryOrg {
		return o.callAll(ctx, t, c, mine)
	}
	return mine[slices.Index(names, org)].Call(ctx, c)
}

// callOnly runs a tool in the only organisation that the caller has. It need not be
// named; but a caller who had more when it last looked may name another, and must not
// learn only that the argument is too much: without it the call would be made here.
func (o *Organizations) callOnly(ctx context.Context, t *Tool, who auth.Principal, c Call, d *Desk) Answer {
	if t.Local() || !gives(c.Arguments, OrgArgument) {
		return d.Call(ctx, c)
	}
	org, rest, err := takeOrg(t, c.Arguments)
	switch {
	case err == nil && org == "":
		return d.Call(ctx, c)
	case err == nil:
		err = checkOrg(t, org, rest, []string{d.o.Org})
	}
	if err != nil {
		return o.refuse(ctx, t, who, c, err)
	}
	c.Arguments = rest
	return d.Call(ctx, c)
}

// refuse writes down that a call reached no organisation, and answers it.
func (o *Organizations) refuse(ctx context.Context, t *Tool, who auth.Principal, c Call, err error) Answer {
	tr := o.front.trip(t, who, c)
	ctx, end := o.front.observed(ctx, c)
	a := o.front.refuse(ctx, tr, nil, err, auth.Decision{})
	end(tr, a)
	if o.front.o.Structured {
		a = structuredNow(a)
	}
	return a
}

// takeOrg takes the organisation out of the arguments. Where a tool calls another it
// may also stand among the arguments of that one.
func takeOrg(t *Tool, raw json.RawMessage) (org string, rest json.RawMessage, err error) {
	var args map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &args) != nil {
		return "", nil, invalid("", "the arguments are not a JSON object")
	}
	if args == nil {
		args = map[string]json.RawMessage{}
	}
	value, given := args[OrgArgument]
	delete(args, OrgArgument)
	var inner map[string]json.RawMessage
	if t.carries != nil && json.Unmarshal(args["arguments"], &inner) == nil && inner[OrgArgument] != nil {
		if given && string(value) != string(inner[OrgArgument]) {
			return "", nil, invalid(OrgArgument, "it stands here and in arguments, and not the same")
		}
		value, given = inner[OrgArgument], true
		delete(inner, OrgArgument)
		if args["arguments"], err = json.Marshal(inner); err != nil {
			return "", nil, err
		}
	}
	if given && json.Unmarshal(value, &org) != nil {
		return "", nil, invalid(OrgArgument, "must be the name of an organisation")
	}
	rest, err = json.Marshal(args)
	return org, rest, err
}

// checkOrg refuses a call that does not say for which of the caller's organisations it
// is, and a call for all of them that is no plain read.
func checkOrg(t *Tool, org string, rest json.RawMessage, names []string) error {
	known := fewNames(names)
	switch {
	case org == EveryOrg && !t.everywhere():
		return invalid(OrgArgument, "only a read runs in all organisations; name one of "+known)
	case org == EveryOrg && gives(rest, "cursor"):
		return invalid(OrgArgument, "a cursor belongs to one organisation, the one before its colon: name that")
	case org == EveryOrg, slices.Contains(names, org):
		return nil
	}
	if t.everywhere() {
		known += `; "*" is all`
	}
	if org == "" {
		return invalid(OrgArgument, "required: which organisation? known: "+known)
	}
	problem := fmt.Sprintf("there is no organisation %q here", clip(org))
	if near := schemas.Nearest(org, names); near != "" {
		return invalid(OrgArgument, problem+fmt.Sprintf("; did you mean %q", near))
	}
	return invalid(OrgArgument, problem+"; known: "+known)
}

// gives reports whether an argument is given, also to a tool that is called by another.
func gives(raw json.RawMessage, name string) bool {
	var args map[string]json.RawMessage
	if json.Unmarshal(raw, &args) != nil {
		return false
	}
	return args[name] != nil || args["arguments"] != nil && gives(args["arguments"], name)
}
