package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Organizations serves several organisations as one server. A caller who has one of
// them finds what a server of that one alone would show. One who has more says with
// each call which it is for; only a read may be for all of them. Each organisation,
// as one credential reaches it, is a [Desk] of its own: no cache, cursor, journal or
// limit is shared, and no call is made at two desks but a read for all.
type Organizations struct {
	*catalog
	front *Desk // reaches none: for what concerns this server alone
	open  atomic.Pointer[openDesks]
	of    OrgsOf
}

// openDesks are the desks at one time: a call keeps to those that it began with.
type openDesks struct {
	desks map[deskKey]*Desk
	names []string // of organisations, sorted
}

type deskKey struct{ org, credential string }

// OrgsOf gives the organisations of a caller, and with which credential it has each,
// "" for the standard one.
type OrgsOf func(auth.Principal) map[string]string

var (
	_ Server = (*Desk)(nil)
	_ Server = (*Organizations)(nil)
)

// NewOrganizations makes the server. shared is what all have in common, with the
// grants for what concerns no organisation; places is one for each organisation and
// credential, with Org, Credential, Client, Grants, Region and Sandbox of its own.
// of nil gives every caller all of them.
func NewOrganizations(shared Options, places []Options, of OrgsOf) (*Organizations, error) {
	c, err := newCatalog(shared.Tools, shared.Selection)
	if err != nil {
		return nil, err
	}
	shared.Client = nil
	front, err := c.desk(shared)
	if err != nil {
		return nil, err
	}
	o := &Organizations{catalog: c, front: front, of: of}
	return o, o.Replace(places)
}

// Replace serves these places from the next call on, in the place of those before; the
// calls that are under way end at the desk where they began. A desk whose Client stays
// keeps all it has, and one whose organisation is At the same address the handles that
// it gave. On an error nothing changes. It is not for two goroutines at once.
func (o *Organizations) Replace(places []Options) error {
	was := o.open.Load()
	if was == nil {
		was = &openDesks{}
	}
	now := &openDesks{desks: map[deskKey]*Desk{}}
	for _, p := range places {
		key := deskKey{p.Org, p.Credential}
		if p.Org == "" || now.desks[key] != nil {
			return fmt.Errorf("organisation %q with credential %q stands twice, or has no name", p.Org, p.Credential)
		}
		d, err := o.desk(p)
		if err != nil {
			return err
		}
		if old := was.desks[key]; old != nil {
			d.follow(old)
		}
		now.desks[key] = d
		if !slices.Contains(now.names, p.Org) {
			now.names = append(now.names, p.Org)
		}
	}
	slices.Sort(now.names)
	o.open.Store(now)
	return nil
}

// follow takes over what a desk of the same name has.
func (d *Desk) follow(old *Desk) {
	if d.o.At != old.o.At {
		return
	}
	d.places, d.shelf, d.vault = old.places, old.shelf, old.vault
	if d.o.Client != old.o.Client {
		return
	}
	d.dir = old.dir
	if d.o.Region == old.o.Region && d.o.Sandbox == old.o.Sandbox {
		d.org = old.org
	}
}

// desksOf are the desks of a caller, one for each of its organisations, by name.
func (o *Organizations) desksOf(ctx context.Context) (mine []*Desk, names []string) {
	who, known := auth.From(ctx)
	if !known {
		return nil, nil
	}
	var having map[string]string
	if o.of != nil {
		having = o.of(who)
	}
	open := o.open.Load()
	for _, name := range open.names {
		credential, has := having[name]
		if !has && o.of != nil {
			continue
		}
		if d := open.desks[deskKey{name, credential}]; d != nil {
			mine, names = append(mine, d), append(names, name)
		}
	}
	return mine, names
}

// Tools are the tools that are served, sorted by name.
func (o *Organizations) Tools() []*Tool { return o.listed }

// Declares reports whether there is a tool of that name, listed to the caller or not.
func (o *Organizations) Declares(name string) bool { return o.front.Declares(name) }

// Lacking are the scopes that a call takes; see [Desk.Lacking]. They are the same for
// all organisations.
func (o *Organizations) Lacking(ctx context.Context, name string, arguments json.RawMessage) string {
	if head, rest, deep := strings.Cut(strings.TrimPrefix(name, scheme), "/"); deep && strings.HasPrefix(name, scheme) {
		if mine, names := o.desksOf(ctx); len(mine) > 1 && slices.Contains(names, head) {
			name = scheme + rest
		}
	}
	return o.front.Lacking(ctx, name, arguments)
}

// List gives the tools that the caller may see.
func (o *Organizations) List(ctx context.Context) []Listed {
	who, _ := auth.From(ctx)
	mine, names := o.desksOf(ctx)
	switch len(mine) {
	case 0:
		return nil
	case 1:
		return mine[0].List(ctx)
	}
	list := o.front.List(ctx)
	for i := range list {
		o.several(&list[i], who, names)
	}
	return list
}

// Find is the tool of that name, if List has it.
func (o *Organizations) Find(ctx context.Context, name string) (Listed, bool) {
	who, _ := auth.From(ctx)
	mine, names := o.desksOf(ctx)
	switch len(mine) {
	case 0:
		return Listed{}, false
	case 1:
		return mine[0].Find(ctx, name)
	}
	l, ok := o.front.Find(ctx, name)
	if ok {
		o.several(&l, who, names)
	}
	return l, ok
}

// several makes of a tool one that chooses among the organisations of these names.
func (o *Organizations) several(l *Listed, who auth.Principal, names []string) {
	t := o.byName[l.Name]
	l.InputSchema = o.choosing(t, o.front.schemaFor(who, t), names).Listed()
	if l.OutputSchema != nil {
		l.OutputSchema = severalOutput
	}
}

// maxInstructionNames is what the names of organisations may cost in the instructions.
const maxInstructionNames = 24

// Instructions is what clients are told of the server, in at most 110 tokens.
func (o *Organizations) Instructions(ctx context.Context) string {
	mine, names := o.desksOf(ctx)
	switch len(mine) {
	case 0:
		return "No organisation of JumpCloud is granted to this caller."
	case 1:
		return mine[0].Instructions(ctx)
	}
	shown := joinNames(names)
	for n := len(names); n > 0 && tokens(shown) > maxInstructionNames; n-- {
		shown = joinNames(names[:n-1]) + fmt.Sprintf(" and %d more", len(names)-n+1)
	}
	return "JumpCloud of " + strings.TrimPrefix(shown, " and ") + "." + o.front.advice()
}
