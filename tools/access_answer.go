package tools

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// readReached reads what a user or user group reaches, all types side by side. A
// type that may not be read is said and left out.
func (e *explanation) readReached(ctx context.Context, r *Reader, parts []reachesPart) error {
	rows, missing := make([][]jc.Row, len(parts)), make([]string, len(parts))
	members := -1
	failed := make([]error, len(parts))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, part := range parts {
		g.Go(func() (err error) {
			missing[i], err = e.readable(r, part.tool, func() error {
				rows[i], failed[i] = e.traverse(gctx, r, part.tool)
				return failed[i]
			})
			return err
		})
	}
	membersWhy := ""
	if e.subject.Kind == userGroupEnd {
		g.Go(func() (err error) {
			membersWhy, err = e.readable(r, groupMembership, func() (err error) {
				members, err = e.countMembers(gctx, r)
				return err
			})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if !slices.Contains(missing, "") { // nothing could be read: that is no answer
		if err := errors.Join(failed...); err != nil {
			return err
		}
		return &Refusal{jc.CodeDenied, "denied by this server: no list of what is reached is granted. Repeating will not help"}
	}
	if err := e.bundleReached(ctx, r, parts, rows); err != nil {
		return err
	}
	e.headReached(parts, rows, missing)
	switch {
	case membersWhy != "":
		e.notes = append(e.notes, "not read: members ("+membersWhy+")")
	case members >= 0:
		e.facts = append(e.facts, fmt.Sprintf("%d %s", members, oneOrMany(members, "member", "members")))
	}
	if e.subject.Kind == userEnd {
		e.facts = append(e.facts, userStanding(e.subject.Row))
	}
	return nil
}

// readable reads a part that is granted. why says what kept it from being read;
// err is an error that ends the call.
func (e *explanation) readable(r *Reader, t *Tool, read func() error) (why string, err error) {
	if dec := r.d.asSuch(r.trip.who, t); !dec.Allow {
		return "not granted", nil
	}
	if err = read(); err != nil {
		if why = whyUnread(err); why != "" {
			err = nil
		}
	}
	return why, err
}

// countMembers is how many users a group holds, those of groups inside it too.
func (e *explanation) countMembers(ctx context.Context, r *Reader) (int, error) {
	at := groupMembership.Operations[0]
	req := jc.Request{Endpoint: at, Params: map[string]string{at.Names()[0]: e.subject.ID}}
	page, err := r.d.o.Client.Page(ctx, req, jc.Query{Limit: 1})
	if err != nil || page.Total >= 0 {
		return page.Total, err
	}
	rows, _, err := r.d.o.Client.Walk(ctx, req, jc.Query{}, 0, nil)
	return len(rows.Rows), err
}

// userStanding says in words whether a user can sign in at all.
func userStanding(row jc.Row) string {
	switch newStandingMarks(false).standing(row) {
	case markSuspended:
		return "the user is suspended: no sign-in"
	case markStaged:
		return "the user is not yet activated: no sign-in"
	case markLocked:
		return "the user is locked: no sign-in"
	case markUnknown:
		return "sign-in not read"
	}
	return "sign-in possible"
}

// headReached counts every type that was read, also those with nothing in them.
func (e *explanation) headReached(parts []reachesPart, rows [][]jc.Row, why []string) {
	var counts, in, missing []string
	total := 0
	for i, part := range parts {
		n := len(rows[i])
		said := fmt.Sprintf("%d %s", n, oneOrMany(n, part.one, part.many))
		switch {
		case why[i] != "":
			missing = append(missing, fmt.Sprintf("%s (%s)", part.many, why[i]))
		case part.member:
			in = append(in, "member of "+said)
		default:
			counts = append(counts, said)
			total += n
		}
	}
	if len(missing) > 0 {
		e.notes = append(e.notes, "not read: "+strings.Join(missing, ", "))
	}
	all := ""
	if len(missing) > 0 {
		all = "at least "
	}
	e.heads = []string{strings.TrimSuffix(fmt.Sprintf("total %s%d reached by %s: %s", all, total, describe(targetOf(e.subject)), strings.Join(counts, ", ")), ": ")}
	e.heads = append(e.heads, in...)
}

// bundleReached puts together what is of one type and reached by the same ways.
// Names are looked up only for what is shown.
func (e *explanation) bundleReached(ctx context.Context, r *Reader, parts []reachesPart, rows [][]jc.Row) error {
	e.typed, e.rest = true, parts[1].tool.Name
	names, err := e.ways(ctx, r, slices.Concat(rows...))
	if err != nil {
		return err
	}
	marks := newStandingMarks(true)
	for i, part := range parts {
		index := map[string]int{}
		for _, row := range rows[i] {
			b := e.bundleOf(index, row, names, false)
			b.part, b.noun, b.kind = i, part.one, part.kind
			item := reachedItem{id: row.Text("id"), name: row.Text("id")}
			if part.kind == deviceEnd {
				item.mark = marks.admin(e.subject.Row, row)
			}
			b.items = append(b.items, item)
		}
	}
	e.legend = marks.legend()
	e.share()
	return e.nameShown(ctx, r)
}

// nameShown looks up the names of what is shown, each type at once.
func (e *explanation) nameShown(ctx context.Context, r *Reader) error {
	ids := map[*jc.Kind][]string{}
	for _, b := range e.bundles {
		for _, x := range b.items[:b.shown] {
			if !slices.Contains(ids[b.kind], x.id) {
				ids[b.kind] = append(ids[b.kind], x.id)
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(ids), func(a, b *jc.Kind) int { return strings.Compare(a.Type, b.Type) }) {
		names, err := r.namesOf(ctx, k, ids[k])
		if err != nil {
			why := whyUnread(err)
			if why == "" {
				return err
			}
			e.notes = append(e.notes, fmt.Sprintf("not read: names of %ss (%s)", k.Noun, why))
			continue
		}
		called := map[string]int{}
		for _, name := range names {
			called[name]++
		}
		for _, b := range e.bundles {
			for i := range b.items[:b.shown] {
				x := &b.items[i]
				if name := names[x.id]; b.kind == k && name != "" {
					if x.name = name; called[name] > 1 {
						x.name = handle(name, x.id)
					}
				}
			}
		}
	}
	for _, b := range e.bundles {
		slices.SortFunc(b.items[:b.shown], func(x, y reachedItem) int { return strings.Compare(x.name, y.name) })
	}
	return nil
}

// share puts the bundles in order and gives each its part of the limit: small ones
// are shown whole, so that no way goes unseen beside a large one.
func (e *explanation) share() {
	slices.SortStableFunc(e.bundles, func(a, b accessBundle) int {
		return cmp.Or(cmp.Compare(a.part, b.part), falseFirst(a.direct, b.direct), cmp.Compare(len(b.items), len(a.items)), strings.Compare(a.key, b.key))
	})
	e.divide(e.limit)
}

func (e *explanation) divide(limit int) {
	left := limit
	bySize := make([]int, len(e.bundles))
	for i := range bySize {
		bySize[i] = i
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return cmp.Compare(len(e.bundles[a].items), len(e.bundles[b].items)) })
	for n, i := range bySize {
		each := (left + len(bySize) - n - 1) / (len(bySize) - n) // rounded up, so that none is wasted
		e.bundles[i].shown = min(each, len(e.bundles[i].items), left)
		left -= e.bundles[i].shown
	}
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// table is what is shown. Where that is not all, each row says how many there are.
func (e *explanation) table() (t *table, shown, total int) {
	for _, b := range e.bundles {
		shown += b.shown
		total += len(b.items)
	}
	t = &table{columns: []string{via}}
	if e.typed {
		t.columns = append(t.columns, "type")
	}
	if shown < total {
		t.columns = append(t.columns, "total")
	}
	if e.typed {
		t.columns = append(t.columns, "names")
	} else {
		t.columns = append(t.columns, "users")
	}
	for _, b := range e.bundles {
		if b.shown == 0 {
			continue
		}
		row := []string{b.ways}
		if e.typed {
			row = append(row, b.noun)
		}
		if shown < total {
			row = append(row, fmt.Sprint(len(b.items)))
		}
		t.rows = append(t.rows, append(row, b.list(e.typed)))
	}
	return t, shown, total
}

// list is the names that are shown. User names stand between spaces; names of
// things hold spaces themselves.
func (b accessBundle) list(things bool) string {
	words := make([]string, b.shown)
	for i, x := range b.items[:b.shown] {
		if things {
			words[i] = plainName(x.name) + x.mark
		} else {
			words[i] = unspaced(x.name) + x.mark
		}
	}
	if things {
		return strings.Join(words, "; ")
	}
	return strings.Join(words, " ")
}

// answer writes the head block and the rows.
func (e *explanation) answer(ctx context.Context, r *Reader) Answer {
	t, shown, total := e.table()
	limit := e.limit
	cut := false
	for size := tokens(t.csv(len(t.rows))); size > r.room(600) && limit > 1; size = tokens(t.csv(len(t.rows))) {
		limit = max(1, min(shown, limit)*r.room(700)/size)
		e.divide(limit)
		t, shown, total = e.table()
		cut = true
	}
	head := append(slices.Clone(e.heads), fmt.Sprintf("%d shown", shown), r.orgName(ctx))
	head = append(head, e.facts...)
	head = append(head, e.notes...)
	if n := e.repeated.Load(); n > 0 {
		head = append(head, fmt.Sprintf("%d rows that the API repeated left out", n))
	}
	if cut {
		head = append(head, fmt.Sprintf("cut at %d tokens", r.cap()))
	}
	a := Answer{Text: []string{"# " + strings.Join(head, "; ")}}
	if total == 0 {
		return a
	}
	body := t.csv(len(t.rows))
	last := slices.Clone(e.legend)
	for _, note := range [][2]string{{" > ", "a > b: through a, then b"}, {" | ", "a | b: by each"}} {
		if slices.ContainsFunc(e.bundles, func(b accessBundle) bool { return strings.Contains(b.ways, note[0]) }) {
			last = append(last, note[1])
		}
	}
	if shown < total {
		rest := fmt.Sprintf("%d more not shown", total-shown)
		if hidden := len(e.bundles) - len(t.rows); hidden > 0 {
			rest += fmt.Sprintf(", in %d more rows too", hidden)
		}
		last = append(last, fmt.Sprintf("%s; all of them: %s %s=%s", rest, e.rest, argumentOf(e.subject.Kind), argument(e.subject.Name)))
	}
	if len(last) > 0 {
		body += "\n# " + strings.Join(last, "; ")
	}
	a.Text = append(a.Text, body)
	a.show(t, len(t.rows))
	return a
}

// argumentOf is what the lists of the graph call an object of a kind.
func argumentOf(k *jc.Kind) string {
	if k == userGroupEnd {
		return "group"
	}
	return k.Noun
}
