package jumpcloud

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// Starting gives up to limit objects of which a name starts with prefix, in any
// case, sorted by that name; Object.Name is the name that does. An empty prefix
// gives the first ones. more says that there are, or may be, others.
//
// One look-up answers where at most a page of names contains the prefix. Where
// more do, a page that is sorted by name and begins at the prefix answers.
func (d *Directory) Starting(ctx context.Context, k *Kind, prefix string, limit int) (found []Object, more bool, err error) {
	if k.Find.Path == "" || len(k.Names) == 0 || limit <= 0 {
		return nil, false, nil
	}
	list, err := d.page(ctx, k, d.naming(k, prefix))
	if err != nil {
		return nil, false, err
	}
	rows := list.Rows
	if list.Total > len(rows) || list.Total < 0 && len(rows) >= chunk {
		more = true
		if prefix != "" {
			further, err := d.from(ctx, k, prefix)
			if err != nil {
				return nil, false, err
			}
			rows = append(rows, further...)
		}
	}
	found = starting(k, rows, prefix)
	if len(found) > limit {
		return found[:limit], true, nil
	}
	return found, more, nil
}

// naming asks for the names that contain a term, in any case, sorted. v1 lists
// cannot search: they give their first page.
func (d *Directory) naming(k *Kind, term string) Query {
	q := Query{Limit: chunk, Sort: k.label(), Fields: d.nameFields(k)}
	switch {
	case term == "":
	case isSearch(k.Find):
		q.Body = map[string]any{"searchFilter": map[string]any{"searchTerm": term, "fields": q.Fields[1:]}}
	case isV2(k.Find):
		if term, _, _ = strings.Cut(term, ","); term != "" { // a comma would end the filter
			q.Filters = []string{k.label() + ":search:" + term}
		}
	}
	return q
}

// from reads a sorted page from the prefix on, once for each way in which it is
// likely to be written: the API compares with case.
func (d *Directory) from(ctx context.Context, k *Kind, prefix string) (rows []Row, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, form := range spellings(prefix) {
		q := Query{Limit: chunk, Sort: k.label(), Fields: d.nameFields(k)}
		switch {
		case isSearch(k.Find):
			q.Body = map[string]any{"filter": map[string]any{"and": []any{map[string]any{k.label(): map[string]any{"$gte": form}}}}}
		case isV2(k.Find):
			form, _, _ = strings.Cut(form, ",")
			q.Filters = []string{k.label() + ":ge:" + form}
		default:
			q.Filters = []string{k.label() + ":$gte:" + form}
		}
		g.Go(func() error {
			list, err := d.page(ctx, k, q)
			if IsCode(err, CodeInvalidArgument) { // that texts can be compared so is not described for every list
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, list.Rows...)
			return err
		})
	}
	return rows, g.Wait()
}

// spellings are a prefix as it is given, in small letters, in capitals, and with
// one capital at its start.
func spellings(s string) []string {
	out := []string{s}
	low := strings.ToLower(s)
	first, n := utf8.DecodeRuneInString(low)
	for _, form := range []string{low, strings.ToUpper(s), string(unicode.ToUpper(first)) + low[n:]} {
		if !slices.Contains(out, form) {
			out = append(out, form)
		}
	}
	return out
}

// starting keeps the rows of which a name starts with prefix, each once, sorted.
func starting(k *Kind, rows []Row, prefix string) (out []Object) {
	seen := map[string]bool{}
	low := strings.ToLower(prefix)
	for _, r := range rows {
		id := k.IDOf(r)
		if id == "" || seen[id] {
			continue
		}
		names := []string{k.NameOf(r)}
		for _, f := range k.NameFields() {
			names = append(names, r.Text(f))
		}
		i := slices.IndexFunc(names, func(s string) bool { return s != "" && strings.HasPrefix(strings.ToLower(s), low) })
		if i < 0 {
			continue
		}
		seen[id] = true
		out = append(out, Object{Kind: k, ID: id, Name: names[i]})
	}
	slices.SortFunc(out, func(a, b Object) int {
		if n := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}
