package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// rest is what the generic operations keep. Nothing of it is made before the
// first request that needs it.
type rest struct {
	collections map[string]*collection    // by path, ids filled in
	single      map[string]map[string]any // what was set, by path
	acts        *collection
	made        map[string]bool // ids of what was created: it has no children at first
}

// restCall is a request to a generic operation.
type restCall struct {
	*call
	op     *restOp
	ids    []string
	path   string      // of the request, as the table writes it, ids filled in
	coll   *collection // of the last id in the path
	target *doc
}

// restKinds answers each kind of operation. It is filled in init because the
// reader of the table, which the handlers reach, checks against it.
var restKinds map[string]func(*restCall) *reply

func init() {
	restKinds = map[string]func(*restCall) *reply{
		"list": (*restCall).list, "get": (*restCall).get, "create": (*restCall).create, "replace": (*restCall).replace,
		"patch": (*restCall).patch, "upsert": (*restCall).upsert, "delete": (*restCall).remove,
		"show": (*restCall).show, "set": (*restCall).set, "reset": (*restCall).reset, "act": (*restCall).act,
	}
}

func restRoutes(add func(string, handler)) {
	for _, op := range theRestTable().ops {
		add(op.method+" "+op.fullPath(), op.handle)
	}
}

func (op *restOp) handle(c *call) *reply {
	r := &restCall{call: c, op: op}
	parts := slices.Clone(op.parts)
	sent := strings.Split(strings.TrimPrefix(c.r.URL.EscapedPath(), op.prefix()), "/")
	found := true
	for i, part := range parts {
		if !isID(part) {
			continue
		}
		id, err := url.PathUnescape(sent[i])
		if err != nil {
			return c.notFound()
		}
		r.ids = append(r.ids, id)
		parts[i] = id
		found = found && r.owner(i, parts, id)
	}
	r.path = strings.Join(parts, "/")
	if !found && op.kind == "list" {
		// Children of a parent that does not exist list as empty (O).
		return r.listed(newCollection("none", "id"), nil)
	}
	if !found {
		return c.notFound()
	}
	return restKinds[op.kind](r)
}

func (op *restOp) prefix() string { return strings.TrimSuffix(op.fullPath(), op.path) }

// owner looks up the object that the i-th part of the path names.
func (r *restCall) owner(i int, parts []string, id string) bool {
	name := strings.Join(parts[:i], "/")
	if ref := theRestTable().refs[strings.Join(r.op.parts[:i+1], "/")]; ref == "any" {
		r.coll, r.target = nil, nil
		return true
	} else if ref != "" {
		name = r.fill(ref)
	}
	r.coll = r.collectionAt(name)
	if r.coll == nil {
		return false
	}
	r.target = r.coll.get(id)
	if real := realAt(name); r.target != nil && real != nil && real.owner != "" {
		return r.target.m[real.owner] == r.ids[len(r.ids)-2]
	}
	return r.target != nil
}

// fill puts the ids of the path in the places of a pattern, in their order.
func (r *restCall) fill(pattern string) string {
	for _, id := range r.ids {
		pattern = strings.Replace(pattern, "{}", id, 1)
	}
	return pattern
}

func realAt(name string) *realPath {
	parts := strings.Split(name, "/")
	for i := range realPaths() {
		if r := &realPaths()[i]; matches(r.parts, parts) {
			return r
		}
	}
	return nil
}

// realOf is the entry of a collection that has behaviour of its own elsewhere.
func (o *Org) realOf(c *collection) *realPath {
	for i := range realPaths() {
		if r := &realPaths()[i]; r.pick(o) == c {
			return r
		}
	}
	return nil
}

// collectionAt gives the collection of a path with ids filled in, nil when
// there is none. A generic one is made with its seeds when first asked for;
// who asks has seen that its owner is there.
func (o *Org) collectionAt(name string) *collection {
	if real := realAt(name); real != nil {
		return real.pick(o)
	}
	if c := o.rest.collections[name]; c != nil {
		return c
	}
	rows := theRestTable().fit(name)
	if rows == nil {
		return nil
	}
	c := newCollection(name, rows.key)
	k := o.makerOf(name, rows)
	seeds := rows.seeds
	if slices.ContainsFunc(k.owners, func(id string) bool { return o.rest.made[id] }) {
		seeds = 0
	}
	for n := range seeds {
		k.n = n
		m := k.filled(rows.is, nil, true)
		if tie := seedTies[rows.pattern]; tie != nil {
			tie(o, n, m)
		}
		c.addNext(m)
	}
	if o.rest.collections == nil {
		o.rest.collections = map[string]*collection{}
	}
	o.rest.collections[name] = c
	return c
}

func (o *Org) makerOf(name string, rows *restRows) *maker {
	k := &maker{o: o, place: name}
	if rows != nil {
		k.names, k.last = rows.names, rows.key
		for i, part := range strings.Split(name, "/") {
			if rows.parts[i] == "{}" {
				k.owners = append(k.owners, part)
			}
		}
	}
	return k
}

// addNext stores a document under its id, whatever type that has; one without
// an id field is told apart by its place.
func (c *collection) addNext(m map[string]any) *doc {
	if _, isText := m[c.idKey].(string); isText {
		return c.add(m)
	}
	id := fmt.Sprint(c.seq + 1)
	if v, has := m[c.idKey]; has {
		id = fmt.Sprint(v)
	}
	c.seq++
	d := &doc{id: id, seq: c.seq, m: m}
	c.byID[id] = d
	c.order = append(c.order, d)
	for key := range c.sorted {
		c.insert(key, d)
	}
	return d
}

// shownAs shows a document as the answer of the operation describes one.
func (r *restCall) shownAs(s *shape, name string, m map[string]any, all bool) map[string]any {
	k := r.makerOf(name, nil)
	k.owners = r.ids
	return k.filled(s, m, all)
}

func (r *restCall) list() *reply {
	c := r.collectionAt(r.path)
	if c == nil {
		return r.notFound()
	}
	return r.listed(c, r.rowShape())
}

// rowShape is the shape of one row of a list.
func (r *restCall) rowShape() *shape {
	s := r.op.answer
	if key := r.op.options["rows"]; key != "" {
		s = s.field(key)
	}
	return s.item
}

func (r *restCall) listed(c *collection, row *shape) *reply {
	page, read := page{}, pageV2
	if !r.v2 {
		read = pageV1
	}
	page, err := read(r.r.URL.Query())
	if err != nil {
		return r.bad(err.Error())
	}
	docs, total := r.rows(c, page)
	bodies := make([][]byte, len(docs))
	for i, d := range docs {
		m := r.shownAs(row, c.name+"/"+d.id, d.m, false)
		if len(page.fields) > 0 {
			m = project(m, append(page.fields, c.idKey))
		}
		bodies[i] = encode(m)
	}
	key := r.op.options["rows"]
	if key == "" {
		return r.counted(okBytes(joined(bodies)), len(c.order))
	}
	out := map[string]any{key: json.RawMessage(joined(bodies))}
	for _, f := range r.op.answer.fields {
		if name := strings.ToLower(f.name); f.is.kind == "i" || f.is.kind == "n" {
			if strings.Contains(name, "count") || strings.Contains(name, "total") {
				out[f.name] = total
			}
		}
	}
	return ok(out)
}

func (r *restCall) get() *reply {
	d, c := r.target, r.coll
	if by := r.op.options["by"]; by != "" {
		c = r.collectionAt(r.fill(r.op.options["in"]))
		if d = c.find(by, r.ids[len(r.ids)-1]); d == nil {
			return r.notFound()
		}
	}
	if media := r.op.options["media"]; media != "" {
		return r.medium(media, text(d.m["name"]))
	}
	return r.answer(d, c)
}

// answer shows one document with the status of the operation; what is sent
// and kept but never shown, such as a secret, has no place in the shape.
func (r *restCall) answer(d *doc, c *collection) *reply {
	s := r.op.answer
	switch {
	case r.op.status == http.StatusNoContent || (s == nil && r.op.kind != "get"):
		return empty(r.op.status)
	case s == nil:
		if rows := theRestTable().fit(c.name); rows != nil {
			s = rows.is
		}
	case s.kind == "o" && r.op.kind != "get":
		return &reply{status: r.op.status, body: []byte("{}")}
	}
	place := c.name + "/" + d.id
	if key := r.op.options["wrap"]; key != "" {
		out := r.shownAs(s, place, map[string]any{}, false)
		out[key] = r.shownAs(s.field(key), place, d.m, false)
		return &reply{status: r.op.status, body: encode(out)}
	}
	return &reply{status: r.op.status, body: encode(r.shownAs(s, place, d.m, false))}
}

// single is the path of something of which there is one.
func (r *restCall) singlePath() string {
	if in := r.op.options["in"]; in != "" {
		return r.fill(in)
	}
	return r.path
}

// current is what a path of one thing shows: what was set, else what is made
// up, with what its owner has under the same names.
func (r *restCall) current(s *shape) map[string]any {
	if m := r.rest.single[r.singlePath()]; m != nil {
		return m
	}
	m := map[string]any{}
	if r.target != nil {
		m = r.target.m
	}
	if count := countedShows[r.singlePath()]; count != nil {
		m = count(r.Org)
	}
	return r.shownAs(s, r.singlePath(), m, true)
}

func (r *restCall) show() *reply {
	if media := r.op.options["media"]; media != "" {
		return r.medium(media, lastWord(r.path))
	}
	m := r.current(r.op.answer)
	return ok(r.shownAs(r.op.answer, r.singlePath(), m, false))
}
