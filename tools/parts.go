package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// part is one of the reads that a list is put together from: a policy of all
// policies, a hundred devices of a group.
type part struct {
	req   jc.Request
	query jc.Query
}

// patchwork is a list that is put together from parts. It looks to callers like
// any other list: the same arguments, head and rows.
type patchwork struct {
	*listing
	clauses []clause
	parts   []part
	page    int // rows asked for at once
	most    int // rows read at most where conditions are answered here
	// keep are the fields that a row is cut down to while many are read; nil for whole rows.
	keep []string
	// asked are conditions that the API answers, so that its total is not of all rows.
	asked bool
	extra []string // notes of its own for the head
}

// begin reads the arguments that all lists take.
func begin(ctx context.Context, t *Tool, r *Reader, in any, check func(jc.Row) error) (*patchwork, error) {
	args := r.trip.args.list
	l := &listing{tool: t, sees: r.sees(t), limit: args.Limit, check: check}
	if l.limit == 0 {
		l.limit = defaultLimit
	}
	key, err := json.Marshal([]any{in, args.Filter, args.Sort})
	if err != nil {
		return nil, err
	}
	l.key = string(key)
	if r.trip.args.export.All {
		l.limit = maxScan
	}
	if args.Cursor != "" {
		p, err := r.place(args.Cursor, l.key)
		if err != nil {
			return nil, err
		}
		l.skip = p.Skip
	}
	w := &patchwork{listing: l, page: jc.MaxPage, most: maxScan}
	if w.clauses, err = parseFilter(args.Filter, time.Now()); err != nil {
		return nil, err
	}
	for i := range w.clauses {
		c := &w.clauses[i]
		if c.field == "system_id" && t.idFields[deviceField] != nil {
			c.field = deviceField
		}
		if c.fact, err = l.sees.field(t, "filter", c.field); err != nil {
			return nil, err
		}
		if e := c.echo(); e != "" {
			l.where.echoes = append(l.where.echoes, e)
		}
		if err := t.byName(ctx, r, c); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// plan is a plan of one read of all parts.
func (w *patchwork) plan(at jc.Endpoint, in any, show func(context.Context, *Reader, *listed) Answer) *Plan {
	read := func(ctx context.Context, r *Reader) (any, error) {
		if r.trip.args.export.Export != "" {
			return w.export(ctx, r)
		}
		got, err := w.gather(ctx, r)
		if err != nil {
			return nil, err
		}
		if len(got.rows) == 0 && w.skip == 0 {
			if err := parentExists(ctx, r, in); err != nil {
				return nil, err
			}
		}
		return got, w.nameIDs(ctx, r, got.rows)
	}
	plan := readPlan(at, in, read, func(ctx context.Context, r *Reader, got any) Answer {
		var a Answer
		if file, ok := got.(*exported); ok {
			a = w.showExport(ctx, r, file)
		} else {
			a = show(ctx, r, got.(*listed))
		}
		for _, note := range w.extra {
			a.Text[0] += "; " + note
		}
		return a
	})
	plan.Steps[0].Tool = w.tool
	return plan
}

// whole reports whether all rows have to be read to answer.
func (w *patchwork) whole() bool {
	return len(w.where.here) > 0 || w.countBy != "" || w.sort != "" && len(w.parts) > 1
}

// gather reads the stretch that is asked for, or everything where that is needed.
func (w *patchwork) gather(ctx context.Context, r *Reader) (*listed, error) {
	if !w.whole() && len(w.parts) == 1 {
		p := w.parts[0]
		p.query.Skip, p.query.Limit = w.skip, w.limit
		rows, err := r.d.o.Client.Page(ctx, p.req, p.query)
		if err != nil {
			return nil, err
		}
		return &listed{rows: rows.Rows, total: rows.Total}, w.checked(rows.Rows)
	}
	if !w.whole() && !w.asked {
		if got, err := w.stretch(ctx, r); got != nil || err != nil {
			return got, err
		}
	}
	return w.all(ctx, r)
}

func (w *patchwork) checked(rows []jc.Row) error {
	for _, row := range rows {
		if err := w.check(row); err != nil {
			return err
		}
	}
	return nil
}

// stretch reads from several parts only what is shown, where the API tells how
// long each is; nil where it does not.
func (w *patchwork) stretch(ctx context.Context, r *Reader) (*listed, error) {
	sizes := make([]int, len(w.parts))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, p := range w.parts {
		g.Go(func() error {
			p.query.Limit = 1
			page, err := r.d.o.Client.Page(gctx, p.req, p.query)
			sizes[i] = page.Total
			return err
		})
	}
	if err := g.Wait(); err != nil || slices.Contains(sizes, -1) {
		return nil, err
	}
	got := &listed{}
	from, left := w.skip, w.limit
	for i, p := range w.parts {
		got.total += sizes[i]
		if from >= sizes[i] || left == 0 {
			from = max(0, from-sizes[i])
			continue
		}
		p.query.Skip = from
		rows, _, err := r.walk(ctx, p.req, p.query, min(left, sizes[i]-from))
		if err != nil {
			return nil, err
		}
		from, left = 0, left-len(rows.Rows)
		got.rows = append(got.rows, rows.Rows...)
	}
	return got, w.checked(got.rows)
}

// all reads every part to its end, the parts side by side, and keeps the rows
// that meet the conditions.
func (w *patchwork) all(ctx context.Context, r *Reader) (*listed, error) {
	var mu sync.Mutex
	out := &listed{}
	hits := make([][]jc.Row, len(w.parts))
	read := 0
	take := func(i int, rows []jc.Row) (goOn bool, err error) {
		if err := w.checked(rows); err != nil {
			return false, err
		}
		some, untold := w.meeting(rows)
		mu.Lock()
		defer mu.Unlock()
		hits[i] = append(hits[i], some...)
		out.unread += untold
		if read += len(rows); read >= w.most {
			out.cut = true
		}
		if p := r.trip.call.Progress; p != nil && len(w.parts) == 1 {
			p(read, 0, "rows read")
		}
		return !out.cut, nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, p := range w.parts {
		g.Go(func() error { return w.each(gctx, r, p, func(rows []jc.Row) (bool, error) { return take(i, rows) }) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(w.where.here) > 0 {
		out.scanned = read
	}
	rows := slices.Concat(hits...)
	out.total = len(rows)
	if w.sort != "" && len(w.parts) > 1 {
		sortRows(rows, w.sort)
	}
	if w.countBy == "" {
		rows = rows[min(w.skip, len(rows)):min(w.skip+w.limit, len(rows))]
	}
	out.rows = rows
	return out, nil
}

// meeting are the rows of a page that meet the conditions, cut down to the
// fields that are needed; untold counts those that do not tell.
func (w *patchwork) meeting(rows []jc.Row) (out []jc.Row, untold int) {
	for _, row := range rows {
		all, told := true, true
		for _, c := range w.where.here {
			holds, known := c.holds(row)
			all, told = all && holds, told && known
		}
		switch {
		case !told:
			untold++
		case all:
			out = append(out, w.slim(row))
		}
	}
	return out, untold
}

func (w *patchwork) slim(row jc.Row) jc.Row {
	if w.keep == nil {
		return row
	}
	out := make(jc.Row, len(w.keep))
	for _, f := range w.keep {
		if v, ok := row[f]; ok {
			out[f] = v
		}
	}
	return out
}

// each goes through the pages of a part. A page that is too large for one
// answer is asked for in smaller ones.
func (w *patchwork) each(ctx context.Context, r *Reader, p part, f func([]jc.Row) (bool, error)) error {
	p.query.Limit = w.page
	for {
		rows, err := r.d.o.Client.Page(ctx, p.req, p.query)
		if jc.IsCode(err, jc.CodeTooLarge) && p.query.Limit > jc.MaxPage {
			p.query.Limit = max(jc.MaxPage, p.query.Limit/4)
			continue
		}
		if err != nil {
			return err
		}
		goOn, err := f(rows.Rows)
		if err != nil || !goOn || len(rows.Rows) < p.query.Limit {
			return err
		}
		p.query.Skip += len(rows.Rows)
	}
}

// nameIDs finds the names of the ids that shown columns hold. Where names cannot
// be read the ids stay, and it is said.
func (w *patchwork) nameIDs(ctx context.Context, r *Reader, rows []jc.Row) error {
	if w.names == nil {
		w.names = map[string]string{}
	}
	for _, column := range w.columns {
		k := w.tool.idFields[column]
		if k == nil {
			continue
		}
		seen := map[string]bool{}
		var ids []string
		for _, row := range rows {
			v, _ := w.value(row, column)
			id, _ := v.(string)
			if k.IsID(id) && !seen[id] && w.names[id] == "" {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		objects, err := r.dir.ByID(ctx, k, ids, false)
		if jc.IsCode(err, jc.CodeForbidden) {
			w.extra = append(w.extra, k.Noun+" names not read (403 role)")
			continue
		}
		if err != nil {
			return err
		}
		w.addNames(objects)
	}
	return nil
}

// addNames notes names; one that several objects share gets the end of the id.
func (w *patchwork) addNames(objects map[string]jc.Object) {
	count := map[string]int{}
	for _, o := range objects {
		count[o.Name]++
	}
	for id, o := range objects {
		if w.names[id] = o.Name; count[o.Name] > 1 {
			w.names[id] = handle(o.Name, id)
		}
	}
}

// idsAsked are the ids that an argument and the conditions on some fields leave;
// nil for all.
func idsAsked(one jc.Object, clauses []clause, fields ...string) map[string]bool {
	var all map[string]bool
	narrow := func(ids map[string]bool) {
		if all == nil {
			all = ids
			return
		}
		both := map[string]bool{}
		for id := range ids {
			if all[id] {
				both[id] = true
			}
		}
		all = both
	}
	if one.ID != "" {
		narrow(map[string]bool{one.ID: true})
	}
	for _, c := range clauses {
		if c.ids != nil && c.op == "=" && slices.Contains(fields, c.field) {
			narrow(c.ids)
		}
	}
	return all
}

// among splits ids into questions of a hundred each: "field:in:a|b".
func among(field string, ids []string) (filters []string) {
	for part := range slices.Chunk(ids, jc.MaxPage) {
		if len(part) == 1 {
			filters = append(filters, field+":eq:"+part[0])
			continue
		}
		all := part[0]
		for _, id := range part[1:] {
			all += "|" + id
		}
		filters = append(filters, fmt.Sprintf("%s:in:%s", field, all))
	}
	return filters
}
