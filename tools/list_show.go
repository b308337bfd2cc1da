package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

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
	shown := t.fit(r.room(400))
	head := []string{l.totals(got, shown)}
	next := ""
	more := got.total - l.skip - shown
	if more > 0 || got.total < 0 && (shown == l.limit || shown < len(got.rows)) {
		next = r.goOn(place{Skip: l.skip + shown}, l.key)
		head = append(head, "next="+next)
	}
	if shown < len(got.rows) {
		head = append(head, fmt.Sprintf("cut at %d tokens: ask for fewer fields or a narrower filter", r.cap()))
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
	if got.doubtful {
		out = append(out, "how this list pages is not published: there may be more than was read")
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
		if !l.sees.flag(f) {
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
	id, _ := v.(string)
	switch {
	case l.tool.idFields[column] == nil || id == "":
		return v
	case l.names[id] != "":
		return l.names[id]
	case l.narrowed:
		return notGranted
	}
	return v
}

// value is what a column shows of a row; ok is false when it was not read.
func (l *listing) value(row jc.Row, column string) (any, bool) {
	k := l.tool.kind
	if column == flagsColumn && k != nil {
		return flagsOf(k, row, l.sees), true
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
func flagsOf(k *jc.Kind, row jc.Row, sees sight) any {
	var out []string
	for _, f := range k.Facts {
		if !sees.flag(f) {
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
