package sandbox

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const insightsMost = 10_000

// insightTest is one filter of a System Insights request.
type insightTest struct {
	field, op string
	values    []string
}

// holds compares a rendered value with what was asked, numbers as numbers.
func (q insightTest) holds(v any) bool {
	if q.op == "gte" {
		n, comparable := compareTo(v, q.values[0])
		return comparable && n >= 0
	}
	return slices.ContainsFunc(q.values, func(want string) bool { return equalTo(v, want) })
}

// insightTests reads field:eq:value and field:in:a|b; uptime knows gte too.
// Only the fields of the table's own list are taken.
func (t *insightTable) insightTests(filters []string) (list []insightTest, err error) {
	for _, joined := range filters {
		for _, f := range strings.Split(joined, ",") {
			if f == "" {
				continue
			}
			field, rest, ok1 := strings.Cut(f, ":")
			op, value, ok2 := strings.Cut(rest, ":")
			switch {
			case !ok1 || !ok2:
				return nil, fmt.Errorf("filter %q is not field:operator:value", f)
			case !slices.Contains(t.filters, field):
				return nil, fmt.Errorf("filter %q: %s can only be filtered by %s", f, t.name, strings.Join(t.filters, ", "))
			case op != "eq" && op != "in" && (op != "gte" || t.name != "uptime"):
				return nil, fmt.Errorf("filter %q: unknown operator %q", f, op)
			}
			q := insightTest{field, op, []string{value}}
			if op == "in" {
				q.values = strings.Split(value, "|")
			}
			list = append(list, q)
		}
	}
	return list, nil
}

// insightSpot is where a row is: a device and a place in the table.
type insightSpot struct {
	r   reporter
	row int
}

// scan walks the rows that meet the tests, device by device in the order of
// the devices, until yield says stop. Only the fields that are tested are
// made.
func (t *insightTable) scan(o *Org, tests []insightTest, yield func(insightSpot) bool) {
	for _, d := range o.insightDevices(tests) {
		if !slices.Contains(t.families, text(d.m["osFamily"])) {
			continue
		}
		r := o.reporterOf(d)
		for n := range t.rows {
			seed := t.seedOf(r, n)
			if !r.reports(&t.rows[n], seed) || !t.meets(r, n, seed, tests) {
				continue
			}
			if !yield(insightSpot{r, n}) {
				return
			}
		}
	}
}

// insightDevices narrows the devices where system_id is asked for.
func (o *Org) insightDevices(tests []insightTest) []*doc {
	i := slices.IndexFunc(tests, func(q insightTest) bool { return q.field == "system_id" })
	if i < 0 {
		return o.devices.order
	}
	var list []*doc
	for _, id := range tests[i].values {
		if d := o.devices.get(id); d != nil && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b *doc) int { return cmp.Compare(a.seq, b.seq) })
	return list
}

func (t *insightTable) meets(r reporter, n int, seed uint64, tests []insightTest) bool {
	for _, q := range tests {
		v, known := t.cell(r, n, seed, q.field)
		if !known || !q.holds(v) {
			return false
		}
	}
	return true
}

func (t *insightTable) cell(r reporter, n int, seed uint64, field string) (any, bool) {
	switch {
	case field == "system_id":
		return r.d.id, true
	case field == "collection_time" && t.dated:
		return r.collected(), true
	}
	fields := t.rows[n].fields
	i := slices.IndexFunc(fields, func(f insightField) bool { return f.name == field })
	if i < 0 {
		return nil, false
	}
	return r.value(&fields[i], seed), true
}

// insights answers one page of a table: a bare array, up to 10,000 rows.
func insights(t *insightTable) handler {
	return func(c *call) *reply {
		p, tests, err := t.page(c.r.URL.Query())
		if err != nil {
			return c.bad(err.Error())
		}
		var spots []insightSpot
		if p.sort == "" {
			seen := 0
			t.scan(c.Org, tests, func(s insightSpot) bool {
				if seen++; seen > p.skip {
					spots = append(spots, s)
				}
				return len(spots) < p.limit
			})
		} else {
			t.scan(c.Org, tests, func(s insightSpot) bool { spots = append(spots, s); return true })
			spots = window(t.sorted(spots, p.sort), p.skip, p.limit)
		}
		rows := make([][]byte, len(spots))
		for i, s := range spots {
			rows[i] = encode(t.render(s.r, s.row))
		}
		return okBytes(joined(rows))
	}
}

func (t *insightTable) page(q url.Values) (p page, tests []insightTest, err error) {
	if p.limit, err = intParam(q, "limit", pageDefault); err != nil {
		return p, nil, err
	}
	if p.limit > insightsMost {
		return p, nil, fmt.Errorf("limit must be at most %d", insightsMost)
	}
	if p.limit == 0 {
		p.limit = pageDefault // 0 is published as a valid limit
	}
	if p.skip, err = intParam(q, "skip", 0); err != nil {
		return p, nil, err
	}
	p.sort = strings.Join(sortFields(strings.Join(q["sort"], ",")), ",")
	tests, err = t.insightTests(q["filter"])
	return p, tests, err
}

// sorted makes the cells that the order needs once, then sorts the rest by
// them; equal rows keep their order.
func (t *insightTable) sorted(spots []insightSpot, sort string) []insightSpot {
	fields := strings.Split(sort, ",")
	type keyed struct {
		spot insightSpot
		keys []any
	}
	list := make([]keyed, len(spots))
	for i, s := range spots {
		list[i] = keyed{s, make([]any, len(fields))}
		seed := t.seedOf(s.r, s.row)
		for j, f := range fields {
			list[i].keys[j], _ = t.cell(s.r, s.row, seed, strings.TrimPrefix(f, "-"))
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		for j, f := range fields {
			n := compareValues(a.keys[j], b.keys[j])
			if strings.HasPrefix(f, "-") {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
	for i := range list {
		spots[i] = list[i].spot
	}
	return spots
}

// Insights is all rows of a System Insights table, for ground truth in tests;
// nil for unknown names.
func (o *Org) Insights(table string) []map[string]any {
	t := insightTables()[table]
	if t == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settle(o.now())
	rows := []map[string]any{}
	t.scan(o, nil, func(s insightSpot) bool { rows = append(rows, t.render(s.r, s.row)); return true })
	return rows
}

func insightRoutes(add func(string, handler)) {
	for name, t := range insightTables() {
		add("GET /api/v2/systeminsights/"+name, insights(t))
	}
}
