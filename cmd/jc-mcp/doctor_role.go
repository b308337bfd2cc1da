package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// rank orders JumpCloud's roles by what they may.
type rank uint8

const (
	readOnly rank = iota
	helpDesk
	manager
	administrator
	super
)

// builtinRole is a fact about JumpCloud, and where it comes from: C is said by JumpCloud,
// O is seen in public clients, U is what is generally understood and was not verified.
type builtinRole struct {
	name   string
	rank   rank
	may    string
	source string
}

// builtinRoles are JumpCloud's own roles that can do what tools do. The names are those
// of the API (O: the values of roleName in public clients). What each may is from
// jumpcloud.com/support/admin-portal-roles and custom-admin-roles as far as these could
// be read; nothing here was tried on an organisation, so all of it is an estimate.
var builtinRoles = []builtinRole{
	{"Read Only", readOnly, "sees, and changes nothing", "C: public guides to integrations that only read ask for it"},
	{"Help Desk", helpDesk, "sees, and does first-line work on users: unlock, reset MFA and passwords, suspend, activate", "U"},
	{"Manager", manager, "manages users, devices, groups, commands, policies and applications, and not the organisation's settings", "U"},
	{"Administrator", administrator, "everything but billing and administrators", "C: admin-portal-roles"},
	{"Administrator With Billing", super, "everything, administrators, roles and service accounts too", "C: admin-portal-roles, custom-admin-roles; only it makes service accounts and roles"},
}

// narrowRoles are built-in ones too: they cannot do what a server needs (O: the names;
// C: a command runner runs the commands that it was given, and nothing else).
var narrowRoles = []string{"Command Runner", "Command Runner With Billing", "Billing Only"}

// roleOf is the built-in role of a rank.
func roleOf(r rank) builtinRole {
	i := slices.IndexFunc(builtinRoles, func(b builtinRole) bool { return b.rank == r })
	return builtinRoles[i]
}

// changing says which role changes what a toolset is about. One that is not here is about
// settings or integrations: an administrator's.
var changing = map[string]rank{
	"administrators": super, "roles": super, "service_accounts": super, "providers": super, // C: with billing only
	"access": manager, "access_requests": manager, "applications": manager, "approval_flows": manager, "assets": manager,
	"bulk_users": manager, "changes": manager, "commands": manager, "device_groups": manager, "devices": manager, "groups": manager,
	"logos": manager, "password_manager": manager, "policies": manager, "policy_groups": manager, "reports": manager,
	"saved_views": readOnly, "software_apps": manager, "user_groups": manager, "users": manager,
}

// firstLine are the tools of a help desk.
var firstLine = map[string]bool{
	"users_activate": true, "users_expire_password": true, "users_password_set": true, "users_reactivate": true,
	"users_reset_mfa": true, "users_state_suspend": true, "users_suspend": true, "users_unlock": true,
}

// needs is the smallest role that a tool takes.
func needs(f auth.ToolFact) rank {
	switch {
	case f.Risk == auth.Read:
		return readOnly
	case firstLine[f.Name]:
		return helpDesk
	}
	if r, ok := changing[f.Toolset]; ok {
		return r
	}
	return administrator
}

// need is what the tools that are selected and granted take.
type need struct {
	rank  rank
	tools []string // that take so much
	total int
}

// needed is what this credential has to be able to do. err is a grant file that cannot
// be read: then nothing of it is known.
func (e *orgExamination) needed() (out need, err error) {
	c := *e.config
	c.selection.Surface = tools.FullSurface // api_change and its like reach what is not listed
	list, err := selected(&c)
	if err != nil {
		return out, err
	}
	granted := map[string]bool{}
	if c.grants != "" {
		rules, err := readGrantFile(c.grants, c.grantNames())
		if err != nil {
			return out, err
		}
		for _, f := range rules.Given(auth.Place{Org: e.org.name, Credential: e.cred.name, Alone: len(c.known) < 2}) {
			granted[f.Name] = true
		}
	}
	for _, t := range list {
		if t.Toolset == "api" || c.grants != "" && !granted[t.Name] {
			continue
		}
		out.total++
		switch r := needs(auth.ToolFact{Name: t.Name, Toolset: t.Toolset, Risk: t.Risk}); {
		case r > out.rank:
			out.rank, out.tools = r, []string{t.Name}
		case r == out.rank:
			out.tools = append(out.tools, t.Name)
		}
	}
	return out, nil
}

// String is the need in words.
func (n need) String() string {
	if n.total == 0 {
		return "nothing is selected and granted, so no role is needed"
	}
	what := fmt.Sprintf("the %d tools that are selected and granted", n.total)
	role := roleOf(n.rank)
	if n.rank == readOnly {
		return fmt.Sprintf("the smallest role for %s is %s (estimate)", what, role.name)
	}
	named := strings.Join(n.tools[:min(3, len(n.tools))], ", ")
	if more := len(n.tools) - 3; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("the smallest built-in role for %s is %s, for the sake of %s (estimate; a custom role can be smaller)", what, role.name, named)
}

// need says which role would do, where that of the credential is not known.
func (e *orgExamination) need(s *sheet) {
	n, err := e.needed()
	if err != nil {
		return // the lines about tools or grants say it
	}
	s.note("role needed", "%s", n)
}

// compare says whether the role of the credential is more or less than needed.
func (e *orgExamination) compare(s *sheet, a *account, whose string) {
	n, err := e.needed()
	if err != nil {
		s.ok("role", "%s (%s %s)", orUnknown(a.role), whose, a.name)
		return
	}
	i := slices.IndexFunc(builtinRoles, func(b builtinRole) bool { return strings.EqualFold(b.name, a.role) })
	switch {
	case slices.ContainsFunc(narrowRoles, func(r string) bool { return strings.EqualFold(r, a.role) }):
		s.fix("role", "%s (%s %s) cannot do what tools do: give the %s another role; %s", a.role, whose, a.name, whose, n)
	case a.role == "":
		s.note("role", "JumpCloud does not tell the role of %s %s; %s", whose, a.name, n)
	case i < 0:
		s.note("role", "%s (%s %s) is a custom role, which cannot be compared: see that it allows no more than the tools need; %s", a.role, whose, a.name, n)
	case n.total == 0:
		s.note("role", "%s (%s %s); %s", builtinRoles[i].name, whose, a.name, n)
	case builtinRoles[i].rank > n.rank:
		s.note("role", "%s (%s %s) is more than is needed: it %s; %s", builtinRoles[i].name, whose, a.name, builtinRoles[i].may, n)
	case builtinRoles[i].rank < n.rank:
		s.note("role", "%s (%s %s) is less than is needed, so JumpCloud will refuse some calls; %s", builtinRoles[i].name, whose, a.name, n)
	default:
		s.ok("role", "%s (%s %s), and no more than is needed; %s", builtinRoles[i].name, whose, a.name, n)
	}
}

func orUnknown(role string) string {
	if role == "" {
		return "not known"
	}
	return role
}
