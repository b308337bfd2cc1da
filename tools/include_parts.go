package tools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// part is what an include shows.
type section struct {
	counts  []string // for the head: "groups 4"
	notes   []string // for the head
	missing []string // of it, with the reason: "volumes (403 role or plan)"
	columns []string
	lines   []sectionLine
	dropped int      // lines that are left out in any case
	more    []string // how the rest can be had; the first whose tool is declared is said
}

// line is a row; what it lists goes into its last column.
type sectionLine struct {
	cells []string
	items []string
}

const (
	itemsApart = " | "        // stands between the items of a line
	notNamed   = " not named" // stands for names, after their number
)

// render writes as many lines and items as fit. The last line says what was left out.
func (p *section) render(budget int, rest string) (text string, lost int) {
	var b strings.Builder
	writeCSV(&b, p.columns)
	left := budget - tokens(b.String()) - tokens(rest) - 12
	lost = p.dropped
	for _, l := range p.lines {
		cells := slices.Clone(l.cells)
		if left -= tokens(strings.Join(cells, ",")) + 3; left < 0 {
			lost += max(1, len(l.items))
			continue
		}
		if l.items != nil {
			n := 0
			for n < len(l.items) {
				cost := tokens(l.items[n]) + tokens(itemsApart)
				if left -= cost; left < 0 {
					break
				}
				n++
			}
			lost += len(l.items) - n
			if n == 0 {
				continue
			}
			cells = append(cells, strings.Join(l.items[:n], itemsApart))
		}
		writeCSV(&b, cells)
	}
	text = strings.TrimSuffix(b.String(), "\n")
	if lost == 0 {
		return text, 0
	}
	return text + fmt.Sprintf("\n# %d more%s", lost, rest), lost
}

// rest says how what is not shown can be had, with a tool that there is.
func (p *section) rest(r *Reader, name string) string {
	for _, m := range p.more {
		tool, _, _ := strings.Cut(m, " ")
		if slices.ContainsFunc(r.d.o.Tools, func(t *Tool) bool { return t.Name == tool }) {
			return "; all: " + strings.ReplaceAll(m, "{}", argument(name))
		}
	}
	return ""
}

// item is a name among others: one that could be taken for several, or for a mark of ours, is quoted.
func listItem(name string) string {
	s := strings.TrimSuffix(cell(name), " ")
	if strings.Contains(s, "|") || strings.HasSuffix(s, suspendedMark) || strings.HasSuffix(s, notNamed) || s == noneMark || s == unread {
		return compact(s)
	}
	return s
}

// suspendedMark follows the names of users who cannot sign in.
const suspendedMark = "!"

// way is one way to many objects.
type pathway struct {
	nodes []jc.Node
	sudo  string
	ids   []string
}

// reached are the objects that a traversal came to, by way. An object stands in
// the line of every way that leads to it, so the lines can add up to more than there are.
type reachedSet struct {
	kind *jc.Kind
	rows []jc.Row
	most int  // names in a line; of longer ones the number is shown. 0 is no bound
	sudo bool // whether rights on devices are shown
}

// part makes the lines. what is the plural that heads and columns use.
func (v reachedSet) part(ctx context.Context, r *Reader, what string, before ...string) (*section, error) {
	lines, notes, err := v.linesOf(ctx, r, before)
	if err != nil {
		return nil, err
	}
	p := &section{counts: []string{fmt.Sprintf("%s %d", what, len(v.rows))}, notes: notes, lines: lines}
	p.columns = v.columns(what)
	return p, nil
}

func (v reachedSet) columns(what string) []string {
	if v.sudo {
		return []string{via, "sudo", what}
	}
	return []string{via, what}
}

func (v reachedSet) linesOf(ctx context.Context, r *Reader, before []string) (lines []sectionLine, notes []string, err error) {
	ways := v.ways()
	ids := map[*jc.Kind][]string{}
	for _, w := range ways {
		for _, n := range w.nodes {
			if k := jc.KindOf(n.Type); k != nil {
				ids[k] = append(ids[k], n.ID)
			}
		}
		if v.kind != nil && v.named(w) {
			ids[v.kind] = append(ids[v.kind], w.ids...)
		}
	}
	names, marks, err := namesOfIDs(ctx, r, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range ways {
		cells := append(slices.Clone(before), cell(wayText(w.nodes, names)))
		if v.sudo {
			cells = append(cells, w.sudo)
		}
		l := sectionLine{cells: cells}
		if !v.named(w) {
			l.cells = append(l.cells, fmt.Sprint(len(w.ids), notNamed))
		} else {
			l.items = itemsOf(v.kind, w.ids, names, marks)
		}
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, func(a, b sectionLine) int { return strings.Compare(wayOrder(a, len(before)), wayOrder(b, len(before))) })
	return lines, marks.notes(lines), nil
}

// named reports whether the objects of a way are named: more of them where they are direct.
func (v reachedSet) named(w *pathway) bool {
	most := v.most
	if len(w.nodes) == 0 {
		most = max(most, manyNamed)
	}
	return v.most == 0 || len(w.ids) <= most
}

// wayOrder puts what is direct first.
func wayOrder(l sectionLine, at int) string {
	if l.cells[at] == viaDirect {
		return ""
	}
	return l.cells[at]
}

// ways sorts the rows by the ways that lead to them.
func (v reachedSet) ways() []*pathway {
	var out []*pathway
	index := map[string]*pathway{}
	for _, row := range v.rows {
		id := row.Text("id")
		paths, _ := row["paths"].([]any)
		if len(paths) == 0 { // the API told no way: nothing lies between
			paths = []any{[]any{}}
		}
		between := waysTo(jc.Row{"paths": paths})
		for i, nodes := range between {
			w := &pathway{nodes: nodes, sudo: noneMark}
			if v.sudo {
				w.sudo = sudoOn(paths[i])
			}
			key := w.sudo
			for _, n := range nodes {
				key += " " + n.ID
			}
			if index[key] == nil {
				index[key] = w
				out = append(out, w)
			}
			if w = index[key]; len(w.ids) == 0 || w.ids[len(w.ids)-1] != id {
				w.ids = append(w.ids, id)
			}
		}
	}
	return out
}

// sudoOn is the administrator right that a path gives: one of its edges carries it.
func sudoOn(path any) string {
	out := noneMark
	edges, _ := path.([]any)
	for _, e := range edges {
		m, _ := e.(map[string]any)
		edge := jc.Row(m)
		for _, at := range []string{"attributes.sudo", "to.attributes.sudo"} {
			if on, _ := edge.Bool(at + ".enabled"); on {
				if out == noneMark {
					out = "password"
				}
				if free, _ := edge.Bool(at + ".withoutPassword"); free {
					out = "no_password"
				}
			}
		}
	}
	return out
}

// wayText is "direct", or the groups on the way: "Sales > Laptops".
func wayText(nodes []jc.Node, names map[string]string) string {
	if len(nodes) == 0 {
		return viaDirect
	}
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = clean(names[n.ID])
		switch {
		case parts[i] == "":
			parts[i] = clean(n.Type + " " + n.ID)
		case strings.Contains(parts[i], ">") || parts[i] == viaDirect:
			parts[i] = compact(parts[i])
		}
	}
	return strings.Join(parts, " > ")
}

// itemsOf are the names behind ids, sorted; one that several share gets the end
// of its id, one that has none the whole.
func itemsOf(k *jc.Kind, ids []string, names map[string]string, marks *userMarks) []string {
	shared := map[string]int{}
	for _, id := range ids {
		shared[names[id]]++
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		switch name := names[id]; {
		case name == "":
			out[i] = "id " + clean(id)
		case shared[name] > 1:
			out[i] = listItem(handle(name, id))
		default:
			out[i] = listItem(name)
		}
		if k != nil && k.Type == "user" {
			out[i] += marks.of(id)
		}
	}
	slices.Sort(out)
	return out
}

// marks tell which users cannot sign in.
type userMarks struct {
	mu      sync.Mutex
	asked   map[string]bool // users whose state was asked for
	blocked map[string]bool // known: whether it is suspended
}

func (m *userMarks) of(id string) string {
	blocked, known := m.blocked[id]
	switch {
	case !known:
		return unread
	case blocked:
		return suspendedMark
	}
	return ""
}

// notes explain the marks that stand in the lines.
func (m *userMarks) notes(lines []sectionLine) (out []string) {
	has := func(mark string) bool {
		return slices.ContainsFunc(lines, func(l sectionLine) bool {
			return slices.ContainsFunc(l.items, func(s string) bool { return strings.HasSuffix(s, mark) })
		})
	}
	if len(m.asked) == 0 {
		return nil
	}
	if has(suspendedMark) {
		out = append(out, "! suspended")
	}
	if has(unread) {
		out = append(out, "? whether suspended not read")
	}
	return out
}

// nameable are the kinds whose names includes look up.
var nameable = []*jc.Kind{
	jc.User{}.Kind(), jc.Device{}.Kind(), jc.UserGroup{}.Kind(), jc.DeviceGroup{}.Kind(), jc.Application{}.Kind(),
	jc.Policy{}.Kind(), jc.PolicyGroup{}.Kind(), jc.LDAPServer{}.Kind(), jc.RADIUSServer{}.Kind(), jc.ActiveDirectory{}.Kind(),
	jc.GoogleWorkspace{}.Kind(), jc.Office365{}.Kind(),
}

// fewIDs are looked up one by one, and remembered.
const fewIDs = 3

// namesOf looks up names, many in one request where the API allows it. An object
// that is gone has none.
func namesOfIDs(ctx context.Context, r *Reader, ids map[*jc.Kind][]string) (map[string]string, *userMarks, error) {
	names := map[string]string{}
	m := &userMarks{asked: map[string]bool{}, blocked: map[string]bool{}}
	var mu sync.Mutex
	keep := func(found map[string]string) {
		mu.Lock()
		defer mu.Unlock()
		maps.Copy(names, found)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for k, list := range ids {
		slices.Sort(list)
		list = slices.Compact(list)
		switch {
		case k.Type == "user":
			for _, id := range list {
				m.asked[id] = true
			}
			for part := range slices.Chunk(list, jc.MaxPage) {
				g.Go(func() error {
					found, err := namedUsers(ctx, r, part, m)
					keep(found)
					return err
				})
			}
		case k.Find.Method == "POST" && len(list) > fewIDs:
			for part := range slices.Chunk(list, jc.MaxPage) {
				g.Go(func() error {
					found, err := namesByID(ctx, r, k, part)
					keep(found)
					return err
				})
			}
		default:
			g.Go(func() error {
				found, err := namesInList(ctx, r, k, list)
				keep(found)
				return err
			})
		}
	}
	return names, m, g.Wait()
}

// namedUsers reads names and, with them, who is suspended.
func namedUsers(ctx context.Context, r *Reader, ids []string, m *userMarks) (map[string]string, error) {
	k := jc.User{}.Kind()
	suspended := k.Fact("suspended")
	page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: k.Find}, jc.Query{
		Fields: append([]string{k.ID, k.NameColumn()}, suspended.Needs...),
		Body:   map[string]any{"filter": map[string]any{"and": []any{map[string]any{k.ID: map[string]any{"$in": ids}}}}},
	})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range page.Rows {
		out[k.IDOf(row)] = k.NameOf(row)
		if v, known := suspended.Of(row); known {
			m.blocked[k.IDOf(row)] = v == true
		}
	}
	return out, nil
}

func namesByID(ctx context.Context, r *Reader, k *jc.Kind, ids []string) (map[string]string, error) {
	found, err := r.dir.ByID(ctx, k, ids, false)
	out := map[string]string{}
	for id, o := range found {
		out[id] = o.Name
	}
	return out, err
}

// namesInList asks a list for many ids at once. That v2 lists can be filtered by
// id is described in general and not for each: what is not found so is looked up one by one.
func namesInList(ctx context.Context, r *Reader, k *jc.Kind, ids []string) (map[string]string, error) {
	if len(ids) <= fewIDs || k.Find.Path == "" || k.Find.Method != "GET" {
		return namesByID(ctx, r, k, ids)
	}
	out := map[string]string{}
	q := jc.Query{Fields: append([]string{k.ID}, k.NameFields()...)}
	take := func(rows []jc.Row, err error) error {
		if jc.IsCode(err, jc.CodeInvalidArgument) {
			return nil
		}
		for _, row := range rows {
			if id := k.IDOf(row); slices.Contains(ids, id) {
				out[id] = k.NameOf(row)
			}
		}
		return err
	}
	if strings.HasPrefix(k.Find.Path, "/api/v2/") {
		for part := range slices.Chunk(ids, jc.MaxPage/2) { // a URL has its bounds
			q.Filters = []string{k.ID + ":in:" + strings.Join(part, "|")}
			page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: k.Find}, q)
			if err = take(page.Rows, err); err != nil {
				return out, err
			}
		}
	} else { // v1 lists are short where they cannot be searched: applications, servers
		rows, _, err := r.d.o.Client.Walk(ctx, jc.Request{Endpoint: k.Find}, q, 10*jc.MaxPage, nil)
		if err = take(rows.Rows, err); err != nil {
			return out, err
		}
	}
	left := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return out[id] != "" })
	if len(left) == 0 {
		return out, nil
	}
	found, err := namesByID(ctx, r, k, left)
	maps.Copy(out, found)
	return out, err
}

// walkGraph reads all objects that a traversal comes to.
func walkGraph(ctx context.Context, r *Reader, at, id string) ([]jc.Row, error) {
	e := jc.At(at)
	rows, _, err := r.d.o.Client.Walk(ctx, jc.Request{Endpoint: e, Params: map[string]string{e.Names()[0]: id}}, jc.Query{}, 0, nil)
	if err != nil {
		return nil, err
	}
	for _, row := range rows.Rows {
		if err := checks[jc.Reached](row); err != nil {
			return nil, err
		}
	}
	return rows.Rows, nil
}

// reachedInclude is an include that is a traversal.
func reachedInclude(name, needs, at string, v reachedSet, more ...string) include {
	return include{name: name, needs: needs, at: []string{at}, read: func(ctx context.Context, r *Reader, s *subject) (*section, error) {
		v := v
		var err error
		if v.rows, err = walkGraph(ctx, r, at, s.id); err != nil {
			return nil, err
		}
		p, err := v.part(ctx, r, name)
		if err == nil {
			p.more = more
		}
		return p, err
	}}
}
