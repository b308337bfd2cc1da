package tools

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Of some operations only method, path and title are published. They are declared
// with the same verbs as all others: path and query arguments are typed, what
// goes into the request is one argument `body`, and answers are shown as they come.

// Raw is an answer of which the shape is not published.
type Raw struct{}

// Untyped marks an operation whose shapes are not published. fields are those of
// its body that were seen in use; they are named to agents, and others are taken too.
func Untyped(fields ...string) Option {
	return func(t *Tool) {
		t.untyped, t.seenUse = true, fields
		if t.takes == nil {
			t.takes = []string{"limit", "skip"}
		}
	}
}

// EmptyBody marks an untyped operation that means something without a body.
var EmptyBody Option = func(t *Tool) { t.emptyBody = true }

// bodyArgs are what an untyped operation with a body takes.
type bodyArgs struct {
	Body map[string]any `json:"body,omitempty" in:"-"`
}

// bodyNeeded are the same where the operation means nothing without a body.
type bodyNeeded struct {
	Body map[string]any `json:"body" in:"-" jsonschema:"required"`
}

// bodyPart is the part of the schema that holds the untyped body; nil where there is none.
func (t *Tool) bodyPart() reflect.Type {
	if !t.untyped || len(t.Operations) != 1 {
		return nil
	}
	if t.selects != "" {
		return reflect.TypeFor[bodyNeeded]()
	}
	switch t.Operations[0].Method {
	case "PUT", "PATCH", "POST":
		if t.emptyBody || t.Operations[0].Method == "POST" && !t.creates && len(t.seenUse) == 0 {
			return reflect.TypeFor[bodyArgs]()
		}
		return reflect.TypeFor[bodyNeeded]()
	}
	return nil
}

func (t *Tool) bodyNote() string {
	if len(t.seenUse) == 0 {
		return ""
	}
	return "Fields seen in use: " + strings.Join(t.seenUse, ", ") + "."
}

// readMade gives each create without a kind the read of what it makes: the Get of
// the same set whose path is the create's and an id.
func readMade(set []*Tool) {
	for _, t := range set {
		if !t.creates || t.kind != nil || len(t.Operations) != 1 {
			continue
		}
		for _, g := range set {
			at := g.Operations
			if g.Risk != auth.Read || g.lists || len(at) != 1 || at[0].Method != "GET" {
				continue
			}
			if parent, id, ok := cutLast(at[0].Path); ok && strings.HasPrefix(id, "{") && parent == t.Operations[0].Path {
				e := at[0]
				t.after = &e
				t.reads = append(t.reads, e)
			}
		}
	}
}

func cutLast(path string) (parent, last string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", false
	}
	return path[:i], path[i+1:], true
}

// idOf is the id of an object of no known kind.
func idOf(row jc.Row) string {
	for _, f := range []string{"id", "_id", "objectId", "uuid"} {
		if s := row.Text(f); s != "" {
			return s
		}
	}
	if len(row) == 1 { // the object may be under one key
		for _, v := range row {
			if inner, ok := v.(map[string]any); ok {
				return idOf(inner)
			}
		}
	}
	return ""
}

// bind puts a resolved input where its tags say, and an untyped body as it is.
func (r *Reader) bind(t *Tool, e jc.Endpoint, in any) (jc.Request, error) {
	req, err := bind(t, e, in)
	if err == nil && t == r.trip.tool && len(r.trip.args.body) > 0 {
		req.Body = r.trip.args.body
	}
	return req, err
}

// anything reads an answer of which nothing is known: an object, or a list in the
// place of one.
func (r *Reader) anything(ctx context.Context, req jc.Request) (jc.Row, error) {
	resp, err := r.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	var v any
	if err := resp.Decode(&v); err != nil {
		return nil, err
	}
	if row, ok := v.(map[string]any); ok {
		return row, nil
	}
	return jc.Row{"answer": v}, nil
}

// manyColumns is how many columns a list of unknown rows shows.
const manyColumns = 8

// discover picks the columns of rows whose fields are not published: what names
// them first, then what most rows have, values that fit a cell only. Rows without
// a name of their own show what is one level in, where their name is.
func discover(rows []jc.Row) []string {
	count, inner := map[string]int{}, map[string]int{}
	for _, row := range rows {
		for name, v := range row {
			countCell(count, name, v)
			if m, ok := v.(map[string]any); ok {
				for part, v := range m {
					countCell(inner, name+"."+part, v)
				}
			}
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(count)), tells) {
		maps.Copy(count, inner)
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(naming(a)-naming(b), count[b]-count[a], strings.Compare(a, b))
	})
	return names[:min(len(names), manyColumns)]
}

// countCell counts a field whose value fits a cell.
func countCell(count map[string]int, name string, v any) {
	switch v.(type) {
	case map[string]any, []any:
	default:
		if !isSecret(name, v) {
			count[name]++
		}
	}
}

// tellingFields are those that tell people what a row is, best first; the first of
// them are names.
var tellingFields = []string{"name", "displayName", "title", "email", "username", "id", "_id", "objectId", "type", "status", "state"}

// tells reports whether a field names its row.
func tells(field string) bool { return naming(field) < slices.Index(tellingFields, "id") }

// naming orders fields by how well they tell people what a row is.
func naming(field string) int {
	last := field[strings.LastIndexByte(field, '.')+1:]
	if i := slices.IndexFunc(tellingFields, func(u string) bool { return u == field || last != field && strings.EqualFold(u, last) }); i >= 0 {
		return i
	}
	return len(tellingFields)
}
