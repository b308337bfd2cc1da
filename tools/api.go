package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Few tools are listed; the others are found by api_search and called through a
// carrier of their risk. A carried call takes the same road as any other, as the
// tool that it names.

const searchHits = 5 // found unless asked otherwise

type apiQuery struct {
	Query string `json:"query" in:"-" jsonschema:"required,minLength=1,description=Words\\, or =tool for all it takes."`
	Limit int    `json:"limit,omitempty" in:"-" jsonschema:"minimum=1,maximum=20"`
}

type apiCall struct {
	Tool      string         `json:"tool" in:"-" jsonschema:"required,minLength=1"`
	Arguments map[string]any `json:"arguments,omitempty" in:"-"`
}

var api = Set{"api", "Finding and calling every other tool."}.Of(
	apiSearch("api_search", "Find tools for anything in JumpCloud that is not listed."),
	carrier("api_read", "Call a found tool that reads.", auth.Read),
	carrier("api_change", "Call a found tool that changes.", auth.Change),
	carrier("api_destroy", "Call a found tool marked destroy or reveal.", auth.Destroy, auth.Reveal),
)

// apiSearch declares the search. It sends nothing.
func apiSearch(name, doc string) *Tool {
	t := declare[apiQuery, None](name, doc, auth.Read, jc.Safe, []Option{Core})
	t.plan = func(_ context.Context, r *Reader, in any) (*Plan, error) {
		q := in.(*apiQuery)
		step := Step{Tool: t, read: func(context.Context, *Reader) (any, error) { return r.d.find(r.trip.who, q, r.trip.call.orgs) }}
		return &Plan{Steps: []Step{step}, Finish: func(_ context.Context, _ *Reader, done []Result) (Answer, error) {
			return Answer{Text: []string{done[0].Value.(string)}}, nil
		}}, nil
	}
	return t.done()
}

// find answers a search: signatures ready to call, or all that one tool takes.
func (d *Desk) find(who auth.Principal, q *apiQuery, orgs []string) (string, error) {
	may := func(t *Tool) bool {
		return t.carries == nil && t.Toolset != "api" && d.asSuch(who, t).Allow
	}
	if name, exactly := strings.CutPrefix(strings.TrimSpace(q.Query), "="); exactly {
		t := d.reach[strings.TrimSpace(name)]
		if t == nil || !may(t) {
			return "", d.noTool("query", name)
		}
		return string(d.choosing(t, t.Schema, orgs).Full()) + d.wanting(who, t), nil
	}
	if q.Limit == 0 {
		q.Limit = searchHits
	}
	hits := d.index().SearchAmong(q.Query, q.Limit, may)
	if len(hits) == 0 {
		return "", notFound("query", fmt.Sprintf("no tool of this server fits %q; use other words, such as the thing and what to do with it", clip(q.Query)))
	}
	text := signatures(hits)
	if len(orgs) > 0 {
		text += "\n# each call takes org: " + fewNames(orgs)
	}
	found := make([]*Tool, len(hits))
	for i := range hits {
		found[i] = hits[i].Tool
	}
	return text + d.wanting(who, found...), nil
}

// carrier declares a tool that calls others of some risks.
func carrier(name, doc string, risks ...auth.Risk) *Tool {
	effect := jc.Once
	if risks[0] == auth.Read {
		effect = jc.Safe
	}
	t := declare[apiCall, None](name, doc, risks[0], effect, []Option{Core})
	t.carries = risks
	return t.done()
}

// carry puts the tool that a carrier names, and its arguments, in the carrier's place.
func (d *Desk) carry(tr *trip) error {
	by := tr.tool
	raw := tr.call.Arguments
	if err := by.Schema.Check(raw); err != nil {
		return cmp.Or(misplaced(raw), err)
	}
	var call struct {
		Tool      string
		Arguments json.RawMessage
	}
	if err := json.Unmarshal(raw, &call); err != nil {
		return invalid("", "the arguments do not have the form of the schema")
	}
	t := d.reach[call.Tool]
	switch {
	case t == nil:
		return d.noTool("tool", call.Tool)
	case t.Toolset == "api":
		return invalid("tool", fmt.Sprintf("%s is listed: call it directly", t.Name))
	case !slices.Contains(by.carries, t.Risk):
		return invalid("tool", fmt.Sprintf("%s is a tool that does %s: call it through %s", t.Name, t.Risk, carrierOf(t.Risk)))
	}
	tr.tool, tr.call.Tool, tr.call.Arguments = t, t.Name, call.Arguments
	return nil
}

// misplaced says where the arguments of a carried tool go, when they stand beside it or
// are JSON in a text; nil when that is not what is wrong.
func misplaced(raw json.RawMessage) error {
	var given map[string]json.RawMessage
	_ = json.Unmarshal(raw, &given) // what is no object has no members
	if given["tool"] == nil {
		return nil
	}
	const form = `arguments: {"name": value}`
	if text := given["arguments"]; len(text) > 0 && text[0] == '"' {
		return invalid("arguments", "must be an object, not text: "+form)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "tool" && name != "arguments" {
			return invalid("", fmt.Sprintf("what the tool takes goes into arguments, %q too: %s", clip(name), form))
		}
	}
	return nil
}

// carrierOf is the carrier of tools of a risk.
func carrierOf(r auth.Risk) string {
	for _, t := range api {
		if slices.Contains(t.carries, r) {
			return t.Name
		}
	}
	return ""
}

// noTool says that there is no such tool, and what was probably meant.
func (d *Desk) noTool(arg, name string) error {
	problem := fmt.Sprintf("there is no tool %q here", clip(name))
	names := make([]string, 0, len(d.reach))
	for n := range d.reach {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := schemas.Nearest(name, names); near != "" {
		problem += fmt.Sprintf("; did you mean %q", near)
	} else {
		problem += "; find one with api_search"
	}
	return notFound(arg, problem)
}
