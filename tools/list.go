package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

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
}

// listed is what a list read.
type listed struct {
	rows     []jc.Row
	total    int // -1 unknown
	scanned  int // rows read to answer conditions here
	cut      bool
	repeated int
	unread   int // rows of which a condition could not be told
}

// planList understands a list call. The list itself is one step, a read.
func planList(ctx context.Context, t *Tool, r *Reader, in any, check func(jc.Row) error) (*Plan, error) {
	l, err := understand(ctx, t, r, in)
	if err != nil {
		return nil, err
	}
	l.check = func(row jc.Row) error {
		if t.row == nil { // a row of another form is known by what it is made into
			if err := t.kind.Owns(row); err != nil {
				return err
			}
		}
		return check(row)
	}
	step := Step{Tool: t, Request: l.req, Targets: targetsOf(in)}
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
	l := &listing{tool: t, limit: args.list.Limit}
	if l.limit == 0 {
		l.limit = defaultLimit
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
		p, err := r.d.cursors.get(args.list.Cursor, r.trip.who, t.Name, l.key)
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
	if l.req, err = bind(t, at, in); err != nil {
		return nil, err
	}
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
			l.query.Body["searchFilter"] = map[string]any{"searchTerm": s, "fields": t.kind.NameFields()}
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
	fact, err := l.tool.field("sort", strings.TrimPrefix(sort, "-"))
	if err != nil {
		return err
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
		if _, err := t.field("count_by", countBy); err != nil {
			return err
		}
		l.columns, l.countBy = []string{countBy}, countBy
	} else if fields != "" {
		l.columns = nil
		for _, name := range strings.FieldsFunc(fields, func(r rune) bool { return r == ',' || r == ' ' }) {
			if name != flagsColumn {
				if _, err := t.field("fields", name); err != nil {
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
	whole := len(l.where.here) > 0 || l.where.within != nil || l.countBy != ""
	rows, repeated, err := l.read(ctx, r, whole)
	if err != nil {
		return nil, err
	}
	for i, row := range rows.Rows {
		if err := l.check(row); err != nil {
			return nil, err
		}
		if l.tool.row != nil {
			rows.Rows[i] = l.tool.row(row)
		}
	}
	if !whole {
		return &listed{rows: rows.Rows, total: rows.Total, repeated: repeated}, nil
	}
	if slices.ContainsFunc(l.where.here, func(c clause) bool { _, named := l.tool.naming[c.field]; return named }) {
		if err := l.fillNames(ctx, r, rows.Rows); err != nil {
			return nil, err
		}
	}
	return l.match(rows, repeated), nil
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
	if field, descending := strings.CutPrefix(l.sort, "-"); field != "" {
		slices.SortStableFunc(out.Rows, func(a, b jc.Row) int {
			c := compareCells(a, b, field)
			if descending {
				return -c
			}
			return c
		})
	}
	return out, 0, nil
}

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
	if l.countBy != "" {
		out.rows = hits
		return out
	}
	out.rows = hits[min(l.skip, len(hits)):min(l.skip+l.limit, len(hits))]
	return out
}

// fillNames shows names where the API gives ids.
func (l *listing) fillNames(ctx context.Context, r *Reader, rows []jc.Row) error {
	if err := l.fillIDs(ctx, r, rows); err != nil {
		return err
	}
	for column, typeField := range l.tool.naming {
		ids := map[*jc.Kind][]string{}
		kindOf := func(row jc.Row) *jc.Kind {
			if typeField == "" {
				return l.tool.kind
			}
			return jc.KindOf(row.Text(typeField))
		}
		for _, row := range rows {
			if k := kindOf(row); k != nil && row[column] == nil {
				ids[k] = append(ids[k], row.Text("id"))
			}
		}
		for k, list := range ids {
			objects, err := r.dir.ByID(ctx, k, list, false)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if o, ok := objects[row.Text("id")]; ok && kindOf(row) == k {
					row[column] = o.Name
				}
			}
		}
	}
	return nil
}

// fillIDs notes the names of the ids that shown columns hold.
func (l *listing) fillIDs(ctx context.Context, r *Reader, rows []jc.Row) error {
	for _, column := range l.columns {
		k := l.tool.idFields[column]
		if k == nil {
			continue
		}
		var ids []string
		for _, row := range rows {
			if v, _ := l.value(row, column); v != nil {
				if id, _ := v.(string); k.IsID(id) && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
		objects, err := r.dir.ByID(ctx, k, ids, false)
		if err != nil {
			return err
		}
		if l.names == nil {
			l.names = map[string]string{}
		}
		for id, o := range objects {
			l.names[id] = o.Name
		}
	}
	return nil
}

// show writes the head block and the CSV block.
func (l *listing) show(ctx context.Context, r *Reader, got *listed) Answer {
	t := l.table(got.rows)
	shown := t.fit(maxTokens - 400)
	head := []string{l.totals(got, shown)}
	next := ""
	more := got.total - l.skip - shown
	if more > 0 || got.total < 0 && (shown == l.limit || shown < len(got.rows)) {
		next = r.d.cursors.put(place{owner: r.trip.who, tool: l.tool.Name, question: l.key, Skip: l.skip + shown})
		head = append(head, "next="+next)
	}
	if shown < len(got.rows) {
		head = append(head, fmt.Sprintf("cut at %d tokens: ask for fewer fields or a narrower filter", maxTokens))
	}
	head = append(head, l.notes(got)...)
	head = append(head, r.orgName(ctx))
	a := Answer{Text: []string{"# " + strings.Join(head, "; ")}}
	if len(got.rows) == 0 {
		return a
	}
	a.show(t, shown)
	body := t.csv(shown)
	if next != "" {
		rest := "more"
		if more > 0 {
			rest = fmt.Sprintf("%d more", more)
		}
		body += fmt.Sprintf("\n# %s; cursor=%s", rest, next)
	}
	a.Text = append(a.Text, body)
	return a
}

func (l *listing) totals(got *listed, shown int) string {
	total := fmt.Sprint(got.total)
	if got.total < 0 {
		total = fmt.Sprintf("not told by the API, at least %d", l.skip+len(got.rows))
	}
	s := fmt.Sprintf("total %s; %d shown", total, shown)
	if l.skip > 0 {
		s += fmt.Sprintf(" from %d on", l.skip+1)
	}
	return s
}

// notes say everything that a reader could otherwise take wrongly.
func (l *listing) notes(got *listed) (out []string) {
	if len(l.where.echoes) > 0 {
		out = append(out, "read as "+strings.Join(l.where.echoes, ", "))
	}
	if got.cut && got.scanned == 0 {
		out = append(out, fmt.Sprintf("only the first %d rows were read: the counts are not complete", maxScan))
	}
	if got.scanned > 0 {
		s := fmt.Sprintf("filtered here over %d rows", got.scanned)
		if got.cut {
			s += ", of more: the list is not complete"
		}
		out = append(out, s)
	}
	if got.unread > 0 {
		out = append(out, fmt.Sprintf("%d rows left out because the condition could not be read", got.unread))
	}
	if got.repeated > 0 {
		out = append(out, fmt.Sprintf("%d rows that the API repeated left out", got.repeated))
	}
	if slices.Contains(l.columns, flagsColumn) && l.tool.kind != nil && len(got.rows) > 0 {
		read, not := l.flagsRead(got.rows)
		if len(read) > 0 {
			out = append(out, "flags read: "+strings.Join(read, " "))
		}
		if len(not) > 0 {
			out = append(out, "flags not read: "+strings.Join(not, " "))
		}
	}
	return out
}

func (l *listing) flagsRead(rows []jc.Row) (read, not []string) {
	for _, f := range l.tool.kind.Facts {
		if f.Flag == "" {
			continue
		}
		known := slices.ContainsFunc(rows, func(r jc.Row) bool { _, ok := f.Of(r); return ok })
		if known {
			read = append(read, f.Flag)
		} else {
			not = append(not, f.Flag)
		}
	}
	return read, not
}

// table makes the cells. A column that no row has is unread, not none; a name
// that two rows share gets the end of its id.
func (l *listing) table(rows []jc.Row) *table {
	t := &table{columns: l.columns}
	k := l.tool.kind
	has := map[string]bool{}
	names := map[string]int{}
	for _, row := range rows {
		for _, c := range l.columns {
			if _, ok := l.value(row, c); ok {
				has[c] = true
			}
		}
		if k != nil {
			names[row.Text(l.columns[0])]++
		}
	}
	for _, row := range rows {
		cells := make([]string, len(l.columns))
		for i, c := range l.columns {
			v, ok := l.value(row, c)
			switch {
			case !ok && !has[c]:
				cells[i] = unread
			case !ok && k != nil && k.Fact(c) != nil:
				cells[i] = unread
			case isSecret(c, v):
				cells[i] = unread
			default:
				cells[i] = cell(l.named(c, v))
			}
			if name, _ := v.(string); i == 0 && k != nil && len(k.Names) > 0 && name != "" && names[name] > 1 {
				if id := k.IDOf(row); id != "" {
					cells[i] = handle(cells[i], id)
				}
			}
		}
		t.rows = append(t.rows, cells)
	}
	return t
}

// named is the name of what a column of ids holds; the id itself where no name is known.
func (l *listing) named(column string, v any) any {
	if id, _ := v.(string); l.tool.idFields[column] != nil && l.names[id] != "" {
		return l.names[id]
	}
	return v
}

// value is what a column shows of a row; ok is false when it was not read.
func (l *listing) value(row jc.Row, column string) (any, bool) {
	k := l.tool.kind
	if column == flagsColumn && k != nil {
		return flagsOf(k, row), true
	}
	if k != nil {
		if f := k.Fact(column); f != nil {
			return f.Of(row)
		}
	}
	return row.At(column)
}

// flagsOf are the exceptions of an object; a flag that could not be read in a row
// where others could is shown with a question mark.
func flagsOf(k *jc.Kind, row jc.Row) any {
	var out []string
	for _, f := range k.Facts {
		if f.Flag == "" {
			continue
		}
		v, known := f.Of(row)
		switch b, _ := v.(bool); {
		case !known:
			out = append(out, f.Flag+"?")
		case b == f.Exception:
			out = append(out, f.Flag)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return strings.Join(out, " ")
}
