package tools

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// clause is one condition of a filter: field=value or field!=value.
type clause struct {
	field string
	not   bool
	value string
	fact  *jc.Fact // of ours, answered here and not by the API
}

// parseFilter reads `a=x, b!=y`: a comma is "and"; a value with a comma or
// surrounding spaces stands in double quotes, "" inside them is one quote.
func parseFilter(s string) ([]clause, error) {
	var out []clause
	for _, part := range splitOutsideQuotes(s) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		i := strings.IndexByte(part, '=')
		if i <= 0 || i == 1 && part[0] == '!' {
			return nil, invalid("filter", fmt.Sprintf("%q is not field=value or field!=value", clip(part)))
		}
		c := clause{value: strings.TrimSpace(part[i+1:])}
		name := part[:i]
		if strings.HasSuffix(name, "!") {
			c.not, name = true, name[:len(name)-1]
		}
		c.field = strings.TrimSpace(name)
		if strings.ContainsAny(c.field, "<>~|\" ") {
			return nil, invalid("filter", fmt.Sprintf("%q is not field=value or field!=value", clip(part)))
		}
		if len(c.value) >= 2 && c.value[0] == '"' && c.value[len(c.value)-1] == '"' {
			c.value = strings.ReplaceAll(c.value[1:len(c.value)-1], `""`, `"`)
		} else if strings.Contains(c.value, `"`) {
			return nil, invalid("filter", fmt.Sprintf("the quotes in %q do not match", clip(part)))
		} else if strings.HasPrefix(c.value, "=") {
			return nil, invalid("filter", fmt.Sprintf("%q has two = signs; equality is one", clip(part)))
		}
		out = append(out, c)
	}
	return out, nil
}

func splitOutsideQuotes(s string) []string {
	var parts []string
	start, in := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			in = !in
		case s[i] == ',' && !in:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// field finds what a name in filter, fields or sort means for this tool: a fact
// of ours or a field of the API. A wrong one is answered with the nearest.
func (t *Tool) field(arg, name string) (*jc.Fact, error) {
	if t.kind != nil {
		if f := t.kind.Fact(name); f != nil {
			return f, nil
		}
	}
	known := t.fieldNames()
	head, _, _ := strings.Cut(name, ".")
	if len(known) == 0 || slices.Contains(known, head) {
		return nil, nil
	}
	problem := fmt.Sprintf("there is no field %q", clip(name))
	if near := schemas.Nearest(head, known); near != "" {
		return nil, invalid(arg, problem+fmt.Sprintf("; did you mean %q", near))
	}
	shown := known
	if len(known) > manyNames { // the ones that people use; all are in the docs
		shown = slices.Concat(t.columns, known[:manyNames])
		shown = slices.DeleteFunc(slices.Compact(shown), func(s string) bool { return s == flagsColumn })
	}
	return nil, invalid(arg, problem+"; known: "+joinNames(shown[:min(len(shown), manyNames)]))
}

// manyNames is how many names an answer lists.
const manyNames = 16

// fieldNames are the names that fields, filter and sort take.
func (t *Tool) fieldNames() []string {
	var out []string
	if t.kind != nil {
		for _, f := range t.kind.Facts {
			out = append(out, f.Name)
		}
	}
	for c := range t.naming {
		out = append(out, c)
	}
	return append(out, t.outFields...)
}

// compiled is a filter as the API gets it, and what is left to do here.
type compiled struct {
	query  []string        // for a GET
	body   []any           // for a search POST
	here   []clause        // answered in this process, over all rows
	fields map[string]bool // what the clauses need to be read
}

// compile gives the API what it can answer and keeps the rest. A search body
// takes any number of conditions, a v2 filter those without a comma, a v1 filter one.
func (t *Tool) compile(clauses []clause, at jc.Endpoint) (compiled, error) {
	out := compiled{fields: map[string]bool{}}
	for _, c := range clauses {
		fact, err := t.field("filter", c.field)
		if err != nil {
			return out, err
		}
		c.fact = fact
		_, named := t.naming[c.field]
		switch v2 := strings.HasPrefix(at.Path, "/api/v2/"); {
		case fact != nil:
			for _, n := range fact.Needs {
				out.fields[n] = true
			}
			out.here = append(out.here, c)
			continue
		case named, c.value == "", t.row != nil: // the API cannot compare with a name or with nothing
			out.here = append(out.here, c)
		case at.Method == "POST":
			want := typedValue(c.value)
			if c.not {
				want = map[string]any{"$ne": want}
			}
			out.body = append(out.body, map[string]any{c.field: want})
		case v2 && !strings.ContainsAny(c.value, ",|"):
			out.query = append(out.query, c.field+map[bool]string{false: ":eq:", true: ":ne:"}[c.not]+c.value)
		case !v2 && len(out.query) == 0:
			out.query = append(out.query, c.field+map[bool]string{false: ":$eq:", true: ":$ne:"}[c.not]+c.value)
		default:
			out.here = append(out.here, c)
		}
		out.fields[c.field] = true
	}
	return out, nil
}

// typedValue is the JSON value that a filter's text most plainly is.
func typedValue(s string) any {
	if b, err := strconv.ParseBool(s); err == nil && (s == "true" || s == "false") {
		return b
	}
	return s
}

// holds reports whether the row meets the clause; known is false when the row
// does not hold what is needed to tell.
func (c clause) holds(r jc.Row) (holds, known bool) {
	var v any
	if c.fact != nil {
		if v, known = c.fact.Of(r); !known {
			return false, false
		}
	} else {
		v, _ = r.At(c.field)
	}
	var same bool
	switch x := v.(type) {
	case nil:
		same = c.value == ""
	case string:
		same = x == c.value
	case bool:
		same = strconv.FormatBool(x) == c.value
	case json.Number:
		same = x.String() == c.value
	case []any:
		same = slices.ContainsFunc(x, func(e any) bool { return fmt.Sprint(e) == c.value })
	default:
		same = cell(v) == c.value
	}
	return same != c.not, true
}
