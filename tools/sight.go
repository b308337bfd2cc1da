package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// `fields` of a grant says which fields of a toolset's objects an agent sees. It is
// decided here alone: lists, single objects, candidates, completions, resources and
// the answers of changes all ask [sight.has].

// narrowing is what a grant leaves of the fields of a toolset.
type narrowing struct {
	toolset string
	fields  []string
	rule    string // the line that narrows, where it is known
}

// sight is what a caller sees of objects: each narrowing holds. nil is everything.
type sight []narrowing

// has reports whether a field, or a fact of ours under its own name, may be seen,
// asked for and compared with. The id is no news: it is how an object is named
// where its name is not granted.
func (s sight) has(field string) bool {
	head, _, _ := strings.Cut(field, ".")
	for _, n := range s {
		if !slices.Contains(n.fields, field) && !slices.Contains(n.fields, head) && field != "id" && field != "_id" {
			return false
		}
	}
	return true
}

// of are those of the fields that may be seen.
func (s sight) of(fields []string) []string {
	if len(s) == 0 {
		return fields
	}
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return !s.has(f) })
}

// flag reports whether a flag may be shown: its fact may.
func (s sight) flag(f jc.Fact) bool { return f.Flag != "" && s.has(f.Name) }

// column reports whether a column may be shown; that of the flags as soon as one flag may.
func (s sight) column(k *jc.Kind, name string) bool {
	if name == flagsColumn && k != nil && len(s) > 0 {
		return slices.ContainsFunc(k.Facts, s.flag)
	}
	return s.has(name)
}

// mask leaves of an object what may be seen.
func (s sight) mask(row jc.Row) jc.Row {
	if len(s) == 0 {
		return row
	}
	out := jc.Row{}
	for name, v := range row {
		if s.has(name) {
			out[name] = v
			continue
		}
		for _, n := range s { // "mfa.configured" is granted, mfa is not
			for _, f := range n.fields {
				rest, below := strings.CutPrefix(f, name+".")
				if leaf, ok := row.At(f); below && ok && s.has(f) && !strings.Contains(rest, ".") {
					part, _ := out[name].(map[string]any)
					if part == nil {
						part = map[string]any{}
						out[name] = part
					}
					part[rest] = leaf
				}
			}
		}
	}
	return out
}

// names reports whether the field by which people call an object may be seen.
func (s sight) names(k *jc.Kind) bool { return s.has(k.NameColumn()) }

// by is the kind with only those names that may be seen, for looking names up; nil
// where people's name for it may not.
func (s sight) by(k *jc.Kind) *jc.Kind {
	switch {
	case len(s) == 0:
		return k
	case !s.names(k):
		return nil
	}
	out := *k
	out.Label = k.NameColumn()
	out.Names = slices.DeleteFunc(slices.Clone(k.Names), func(n jc.Name) bool { return !s.has(n.Field) })
	return &out
}

// called reports whether a name that was given is one that may be compared with.
func (s sight) called(o jc.Object, given string) bool {
	return len(s) == 0 || slices.ContainsFunc(o.Kind.Names, func(n jc.Name) bool {
		is := o.Row.Text(n.Field)
		return s.has(n.Field) && is != "" && (is == given || n.Fold && strings.EqualFold(is, given))
	})
}

// refuse says that a field is not granted, and which are.
func (s sight) refuse(field string) error {
	var known []string
	where, rule := "fields of the grant", ""
	for _, n := range s {
		if field == "" || !(sight{n}).has(field) {
			if n.rule != "" {
				where, rule = n.rule+": fields", n.rule
			}
			known = append(known, fmt.Sprintf("%s of %s is not granted; known: %s", strings.TrimSpace("field "+clip(field)), n.toolset, joinNames(n.fields)))
		}
	}
	return &citing{&Refusal{jc.CodeDenied, "denied by this server (" + where + "), not by JumpCloud. " + upper(strings.Join(known, "; "))}, rule}
}

// sees is what somebody sees of the objects of toolsets.
func (d *Desk) sees(who auth.Principal, toolsets ...string) (out sight) {
	slices.Sort(toolsets)
	for _, set := range slices.Compact(toolsets) {
		if set == "" {
			continue
		}
		if fields, narrowed := d.o.Grants.Fields(who, set); narrowed {
			n := narrowing{toolset: set, fields: fields}
			if cites, ok := d.o.Grants.(interface {
				FieldsRule(p auth.Principal, toolset string) string
			}); ok {
				n.rule = cites.FieldsRule(who, set)
			}
			out = append(out, n)
		}
	}
	return out
}

// seesKind is what somebody sees of objects of a kind, wherever they are shown.
func (d *Desk) seesKind(who auth.Principal, k *jc.Kind) sight {
	if k == nil {
		return nil
	}
	return d.sees(who, d.homes[k.Type])
}

// seesOf is what somebody sees of what a tool shows: its toolset binds, and the one
// where objects of that kind are at home.
func (d *Desk) seesOf(who auth.Principal, t *Tool) sight {
	if t.kind == nil {
		return d.sees(who, t.Toolset)
	}
	return d.sees(who, t.Toolset, d.homes[t.kind.Type])
}

// homesOf gives each kind the toolset whose list shows objects of it.
func homesOf(all []*Tool) map[string]string {
	out := map[string]string{}
	for _, t := range all {
		if t.kind != nil && t.lists && t.Name == t.Toolset+"_list" && out[t.kind.Type] == "" {
			out[t.kind.Type] = t.Toolset
		}
	}
	for i := range things {
		out[things[i].kind.Type] = things[i].plural
	}
	return out
}

// sees is what the caller sees of what a tool shows. Whoever asks is bound by it.
func (r *Reader) sees(t *Tool) sight {
	r.bound.Store(true)
	return r.d.seesOf(r.trip.who, t)
}

// field is [Tool.field], of those that the caller may see.
func (s sight) field(t *Tool, arg, name string) (*jc.Fact, error) {
	if !s.column(t.kind, name) {
		return nil, s.refuse(name)
	}
	return t.field(arg, name)
}

// unbound refuses a read that shows objects in a way of its own, where the grant
// leaves only some of their fields: it would show others.
func (r *Reader) unbound() error {
	t := r.trip.tool
	if t.Risk != auth.Read || r.bound.Load() {
		return nil
	}
	if s := r.d.seesOf(r.trip.who, t); len(s) > 0 {
		return s.refuse("")
	}
	own := slices.Concat(t.Operations, t.reads)
	for _, other := range r.d.o.Tools {
		if other.kind == nil || other.Risk != auth.Read || len(other.Operations) == 0 {
			continue
		}
		if s := r.d.seesKind(r.trip.who, other.kind); len(s) > 0 && slices.ContainsFunc(other.Operations, func(e jc.Endpoint) bool { return slices.Contains(own, e) }) {
			return s.refuse("")
		}
	}
	return nil
}

// shows reports whether an include may be shown: where its tool's toolset is
// narrowed only names are, and where there is none its own name has to be granted.
func (g *getting) shows(r *Reader, s sight, x include) bool {
	if x.needs == "" {
		return s.has(x.name)
	}
	other := r.d.sees(r.trip.who, toolsetOf(x.needs))
	if len(other) == 0 {
		return true
	}
	i := slices.IndexFunc(things, func(th thing) bool { return th.lister() == x.needs })
	return i >= 0 && other.names(things[i].kind)
}

// finder finds objects for one caller.
type finder struct {
	*jc.Directory
	// sees is what the caller sees of a kind; nil is everything.
	sees func(*jc.Kind) sight
	// hides reports which objects the caller must not know of; nil is none of any kind.
	hides func(context.Context, *jc.Kind, []auth.Target) []bool
	// shown says that what is found is only shown: names that are not granted become
	// ids. A change keeps them, for the person who approves and for the audit.
	shown bool
}

// finds is what finds objects for a call.
func (d *Desk) finds(tr *trip) *finder {
	return &finder{
		Directory: d.dir.Directory,
		sees:      func(k *jc.Kind) sight { return d.seesKind(tr.who, k) },
		hides: func(ctx context.Context, _ *jc.Kind, objects []auth.Target) []bool {
			return d.hidden(ctx, tr.who, tr.tool, nil, objects)
		},
		shown: tr.tool.Risk == auth.Read,
	}
}

func (d *finder) of(k *jc.Kind) sight {
	if d.sees == nil {
		return nil
	}
	return d.sees(k)
}

func (d *finder) named(o jc.Object) jc.Object {
	if s := d.of(o.Kind); d.shown && o.Kind != nil && len(s) > 0 && !s.names(o.Kind) {
		o.Name = o.ID
	}
	return o
}

// ByID is [jc.Directory.ByID] with the names that may be seen.
func (d *finder) ByID(ctx context.Context, k *jc.Kind, ids []string, fresh bool) (map[string]jc.Object, error) {
	out, err := d.Directory.ByID(ctx, k, ids, fresh)
	d.leave(ctx, k, out)
	for id, o := range out {
		out[id] = d.named(o)
	}
	return out, err
}

// ByName is [jc.Directory.ByName] with the names that may be seen.
func (d *finder) ByName(ctx context.Context, k *jc.Kind, names []string, fresh bool) (map[string][]jc.Object, error) {
	out, err := d.Directory.ByName(ctx, k, names, fresh)
	for name, list := range out {
		list = d.known(ctx, k, list)
		for i, o := range list {
			list[i] = d.named(o)
		}
		out[name] = list
	}
	return out, err
}

// offers are names near to one that nothing has, of those that may be seen.
func (d *finder) offers(ctx context.Context, k *jc.Kind, name string) []string {
	if d.hides != nil && d.hides(ctx, k, []auth.Target{{Type: k.Type}})[0] {
		return nil // only some are known to the caller, and nothing may tell of the others
	}
	if k = d.of(k).by(k); k == nil {
		return nil
	}
	return d.Nearest(ctx, k, name)
}

// hush takes out of the answer to a change what the caller may not see: values before
// and after, names of targets, what is known of how they stand.
func (d *Desk) hush(who auth.Principal, p *Plan, a Answer) Answer {
	var pairs []string
	for _, s := range p.all() {
		var seen sight
		for i, t := range s.Targets {
			k := jc.KindOf(t.Type)
			mine := d.seesKind(who, k)
			if i == 0 {
				seen = append(d.sees(who, s.Tool.Toolset), mine...)
			}
			if len(mine) > 0 && t.ID != "" && t.Name != "" && !mine.names(k) {
				pairs = append(pairs, k.Noun+" "+plainName(t.Name), k.Noun+" "+t.ID, plainName(t.Name), t.ID)
			}
		}
		if len(seen) == 0 {
			continue
		}
		if s.State != "" {
			pairs = append(pairs, s.State, notGranted)
		}
		for name, v := range s.After {
			if seen.has(name) {
				continue
			}
			was, had := s.Before[name]
			if had {
				pairs = append(pairs, fmt.Sprintf("%s %s -> %s", name, inline(was), inline(v)), fmt.Sprintf("%s %s -> %s", name, notGranted, notGranted),
					fmt.Sprintf("%s %s -> ", name, inline(was)), fmt.Sprintf("%s %s -> ", name, notGranted))
			}
			pairs = append(pairs, fmt.Sprintf("%s - -> %s", name, inline(v)), fmt.Sprintf("%s - -> %s", name, notGranted),
				fmt.Sprintf("%s=%s", name, inline(v)), name+"="+notGranted)
		}
	}
	if len(pairs) == 0 {
		return a
	}
	quiet := strings.NewReplacer(pairs...)
	a.Text = slices.Clone(a.Text)
	for i := range a.Text {
		a.Text[i] = quiet.Replace(a.Text[i])
	}
	for i, row := range a.rows {
		a.rows[i] = slices.Clone(row)
		for j := range row {
			a.rows[i][j] = quiet.Replace(row[j])
		}
	}
	return a
}

// hides reports whether a change gives a field that the caller may not see: that it
// is so already would tell its value.
func (r *Reader) hides(t *Tool, given map[string]any) bool {
	s := r.d.seesOf(r.trip.who, t)
	for name := range given {
		if !s.has(name) {
			return true
		}
	}
	return false
}
