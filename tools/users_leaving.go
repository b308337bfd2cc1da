package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	userUnbind    = jc.At("POST /api/v2/users/{user}/associations")
	deviceBound   = jc.At("GET /api/v2/systems/{device}/associations")
	searchDevices = jc.At("POST /api/search/systems")
)

// leaverBonds are the types of what a user can be bound to directly and signs in to.
var leaverBonds = []string{"application", "system", "system_group", "radius_server", "ldap_server", "active_directory", "g_suite", "office_365"}

// The verbs of a leaver's plan, in the order in which they are shown.
const (
	leaveSuspend = "suspend"
	leaveRights  = "end administrator rights"
	leaveGroup   = "leave group"
	leaveBond    = "unbind"
	leaveLock    = "lock"
	leaveErase   = "erase"
	leaveReports = "new manager for"
)

// leaverStep is a step of a leaver's plan under the words it is shown with.
type leaverStep struct {
	Step
	verb, what string
	key        string // the same when the plan is made again
}

// ordersDevice reports whether the step tells a device to do something.
func (s *leaverStep) ordersDevice() bool { return s.verb == leaveLock || s.verb == leaveErase }

// leaver is what is known of a user who leaves.
type leaver struct {
	user    jc.Object
	devices string      // keep, lock, erase
	pin     string      // for Macs, which take these orders with one
	orders  []jc.Object // devices to lock or erase, from an earlier plan; nil to look for them
	manager jc.Object

	mu     sync.Mutex
	steps  []leaverStep
	stays  []string  // what the plan leaves as it is, and why
	unread []string  // what could not be read
	bulk   *bulkEdit // of the reports
}

// look reads everything side by side and makes the steps. What may not be read
// is named; what cannot be read just now ends the call, so that no plan looks
// complete which is not.
func (l *leaver) look(ctx context.Context, r *Reader) error {
	now, err := readUser(ctx, r, l.user.ID)
	if err != nil {
		return err
	}
	s := suspending(now).step(l.user, now)
	s.Tool = usersSuspend
	l.add(leaveSuspend, plainName(l.user.Name), l.user.ID, s)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	read := func(what string, f func(context.Context, *Reader) error) {
		g.Go(func() error {
			err := f(gctx, r)
			if why := unreadable(err); why != "" {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.unread = append(l.unread, what+" ("+why+")")
				return nil
			}
			return err
		})
	}
	read("groups", l.lookGroups)
	read("administrator rights", l.lookRights)
	read("reports", l.lookReports)
	for _, kind := range leaverBonds {
		read(bondNoun(kind)+"s", func(ctx context.Context, r *Reader) error { return l.lookBonds(ctx, r, kind) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := l.lookOrders(ctx, r); err != nil {
		return err
	}
	order := []string{leaveSuspend, leaveRights, leaveGroup, leaveBond, leaveLock, leaveErase, leaveReports}
	slices.SortStableFunc(l.steps, func(a, b leaverStep) int {
		if c := slices.Index(order, a.verb) - slices.Index(order, b.verb); c != 0 {
			return c
		}
		return strings.Compare(a.what+a.key, b.what+b.key)
	})
	slices.Sort(l.stays)
	slices.Sort(l.unread)
	return nil
}

// unreadable says why something will not be read by trying again; "" for no
// error and for those that pass.
func unreadable(err error) string {
	var api *jc.Error
	switch {
	case !errors.As(err, &api):
		return ""
	case api.Code == jc.CodeForbidden:
		return "403 role or plan"
	case api.Code == jc.CodeNotFound:
		return "404 switched off"
	}
	return ""
}

func (l *leaver) add(verb, what, key string, s Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.steps = append(l.steps, leaverStep{s, verb, what, verb + " " + key})
}

func (l *leaver) stay(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stays = append(l.stays, fmt.Sprintf(format, args...))
}

// lookGroups plans to leave every group. Whoever is in one by its query would
// come back, so those are said instead.
func (l *leaver) lookGroups(ctx context.Context, r *Reader) error {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: jc.At(userParents), Params: map[string]string{"user": l.user.ID}}, jc.Query{}, 0)
	if err != nil {
		return err
	}
	kind := jc.UserGroup{}.Kind()
	var ids []string
	for _, row := range rows.Rows {
		if id := row.Text("id"); id != "" && direct(row) {
			ids = append(ids, id)
		}
	}
	groups, err := r.dir.ByID(ctx, kind, ids, true)
	if err != nil {
		return err
	}
	for _, id := range ids {
		group, known := groups[id]
		if !known {
			group = jc.Object{Kind: kind, ID: id}
		}
		if dynamic, _ := kind.Fact("dynamic").Of(group.Row); dynamic == true {
			l.stay("group %s, whose query decides", plainName(nameOrID(group)))
			continue
		}
		e := edge{post: jc.At(userGroupEdges), group: group, member: l.user, op: "remove", read: jc.At(userParents)}
		s := e.step(true)
		s.Tool = toolIn(userGroups, "user_groups_members_change")
		l.add(leaveGroup, plainName(nameOrID(group)), id, s)
	}
	return nil
}

// bondNoun is what people call a type of the graph.
func bondNoun(graphType string) string {
	if k := jc.KindOf(graphType); k != nil {
		return k.Noun
	}
	return strings.ReplaceAll(graphType, "_", " ")
}

// lookBonds plans to end the direct associations of one type; what is inherited
// goes with the groups.
func (l *leaver) lookBonds(ctx context.Context, r *Reader, graphType string) error {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: jc.At(userAssociations), Params: map[string]string{"user": l.user.ID},
		Query: map[string][]string{"targets": {graphType}}}, jc.Query{}, 0)
	if err != nil {
		return err
	}
	kind := jc.KindOf(graphType)
	known := kind != nil
	if !known { // it has no names here
		kind = &jc.Kind{Type: graphType, Noun: bondNoun(graphType), ID: "id"}
	}
	var ids []string
	for _, row := range rows.Rows {
		if id := row.Text("to.id"); id != "" {
			ids = append(ids, id)
		}
	}
	found := map[string]jc.Object{}
	if known {
		if found, err = r.dir.ByID(ctx, kind, ids, false); err != nil {
			return err
		}
	}
	for _, id := range ids {
		o, named := found[id]
		if !named {
			o = jc.Object{Kind: kind, ID: id}
		}
		e := edge{group: o, member: l.user, op: "remove", post: userUnbind, read: jc.At(userAssociations), query: map[string]string{"targets": graphType}}
		s := e.step(true)
		s.Request.Params = map[string]string{"user": l.user.ID} // one operation serves all types from the user's side
		s.Request.Body = map[string]any{"op": "remove", "type": graphType, "id": id}
		s.Tool = toolIn(usersGraph, "users_associations_change")
		l.add(leaveBond, kind.Noun+" "+plainName(nameOrID(o)), graphType+" "+id, s)
	}
	return nil
}

// lookRights plans to end the temporary administrator rights that run.
func (l *leaver) lookRights(ctx context.Context, r *Reader) error {
	ids, all, err := accessIDs(ctx, r, l.user.ID, "")
	if err != nil {
		return err
	}
	found, err := readElevations(ctx, r, ids, l.user.ID, "")
	if err != nil {
		return err
	}
	if !all || len(ids) > accessReads {
		l.mu.Lock()
		l.unread = append(l.unread, "administrator rights given long ago")
		l.mu.Unlock()
	}
	revoke := toolIn(accessRequests, "access_requests_revoke")
	for _, e := range found {
		if !e.granted() {
			continue
		}
		steps, err := stepsOf(ctx, r, revoke, map[string]any{"request": e.id})
		if err != nil {
			return err
		}
		for _, s := range steps {
			l.add(leaveRights, "on "+plainName(nameOrID(e.device)), e.id, s)
		}
	}
	return nil
}

// lookReports plans a new manager for those whom the user manages, or says that they have none.
func (l *leaver) lookReports(ctx context.Context, r *Reader) error {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: searchUsers}, jc.Query{Fields: []string{"_id", "username", "manager"}, Body: map[string]any{
		"filter": map[string]any{"and": []any{map[string]any{"manager": l.user.ID}}},
	}}, 0)
	if err != nil {
		return err
	}
	kind := jc.User{}.Kind()
	b := &bulkEdit{manager: l.manager, body: map[string]any{"manager": l.manager.ID}}
	before := map[string]jc.Row{}
	for _, row := range rows.Rows {
		if row.Text("manager") == l.user.ID && row.Text("_id") != l.manager.ID {
			u := jc.Object{Kind: kind, ID: row.Text("_id"), Name: kind.NameOf(row)}
			b.users, before[u.ID] = append(b.users, u), row
		}
	}
	switch {
	case len(b.users) == 0:
		return nil
	case l.manager.ID == "":
		l.stay("%d reports keep them as manager: give manager", len(b.users))
		return nil
	}
	b.words = "manager " + plainName(l.manager.Name)
	l.bulk = b
	if len(b.users) >= bulkFrom {
		s := b.asynchronous(b.users)
		s.Tool = usersBulkUpdate
		l.add(leaveReports, fmt.Sprintf("%d users", len(b.users)), "all", s)
		return nil
	}
	for _, u := range b.users {
		l.add(leaveReports, plainName(u.Name), u.ID, b.step(u, before[u.ID]))
	}
	return nil
}

// lookOrders plans to lock or erase the devices that are the user's: those whose
// main user this is. A server or a shared device is only unbound.
func (l *leaver) lookOrders(ctx context.Context, r *Reader) error {
	if l.devices == "keep" {
		return nil
	}
	mine := l.orders
	if mine == nil {
		var err error
		if mine, err = l.ownDevices(ctx, r); err != nil {
			return err
		}
		l.orders = mine
	}
	verb := map[string]string{"lock": leaveLock, "erase": leaveErase}[l.devices]
	tool := toolIn(devicesOrders, "devices_"+l.devices)
	for _, d := range mine {
		steps, err := l.ordered(ctx, r, tool, d)
		var no *Refusal
		switch {
		case errors.As(err, &no): // no way to order this device anything
			l.stay("not %sed: %s: %s", strings.TrimSuffix(verb, "e"), plainName(d.Name), no.Text)
			continue
		case err != nil:
			return err
		}
		for i, s := range steps {
			l.add(verb, plainName(d.Name), fmt.Sprintf("%s %d", d.ID, i), s)
		}
	}
	return nil
}

// ordered plans the order to one device; the PIN goes to those that want one.
func (l *leaver) ordered(ctx context.Context, r *Reader, tool *Tool, d jc.Object) ([]Step, error) {
	args := map[string]any{"device": d.ID}
	steps, err := stepsOf(ctx, r, tool, args)
	var no *Refusal
	if l.pin != "" && errors.As(err, &no) && strings.HasPrefix(no.Text, "pin:") {
		args["pin"] = l.pin
		return stepsOf(ctx, r, tool, args)
	}
	return steps, err
}

// ownDevices are the directly bound devices whose main user is the one who
// leaves, or who have no main user and nobody else bound.
func (l *leaver) ownDevices(ctx context.Context, r *Reader) (mine []jc.Object, err error) {
	var ids []any
	for _, s := range l.steps {
		if t := s.Targets[len(s.Targets)-1]; s.verb == leaveBond && t.Type == "system" {
			ids = append(ids, t.ID)
		}
	}
	kind := jc.Device{}.Kind()
	for part := range slices.Chunk(ids, jc.MaxPage) {
		page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: searchDevices}, jc.Query{
			Fields: []string{"_id", "hostname", "primarySystemUser"}, Limit: jc.MaxPage,
			Body: map[string]any{"filter": map[string]any{"and": []any{map[string]any{"_id": map[string]any{"$in": part}}}}},
		})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			o := jc.Object{Kind: kind, ID: kind.IDOf(row), Name: kind.NameOf(row)}
			main := row.Text("primarySystemUser.id")
			others := 0
			if main == "" {
				if others, err = l.boundOthers(ctx, r, o.ID); err != nil {
					return nil, err
				}
			}
			if main == l.user.ID || main == "" && others == 0 {
				mine = append(mine, o)
				continue
			}
			l.stay("%s is not %sed: it is not theirs alone", plainName(o.Name), strings.TrimSuffix(l.devices, "e"))
		}
	}
	return mine, nil
}

// boundOthers counts the other users that are bound to a device directly.
func (l *leaver) boundOthers(ctx context.Context, r *Reader, device string) (n int, err error) {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: deviceBound, Params: map[string]string{"device": device},
		Query: map[string][]string{"targets": {"user"}}}, jc.Query{}, 0)
	for _, row := range rows.Rows {
		if row.Text("to.id") != l.user.ID {
			n++
		}
	}
	return n, err
}

// stepsOf plans a tool as a caller of it would, to make it a part of a job: its
// arguments are checked and resolved, and its steps stay its own, with its grant.
func stepsOf(ctx context.Context, r *Reader, t *Tool, args map[string]any) ([]Step, error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	if err := t.Schema.Check(raw); err != nil {
		return nil, err
	}
	in := reflect.New(t.in).Interface()
	if err := json.Unmarshal(raw, in); err != nil {
		return nil, err
	}
	if err := resolve(ctx, r.dir, t.Risk, in); err != nil {
		return nil, err
	}
	p, err := t.plan(ctx, r, in)
	if err != nil {
		return nil, err
	}
	p.own(t)
	return p.Steps, nil
}
