package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	noValue   = "(none)"     // the API says that there is nothing
	notRead   = "(not read)" // it was not told
	manyPlain = "a row counts once for each of its values"
)

// showCounts answers how many rows have which value of a field: a line a value,
// the most frequent first.
func (l *listing) showCounts(ctx context.Context, r *Reader, got *listed) Answer {
	counts, sum := l.tally(got.rows)
	values := make([]string, 0, len(counts))
	for v := range counts {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	t := &table{columns: []string{l.countBy, "count"}}
	for _, v := range values {
		t.rows = append(t.rows, []string{v, fmt.Sprint(counts[v])})
	}
	shown := min(t.fit(r.room(400)), l.limit)
	head := []string{fmt.Sprintf("total %d; %d values of %s", got.total, len(values), l.countBy)}
	if sum > got.total {
		head = append(head, fmt.Sprintf("the counts add up to %d: %s", sum, manyPlain))
	}
	head = append(head, l.notes(got)...)
	head = append(head, r.orgName(ctx))
	a := Answer{Text: []string{"# " + strings.Join(head, "; ")}}
	if len(values) == 0 {
		return a
	}
	a.show(t, shown)
	body := t.csv(shown)
	if shown < len(values) {
		rest := 0
		for _, v := range values[shown:] {
			rest += counts[v]
		}
		body += fmt.Sprintf("\n# %d more values, %d rows; all with limit=%d", len(values)-shown, rest, min(len(values), 1000))
	}
	a.Text = append(a.Text, body)
	return a
}

// tally counts the values of the field; sum is more than the rows where one has several.
func (l *listing) tally(rows []jc.Row) (counts map[string]int, sum int) {
	counts = map[string]int{}
	anywhere := slices.ContainsFunc(rows, func(row jc.Row) bool { _, ok := l.value(row, l.countBy); return ok })
	for _, row := range rows {
		v, ok := l.value(row, l.countBy)
		for _, name := range l.valuesOf(v, ok, anywhere) {
			counts[name]++
			sum++
		}
	}
	return counts, sum
}

func (l *listing) valuesOf(v any, read, anywhere bool) []string {
	fact := l.tool.kind != nil && l.tool.kind.Fact(l.countBy) != nil
	switch {
	case !read && (!anywhere || fact):
		return []string{notRead}
	case isEmpty(v):
		return []string{noValue}
	case isSecret(l.countBy, v):
		return []string{notRead}
	}
	list, many := v.([]any)
	if !many {
		return []string{cell(l.named(l.countBy, v))}
	}
	var out []string
	for _, e := range list {
		if name := cell(e); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
