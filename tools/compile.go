package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// compiled is a filter as the API gets it, and what is left to do here.
type compiled struct {
	query  []string        // for a GET
	body   []any           // for a search POST
	here   []clause        // answered in this process, over all rows
	within []string        // ids that the rows are among, where a group narrows them; nil for all
	fields map[string]bool // what the clauses need to be read
	echoes []string        // conditions as they were understood
}

// compile gives the API what it can answer and keeps the rest: a search body
// takes any number of conditions, a v2 filter those without a comma, a v1 filter
// one equality. What people write by name is turned into ids first.
func (t *Tool) compile(ctx context.Context, r *Reader, clauses []clause, at jc.Endpoint) (compiled, error) {
	out := compiled{fields: map[string]bool{}}
	for _, c := range clauses {
		fact, err := r.sees(t).field(t, "filter", c.field)
		if err != nil {
			return out, err
		}
		c.fact = fact
		if err := t.told(c); err != nil {
			return out, err
		}
		if e := c.echo(); e != "" {
			out.echoes = append(out.echoes, e)
		}
		if err := t.byName(ctx, r, &c); err != nil {
			return out, err
		}
		t.place(&out, c, at)
	}
	return out, nil
}

// place decides who answers a clause.
func (t *Tool) place(out *compiled, c clause, at jc.Endpoint) {
	field := c.field
	if c.fact != nil {
		for _, n := range c.fact.Needs {
			out.fields[n] = true
		}
		if field = c.fact.API; field == "" {
			out.here = append(out.here, c)
			return
		}
	}
	if c.field == groupField && c.ids != nil {
		if c.op == "=" && out.within == nil && at.Method == "POST" {
			out.within = []string{}
			for id := range c.ids {
				out.within = append(out.within, id)
			}
			slices.Sort(out.within)
			return
		}
		out.here = append(out.here, c)
		return
	}
	out.fields[field] = true
	c.unsure = t.untyped && t.row == nil
	_, named := t.naming[c.field]
	v2 := isV2(at)
	switch {
	case named, t.row != nil, at.Method == "GET" && !t.asks("filter"), c.ids != nil && at.Method != "POST", slices.Contains(c.values, ""):
		out.here = append(out.here, c) // the API cannot compare with a name or with nothing
	case at.Method == "POST" && c.op != "~":
		out.body = append(out.body, c.searchTerms(field)...)
	case v2 && c.v2() != "":
		out.query = append(out.query, field+":"+c.v2())
		if c.op == "~" || c.unsure { // how the API searches, or whether it filters at all, is not told: it is compared here
			out.here = append(out.here, c)
		}
	case at.Method == "GET" && !v2 && len(out.query) == 0 && c.v1() != "":
		out.query = append(out.query, field+":"+c.v1())
	default:
		out.here = append(out.here, c)
	}
}

// told refuses a word that a field never has, such as one that is neither true nor
// false: it would meet no row, and look as if there were none. Nothing is "not told".
func (t *Tool) told(c clause) error {
	var words []string
	switch {
	case c.op != "=" && c.op != "!=":
	case t.yesNo(c.field):
		words = []string{"true", "false"}
	case t.kind != nil && t.kind.Type == "user" && c.field == "state":
		words = userStates
	}
	for _, v := range c.values {
		if words != nil && v != "" && !slices.Contains(words, v) {
			return invalid("filter", fmt.Sprintf("%s is %s, not %q", c.field, strings.Join(words, " or "), clip(v)))
		}
	}
	return nil
}

func isV2(at jc.Endpoint) bool { return strings.HasPrefix(at.Path, "/api/v2/") }

// searchTerms is the clause in a search body; all of them must hold.
func (c clause) searchTerms(field string) (out []any) {
	term := func(v any) any { return map[string]any{field: v} }
	switch {
	case c.ids != nil && c.op == "=":
		return []any{term(map[string]any{"$in": keysOf(c.ids)})}
	case c.ids != nil:
		for _, id := range keysOf(c.ids) {
			out = append(out, term(map[string]any{"$ne": id}))
		}
		return out
	case c.op == "<" || c.op == ">":
		var v any = c.values[0]
		if !c.when.IsZero() {
			v = c.when.Format(time.RFC3339)
		}
		return []any{term(map[string]any{map[string]string{"<": "$lt", ">": "$gt"}[c.op]: v})}
	case c.op == "=" && len(c.values) > 1:
		values := make([]any, len(c.values))
		for i, v := range c.values {
			values[i] = typedValue(v)
		}
		return []any{term(map[string]any{"$in": values})}
	case c.op == "=":
		return []any{term(typedValue(c.values[0]))}
	}
	for _, v := range c.values {
		out = append(out, term(map[string]any{"$ne": typedValue(v)}))
	}
	return out
}

// v2 is the clause as "op:value" of a v2 filter; "" where that cannot say it.
func (c clause) v2() string {
	for _, v := range c.values {
		if strings.ContainsAny(v, ",|") {
			return ""
		}
	}
	value, not, plain := c.equality()
	switch {
	case c.ids != nil, !c.when.IsZero(), c.op == "<", c.op == ">":
		return ""
	case plain && not:
		return "ne:" + value
	case plain:
		return "eq:" + value
	case c.op == "=":
		return "in:" + strings.Join(c.values, "|")
	case c.op == "~" && len(c.values) == 1:
		return "search:" + c.values[0]
	}
	return ""
}

// v1 is the clause as "op:value" of a v1 filter; "" where that cannot say it.
func (c clause) v1() string {
	value, not, plain := c.equality()
	switch {
	case c.ids != nil || !plain:
		return ""
	case not:
		return "$ne:" + value
	}
	return "$eq:" + value
}

// typedValue is the JSON value that a filter's text most plainly is.
func typedValue(s string) any {
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	return s
}

func keysOf(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// byName turns names in a clause into ids: group=Engineering into its members,
// manager=ada.king into the id that the rows hold.
func (t *Tool) byName(ctx context.Context, r *Reader, c *clause) error {
	kind := t.idFields[c.field]
	members := c.field == groupField && t.groups != nil
	if members {
		kind = t.groups.kind
	}
	if kind == nil || slices.Contains(c.values, "") {
		return nil
	}
	if c.op != "=" && c.op != "!=" {
		return invalid("filter", fmt.Sprintf("%s takes = and !=, with names of %ss", c.field, kind.Noun))
	}
	c.ids = map[string]bool{}
	for _, value := range c.values {
		ref := jc.RefAny{Given: value}
		if err := resolveKind(ctx, r.dir, kind, []found{{&ref, kind, "filter"}}, false); err != nil {
			return err
		}
		if !members {
			c.ids[ref.ID] = true
			continue
		}
		rows, _, err := r.walk(ctx, jc.Request{Endpoint: t.groups.members, Params: map[string]string{t.groups.members.Names()[0]: ref.ID}}, jc.Query{}, 0)
		if err != nil {
			return err
		}
		for _, row := range rows.Rows {
			c.ids[row.Text("id")] = true
		}
	}
	return nil
}
