package tools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type userGet struct {
	user
	Include []userInclude `json:"include,omitempty" in:"-"`
	Fields  string        `json:"fields,omitempty" in:"-"`
}

func (u *userGet) asked() asked {
	return asked{u.User.Found(), namesIn(u.Include), u.Fields}
}

// userInclude is what can be shown beside a user.
type userInclude string

// JSONSchema lists them.
func (userInclude) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Enum: []any{"groups", "devices", "applications", "mfa", "keys", "policies", "logins"}}
}

func namesIn[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

const (
	userDevicesAt      = "GET /api/v2/users/{user}/systems"
	userApplicationsAt = "GET /api/v2/users/{user}/applications"
	userKeysAt         = "GET /api/systemusers/{user}/sshkeys"
	deviceStatusesAt   = "GET /api/v2/systems/{device}/policystatuses"

	manyNamed    = 25                 // names in a line of what a user or group reaches
	loginsBack   = 7 * 24 * time.Hour // how far logins and events look back
	loginsShown  = 10
	policyFanOut = 20 // devices of a user whose policies are read
)

var userIncludes = []include{
	reachedInclude("groups", "user_groups_list", userParents, reachedSet{kind: jc.UserGroup{}.Kind()}),
	reachedInclude("devices", "devices_list", userDevicesAt, reachedSet{kind: jc.Device{}.Kind(), most: manyNamed, sudo: true}, "access_explain user={}"),
	reachedInclude("applications", "applications_list", userApplicationsAt, reachedSet{kind: jc.Application{}.Kind(), most: 2 * manyNamed}, "access_explain user={}"),
	{name: "mfa", read: userFactors},
	{name: "keys", at: []string{userKeysAt}, read: userSSHKeys},
	{name: "policies", needs: "policies_list", at: []string{userDevicesAt, deviceStatusesAt}, read: userPolicies},
	{name: "logins", needs: "insights_query", at: []string{eventsQuery.String()}, read: userLogins},
}

var usersGet = Set{"users", "People of the directory."}.Of(
	getWith[userGet, jc.User]("users_get", "GET /api/systemusers/{user}",
		"Show one user with what is asked, inherited access included.",
		showing{
			fields: []string{"username", "name", "displayname", "email", "state!", "locked", "mfa_enrolled", "password_expired", "password_expiration_date",
				"department", "jobTitle", "manager", "employeeType", "location", "company", "created"},
			instead: map[string]string{"mfa_enrolled": "mfa"},
			ids:     map[string]*jc.Kind{"manager": jc.User{}.Kind()},
			same:    [2]string{"displayname", "name"},
		},
		userIncludes, Core),
)

// userFactors are three different facts of MFA, and the factors that are enrolled.
func userFactors(_ context.Context, _ *Reader, s *subject) (*section, error) {
	row, err := s.row()
	if err != nil {
		return nil, err
	}
	p := &section{}
	var cells []string
	for _, name := range []string{"mfa_enrolled", "mfa_required", "mfa_excused_until"} {
		v, read := valueOf(s.kind, row, name)
		p.columns = append(p.columns, name)
		if !read {
			cells = append(cells, unread)
			continue
		}
		cells = append(cells, cell(v))
	}
	p.columns = append(p.columns, "factors")
	p.lines = []sectionLine{{cells: append(cells, factorsOf(row))}}
	return p, nil
}

// factorsOf are the factors whose status says that they are enrolled. Rows
// without statuses tell of TOTP alone.
func factorsOf(row jc.Row) string {
	statuses, ok := row["mfaEnrollment"].(map[string]any)
	if !ok {
		if on, _ := row.Bool("totp_enabled"); on {
			return "totp; others " + unread
		}
		return unread
	}
	var out []string
	for name, v := range statuses {
		if factor, is := strings.CutSuffix(name, "Status"); is && factor != "overall" && v == "ENROLLED" {
			out = append(out, factor)
		}
	}
	if len(out) == 0 {
		return noneMark
	}
	slices.Sort(out)
	return clean(strings.Join(out, " "))
}

func userSSHKeys(ctx context.Context, r *Reader, s *subject) (*section, error) {
	e := jc.At(userKeysAt)
	resp, err := r.Do(ctx, jc.Request{Endpoint: e, Params: map[string]string{e.Names()[0]: s.id}})
	if err != nil {
		return nil, err
	}
	rows, err := jc.ReadRows(resp)
	if err != nil {
		return nil, err
	}
	p := &section{counts: []string{fmt.Sprintf("SSH keys %d", len(rows.Rows))}, columns: []string{"key", "type", "created"}}
	for _, row := range rows.Rows {
		kind, _, _ := strings.Cut(strings.TrimSpace(row.Text("public_key")), " ")
		p.lines = append(p.lines, sectionLine{cells: []string{cell(row["name"]), cell(kind), cell(row["create_date"])}})
	}
	return p, nil
}

// userPolicies are the policies on the devices that a user reaches, with how each stands.
func userPolicies(ctx context.Context, r *Reader, s *subject) (*section, error) {
	rows, err := walkGraph(ctx, r, userDevicesAt, s.id)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b jc.Row) int { // his own before those of a group
		return map[bool]int{true: 0, false: 1}[direct(a)] - map[bool]int{true: 0, false: 1}[direct(b)]
	})
	var devices []string
	for _, row := range rows {
		devices = append(devices, row.Text("id"))
	}
	p := &section{columns: []string{"state", "policies", "devices"}}
	if len(devices) > policyFanOut {
		p.missing = append(p.missing, fmt.Sprintf("policies of %d more devices", len(devices)-policyFanOut))
		devices = devices[:policyFanOut]
	}
	names, err := namesByID(ctx, r, jc.Device{}.Kind(), devices)
	if err != nil {
		return nil, err
	}
	of := make([]*policyStates, len(devices))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, id := range devices {
		g.Go(func() (err error) { of[i], err = policyStatesOf(gctx, r, id); return err })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	policies, groups := map[string]bool{}, map[string][]string{} // state and policies -> devices
	cells, failed := map[string][]string{}, 0
	for i, id := range devices {
		lines, err := of[i].lines(ctx, r)
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			lines = []sectionLine{{cells: []string{"no result"}, items: []string{noneMark}}}
		}
		for _, l := range lines {
			c := append(l.cells, strings.Join(l.items, itemsApart))
			key := strings.Join(c, "\x00")
			cells[key], groups[key] = c, append(groups[key], id)
		}
		failed += of[i].failed
		for _, row := range of[i].rows {
			policies[row.Text("policyID")] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) { // failed comes before success
		p.lines = append(p.lines, sectionLine{cells: cells[key], items: itemsOf(nil, groups[key], names, nil)})
	}
	p.counts = []string{fmt.Sprintf("policies %d on %d devices, %d failed", len(policies), len(devices), failed)}
	return p, nil
}

// signIn reports whether an event is a sign-in, or the lock that failed ones lead to.
func signIn(event jc.Row) bool {
	switch t := event.Text("event_type"); t {
	case "sso_auth", "radius_auth", "ldap_bind", "user_lockout", "user_unlocked":
		return true
	default:
		return strings.Contains(t, "login")
	}
}

// userLogins are the sign-ins of the last days; those that are alike stand in one line.
func userLogins(ctx context.Context, r *Reader, s *subject) (*section, error) {
	in := &eventFind{Last: fmt.Sprintf("%dd", loginsBack/(24*time.Hour)), User: jc.To[jc.User](jc.Object{Kind: s.kind, ID: s.id})}
	q, err := askEvents(ctx, r, nil, in, nil, nil)
	if err != nil {
		return nil, err
	}
	q.keep(signIn, "event_type")
	hits, all, err := q.scan(ctx, r, "success", "resource", "application", "system", "association", "client_ip", "error_message", "useragent")
	if err != nil {
		return nil, err
	}
	p := &section{columns: []string{"last", "n", "event_type", "success", "on", "client_ip", "why", "client"},
		more: []string{"insights_query user={} last=7d"}}
	type group struct {
		last  string
		n     int
		cells []string
	}
	var groups []*group
	index := map[string]*group{}
	tried, failed := 0, 0
	for _, event := range hits {
		if ok, told := event.Bool("success"); !strings.HasPrefix(event.Text("event_type"), "user_lock") && event.Text("event_type") != "user_unlocked" {
			tried++
			if told && !ok {
				failed++
			}
		}
		client := []rune(cell(event["useragent"]))
		cells := []string{cell(event["event_type"]), cell(event["success"]), loginPlace(event), cell(event["client_ip"]), cell(event["error_message"]),
			string(client[:min(len(client), 40)])}
		key := strings.Join(cells, "\x00")
		if index[key] == nil {
			index[key] = &group{cells: cells}
			groups = append(groups, index[key])
		}
		g := index[key]
		g.n++
		g.last = max(g.last, event.Text("timestamp"))
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return strings.Compare(b.last, a.last) })
	p.counts = []string{fmt.Sprintf("logins of 7 d %d, %d failed", tried, failed)}
	if !all {
		p.counts[0] += ", of more: not complete"
	}
	if n := len(groups) - loginsShown; n > 0 {
		p.dropped, groups = n, groups[:loginsShown]
	}
	for _, g := range groups {
		p.lines = append(p.lines, sectionLine{cells: append([]string{cell(g.last), fmt.Sprint(g.n)}, g.cells...)})
	}
	return p, nil
}

// loginPlace is the application or device of a sign-in.
func loginPlace(event jc.Row) string {
	return cell(firstText(nameIn(event["application"], objectNames...), nameIn(event["system"], objectNames...)))
}
