package tools

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// clause is one condition of a filter: a field, an operator and its values.
type clause struct {
	field  string
	op     string          // = != ~ < >
	values []string        // alternatives; one for < and >
	when   time.Time       // what < and > compare with, where that is a time
	ids    map[string]bool // what = and != compare ids with, where the field names objects
	fact   *jc.Fact        // of ours, answered here unless the API knows it under a name of its own
	unsure bool            // whether rows have the field is not published: one without it does not tell
}

// clauseForm takes a condition apart. The operator is the first that can stand there.
var clauseForm = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(!=|=|~|<|>)\s*(.*?)\s*$`)

const filterForm = "is not field=value (also != ~ < >, x|y for or)"

// parseFilter reads `a=x|y, b!=z, c~part, d>30d`: a comma is "and", a bar is "or"
// between values. A value that holds one of them stands in double quotes, and ""
// inside is one quote. now is what "30d" counts from.
func parseFilter(s string, now time.Time) ([]clause, error) {
	var out []clause
	for _, part := range splitOutsideQuotes(s, ',') {
		if strings.TrimSpace(part) == "" {
			continue
		}
		m := clauseForm.FindStringSubmatch(part)
		if m == nil {
			return nil, invalid("filter", fmt.Sprintf("%q %s", clip(part), filterForm))
		}
		c := clause{field: m[1], op: m[2]}
		if strings.HasPrefix(m[3], "=") {
			return nil, invalid("filter", fmt.Sprintf("%q has two operators; equality is one =, and > and < take no =", clip(part)))
		}
		for _, v := range splitOutsideQuotes(m[3], '|') {
			value, err := unquote(strings.TrimSpace(v))
			if err != nil {
				return nil, invalid("filter", fmt.Sprintf("the quotes in %q do not match", clip(part)))
			}
			c.values = append(c.values, value)
		}
		if c.op == "<" || c.op == ">" {
			if err := c.compareWith(now); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

var ageForm = regexp.MustCompile(`^([0-9]{1,5})([mhdw])$`)

// compareWith reads what < and > compare with: an age ("30d": < is less than that
// long ago, > longer ago), a day, a time, or a number.
func (c *clause) compareWith(now time.Time) error {
	if len(c.values) != 1 || c.values[0] == "" {
		return invalid("filter", fmt.Sprintf("%s%s takes one value", c.field, c.op))
	}
	v := c.values[0]
	if m := ageForm.FindStringSubmatch(v); m != nil {
		n, _ := strconv.Atoi(m[1])
		unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
		c.when = now.Add(-time.Duration(n) * unit).UTC().Truncate(time.Minute)
		c.op = map[string]string{"<": ">", ">": "<"}[c.op] // longer ago is an earlier time
		return nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04Z", "2006-01-02"} {
		if t, err := time.Parse(form, v); err == nil {
			c.when = t.UTC()
			return nil
		}
	}
	if _, err := strconv.ParseFloat(v, 64); err != nil {
		return invalid("filter", fmt.Sprintf("%s%s takes an age such as 30d or 2h, a day such as 2026-01-31, or a number", c.field, c.op))
	}
	return nil
}

// echo is the condition as it was understood, where that is not plain from what was written.
func (c clause) echo() string {
	if c.when.IsZero() {
		return ""
	}
	word := map[string]string{"<": "before", ">": "after"}[c.op]
	return fmt.Sprintf("%s %s %s", c.field, word, c.when.Format("2006-01-02 15:04Z"))
}

// equality gives the value of a plain field=value or field!=value.
func (c clause) equality() (value string, not, ok bool) {
	if len(c.values) != 1 || c.op != "=" && c.op != "!=" {
		return "", false, false
	}
	return c.values[0], c.op == "!=", true
}

func splitOutsideQuotes(s string, sep byte) []string {
	var parts []string
	start, in := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			in = !in
		case s[i] == sep && !in:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

func unquote(s string) (string, error) {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		inner := strings.ReplaceAll(s[1:len(s)-1], `""`, "\x00")
		if strings.Contains(inner, `"`) {
			return "", strconv.ErrSyntax
		}
		return strings.ReplaceAll(inner, "\x00", `"`), nil
	}
	if strings.Contains(s, `"`) {
		return "", strconv.ErrSyntax
	}
	return s, nil
}

// field finds what a name in filter, fields, count_by or sort means for this tool:
// a fact of ours or a field of the API. A wrong one is answered with the nearest.
func (t *Tool) field(arg, name string) (*jc.Fact, error) {
	if t.kind != nil {
		if f := t.kind.Fact(name); f != nil {
			return f, nil
		}
	}
	known := t.fieldNames()
	head, _, _ := strings.Cut(name, ".")
	if t.untyped && slices.ContainsFunc(strings.Split(name, "."), func(s string) bool { return isSecret(s, "") }) {
		return nil, invalid(arg, clip(name)+" is never shown, and nothing is found by it") // a condition would tell it letter by letter
	}
	if len(known) == 0 || slices.Contains(known, head) || arg == "filter" && name == groupField && t.groups != nil {
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

// firstNames lists names, the first of very many: the schema has them all.
func firstNames(names []string) string {
	if len(names) <= manyNames {
		return joinNames(names)
	}
	return fmt.Sprintf("%s and %d more", joinNames(names[:manyNames]), len(names)-manyNames)
}

// groupField is the name under which a filter asks for members of a group.
const groupField = "group"

// fieldNames are the names that fields, filter, count_by and sort take.
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

// holds reports whether the row meets the clause; known is false when the row
// does not hold what is needed to tell.
func (c clause) holds(r jc.Row) (holds, known bool) {
	var v any
	switch {
	case c.field == groupField && c.ids != nil:
		id := r.Text("_id")
		return c.ids[id] == (c.op == "="), id != ""
	case c.fact != nil:
		if v, known = c.fact.Of(r); !known {
			return false, false
		}
	default:
		var there bool
		if v, there = r.At(c.field); c.unsure && !there {
			return false, false
		}
	}
	switch c.op {
	case "<", ">":
		return c.ordered(v), true
	case "~":
		s := strings.ToLower(cell(v))
		return !isEmpty(v) && slices.ContainsFunc(c.values, func(w string) bool { return strings.Contains(s, strings.ToLower(w)) }), true
	}
	same := slices.ContainsFunc(c.values, func(w string) bool { return is(v, w) })
	if c.ids != nil {
		id, _ := v.(string)
		same = c.ids[id]
	}
	return same == (c.op == "="), true
}

// is compares a JSON value with the text of a filter.
func is(v any, w string) bool {
	switch x := v.(type) {
	case nil:
		return w == ""
	case string:
		return x == w
	case bool:
		return strconv.FormatBool(x) == w
	case json.Number:
		return x.String() == w
	case []any:
		return slices.ContainsFunc(x, func(e any) bool { return is(e, w) })
	}
	return cell(v) == w
}

// ordered compares times and numbers; nothing is neither before nor after.
func (c clause) ordered(v any) bool {
	if !c.when.IsZero() {
		s, _ := v.(string)
		t, err := time.Parse(time.RFC3339, s)
		return err == nil && (c.op == "<" && t.Before(c.when) || c.op == ">" && t.After(c.when))
	}
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	have, err1 := n.Float64()
	want, err2 := strconv.ParseFloat(c.values[0], 64)
	return err1 == nil && err2 == nil && (c.op == "<" && have < want || c.op == ">" && have > want)
}
