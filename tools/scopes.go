package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Lacking is all the scopes that a call takes, parted by spaces, where the grants
// would allow it and the scopes of the caller's token do not; else "". name is a tool,
// or the address of a resource, which takes what the tool takes that reads it.
// A carried call counts as the tool that it is; for a job it is what the job takes
// and each of the tools that it is made of and that the grants give. Nothing is sent.
//
// It says what to ask for; whether a call is allowed is decided on the road, as ever.
func (d *Desk) Lacking(ctx context.Context, name string, arguments json.RawMessage) string {
	who, ok := auth.From(ctx)
	if !ok || !who.Scopes.Limit() {
		return ""
	}
	if strings.HasPrefix(name, scheme) {
		name = readBy(name)
	}
	t := d.byName[name]
	if t == nil {
		return "" // what is not listed is answered by the road
	}
	if t.carries != nil {
		var call struct{ Tool string }
		if json.Unmarshal(arguments, &call) != nil {
			return ""
		}
		named := d.reach[call.Tool]
		if named == nil || !slices.Contains(t.carries, named.Risk) {
			return "" // the road says what is wrong with it
		}
		t = named
	}
	needs := d.lacks(who, t)
	slices.Sort(needs)
	return strings.Join(slices.Compact(needs), " ")
}

// readBy is the tool that stands behind the address of a resource; "" where there is
// none: those show what the caller may read, and leave out the rest.
func readBy(uri string) string {
	head, rest, _ := strings.Cut(strings.TrimPrefix(uri, scheme), "/")
	for i := range things {
		switch th := &things[i]; {
		case rest == "":
		case head == th.address:
			return th.getter()
		case head == "fields" && rest == th.plural:
			return th.lister()
		}
	}
	if head == "schemas" {
		return rest
	}
	return ""
}

// lacks are the scopes that a tool takes, when the token lacks some of them.
func (d *Desk) lacks(who auth.Principal, t *Tool) []string {
	needs := strings.Fields(d.asSuch(who, t).Lacks)
	if len(needs) == 0 {
		return nil
	}
	anyone := who
	anyone.Scopes = auth.ParseScopes("") // to hear of all scopes, those the token has too
	for _, part := range t.parts {
		needs = append(needs, strings.Fields(d.asSuch(anyone, part).Lacks)...)
	}
	return needs
}
