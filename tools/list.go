package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	defaultLimit = 50
	maxScan      = 20_000 // rows read where a condition has to be answered here
	flagsColumn  = "flags"
)

// listing is a list call that is understood: what to ask the API, what to do here, what to show.
type listing struct {
	tool    *Tool
	sees    sight
	req     jc.Request
	query   jc.Query
	where   compiled
	columns []string
	limit   int
	skip    int
	sort    string // finished here when the filter is
	key     string // the question, for cursors
	countBy string // the field whose values are counted instead of showing rows
	check   func(jc.Row) error
	names   map[string]string // of ids in columns that hold ids

	narrowed bool          // only some objects may be shown
	beside   []auth.Target // what the list was asked of
}

// listed is what a list read.
type listed struct {
	rows     []jc.Row
	total    int // -1 unknown
	scanned  int // rows read to answer conditions here
	cut      bool
	repeated int
	unread   int  // rows of which a condition could not be told
	doubtful bool // whether the API holds more rows is not known
}

// planList understands a list call. The list itself is one step, a read.
func planList(ctx context.Context, t *Tool, r *Reader, in any, check func(jc.Row) error) (*Plan, error) {
	l, err := understand(ctx, t, r, in)
	if err != nil {
		return nil, err
	}
	l.check = func(row jc.Row) error {
		if t.row == nil && !t.untyped { // a row of another form is known by what it is made into
			if err := t.kind.Owns(row); err != nil {
				return err
			}
		}
		return check(row)
	}
	step := Step{Tool: t, Request: l.req, Targets: targetsOf(in), narrowed: l.narrowed}
	step.read = func(ctx context.Context, r *Reader) (any, error) {
		if r.trip.args.export.Export != "" {
			return l.export(ctx, r)
		}
		got, err := l.fetch(ctx, r)
		if err != nil {
			return nil, err
		}
		if len(got.rows) == 0 && l.skip == 0 {
			if err := parentExists(ctx, r, in); err != nil {
				return nil, err
			}
		}
		return got, l.fillNames(ctx, r, got.rows)
	}
	return &Plan{Steps: []Step{step}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		if file, ok := done[0].Value.(*exported); ok {
			return l.showExport(ctx, r, file), nil
		}
		if l.countBy != "" {
			return l.showCounts(ctx, r, done[0].Value.(*listed)), nil
		}
		return l.show(ctx, r, done[0].Value.(*listed)), nil
	}}, nil
}

// parentExists looks up the objects that an empty list was asked of by id: in
// places the API gives an empty list for a parent that is not there.
func parentExists(ctx context.Context, r *Reader, in any) error {
	var all []found
	if err := references(reflect.ValueOf(in), "", &all); err != nil {
		return err
	}
	for _, f := range all {
		o := f.ref.Found()
		if o.Row != nil || f.kind.Get.Path == "" {
			continue
		}
		have, err := r.dir.ByID(ctx, f.kind, []string{o.ID}, true)
		if err != nil {
			return err
		}
		if _, ok := have[o.ID]; !ok {
			return notFound(f.arg, fmt.Sprintf("there is no %s with the id %s", f.kind.Noun, o.ID))
		}
	}
	return nil
}

func understand(ctx context.Context, t *Tool, r *Reader, in any) (*listing, error) {
	args := r.trip.args
	l := &listing{tool: t, sees: r.sees(t), limit: args.list.Limit}
	if l.limit == 0 {
		l.limit = defaultLimit
	}
	if t.rowsTold() {
		l.narrowed, l.beside = r.keeps(t), targetsOf(in)
	}
	if args.export.All {
		l.limit = maxScan
	}
	key, err := json.Marshal([]any{in, args.list.Filter, args.list.Sort, args.search.Search})
	if err != nil {
		return nil, err
	}
	l.key = string(key)
	if args.list.Cursor != "" {
		p, err := r.place(args.list.Cursor, l.key)
		if err != nil {
			return nil, err
		}
		l.skip = p.Skip
	}
	clauses, err := parseFilter(args.list.Filter, time.Now())
	if err != nil {
		return nil, err
	}
	at := t.Operations[0]
	if t.search != nil && (args.search.Search != "" || !t.listAnswers(clauses)) {
		at = *t.search
	}
	if l.req, err = r.bind(t, at, in); err != nil {
		return nil, err
	}
	l.query.Takes, l.query.Doubtful, l.query.Tokens = t.takes, t.untyped, t.tokens
	if l.where, err = t.compile(ctx, r, clauses, at); err != nil {
		return nil, err
	}
	if err := l.order(args.list.Sort); err != nil {
		return nil, err
	}
	if err := l.choose(args.list.Fields, args.list.CountBy); err != nil {
		return nil, err
	}
	l.query.Filters = l.where.query
	if at.Method == "POST" {
		l.query.Body = map[string]any{}
		if len(l.where.body) > 0 {
			l.query.Body["filter"] = map[string]any{"and": l.where.body}
		}
		if s := args.search.Search; s != "" {
			if len(l.sees.of(t.kind.NameFields())) == 0 {
				return nil, l.sees.refuse(t.kind.NameColumn())
			}
			l.query.Body["searchFilter"] = map[string]any{"searchTerm": s, "fields": l.sees.of(t.kind.NameFields())}
		}
	}
	return l, nil
}

// listAnswers reports whether the list's own GET can answer the conditions that
// the API can answer at all: one plain equality.
func (t *Tool) listAnswers(clauses []clause) bool {
	asked := 0
	for _, c := range clauses {
		if t.kind != nil {
			if f := t.kind.Fact(c.field); f != nil && f.API == "" {
				continue // answered here in any case
			}
		}
		if _, _, plain := c.equality(); !plain && c.op != "~" {
			return false
		}
		if c.field == groupField || t.idFields[c.field] != nil {
			return false
		}
		asked++
	}
	return asked <= 1
}

// order checks the sort field; "-field" is descending.
func (l *listing) order(sort string) error {
	if sort == "" {
		return nil
	}
	fact, err := l.sees.field(l.tool, "sort", strings.TrimPrefix(sort, "-"))
	if err != nil {
		return err
	}
	if !l.tool.asks("sort") { // ordered here, over all rows
		l.sort = sort
		return nil
	}
	if fact != nil && fact.API != "" {
		minus := sort[:len(sort)-len(strings.TrimPrefix(sort, "-"))]
		fact, sort = nil, minus+fact.API
	}
	if fact != nil || l.tool.row != nil {
		return invalid("sort", "the API cannot sort by "+clip(sort)+"; use one of its own fields")
	}
	l.sort, l.query.Sort = sort, sort
	return nil
}

// choose picks the columns, and asks the API for no more than they need.
func (l *listing) choose(fields, countBy string) error {
	t := l.tool
	l.columns = t.columns
	if countBy != "" {
		if fields != "" {
			return invalid("count_by", "give it or fields, not both")
		}
		if _, err := l.sees.field(t, "count_by", countBy); err != nil {
			return err
		}
		l.columns, l.countBy = []string{countBy}, countBy
	} else if fields != "" {
		l.columns = nil
		for _, name := range strings.FieldsFunc(fields, func(r rune) bool { return r == ',' || r == ' ' }) {
			if name != flagsColumn || !l.sees.column(t.kind, name) {
				if _, err := l.sees.field(t, "fields", name); err != nil {
					return err
				}
			}
			if !slices.Contains(l.columns, name) {
				l.columns = append(l.columns, name)
			}
		}
	}
	if len(l.columns) == 0 {
		l.columns = t.outFields[:min(4, len(t.outFields))]
	}
	if err := l.narrow(); err != nil {
		return err
	}
	if t.row != nil { // rows are given their form here: they are needed whole
		return nil
	}
	need := map[string]bool{}
	maps.Copy(need, l.where.fields)
	for _, c := range l.columns {
		for _, f := range t.needs(c) {
			need[f] = true
		}
	}
	if t.kind != nil {
		need[t.kind.ID] = true
		if l.narrowed {
			for _, f := range t.kind.NameFields() {
				need[f] = true
			}
		}
		if l.sort != "" {
			need[strings.TrimPrefix(l.sort, "-")] = true
		}
		if l.columns[0] == t.kind.NameColumn() {
			for _, f := range t.kind.NameFields() {
				need[f] = true
			}
		}
	}
	l.query.Fields = slices.Sorted(maps.Keys(need))
	return nil
}

// narrow leaves the columns that may be seen; where none of the usual ones may, those
// that the grant names and the rows can have.
func (l *listing) narrow() error {
	if len(l.sees) == 0 {
		return nil
	}
	l.columns = slices.DeleteFunc(slices.Clone(l.columns), func(c string) bool { return !l.sees.column(l.tool.kind, c) })
	if len(l.columns) > 0 {
		return nil
	}
	known := l.tool.fieldNames()
	for _, f := range l.sees[0].fields {
		head, _, _ := strings.Cut(f, ".")
		if l.sees.has(f) && (len(known) == 0 || slices.Contains(known, head)) {
			l.columns = append(l.columns, f)
		}
	}
	if len(l.columns) == 0 {
		return l.sees.refuse("")
	}
	return nil
}

// needs are the API's fields behind a column.
func (t *Tool) needs(column string) []string {
	if column == flagsColumn && t.kind != nil {
		var out []string
		for _, f := range t.kind.Facts {
			if f.Flag != "" {
				out = append(out, f.Needs...)
			}
		}
		return out
	}
	if t.kind != nil {
		if f := t.kind.Fact(column); f != nil {
			return f.Needs
		}
	}
	return []string{column}
}

// fetch reads what is asked for: a stretch of the list, or all of it where a
// condition has to be answered here or values are counted.
func (l *listing) fetch(ctx context.Context, r *Reader) (*listed, error) {
	whole := l.narrowed || len(l.where.here) > 0 || l.where.within != nil || l.countBy != "" || !l.tool.asks("skip") && l.tool.tokens == nil || l.sort != "" && !l.tool.asks("sort")
	rows, repeated, err := l.read(ctx, r, whole)
	if err != nil {
		return nil, err
	}
	cut := rows.Total > len(rows.Rows)
	if rows.Rows, err = l.formed(ctx, r, rows.Rows); err != nil {
		return nil, err
	}
	if l.narrowed { // what was left out is not told, by no number either
		rows.Total, repeated = len(rows.Rows), 0
	}
	if len(l.columns) == 0 {
		l.columns = discover(rows.Rows)
	}
	if !whole {
		return &listed{rows: rows.Rows, total: rows.Total, repeated: repeated, doubtful: l.query.Doubtful && rows.Total < 0}, nil
	}
	if slices.ContainsFunc(l.where.here, func(c clause) bool { _, named := l.tool.naming[c.field]; return named }) {
		if err := l.fillNames(ctx, r, rows.Rows); err != nil {
			return nil, err
		}
	}
	out := l.match(rows, repeated)
	out.cut = out.cut || cut
	return out, nil
}

// formed checks rows as they came, gives them the form in which they are shown, and
// leaves those out that the caller must not know of.
func (l *listing) formed(ctx context.Context, r *Reader, rows []jc.Row) ([]jc.Row, error) {
	of := make([]auth.Target, len(rows))
	for i, raw := range rows {
		if err := l.check(raw); err != nil {
			return nil, err
		}
		if l.tool.row != nil {
			rows[i] = l.tool.row(raw)
		}
		if l.narrowed {
			of[i], _ = l.tool.rowTarget(raw, rows[i])
		}
	}
	if !l.narrowed {
		return rows, nil
	}
	return l.leave(ctx, r, rows, of), nil
}

// read reads a stretch, or the whole, or the rows among the ids of a group, a
// hundred ids in one request.
func (l *listing) read(ctx context.Context, r *Reader, whole bool) (jc.Rows, int, error) {
	q, want := l.query, maxScan
	if !whole {
		q.Skip, want = l.skip, l.limit
	}
	if l.where.within == nil {
		return r.walk(ctx, l.req, q, want)
	}
	out := jc.Rows{}
	for part := range slices.Chunk(l.where.within, jc.MaxPage) {
		q := l.query
		q.Body = maps.Clone(q.Body)
		q.Body["filter"] = map[string]any{"and": append(slices.Clone(l.where.body), map[string]any{l.tool.kind.ID: map[string]any{"$in": part}})}
		rows, _, err := r.walk(ctx, l.req, q, maxScan)
		if err != nil {
			return out, 0, err
		}
		out.Rows = append(out.Rows, rows.Rows...)
	}
	out.Total = len(out.Rows)
	sortRows(out.Rows, l.sort)
	return out, 0, nil
}

// sortRows orders rows by a field, "-field" for descending; numbers as numbers.
func sortRows(rows []jc.Row, sort string) {
	if sort == "" {
		return
	}
	field, minus := sort, 1
	if sort[0] == '-' {
		field, minus = sort[1:], -1
	}
	number := func(r jc.Row) (float64, bool) {
		v, _ := r.At(field)
		n, ok := v.(json.Number)
		f, err := n.Float64()
		return f, ok && err == nil
	}
	slices.SortStableFunc(rows, func(a, b jc.Row) int {
		x, ok1 := number(a)
		y, ok2 := number(b)
		if ok1 && ok2 {
			return minus * cmp.Compare(x, y)
		}
		return minus * compareCells(a, b, field)
	})
}

// asks reports whether a list's operation takes a parameter of the usual ones.
func (t *Tool) asks(param string) bool { return t.takes == nil || slices.Contains(t.takes, param) }

// compareCells orders two rows by a field, as the API does for what it lists itself.
func compareCells(a, b jc.Row, field string) int {
	x, _ := a.At(field)
	y, _ := b.At(field)
	return strings.Compare(cell(x), cell(y))
}

// match answers the conditions that the API could not.
func (l *listing) match(rows jc.Rows, repeated int) *listed {
	out := &listed{repeated: repeated, cut: rows.Total > len(rows.Rows) || rows.Total < 0 && len(rows.Rows) >= maxScan}
	if len(l.where.here) > 0 {
		out.scanned = len(rows.Rows)
	}
	var hits []jc.Row
	for _, row := range rows.Rows {
		all, told := true, true
		for _, c := range l.where.here {
			holds, known := c.holds(row)
			all, told = all && holds, told && known
		}
		switch {
		case !told:
			out.unread++
		case all:
			hits = append(hits, row)
		}
	}
	out.total = len(hits)
	out.doubtful = l.query.Doubtful && rows.Total < 0
	if !l.tool.asks("sort") {
		sortRows(hits, l.sort)
	}
	if l.countBy != "" {
		out.rows = hits
		return out
	}
	out.rows = hits[min(l.skip, len(hits)):min(l.skip+l.limit, len(hits))]
	return out
}
