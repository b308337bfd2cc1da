package sandbox

import (
	"mime"
	"slices"
	"strings"
)

// sent reads the body and checks it against the operation. An operation that
// takes none passes over what is sent.
func (r *restCall) sent() (map[string]any, *reply) {
	if takes := r.op.options["takes"]; takes != "" {
		kind, _, err := mime.ParseMediaType(r.r.Header.Get("Content-Type"))
		if err != nil || kind != takes || len(r.body) == 0 {
			return nil, r.bad("the body must be " + takes)
		}
		return map[string]any{}, nil
	}
	if r.op.body == nil || (r.op.kind == "act" && r.op.body.open && len(r.op.body.fields) == 0 && !r.saysJSON()) {
		return map[string]any{}, nil
	}
	m, bad := r.object()
	if bad != nil {
		return nil, bad
	}
	if key := r.op.options["unwrap"]; key != "" {
		inner, isObject := m[key].(map[string]any)
		if !isObject {
			return nil, r.bad(key + " must be an object")
		}
		m = inner
	}
	if problem := r.op.body.misfit(m, "the body"); problem != "" {
		return nil, r.bad(problem)
	}
	return m, nil
}

// saysJSON is false for the few bodies, such as a sheet to import, whose form
// is not known.
func (r *restCall) saysJSON() bool {
	kind, _, err := mime.ParseMediaType(r.r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// calledName is how people call a document; two of one collection may not
// share it.
func calledName(m map[string]any) string {
	for _, field := range []string{"name", "displayName", "domain", "email"} {
		if s := text(m[field]); s != "" {
			return s
		}
	}
	return text(lookup(m, "fields.Name"))
}

func (r *restCall) taken(c *collection, m map[string]any, self string) *reply {
	name := calledName(m)
	if name == "" {
		return nil
	}
	for _, d := range c.order {
		if d.id != self && calledName(d.m) == name {
			return r.conflict("there is one named " + name)
		}
	}
	return nil
}

// into is the collection that a create adds to.
func (r *restCall) into() *collection {
	if in := r.op.options["in"]; in != "" {
		return r.collectionAt(r.fill(in))
	}
	return r.collectionAt(r.path)
}

func (r *restCall) create() *reply {
	m, bad := r.sent()
	if bad != nil {
		return bad
	}
	return r.store(r.into(), m)
}

// shapeOf is what a document of a collection may have.
func (r *restCall) shapeOf(c *collection) *shape {
	if rows := theRestTable().fit(c.name); rows != nil && r.realOf(c) == nil {
		return rows.is
	}
	s := r.op.answer
	if key := r.op.options["wrap"]; key != "" {
		s = s.field(key)
	}
	return s
}

// store adds a new document: what was sent, and what the service adds.
func (r *restCall) store(c *collection, m map[string]any) *reply {
	if r.op.most > 0 && len(c.order) >= r.op.most {
		return r.conflict("there is one already")
	}
	is := r.shapeOf(c)
	for name, values := range r.r.URL.Query() {
		if f := is.field(name); f != nil && f.kind == "s" && m[name] == nil {
			m = with(m, map[string]any{name: values[0]})
		}
	}
	if bad := r.taken(c, m, ""); bad != nil {
		return bad
	}
	if id := text(m[c.idKey]); id != "" && c.get(id) != nil {
		return r.conflict("there is one already")
	}
	d := c.addNext(r.completed(c, is, m))
	if r.rest.made == nil {
		r.rest.made = map[string]bool{}
	}
	r.rest.made[d.id] = true
	r.logChange(r.event("create"), r.service(), r.resource(c, d), nil)
	return r.answer(d, c)
}

// completed adds to a body what the sender cannot say: the id, dates, states.
// What the sender could have said and did not stays unsaid.
func (r *restCall) completed(c *collection, is *shape, m map[string]any) map[string]any {
	k := r.makerOf(c.name, nil)
	k.place, k.owners = c.name+"/"+r.newID("rest"), r.ids
	out := map[string]any{}
	if is == nil {
		is = &shape{}
	}
	for _, f := range is.fields {
		if r.op.body.field(f.name) == nil {
			out[f.name] = k.value(f.name, f.is)
		}
		switch name := strings.ToLower(f.name); {
		case f.is.kind == "t" && (strings.HasPrefix(name, "created") || strings.HasPrefix(name, "updated")):
			out[f.name] = stamp(r.at)
		case f.is.kind == "s" && (name == "createdby" || name == "updatedby"):
			out[f.name] = r.theAdmin()["email"]
		}
		if f.is.kind == "s" && slices.Contains(nameFields, f.name) {
			delete(out, f.name) // nobody named it
		}
	}
	keep := r.realOf(c) == nil
	for name, v := range m {
		if keep || is.field(name) != nil {
			out[name] = v
		}
	}
	if f := is.field(c.idKey); f != nil && m[c.idKey] == nil {
		out[c.idKey] = k.value(c.idKey, f)
		if f.kind == "i" || f.kind == "n" {
			out[c.idKey] = 2000 + c.seq
		}
	}
	if is.field("integrationId") != nil {
		out["integrationId"] = out["id"]
	}
	return out
}

func (r *restCall) replace() *reply {
	m, bad := r.sent()
	if bad != nil {
		return bad
	}
	changes := map[string]any{}
	for name := range r.target.m {
		if r.op.body.field(name) != nil && name != r.coll.idKey {
			changes[name] = nil
		}
	}
	return r.change(with(r.target.m, changes), m)
}

func (r *restCall) patch() *reply {
	m, bad := r.sent()
	if bad != nil {
		return bad
	}
	return r.change(r.target.m, m)
}

// change lays what was sent over a document.
func (r *restCall) change(old, sent map[string]any) *reply {
	if id, has := sent[r.coll.idKey]; has && id != r.target.m[r.coll.idKey] {
		return r.bad(r.coll.idKey + " cannot be changed")
	}
	if bad := r.taken(r.coll, sent, r.target.id); bad != nil {
		return bad
	}
	keep := map[string]any{}
	real := r.realOf(r.coll) != nil
	for name, v := range sent {
		if !real || r.target.m[name] != nil || r.shapeOf(r.coll).field(name) != nil {
			keep[name] = v
		}
	}
	m := overlay(old, keep)
	for _, name := range []string{"updatedAt", "updated"} {
		if m[name] != nil {
			m[name] = stamp(r.at)
		}
	}
	d := r.update(r.coll, r.target, m, r.event("update"), r.service(), func(d *doc) map[string]any { return r.resource(r.coll, d) })
	return r.answer(d, r.coll)
}

// upsert changes the object whose id is sent, or makes a new one.
func (r *restCall) upsert() *reply {
	m, bad := r.sent()
	if bad != nil {
		return bad
	}
	c := r.into()
	id, has := m["id"].(string)
	if !has {
		return r.store(c, m)
	}
	r.coll, r.target = c, c.get(id)
	if r.target == nil {
		return r.notFound()
	}
	return r.change(r.target.m, m)
}

func (r *restCall) remove() *reply {
	r.coll.remove(r.target)
	kind := ""
	if real := r.realOf(r.coll); real != nil {
		kind = real.kind
	} else if k, known := kindAt(r.coll.name); known {
		kind = k.kind
	}
	if kind != "" {
		r.graph.forget(node{kind, r.target.id})
	}
	r.logChange(r.event("delete"), r.service(), r.resource(r.coll, r.target), nil)
	return r.answer(r.target, r.coll)
}
