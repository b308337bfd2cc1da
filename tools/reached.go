package tools

import (
	"context"
	"slices"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// via is the column that says how something is reached.
const (
	via       = "via"
	viaDirect = "direct"
)

// explained fills the column via of a traversal: "direct", or the groups that
// lead there, by name. The API gives paths of ids.
func explained(t *Tool) *Tool {
	inner := t.plan
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		clauses, _ := parseFilter(r.trip.args.list.Filter, time.Time{}) // the list itself says what is wrong with it
		if slices.ContainsFunc(clauses, func(c clause) bool { return c.field == via }) {
			return nil, invalid("filter", "via is made from paths and cannot be filtered by")
		}
		if r.d.narrowed(r.trip.who, t) { // the ways lead through other objects
			return nil, r.unkept()
		}
		p, err := inner(ctx, r, in)
		if err != nil {
			return nil, err
		}
		read := p.Steps[0].read
		p.Steps[0].read = func(ctx context.Context, r *Reader) (any, error) {
			v, err := read(ctx, r)
			if got, ok := v.(*listed); ok && err == nil {
				err = nameWays(ctx, r, got.rows)
			}
			return v, err
		}
		return p, nil
	}
	return t
}

// nameWays writes the ways to each row. A group whose name cannot be found keeps its id.
func nameWays(ctx context.Context, r *Reader, rows []jc.Row) error {
	ids := map[string][]string{}
	for _, row := range rows {
		for _, way := range waysTo(row) {
			for _, n := range way {
				if !slices.Contains(ids[n.Type], n.ID) {
					ids[n.Type] = append(ids[n.Type], n.ID)
				}
			}
		}
	}
	names := map[string]string{}
	for graphType, list := range ids {
		k := jc.KindOf(graphType)
		if k == nil {
			continue
		}
		found, err := r.dir.ByID(ctx, k, list, false)
		if err != nil {
			return err
		}
		for id, o := range found {
			names[id] = o.Name
		}
	}
	for _, row := range rows {
		if _, sent := row["paths"]; sent { // without them it is not known, which is not "none"
			row[via] = wayNames(waysTo(row), names)
		}
	}
	return nil
}

func wayNames(ways [][]jc.Node, names map[string]string) any {
	var out []any
	for _, way := range ways {
		word := viaDirect
		if len(way) > 0 {
			steps := make([]string, len(way))
			for i, n := range way {
				if steps[i] = names[n.ID]; steps[i] == "" {
					steps[i] = n.Type + " " + n.ID
				}
			}
			word = strings.Join(steps, " > ")
		}
		if !slices.Contains(out, any(word)) {
			out = append(out, word)
		}
	}
	return out
}

// waysTo are the objects between the start and the row, a list a path; an empty
// list is a direct path.
func waysTo(row jc.Row) (out [][]jc.Node) {
	paths, _ := row["paths"].([]any)
	for _, p := range paths {
		edges, _ := p.([]any)
		way := []jc.Node{}
		for i := range max(len(edges)-1, 0) {
			edge, _ := edges[i].(map[string]any)
			way = append(way, jc.Node{ID: jc.Row(edge).Text("to.id"), Type: jc.Row(edge).Text("to.type")})
		}
		out = append(out, way)
	}
	return out
}

// asReached leaves a traversal's row as it is, but that what cannot be named here
// keeps its id; with it the list asks for whole rows, since a traversal takes no
// choice of fields.
func asReached(row jc.Row) jc.Row {
	if k := jc.KindOf(row.Text("type")); (k == nil || k.Get.Path == "") && row["name"] == nil {
		row["name"] = row.Text("id")
	}
	return row
}
