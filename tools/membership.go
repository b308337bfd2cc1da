package tools

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Membership tells grants what objects are called and which groups they are in, now.
// It looks that up itself: a grant must not trust what a call brings along.
type Membership struct {
	client *jc.Client
	dir    *jc.Directory

	mu    sync.Mutex
	known map[auth.Target]memberOf
	lists map[[2]string]*roster // by type of the members, and pattern
}

// roster are the members of all groups that a pattern names.
type roster struct {
	mu    sync.Mutex // held while it is read, so that many ask once
	ids   map[string]bool
	until time.Time
}

// memberOf are the groups of an object, as they were read.
type memberOf struct {
	groups []jc.Object
	until  time.Time
}

// fresh is how old an answer about members may be.
const fresh = time.Minute

// NewMembership asks through a client. Its reads are its own: no declaration has to allow them.
func NewMembership(c *jc.Client) *Membership {
	return &Membership{client: c, dir: jc.NewDirectory(c), known: map[auth.Target]memberOf{}, lists: map[[2]string]*roster{}}
}

// groupsAt is where the groups of an object are read: those it is in, directly or through others.
var groupsAt = map[string]struct {
	toolset string
	at      jc.Endpoint
	kind    *jc.Kind
	members jc.Endpoint // of a group, those of groups inside it too
}{
	"user":   {"user_groups", jc.At("GET /api/v2/users/{user}/memberof"), userGroupEnd, jc.At("GET /api/v2/usergroups/{group}/membership")},
	"system": {"device_groups", jc.At("GET /api/v2/systems/{device}/memberof"), deviceGroupEnd, jc.At("GET /api/v2/systemgroups/{group}/membership")},
}

// Member reports whether the target is in a group of a toolset that pattern names:
// a name, with * for any letters, or an id.
func (m *Membership) Member(ctx context.Context, of, pattern string, t auth.Target) (bool, error) {
	where, ok := groupsAt[t.Type]
	if !ok || where.toolset != of || t.ID == "" {
		return false, nil
	}
	if auth.Many(ctx) {
		in, err := m.roster(ctx, t.Type, pattern)
		return in[t.ID], err
	}
	groups, err := m.groups(ctx, t)
	if err != nil {
		return false, err
	}
	for _, g := range groups {
		if g.ID == pattern || wild(pattern, g.Name) {
			return true, nil
		}
	}
	return false, nil
}

// wild reports whether a name fits a pattern, in which * stands for any letters.
func wild(pattern, name string) bool {
	head, rest, more := strings.Cut(pattern, "*")
	if !more {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	for name = name[len(head):]; ; name = name[1:] {
		if wild(rest, name) {
			return true
		}
		if name == "" {
			return false
		}
	}
}

// groups are those of a target, at most a minute old.
func (m *Membership) groups(ctx context.Context, t auth.Target) ([]jc.Object, error) {
	key := auth.Target{Type: t.Type, ID: t.ID}
	m.mu.Lock()
	have, ok := m.known[key]
	m.mu.Unlock()
	if ok && time.Now().Before(have.until) {
		return have.groups, nil
	}
	where := groupsAt[t.Type]
	ctx = jc.WithFence(ctx, where.at, where.kind.Get, where.kind.Find)
	asked := time.Now()
	rows, _, err := m.client.Walk(ctx, jc.Request{Endpoint: where.at, Params: map[string]string{where.at.Names()[0]: t.ID}}, jc.Query{}, 0, nil)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, row := range rows.Rows {
		if id := row.Text("id"); id != "" {
			ids = append(ids, id)
		}
	}
	found, err := m.dir.ByID(ctx, where.kind, ids, false)
	if err != nil {
		return nil, err
	}
	var out []jc.Object
	for _, o := range found {
		out = append(out, o)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) > 10_000 { // a bound, not a policy: nothing is used after a minute
		clear(m.known)
	}
	m.known[key] = memberOf{out, asked.Add(fresh)}
	return out, nil
}

// roster reads the ids of the members of all groups that a pattern names, at most a
// minute old. A group that cannot be read is an error: what is not known is no.
func (m *Membership) roster(ctx context.Context, member, pattern string) (map[string]bool, error) {
	key := [2]string{member, pattern}
	m.mu.Lock()
	list := m.lists[key]
	if list == nil { // as many as the grant file has scopes
		list = &roster{}
		m.lists[key] = list
	}
	m.mu.Unlock()
	list.mu.Lock()
	defer list.mu.Unlock()
	if time.Now().Before(list.until) {
		return list.ids, nil
	}
	where, asked := groupsAt[member], time.Now()
	ctx = jc.WithFence(ctx, where.kind.Find, where.members)
	groups, _, err := m.client.Walk(ctx, jc.Request{Endpoint: where.kind.Find}, jc.Query{Fields: append([]string{where.kind.ID}, where.kind.NameFields()...)}, 0, nil)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, g := range groups.Rows {
		id := where.kind.IDOf(g)
		if id != pattern && !wild(pattern, where.kind.NameOf(g)) {
			continue
		}
		rows, _, err := m.client.Walk(ctx, jc.Request{Endpoint: where.members, Params: map[string]string{where.members.Names()[0]: id}}, jc.Query{}, 0, nil)
		if err != nil {
			return nil, err
		}
		for _, row := range rows.Rows {
			ids[row.Text("id")] = true
		}
	}
	list.ids, list.until = ids, asked.Add(fresh)
	return ids, nil
}

// Names are all that an object is called by.
func (m *Membership) Names(ctx context.Context, t auth.Target) ([]string, error) {
	k := jc.KindOf(t.Type)
	if k == nil || t.ID == "" || k.Get.Path == "" || len(k.Parents()) > 0 {
		return []string{t.Name}, nil
	}
	found, err := m.dir.ByID(jc.WithFence(ctx, k.Get, k.Find), k, []string{t.ID}, false)
	if err != nil {
		return nil, err
	}
	o := found[t.ID]
	out := []string{t.Name, o.Name}
	for _, n := range k.Names {
		if s := o.Row.Text(n.Field); s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}
