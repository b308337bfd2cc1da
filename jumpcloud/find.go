package jumpcloud

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	chunk       = 100              // objects asked for in one look-up
	rememberFor = 60 * time.Second // how long a look-up may be answered from memory
	candidates  = 5                // names offered when one is unknown or ambiguous
)

// Directory finds objects by id and by name with filtered look-ups, never by
// listing, and remembers them for a minute. Use one for each Client: what it
// remembers belongs to that client's credential and organisation.
type Directory struct {
	c    *Client
	mu   sync.Mutex
	seen map[string]remembered
}

type remembered struct {
	object Object
	until  time.Time
}

// NewDirectory makes an empty one over c.
func NewDirectory(c *Client) *Directory {
	return &Directory{c: c, seen: map[string]remembered{}}
}

// Forget drops everything remembered; called after each write of ours.
func (d *Directory) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.seen)
}

// ByID reads the objects with these ids. An id that does not exist is absent
// from the answer. With fresh nothing is answered from memory.
func (d *Directory) ByID(ctx context.Context, k *Kind, ids []string, fresh bool) (map[string]Object, error) {
	out, missing := d.recall(k, ids, fresh)
	if len(missing) == 0 || k.Get.Path == "" && k.Find.Path == "" {
		return out, nil
	}
	if len(missing) > 1 && isSearch(k.Find) {
		return out, d.searchIDs(ctx, k, missing, out)
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, id := range missing {
		g.Go(func() error {
			o, err := d.get(ctx, k, id)
			if err != nil || o.ID == "" {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			out[id] = o
			d.remember(o, id)
			return nil
		})
	}
	return out, g.Wait()
}

// ByName finds the objects that are called exactly name; more than one when the
// name is shared, none when there is no such object.
func (d *Directory) ByName(ctx context.Context, k *Kind, names []string, fresh bool) (map[string][]Object, error) {
	out := map[string][]Object{}
	known, missing := d.recall(k, names, fresh)
	for name, o := range known {
		out[name] = []Object{o}
	}
	if k.Find.Path == "" || len(k.Names) == 0 {
		return out, nil
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for part := range slices.Chunk(missing, nameChunk(k)) {
		g.Go(func() error {
			rows, err := d.named(ctx, k, part)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for _, name := range part {
				out[name] = d.exact(k, rows, name)
				if len(out[name]) == 1 {
					d.remember(out[name][0], name)
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}

func (d *Directory) exact(k *Kind, rows []Row, name string) (out []Object) {
	for _, r := range rows {
		if id := k.IDOf(r); id != "" && k.matches(r, name) &&
			!slices.ContainsFunc(out, func(o Object) bool { return o.ID == id }) {
			out = append(out, Object{Kind: k, ID: id, Name: k.NameOf(r), Row: r})
		}
	}
	return out
}

func (d *Directory) recall(k *Kind, keys []string, fresh bool) (known map[string]Object, missing []string) {
	known = map[string]Object{}
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range keys {
		if m, ok := d.seen[k.key()+key]; ok && !fresh && now.Before(m.until) {
			known[key] = m.object
		} else if !slices.Contains(missing, key) {
			missing = append(missing, key)
		}
	}
	return known, missing
}

func (d *Directory) remember(o Object, keys ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen) > 20_000 { // a bound, not a policy: nothing lives longer than a minute
		clear(d.seen)
	}
	until := time.Now().Add(rememberFor)
	for _, key := range append(keys, o.ID) {
		d.seen[o.Kind.key()+key] = remembered{o, until}
	}
}

func (d *Directory) get(ctx context.Context, k *Kind, id string) (Object, error) {
	if k.Get.Path == "" {
		return Object{}, nil
	}
	resp, err := d.c.Do(ctx, k.getting(id))
	if IsCode(err, CodeNotFound) {
		return Object{}, nil
	}
	if err != nil {
		return Object{}, err
	}
	var r Row
	if err := resp.Decode(&r); err != nil {
		return Object{}, err
	}
	if err := k.Owns(r); err != nil {
		return Object{}, err
	}
	return Object{Kind: k, ID: id, Name: k.NameOf(r), Row: r}, nil
}

func (d *Directory) searchIDs(ctx context.Context, k *Kind, ids []string, out map[string]Object) error {
	for part := range slices.Chunk(ids, chunk) {
		list, err := d.page(ctx, k, Query{
			Fields: d.nameFields(k),
			Body:   map[string]any{"filter": map[string]any{"and": []any{map[string]any{k.ID: map[string]any{"$in": part}}}}},
			Limit:  chunk,
		})
		if err != nil {
			return err
		}
		for _, r := range list.Rows {
			o := Object{Kind: k, ID: k.IDOf(r), Name: k.NameOf(r)}
			out[o.ID] = o
			d.remember(o)
		}
	}
	return nil
}

func (d *Directory) nameFields(k *Kind) []string {
	fields := []string{k.ID}
	for _, n := range k.Names {
		fields = append(fields, n.Field)
	}
	if k.TypeField != "" {
		fields = append(fields, k.TypeField)
	}
	return fields
}

// page reads a page of the look-up by name, without the rows of other types.
func (d *Directory) page(ctx context.Context, k *Kind, q Query) (Rows, error) {
	list, err := d.c.Page(ctx, k.finding(), q)
	if k.TypeField != "" {
		list.Rows = slices.DeleteFunc(list.Rows, func(r Row) bool { return r.Text(k.TypeField) != k.Type })
	}
	return list, err
}

// nameChunk is how many names fit one look-up: the search bodies take many, the filters one.
func nameChunk(k *Kind) int {
	if isSearch(k.Find) {
		return chunk / 4 // each name is compared in several fields and cases
	}
	return 1
}

// named asks for the objects with these names. Where case does not matter a
// second, wider question is asked for the names that the first did not find.
func (d *Directory) named(ctx context.Context, k *Kind, names []string) ([]Row, error) {
	var rows []Row
	if !isSearch(k.Find) {
		for _, n := range k.Names {
			list, err := d.page(ctx, k, Query{Filters: []string{equals(k.Find, n.Field, names[0])}, Limit: chunk})
			if err != nil {
				return nil, err
			}
			if rows = append(rows, list.Rows...); len(rows) > 0 {
				break
			}
		}
		return rows, nil
	}
	var or []any
	for _, name := range names {
		for _, n := range k.Names {
			or = append(or, map[string]any{n.Field: name})
			if low := strings.ToLower(name); n.Fold && low != name {
				or = append(or, map[string]any{n.Field: low})
			}
		}
	}
	list, err := d.page(ctx, k, Query{Body: map[string]any{"filter": map[string]any{"or": or}}, Limit: chunk})
	if err != nil {
		return nil, err
	}
	rows = list.Rows
	for _, name := range names {
		if slices.ContainsFunc(k.Names, func(n Name) bool { return n.Fold }) && len(d.exact(k, rows, name)) == 0 {
			more, err := d.containing(ctx, k, name)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// containing asks for objects whose name contains the term, in any case. v1 lists
// that cannot search give one page, which is compared here: it is for offering
// names, never for telling which object is meant.
func (d *Directory) containing(ctx context.Context, k *Kind, term string) ([]Row, error) {
	q := Query{Limit: chunk}
	switch {
	case isSearch(k.Find):
		q.Body = map[string]any{"searchFilter": map[string]any{"searchTerm": term, "fields": d.nameFields(k)[1:]}}
	case isV2(k.Find):
		q.Filters = []string{k.Names[0].Field + ":search:" + strings.ReplaceAll(term, ",", " ")}
	default:
		q.Fields = d.nameFields(k)
	}
	list, err := d.page(ctx, k, q)
	rows := slices.DeleteFunc(list.Rows, func(r Row) bool {
		return !slices.ContainsFunc(k.Names, func(n Name) bool {
			return strings.Contains(strings.ToLower(r.Text(n.Field)), strings.ToLower(term))
		})
	})
	return rows, err
}

func isSearch(e Endpoint) bool { return e.Method == "POST" }
func isV2(e Endpoint) bool     { return strings.HasPrefix(e.Path, "/api/v2/") }

// equals is a filter of the generation that the endpoint belongs to. v2 joins
// filters by commas, so a value with one is looked for by its longest part and
// compared here.
func equals(e Endpoint, field, value string) string {
	if !isV2(e) {
		return fmt.Sprintf("%s:$eq:%s", field, value)
	}
	if !strings.Contains(value, ",") {
		return fmt.Sprintf("%s:eq:%s", field, value)
	}
	longest := ""
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); len(part) > len(longest) {
			longest = part
		}
	}
	return fmt.Sprintf("%s:search:%s", field, longest)
}
