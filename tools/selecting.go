package tools

import (
	"maps"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Selects says that the body of an untyped operation names the objects that it is
// done to, and what one of them is called. The body is required, then, and the
// objects in it are the targets that a grant and a person decide on.
func Selects(noun string) Option { return func(t *Tool) { t.selects = noun } }

// ReadBackAt names the GET that shows what a change changed, where there is none at
// the path of the change. Its braces are among those of that path.
func ReadBackAt(at string) Option {
	return func(t *Tool) {
		e := jc.At(at)
		t.back = &e
	}
}

// backAt is the GET that shows what a change changed.
func (t *Tool) backAt() jc.Endpoint {
	if t.back != nil {
		return *t.back
	}
	return jc.Endpoint{Method: "GET", Path: t.Operations[0].Path}
}

// backOf is that GET, for the object that a request changes.
func (t *Tool) backOf(req jc.Request) jc.Request {
	at := t.backAt()
	params := map[string]string{}
	for _, name := range at.Names() {
		params[name] = req.Params[name]
	}
	return jc.Request{Endpoint: at, Params: params}
}

// selected are the objects that the body of the call in hand names. A body that
// names none is refused: nobody knows what the API would take it for.
func (t *Tool) selected(r *Reader) ([]auth.Target, error) {
	if t.selects == "" || t != r.trip.tool {
		return nil, nil
	}
	var out []auth.Target
	for _, id := range idsIn(r.trip.args.body) {
		if x := (auth.Target{Type: t.selects, ID: id}); !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	if len(out) == 0 {
		return nil, invalid("body", "it names no "+t.selects+"; give the ids in a list, or in a field whose name ends in id")
	}
	return out, nil
}

// idsIn are the ids in a body of unknown shape: what fields ending in id hold, and
// the members of lists.
func idsIn(v any) (out []string) {
	switch x := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(x)) {
			low := strings.ToLower(name)
			id, text := x[name].(string)
			switch {
			case !text:
				out = append(out, idsIn(x[name])...)
			case id != "" && (strings.HasSuffix(low, "id") || low == "uuid"):
				out = append(out, id)
			}
		}
	case jc.Row:
		return idsIn(map[string]any(x))
	case []any:
		for _, e := range x {
			switch e.(type) {
			case map[string]any, []any:
				out = append(out, idsIn(e)...)
			default:
				if id := cell(e); id != "" {
					out = append(out, id)
				}
			}
		}
	}
	return out
}

// plainAnswer are the facts in the answer of an untyped act that a later call may
// need and that can be no secret: the id of what was made, of a job that runs.
func plainAnswer(resp *jc.Response) string {
	var row jc.Row
	if resp == nil || resp.Decode(&row) != nil {
		return ""
	}
	var parts []string
	for _, name := range []string{"id", "_id", "objectId", "uuid", "jobId", "status", "state"} {
		if v := row[name]; v != nil && cell(v) != "" {
			parts = append(parts, name+" "+inline(v))
		}
	}
	return strings.Join(parts, ", ")
}
