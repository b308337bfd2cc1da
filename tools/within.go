package tools

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// `only` with `reads: true` leaves an agent some objects. Another one is, to that
// agent, not there: lists, counts and exports leave it out, and no name or id finds it.
// Which are left is the one decision of the grants, asked for each object here alone.
// A read that does not ask here is refused under such a line, for nobody would know
// whose objects it shows.

// narrowed reports whether a caller sees only some objects with a tool that reads.
func (d *Desk) narrowed(who auth.Principal, t *Tool) bool {
	return t != nil && t.Risk == auth.Read && d.asSuch(who, t).Narrowed
}

// fewDecided are decided one by one; of more, whole groups are read.
const fewDecided = 8

// hidden reports which of the objects a caller must not know of, when a tool shows
// them beside the objects that it was asked about: the tool's own grant decides, and
// the one of the list where objects of that kind are at home.
func (d *Desk) hidden(ctx context.Context, who auth.Principal, t *Tool, beside, objects []auth.Target) []bool {
	out := make([]bool, len(objects))
	if len(objects) > fewDecided {
		ctx = auth.WithMany(ctx)
	}
	var g errgroup.Group
	g.SetLimit(fewDecided)
	mine := d.narrowed(who, t)
	homes := map[string]*Tool{}
	for _, o := range objects {
		if _, known := homes[o.Type]; known {
			continue
		}
		homes[o.Type] = nil
		if home := d.listers[o.Type]; home != t && d.narrowed(who, home) {
			homes[o.Type] = home
		}
	}
	for i, o := range objects {
		home := homes[o.Type]
		if !mine && home == nil {
			continue
		}
		g.Go(func() error {
			out[i] = mine && !d.shows(ctx, who, t, append(slices.Clone(beside), o)) || home != nil && !d.shows(ctx, who, home, []auth.Target{o})
			return nil
		})
	}
	_ = g.Wait()
	return out
}

func (d *Desk) shows(ctx context.Context, who auth.Principal, t *Tool, targets []auth.Target) bool {
	a := t.action()
	a.Targets = targets
	return d.o.Grants.Decide(ctx, who, a).Allow
}

// listersOf gives each kind the list where objects of it are at home.
func listersOf(all []*Tool) map[string]*Tool {
	out := map[string]*Tool{}
	for _, t := range all {
		if t.kind != nil && t.lists && t.Name == t.Toolset+"_list" && out[t.kind.Type] == nil {
			out[t.kind.Type] = t
		}
	}
	return out
}

// leave takes the objects out that the caller must not know of.
func (d *finder) leave(ctx context.Context, k *jc.Kind, found map[string]jc.Object) {
	kept := d.known(ctx, k, slices.Collect(maps.Values(found)))
	if len(kept) == len(found) {
		return
	}
	clear(found)
	for _, o := range kept {
		found[o.ID] = o
	}
}

// known are those of the objects that the caller may know of.
func (d *finder) known(ctx context.Context, k *jc.Kind, objects []jc.Object) []jc.Object {
	if d.hides == nil || len(objects) == 0 {
		return objects
	}
	targets := make([]auth.Target, len(objects))
	for i, o := range objects {
		targets[i] = auth.Target{Type: k.Type, ID: o.ID, Name: o.Name}
	}
	hidden := d.hides(ctx, k, targets)
	var out []jc.Object
	for i, o := range objects {
		if !hidden[i] {
			out = append(out, o)
		}
	}
	return out
}

// keeps says that a read leaves out what the caller must not know of, and reports
// whether there is such a thing for the tool.
func (r *Reader) keeps(t *Tool) bool {
	r.spares.Store(true)
	return r.d.narrowed(r.trip.who, t)
}

// rowTarget is the object that a row of a list is; ok is false where that is not told.
func (t *Tool) rowTarget(raw, shown jc.Row) (x auth.Target, ok bool) {
	if t.kind != nil {
		x = auth.Target{Type: t.kind.Type, ID: t.kind.IDOf(raw), Name: t.kind.NameOf(raw)}
		return x, x.ID != ""
	}
	for _, typeField := range t.naming {
		x = auth.Target{Type: shown.Text(typeField), ID: shown.Text("id")}
	}
	return x, x.Type != "" && x.ID != ""
}

// rowsTold reports whether the rows of a list tell which objects they are.
func (t *Tool) rowsTold() bool { return t.kind != nil || len(t.naming) == 1 }

// leave takes the rows out that the caller must not know of, and from the others the
// ids of such objects.
func (l *listing) leave(ctx context.Context, r *Reader, rows []jc.Row, of []auth.Target) []jc.Row {
	hidden := r.d.hidden(ctx, r.trip.who, l.tool, l.beside, of)
	var out []jc.Row
	for i, row := range rows {
		if hidden[i] || of[i].ID == "" {
			continue
		}
		out = append(out, withoutIDs(row, func(field, id string) bool { return id == of[i].ID || l.tool.idFields[field] != nil }))
	}
	return out
}

var idForm = regexp.MustCompile(`^(?:[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// withoutIDs is a row without the ids of other objects; keep says of a field of the
// row, or of one further in, which may stay.
func withoutIDs(row jc.Row, keep func(field, id string) bool) jc.Row {
	out := jc.Row{}
	for field, v := range row {
		out[field] = hideIDs(v, func(id string) bool { return keep(field, id) })
	}
	return out
}

func hideIDs(v any, keep func(id string) bool) any {
	switch x := v.(type) {
	case string:
		if idForm.MatchString(x) && !keep(x) {
			return notGranted
		}
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = hideIDs(e, keep)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, e := range x {
			out[name] = hideIDs(e, keep)
		}
		return out
	}
	return v
}

// only leaves of an object that is read what the caller may know: no id of another
// object of which he must not know.
func (r *Reader) only(ctx context.Context, t *Tool, targets []auth.Target, row jc.Row, ids map[string]*jc.Kind) jc.Row {
	if !r.keeps(t) {
		return row
	}
	return withoutIDs(row, func(field, id string) bool {
		if slices.ContainsFunc(targets, func(x auth.Target) bool { return x.ID == id }) {
			return true
		}
		k := ids[field]
		return k != nil && !r.d.hidden(ctx, r.trip.who, t, nil, []auth.Target{{Type: k.Type, ID: id}})[0]
	})
}

// unkept refuses a read under a line that leaves some objects only, where the read
// does not tell whose objects it shows.
func (r *Reader) unkept() error {
	t := r.trip.tool
	if t.Risk != auth.Read || r.spares.Load() {
		return nil
	}
	dec := r.d.asSuch(r.trip.who, t)
	if !dec.Narrowed {
		return nil
	}
	dec.Reason = "only some objects (reads: true), and what " + t.Name + " shows cannot be narrowed to them"
	return denied(dec)
}
