package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	pageDefault = 10
	pageMost    = 100
)

// page is what a list request asks for.
type page struct {
	limit, skip int
	sort        string
	fields      []string
	match       match
}

// intParam reads a whole number from a query.
func intParam(q url.Values, name string, otherwise int) (int, error) {
	s := q.Get(name)
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s must be a whole number, not %q", name, s)
	}
	return n, nil
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' })
}

// pageV1 reads limit, skip, sort, fields, filter and search from the query. A
// limit above 100 is cut to 100 without a word, as v1 does.
func pageV1(q url.Values) (p page, err error) {
	if p.limit, err = intParam(q, "limit", pageDefault); err != nil {
		return p, err
	}
	if p.skip, err = intParam(q, "skip", 0); err != nil {
		return p, err
	}
	p.limit = max(1, min(p.limit, pageMost))
	p.sort, p.fields = q.Get("sort"), words(q.Get("fields"))
	if p.match, err = filterV1(q["filter"]); err != nil {
		return p, err
	}
	if s := q.Get("search"); s != "" {
		var v any
		if json.Unmarshal([]byte(s), &v) != nil {
			return p, errors.New("search must be a JSON object")
		}
		found, err := searchFilter(v)
		if err != nil {
			return p, err
		}
		p.match = both(p.match, found)
	}
	return p, nil
}

func both(a, b match) match {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return allOf([]match{a, b})
}

// searchFilter reads {searchTerm, fields}.
func searchFilter(v any) (match, error) {
	if v == nil {
		return nil, nil
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		return nil, errors.New("searchFilter must be an object")
	}
	fields, good := textList(object["fields"])
	if !good || len(fields) == 0 {
		return nil, errors.New("searchFilter.fields must be a list of field names")
	}
	var terms []string
	switch t := object["searchTerm"].(type) {
	case string:
		terms = []string{t}
	default:
		if terms, good = textList(t); !good || len(terms) == 0 {
			return nil, errors.New("searchFilter.searchTerm must be text or a list of texts")
		}
	}
	return contains(fields, terms), nil
}

func textList(v any) ([]string, bool) {
	list, isList := v.([]any)
	if !isList {
		return nil, false
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, isText := x.(string)
		if !isText {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

// rows picks one page of a collection and counts what matches.
func (o *Org) rows(c *collection, p page) (docs []*doc, total int) {
	list := c.by(p.sort)
	if p.match != nil {
		var found []*doc
		for _, d := range list {
			if p.match(d.m) {
				found = append(found, d)
			}
		}
		list = found
	}
	docs = window(list, p.skip, p.limit)
	if o.traps["repeat-rows"] && p.sort == "" && p.skip > 0 && len(docs) > 0 {
		docs = append([]*doc{list[p.skip-1]}, docs[1:]...)
	}
	return docs, len(list)
}

func window[T any](list []T, skip, limit int) []T {
	if skip >= len(list) {
		return nil
	}
	return list[skip:min(len(list), skip+limit)]
}

// bodies encodes documents as one view or projection shows them.
func (o *Org) bodies(c *collection, docs []*doc, fields []string, v view) [][]byte {
	out := make([][]byte, len(docs))
	for i, d := range docs {
		switch {
		case len(fields) == 0:
			out[i] = c.json(d, v)
		case v == viewSearch && c.shape[v] != nil && c == o.users:
			out[i] = encode(project(c.shown(d, v), append(fields, c.idKey)))
		default:
			out[i] = encode(project(d.m, append(fields, c.idKey)))
		}
	}
	return out
}

func joined(rows [][]byte) []byte {
	size := 2
	for _, r := range rows {
		size += len(r) + 1
	}
	b := append(make([]byte, 0, size), '[')
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	return append(b, ']')
}

// envelope is v1's {"results": [...], "totalCount": n}.
func envelope(rows [][]byte, total int) *reply {
	b := append([]byte(`{"results":`), joined(rows)...)
	return okBytes(fmt.Appendf(b, `,"totalCount":%d}`, total))
}

// listV1 answers GET of a v1 collection.
func listV1(pick func(*Org) *collection) handler {
	return func(c *call) *reply {
		p, err := pageV1(c.r.URL.Query())
		if err != nil {
			return c.bad(err.Error())
		}
		coll := pick(c.Org)
		docs, total := c.rows(coll, p)
		return envelope(c.bodies(coll, docs, p.fields, viewList), total)
	}
}

// getV1 answers GET of one object; fields narrows it.
func getV1(pick func(*Org) *collection) handler {
	return func(c *call) *reply {
		coll := pick(c.Org)
		d := coll.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		fields := words(c.r.URL.Query().Get("fields"))
		return okBytes(c.bodies(coll, []*doc{d}, fields, viewGet)[0])
	}
}

// searchV1 answers POST /api/search/…; limit, skip and sort are taken from
// the query or, where published, from the body.
func searchV1(pick func(*Org) *collection) handler {
	return func(c *call) *reply {
		body, bad := c.object()
		if bad != nil {
			return bad
		}
		p, err := searchPage(c.r.URL.Query(), body)
		if err != nil {
			return c.bad(err.Error())
		}
		coll := pick(c.Org)
		docs, total := c.rows(coll, p)
		return envelope(c.bodies(coll, docs, p.fields, viewSearch), total)
	}
}

func searchPage(q url.Values, body map[string]any) (p page, err error) {
	for _, name := range []string{"limit", "skip"} {
		v, sent := body[name]
		if !sent {
			continue
		}
		n, isNumber := v.(float64)
		if !isNumber || n < 0 || n != float64(int(n)) {
			return p, fmt.Errorf("%s must be a whole number", name)
		}
		if q.Get(name) == "" {
			q.Set(name, strconv.Itoa(int(n)))
		}
	}
	for _, name := range []string{"fields", "sort"} {
		v, sent := body[name]
		if !sent {
			continue
		}
		s, isText := v.(string)
		if !isText {
			return p, fmt.Errorf("%s must be text", name)
		}
		if q.Get(name) == "" {
			q.Set(name, s)
		}
	}
	if p, err = pageV1(q); err != nil {
		return p, err
	}
	filter, err := filterBody(body["filter"])
	if err != nil {
		return p, err
	}
	found, err := searchFilter(body["searchFilter"])
	p.match = both(p.match, both(filter, found))
	return p, err
}

// pageV2 reads limit, skip, sort, fields and filter; v2 refuses what v1 would
// silently put right.
func pageV2(q url.Values) (p page, err error) {
	if p.limit, err = intParam(q, "limit", pageDefault); err != nil {
		return p, err
	}
	if p.limit < 1 || p.limit > pageMost {
		return p, fmt.Errorf("limit must be between 1 and %d", pageMost)
	}
	if p.skip, err = intParam(q, "skip", 0); err != nil {
		return p, err
	}
	p.sort = strings.Join(q["sort"], ",")
	for _, f := range q["fields"] {
		p.fields = append(p.fields, strings.FieldsFunc(f, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	p.match, err = filterV2(q["filter"])
	return p, err
}

// listV2 answers GET of a v2 collection: a bare array.
func listV2(pick func(*Org) *collection) handler {
	return func(c *call) *reply {
		p, err := pageV2(c.r.URL.Query())
		if err != nil {
			return c.bad(err.Error())
		}
		coll := pick(c.Org)
		docs, _ := c.rows(coll, p)
		rep := okBytes(joined(c.bodies(coll, docs, p.fields, viewList)))
		return c.counted(rep, len(coll.order))
	}
}

// counted adds the total where it was asked for. It is the count of all
// objects, filters not taken into account.
func (c *call) counted(rep *reply, total int) *reply {
	h := c.r.Header
	asked := h.Get("x-unfiltered-total-count") != "" || h.Get("x-total-count") != ""
	if !asked || c.traps["no-total-count"] {
		return rep
	}
	return rep.with("x-total-count", strconv.Itoa(total))
}

func getV2(pick func(*Org) *collection) handler {
	return func(c *call) *reply {
		coll := pick(c.Org)
		d := coll.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		return okBytes(coll.json(d, viewGet))
	}
}

// groups lists groups of users, of devices and of policies together.
func (c *call) groups() *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	all := newCollection("groups", "id")
	for _, part := range []*collection{c.userGroups, c.deviceGroups, c.policyGroups} {
		for _, d := range part.order {
			all.add(d.m)
		}
	}
	docs, _ := c.rows(all, p)
	return c.counted(okBytes(joined(c.bodies(all, docs, p.fields, viewList))), len(all.order))
}

// removed is the answer to a DELETE that gives back what it deleted.
func removed(b []byte) *reply { return &reply{status: http.StatusOK, body: b} }
