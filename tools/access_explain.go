package tools

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// accessQuestion asks about exactly one object.
type accessQuestion struct {
	User        jc.Ref[jc.User]        `json:"user,omitzero" in:"-"`
	UserGroup   jc.Ref[jc.UserGroup]   `json:"user_group,omitzero" in:"-"`
	Application jc.Ref[jc.Application] `json:"application,omitzero" in:"-"`
	Device      jc.Ref[jc.Device]      `json:"device,omitzero" in:"-"`
	Limit       int                    `json:"limit,omitempty" in:"-" jsonschema:"minimum=1"`
}

// explainLimit is how many names are shown unless asked otherwise.
const explainLimit = 200

func accessExplainTool() *Tool {
	uses := Uses{Tools: []*Tool{applicationUsers, deviceUsers, groupMembership}, Effect: jc.Safe}
	for _, part := range slices.Concat(userReaches, userGroupReaches) {
		uses.Tools = append(uses.Tools, part.tool)
	}
	return Job("access_explain", "Who reaches an application or device, or what a user or user group reaches, and through which groups.", uses, planExplain, Core)
}

func planExplain(ctx context.Context, r *Reader, in *accessQuestion) (*Plan, error) {
	var subject jc.Object
	given := 0
	for _, o := range []jc.Object{in.User.Found(), in.UserGroup.Found(), in.Application.Found(), in.Device.Found()} {
		if o.ID != "" {
			subject = o
			given++
		}
	}
	if given != 1 {
		return nil, invalid("", "give exactly one of user, user_group, application, device")
	}
	if subject.Row == nil { // what belongs to nothing lists as empty in places
		found, err := r.dir.ByID(ctx, subject.Kind, []string{subject.ID}, true)
		if err != nil {
			return nil, err
		}
		o, there := found[subject.ID]
		if !there {
			return nil, notFound("", fmt.Sprintf("there is no %s with the id %s", subject.Kind.Noun, subject.ID))
		}
		subject = o
	}
	e := &explanation{subject: subject, limit: in.Limit}
	if e.limit == 0 {
		e.limit = explainLimit
	}
	step := Step{Targets: []auth.Target{targetOf(subject)}}
	step.read = func(ctx context.Context, r *Reader) (any, error) {
		switch subject.Kind.Type {
		case "application":
			return nil, e.readReachers(ctx, r, applicationUsers)
		case "system":
			return nil, e.readReachers(ctx, r, deviceUsers)
		case "user":
			return nil, e.readReached(ctx, r, userReaches)
		}
		return nil, e.readReached(ctx, r, userGroupReaches)
	}
	return &Plan{Steps: []Step{step}, Finish: func(ctx context.Context, r *Reader, _ []Result) (Answer, error) {
		return e.answer(ctx, r), nil
	}}, nil
}

// explanation is what was read about one object.
type explanation struct {
	subject jc.Object
	limit   int

	heads    []string // counts, before what is shown
	facts    []string // after it
	notes    []string // what a reader could take wrongly
	legend   []string // of the marks that are used
	bundles  []accessBundle
	typed    bool   // rows say of which type their names are
	rest     string // the tool that lists what is not shown
	repeated atomic.Int64
}

// accessBundle is what is reached by the same ways.
type accessBundle struct {
	ways   string // in words, some of them where there are many
	key    string // all of them
	direct bool   // by a connection of its own and in no other way
	part   int    // of which type
	noun   string // in words
	kind   *jc.Kind
	items  []reachedItem
	shown  int
}

type reachedItem struct{ id, name, mark string }

// traverse reads all rows of a part of the graph.
func (e *explanation) traverse(ctx context.Context, r *Reader, t *Tool) ([]jc.Row, error) {
	at := t.Operations[0]
	rows, repeated, err := r.walk(ctx, jc.Request{Endpoint: at, Params: map[string]string{at.Names()[0]: e.subject.ID}}, jc.Query{}, 0)
	if err != nil {
		return nil, err
	}
	for _, row := range rows.Rows {
		if err := checks[jc.Access](row); err != nil {
			return nil, err
		}
	}
	e.repeated.Add(int64(repeated))
	return rows.Rows, nil
}

// whyUnread says why a part is missing; "" for errors that end the call.
func whyUnread(err error) string {
	var api *jc.Error
	if !errors.As(err, &api) {
		return ""
	}
	switch api.Code {
	case jc.CodeForbidden:
		return "403 role"
	case jc.CodeNotFound:
		return "404, feature off"
	case jc.CodeRateLimited, jc.CodeUnauthorized:
		return ""
	}
	return string(api.Code)
}

// wayWords is a way in the order from the user on: "group Sales > device group
// Laptops". backwards turns a way that was walked towards the user.
func wayWords(way []jc.Node, names map[string]string, backwards bool) string {
	if len(way) == 0 {
		return viaDirect
	}
	words := make([]string, len(way))
	for i, n := range way {
		noun := n.Type
		switch n.Type {
		case "user_group":
			noun = "group"
		case "system_group":
			noun = "device group"
		}
		name := n.ID
		if s := names[n.ID]; s != "" {
			name = plainName(s)
		}
		words[i] = noun + " " + name
	}
	if backwards {
		slices.Reverse(words)
	}
	return strings.Join(words, " > ")
}

// maxWays is how many ways a row spells out.
const maxWays = 8

// waysTold are the ways to a row in words, the direct one last.
func waysTold(row jc.Row, names map[string]string, backwards bool) (out []string) {
	for _, way := range waysTo(row) {
		if s := wayWords(way, names, backwards); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(falseFirst(a == viaDirect, b == viaDirect), strings.Compare(a, b))
	})
	if len(out) == 0 { // the API sent no path
		return []string{unread}
	}
	return out
}

func addWayIDs(ids map[string][]string, ways [][]jc.Node) {
	for _, way := range ways {
		for _, n := range way {
			if !slices.Contains(ids[n.Type], n.ID) {
				ids[n.Type] = append(ids[n.Type], n.ID)
			}
		}
	}
}

// wayGroupNames finds the names of the groups on the ways, by type.
func wayGroupNames(ctx context.Context, r *Reader, ids map[string][]string) (map[string]string, error) {
	names := map[string]string{}
	for _, graphType := range slices.Sorted(maps.Keys(ids)) {
		k := jc.KindOf(graphType)
		if k == nil {
			continue
		}
		found, err := r.namesOf(ctx, k, ids[graphType])
		if err != nil {
			return nil, err
		}
		maps.Copy(names, found)
	}
	return names, nil
}

// ways finds the names of the groups that lead to rows; where they may not be
// read their ids are shown, and it is said.
func (e *explanation) ways(ctx context.Context, r *Reader, rows []jc.Row) (map[string]string, error) {
	ids := map[string][]string{}
	for _, row := range rows {
		addWayIDs(ids, waysTo(row))
	}
	names, err := wayGroupNames(ctx, r, ids)
	if err != nil {
		why := whyUnread(err)
		if why == "" {
			return nil, err
		}
		e.notes = append(e.notes, "not read: names of groups ("+why+")")
	}
	return names, nil
}

// namesOf gives the names of objects by id. Kinds that are found by a list and
// not by a search take one request for a hundred ids, where reading each would
// also bring the certificates of applications.
func (r *Reader) namesOf(ctx context.Context, k *jc.Kind, ids []string) (map[string]string, error) {
	out := map[string]string{}
	rest := ids
	if len(ids) > 3 && k.Find.Method == "GET" {
		var err error
		if out, err = r.namesListed(ctx, k, ids); err != nil {
			return nil, err
		}
		rest = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return out[id] != "" })
	}
	found, err := r.dir.ByID(ctx, k, rest, false)
	for id, o := range found {
		out[id] = o.Name
	}
	return out, err
}

// namesListed reads names from the list of a kind: v2 lists take ids as a filter
// (that it holds for every list is not published: what it does not give is read
// by id), of v1 lists the name fields are read, which are short.
func (r *Reader) namesListed(ctx context.Context, k *jc.Kind, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if strings.HasPrefix(k.Find.Path, "/api/v2/") {
		for part := range slices.Chunk(ids, jc.MaxPage) {
			q := jc.Query{Filters: []string{k.ID + ":in:" + strings.Join(part, "|")}, Limit: jc.MaxPage}
			page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: k.Find}, q)
			if jc.IsCode(err, jc.CodeInvalidArgument) {
				return out, nil
			}
			if err != nil {
				return nil, err
			}
			for _, row := range page.Rows {
				out[k.IDOf(row)] = k.NameOf(row)
			}
		}
		return out, nil
	}
	rows, _, err := r.d.o.Client.Walk(ctx, jc.Request{Endpoint: k.Find}, jc.Query{Fields: k.NameFields()}, 2000, nil)
	for _, row := range rows.Rows {
		out[k.IDOf(row)] = k.NameOf(row)
	}
	return out, err
}

// readReachers reads who reaches an application or device: the rows of the graph,
// and of every user the name and whether sign-in is possible.
func (e *explanation) readReachers(ctx context.Context, r *Reader, t *Tool) error {
	rows, err := e.traverse(ctx, r, t)
	if err != nil {
		return err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Text("id")
	}
	var names map[string]string
	var people map[string]jc.Row
	var g errgroup.Group
	var peopleErr error
	g.Go(func() (err error) { names, err = e.ways(ctx, r, rows); return err })
	g.Go(func() error { people, peopleErr = r.standings(ctx, ids); return nil })
	if err := g.Wait(); err != nil {
		return err
	}
	if peopleErr != nil {
		why := whyUnread(peopleErr)
		if why == "" {
			return peopleErr
		}
		e.notes = append(e.notes, "not read: names and states of users ("+why+")")
	}
	marks := newStandingMarks(e.subject.Kind == deviceEnd)
	byWay := map[string]int{}
	for _, row := range rows {
		b := e.bundleOf(byWay, row, names, true)
		item := reachedItem{id: row.Text("id")}
		person := people[item.id]
		if item.name = item.id; person != nil {
			item.name = userEnd.NameOf(person)
		}
		item.mark = marks.of(person, row)
		b.items = append(b.items, item)
	}
	for _, b := range e.bundles {
		slices.SortFunc(b.items, func(x, y reachedItem) int { return strings.Compare(x.name, y.name) })
	}
	e.heads = []string{fmt.Sprintf("total %d %s %s", len(rows), oneOrMany(len(rows), "user reaches", "users reach"), describe(targetOf(e.subject)))}
	e.facts, e.legend = marks.counts(peopleErr == nil), marks.legend()
	if on, known := e.subject.Row.Bool("active"); known && !on && e.subject.Kind != deviceEnd {
		e.notes = append(e.notes, "the application is inactive, so nobody can sign in to it")
	}
	e.rest = t.Name
	e.share()
	return nil
}

// bundleOf is the bundle for the ways of a row, made at the first need.
func (e *explanation) bundleOf(index map[string]int, row jc.Row, names map[string]string, backwards bool) *accessBundle {
	told := waysTold(row, names, backwards)
	key := strings.Join(told, " | ")
	at, known := index[key]
	if !known {
		at = len(e.bundles)
		index[key] = at
		b := accessBundle{ways: key, key: key, direct: key == viaDirect}
		if n := len(told); n > maxWays {
			b.ways = fmt.Sprintf("%s | %d more ways", strings.Join(told[:maxWays], " | "), n-maxWays)
		}
		e.bundles = append(e.bundles, b)
	}
	return &e.bundles[at]
}

// standings reads the names of users and how their accounts stand, a hundred in a request.
func (r *Reader) standings(ctx context.Context, ids []string) (map[string]jc.Row, error) {
	parts := slices.Collect(slices.Chunk(ids, jc.MaxPage))
	pages := make([][]jc.Row, len(parts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, part := range parts {
		g.Go(func() error {
			page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: userEnd.Find}, jc.Query{
				Fields: []string{"username", "email", "state", "suspended", "account_locked", "sudo", "passwordless_sudo"},
				Body:   map[string]any{"filter": map[string]any{"and": []any{map[string]any{userEnd.ID: map[string]any{"$in": part}}}}},
			})
			pages[i] = page.Rows
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := make(map[string]jc.Row, len(ids))
	for _, row := range slices.Concat(pages...) {
		out[userEnd.IDOf(row)] = row
	}
	return out, nil
}

// unspaced is a name among names that spaces separate.
func unspaced(s string) string {
	if s = clean(s); unspacedForm.MatchString(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `'`) + `"`
}

var unspacedForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$`)

func oneOrMany(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
