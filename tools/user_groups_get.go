package tools

import (
	"context"
	"fmt"
	"strings"

	"github.com/invopop/jsonschema"
	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type userGroupGet struct {
	userGroup
	Include []userGroupInclude `json:"include,omitempty" in:"-"`
	Fields  string             `json:"fields,omitempty" in:"-"`
}

func (g *userGroupGet) asked() asked {
	return asked{g.Group.Found(), namesIn(g.Include), g.Fields}
}

// userGroupInclude is what can be shown beside a user group.
type userGroupInclude string

// JSONSchema lists them.
func (userGroupInclude) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"members", "grants"}}
}

const (
	userGroupMembershipAt = "GET /api/v2/usergroups/{group}/membership"
	membersNamed          = 1500 // more do not fit into an answer
)

// groupGrantKind is a type of object that a user group can give its members.
type groupGrantKind struct {
	plural, needs, at string
	kind              *jc.Kind // nil where objects have no names here
	sudo              bool
}

var groupGrantKinds = []groupGrantKind{
	{"applications", "applications_list", "GET /api/v2/usergroups/{group}/applications", jc.Application{}.Kind(), false},
	{"device groups", "device_groups_list", "GET /api/v2/usergroups/{group}/systemgroups", jc.DeviceGroup{}.Kind(), true},
	{"devices", "devices_list", "GET /api/v2/usergroups/{group}/systems", jc.Device{}.Kind(), true},
	{"RADIUS servers", "radius_servers_associations_list", "GET /api/v2/usergroups/{group}/radiusservers", jc.RADIUSServer{}.Kind(), false},
	{"LDAP servers", "ldap_servers_list", "GET /api/v2/usergroups/{group}/ldapservers", jc.LDAPServer{}.Kind(), false},
	{"directories", "active_directory_list", "GET /api/v2/usergroups/{group}/activedirectories", jc.ActiveDirectory{}.Kind(), false},
}

var userGroupIncludes = []include{
	{name: "members", needs: "users_list", at: []string{userGroupMembershipAt}, read: groupMembers},
	{name: "grants", at: grantReads(), read: groupGrants},
}

var userGroupsGet = Set{"user_groups", "Groups of users and what they grant."}.Of(
	getWith[userGroupGet, jc.UserGroup]("user_groups_get", "GET /api/v2/usergroups/{group}",
		"Show one user group with its members and what it grants.",
		showing{fields: []string{"name", "description", "email", "membershipMethod", "dynamic", "memberQuery", "memberQueryExemptions", "attributes"}},
		userGroupIncludes, Core),
)

func grantReads() []string {
	out := make([]string, len(groupGrantKinds))
	for i, g := range groupGrantKinds {
		out[i] = g.at
	}
	return out
}

// groupMembers names as many members as fit; how many there are is told in any case.
func groupMembers(ctx context.Context, r *Reader, s *subject) (*section, error) {
	e := jc.At(userGroupMembershipAt)
	req := jc.Request{Endpoint: e, Params: map[string]string{e.Names()[0]: s.id}}
	rows, _, err := r.d.o.Client.Walk(ctx, req, jc.Query{}, membersNamed, nil)
	if err == nil && rows.Total < 0 { // JumpCloud does not count: all have to be read
		rows, _, err = r.d.o.Client.Walk(ctx, req, jc.Query{}, 0, nil)
		rows.Total = len(rows.Rows)
		rows.Rows = rows.Rows[:min(len(rows.Rows), membersNamed)]
	}
	if err != nil {
		return nil, err
	}
	v := reachedSet{kind: jc.User{}.Kind(), rows: rows.Rows}
	p, err := v.part(ctx, r, "members")
	if err != nil {
		return nil, err
	}
	p.counts = []string{fmt.Sprintf("members %d", rows.Total)}
	p.dropped = rows.Total - len(rows.Rows)
	p.more = []string{"user_groups_members_list group={}"}
	return p, nil
}

// groupGrants are all types of objects side by side. One that cannot be read is
// said and does not hide the others.
func groupGrants(ctx context.Context, r *Reader, s *subject) (*section, error) {
	parts := make([]*section, len(groupGrantKinds))
	var g errgroup.Group
	g.SetLimit(8)
	for i, x := range groupGrantKinds {
		g.Go(func() error {
			parts[i] = x.read(ctx, r, s)
			return nil
		})
	}
	_ = g.Wait()
	out := &section{columns: []string{"grants", via, "sudo", "names"}, more: []string{"access_explain user_group={}"}}
	for _, p := range parts {
		out.counts = append(out.counts, p.counts...)
		out.missing = append(out.missing, p.missing...)
		out.notes = append(out.notes, p.notes...)
		out.lines = append(out.lines, p.lines...)
	}
	return out, nil
}

func (x *groupGrantKind) read(ctx context.Context, r *Reader, s *subject) *section {
	p := &section{}
	fail := func(why string) *section {
		return &section{missing: []string{x.plural + " (" + why + ")"}}
	}
	if _, allowed := r.may(ctx, x.needs, nil); !allowed {
		return fail(notGranted)
	}
	rows, err := walkGraph(ctx, r, x.at, s.id)
	if err != nil {
		return fail(whyNot(err))
	}
	v := reachedSet{kind: x.kind, rows: rows, most: manyNamed, sudo: true}
	if p.lines, p.notes, err = v.linesOf(ctx, r, []string{strings.ReplaceAll(x.plural, " ", "_")}); err != nil {
		return fail(whyNot(err))
	}
	p.counts = []string{fmt.Sprintf("%s %d", x.plural, len(rows))}
	return p
}
