package sandbox

import (
	"cmp"
	"slices"
	"strings"
)

// view says which of an object's fields an endpoint shows: lists, single
// objects and searches of one type differ in the real API.
type view uint8

const (
	viewList view = iota
	viewGet
	viewSearch
	views
)

// doc is one JSON document. Its map is never changed once stored: an update
// stores another map, so a reader needs no copy.
type doc struct {
	id  string
	seq int
	m   map[string]any
	enc [views][]byte // encoded forms, made when first asked
}

// collection keeps documents of one type: by id, in order of creation, and in
// each order that was asked for, so that a page never sorts or scans all.
type collection struct {
	name   string
	idKey  string // "_id" in v1, "id" in v2
	byID   map[string]*doc
	order  []*doc
	sorted map[string][]*doc
	seq    int
	shape  [views]func(map[string]any) map[string]any
}

const keptOrders = 24

func newCollection(name, idKey string) *collection {
	return &collection{name: name, idKey: idKey, byID: map[string]*doc{}, sorted: map[string][]*doc{}}
}

func (c *collection) get(id string) *doc { return c.byID[id] }

// add stores a new document under its own id.
func (c *collection) add(m map[string]any) *doc {
	id, _ := m[c.idKey].(string)
	c.seq++
	d := &doc{id: id, seq: c.seq, m: m}
	c.byID[id] = d
	c.order = append(c.order, d)
	for key := range c.sorted {
		c.insert(key, d)
	}
	return d
}

// replace stores another map for a document; its place in the order of
// creation stays.
func (c *collection) replace(d *doc, m map[string]any) *doc {
	n := &doc{id: d.id, seq: d.seq, m: m}
	c.byID[d.id] = n
	c.order[c.place(d)] = n
	for key, list := range c.sorted {
		c.sorted[key] = slices.DeleteFunc(list, func(x *doc) bool { return x == d })
		c.insert(key, n)
	}
	return n
}

func (c *collection) remove(d *doc) {
	delete(c.byID, d.id)
	i := c.place(d)
	c.order = slices.Delete(c.order, i, i+1)
	for key, list := range c.sorted {
		c.sorted[key] = slices.DeleteFunc(list, func(x *doc) bool { return x == d })
	}
}

// place finds a document in the order of creation, which ascends by seq.
func (c *collection) place(d *doc) int {
	i, _ := slices.BinarySearchFunc(c.order, d.seq, func(x *doc, seq int) int { return cmp.Compare(x.seq, seq) })
	return i
}

// by gives all documents in the order of a sort expression: field names
// separated by spaces or commas, "-" before one for descending.
func (c *collection) by(sort string) []*doc {
	key := strings.Join(sortFields(sort), " ")
	if key == "" {
		return c.order
	}
	if list, ok := c.sorted[key]; ok {
		return list
	}
	if len(c.sorted) >= keptOrders {
		clear(c.sorted)
	}
	list := slices.Clone(c.order)
	sortDocs(list, key)
	c.sorted[key] = list
	return list
}

func (c *collection) insert(key string, d *doc) {
	compare := docOrder(key)
	list := c.sorted[key]
	i, _ := slices.BinarySearchFunc(list, d, compare)
	c.sorted[key] = slices.Insert(list, i, d)
}

func sortFields(sort string) []string {
	return strings.FieldsFunc(sort, func(r rune) bool { return r == ' ' || r == ',' })
}

func sortDocs(list []*doc, sort string) { slices.SortFunc(list, docOrder(sort)) }

// docOrder compares by fields and, where these are equal, by age, so that a
// sorted list has one order only.
func docOrder(sort string) func(a, b *doc) int {
	fields := sortFields(sort)
	return func(a, b *doc) int {
		for _, f := range fields {
			name, down := strings.CutPrefix(f, "-")
			n := compareValues(lookup(a.m, name), lookup(b.m, name))
			if n != 0 && down {
				return -n
			}
			if n != 0 {
				return n
			}
		}
		return cmp.Compare(a.seq, b.seq)
	}
}

// json is the document as one view shows it.
func (c *collection) json(d *doc, v view) []byte {
	if d.enc[v] == nil {
		d.enc[v] = encode(c.shown(d, v))
	}
	return d.enc[v]
}

func (c *collection) shown(d *doc, v view) map[string]any {
	if f := c.shape[v]; f != nil {
		return f(d.m)
	}
	return d.m
}

// find gives the first document whose field equals value.
func (c *collection) find(field string, value any) *doc {
	for _, d := range c.order {
		if d.m[field] == value {
			return d
		}
	}
	return nil
}

// with copies a map and changes some of its fields; a nil value removes one.
func with(m, changes map[string]any) map[string]any {
	n := make(map[string]any, len(m)+len(changes))
	for k, v := range m {
		n[k] = v
	}
	for k, v := range changes {
		if v == nil {
			delete(n, k)
			continue
		}
		n[k] = v
	}
	return n
}

// only gives a view that shows the named fields, without drops the named.
func only(fields ...string) func(map[string]any) map[string]any {
	return func(m map[string]any) map[string]any { return project(m, fields) }
}

func without(fields ...string) func(map[string]any) map[string]any {
	return func(m map[string]any) map[string]any {
		changes := make(map[string]any, len(fields))
		for _, f := range fields {
			changes[f] = nil
		}
		return with(m, changes)
	}
}

// project keeps the named fields; "a.b" keeps b of the object a.
func project(m map[string]any, fields []string) map[string]any {
	n := make(map[string]any, len(fields))
	for _, f := range fields {
		head, rest, nested := strings.Cut(f, ".")
		v, found := m[head]
		if !found {
			continue
		}
		inner, isObject := v.(map[string]any)
		if !nested || !isObject {
			n[head] = v
			continue
		}
		part := project(inner, []string{rest})
		if before, had := n[head].(map[string]any); had {
			part = with(before, part)
		}
		n[head] = part
	}
	return n
}

// lookup reads a field by its dotted name.
func lookup(m map[string]any, field string) any {
	if v, found := m[field]; found {
		return v
	}
	head, rest, nested := strings.Cut(field, ".")
	if !nested {
		return nil
	}
	if inner, isObject := m[head].(map[string]any); isObject {
		return lookup(inner, rest)
	}
	return nil
}

// deepCopy copies a JSON value.
func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		n := make(map[string]any, len(v))
		for k, x := range v {
			n[k] = deepCopy(x)
		}
		return n
	case []any:
		n := make([]any, len(v))
		for i, x := range v {
			n[i] = deepCopy(x)
		}
		return n
	}
	return v
}
