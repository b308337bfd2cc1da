package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

type arg = map[string]any

func deviceRows(r *rig) int { return len(r.truth.devices) }

// reader is a check of answers that nothing was changed by.
func reader(check func(*rig, answer) error) func(context.Context, *rig, *session, []answer) error {
	return func(_ context.Context, r *rig, _ *session, a []answer) error { return check(r, a[0]) }
}

// readJobs are those that read. They run before any change, so the snapshot is the truth.
var readJobs = []job{
	{id: "W01", request: "Who is liam.haddad and what can he reach?", calls: 1, tokens: 250, fanOut: 12,
		ways:  []way{{with("users_get", arg{"user": "liam.haddad", "include": []string{"groups", "devices", "applications", "mfa"}})}},
		right: reader(rightLiam)},
	{id: "W02", request: "List all 100 users.", calls: 1, tokens: 1500,
		ways: []way{{with("users_list", arg{"limit": 100})}},
		right: reader(func(r *rig, a answer) error {
			if _, shown, _ := a.totals(); shown != 100 {
				return fmt.Errorf("%d shown", shown)
			}
			return all(a.exactly("username", texts(r.truth.users, "username")), rightUsers(r, a))
		})},
	{id: "W03", request: "How many users per department?", calls: 1, tokens: 60, perRow: 4,
		ways:     []way{{with("users_list", arg{"count_by": "department"})}},
		answered: func(r *rig) int { return len(tally(r.truth.users, "department")) },
		right:    reader(func(r *rig, a answer) error { return a.counted(tally(r.truth.users, "department")) })},
	{id: "W04", request: "Which users are suspended?", calls: 1, tokens: 160, answered: anyRows,
		ways: []way{{with("users_list", arg{"filter": "state=SUSPENDED"})}},
		right: reader(func(r *rig, a answer) error {
			return a.exactly("username", texts(pick(r.truth.users, suspended), "username"))
		})},
	{id: "W05", request: "Who in Engineering has no MFA?", calls: 1, tokens: 60, answered: anyRows, fanOut: 3,
		ways:  []way{{with("users_list", arg{"filter": "group=Engineering, mfa_enrolled=false", "fields": "username"})}},
		rows:  func(r *rig) int { return 2 * len(r.truth.members[r.truth.userGroup("Engineering")]) },
		right: reader(func(r *rig, a answer) error { return a.exactly("username", engineersWithoutMFA(r.truth)) })},
	{id: "W06", request: "Who can reach Salesforce, and through which group?", calls: 1, tokens: 90, perRow: 4, fanOut: 6,
		ways:     []way{{with("access_explain", arg{"application": "Salesforce"})}},
		rows:     func(r *rig) int { return 2 * r.users },
		answered: func(r *rig) int { return len(r.truth.reaches(r.truth.app("Salesforce"), "user")) },
		right:    reader(rightSalesforce)},
	{id: "W07", request: "Which devices are not encrypted?", calls: 1, tokens: 380, rows: deviceRows, answered: anyRows,
		ways: []way{{with("devices_list", arg{"filter": "encrypted=false", "fields": "hostname,user", "limit": 200})}}, fanOut: 15,
		right: reader(func(r *rig, a answer) error {
			return a.exactly("hostname", texts(pick(r.truth.devices, unencrypted), "hostname"))
		})},
	{id: "W08", request: "Failed logins of the last 24 h, per user.", calls: 1, tokens: 350, answered: anyRows,
		ways: []way{
			{with("insights_query", arg{"last": "24h", "filter": "success=false", "count_by": "initiated_by"})},
			{with("insights_distinct", arg{"last": "24h", "filter": "success=false", "field": "initiated_by.username"})},
		},
		right: reader(rightFailures)},
	{id: "W09", request: "List our SSO apps.", calls: 1, tokens: 200,
		ways: []way{{with("applications_list", arg{})}},
		right: reader(func(r *rig, a answer) error {
			return a.exactly("displayLabel", texts(r.truth.apps, "displayLabel"))
		})},
	{id: "W10", request: "Which Slack versions are installed, on how many devices?", calls: 1, tokens: 80, rows: deviceRows,
		ways: []way{{with("system_insights_query", arg{"table": "apps", "filter": "bundle_name=Slack", "count_by": "version"})}}, right: rightSlack},
	{id: "W11", request: "Show device build-01: user, policies, encryption, software.", calls: 1, tokens: 180, fanOut: 12,
		ways:  []way{{with("devices_get", arg{"device": "build-01", "include": []string{"users", "policies", "encryption", "software"}})}},
		right: reader(rightBuild)},
	{id: "W12", request: "Give me the security posture of the organisation.", calls: 1, tokens: 120, fanOut: 20,
		ways:  []way{{with("organizations_summary", arg{})}},
		rows:  func(r *rig) int { return len(r.truth.users) + len(r.truth.devices) },
		right: reader(rightPosture)},
	{id: "W24", request: "Which devices have not been seen for 90 days, and whose are they?", calls: 1, tokens: 400, rows: deviceRows, answered: anyRows, fanOut: 15,
		ways:  []way{{with("devices_list", arg{"filter": "last_contact>90d", "fields": "hostname,user,last_contact", "limit": 200})}},
		right: reader(rightStale)},
}

// anyRows says that the answer grows with the organisation.
func anyRows(*rig) int { return 0 }

// rightLiam: all that he reaches is named, and no application or device beyond.
func rightLiam(r *rig, a answer) error {
	t := r.truth
	liam := t.user("liam.haddad")
	apps, devices := t.names(t.reaches(liam, "application")), t.names(t.reaches(liam, "system"))
	var otherApps, otherDevices []string
	for _, n := range texts(t.apps, "displayLabel") {
		if !slices.Contains(apps, n) {
			otherApps = append(otherApps, n)
		}
	}
	for _, n := range texts(t.devices, "hostname") {
		if !slices.Contains(devices, n) {
			otherDevices = append(otherDevices, n)
		}
	}
	mfa := "true"
	if withoutMFA(t.byID[liam]) {
		mfa = "false"
	}
	err := all(a.says("liam.haddad"), a.says(t.in(liam)...), a.says(apps...), a.says(devices...), a.saysNone(otherApps...), a.saysNone(otherDevices...))
	if low := strings.ToLower(a.text); err == nil && (!strings.Contains(low, "mfa") || !strings.Contains(low, mfa) && !strings.Contains(low, "enrolled")) {
		return fmt.Errorf("it does not say whether he has MFA")
	}
	return err
}

// rightUsers compares every shown cell of the default columns.
func rightUsers(r *rig, a answer) error {
	rows, err := a.rows()
	if err != nil {
		return err
	}
	for _, row := range rows {
		u := find(r.truth.users, "username", row[0])
		var flags []string
		for _, f := range []struct {
			word string
			on   bool
		}{{"suspended", suspended(u)}, {"locked", u["account_locked"] == true}, {"nomfa", withoutMFA(u)}} {
			if f.on {
				flags = append(flags, f.word)
			}
		}
		want := strings.Join(flags, " ")
		if want == "" {
			want = "-"
		}
		if len(row) != 4 || row[1] != text(u, "department") || row[2] != text(u, "jobTitle") || row[3] != want {
			return fmt.Errorf("%v, really %s, %s, %s", row, text(u, "department"), text(u, "jobTitle"), want)
		}
	}
	return nil
}

func engineersWithoutMFA(t *truth) (out []string) {
	for _, m := range t.members[t.userGroup("Engineering")] {
		if withoutMFA(t.byID[m]) {
			out = append(out, t.name(m))
		}
	}
	return out
}

// rightSalesforce: the number of people is right, each that is named reaches it,
// and on the small sandbox all are named beside their group.
func rightSalesforce(r *rig, a answer) error {
	t := r.truth
	app := t.app("Salesforce")
	want := t.names(t.reaches(app, "user"))
	blocked := 0
	for _, n := range t.reaches(app, "user") {
		if suspended(t.byID[n]) {
			blocked++
		}
	}
	err := all(a.saysOf("total", len(want)), a.saysOf("suspended", blocked), a.says("Sales", "All Revenue"))
	named := 0
	for _, name := range texts(t.users, "username") {
		if !hasWord(a.text, name) {
			continue
		}
		named++
		if !slices.Contains(want, name) {
			return fmt.Errorf("%s does not reach it", name)
		}
	}
	if named < len(want) && (r.users == sizes[0] || !strings.Contains(a.text, "more")) {
		return fmt.Errorf("%d of %d people are named: missing %v", named, len(want), missing(want, strings.FieldsFunc(a.text, func(c rune) bool { return strings.ContainsRune(" ,!\n\"", c) })))
	}
	return err
}

// rightFailures compares with the events of the 24 hours before the call, or
// before now: in between the window moves by moments.
func rightFailures(r *rig, a answer) error {
	want := r.truth.failures(time.Now().Add(-24 * time.Hour))
	sum := 0
	for _, n := range want {
		sum += n
	}
	rows, err := a.rows()
	if err != nil {
		return err
	}
	for _, row := range rows {
		name := row[0]
		if n := want[name]; fmt.Sprint(n) != row[1] {
			return fmt.Errorf("%s: %s, really %d", name, row[1], n)
		}
	}
	if len(rows) < len(want) && !moreForm.MatchString(a.last()) {
		return fmt.Errorf("%d of %d names, and no word of more", len(rows), len(want))
	}
	return a.saysCount(sum)
}

// rightSlack counts the rows that the sandbox itself gives for the application.
func rightSlack(ctx context.Context, r *rig, _ *session, answers []answer) error {
	rows, err := r.fetchAll(ctx, "/api/v2/systeminsights/apps?filter="+url.QueryEscape("bundle_name:eq:Slack"))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("the sandbox has no Slack")
	}
	return all(answers[0].counted(tally(rows, "bundle_short_version")), answers[0].saysCount(len(rows)))
}

// rightBuild: its people, through groups too, its policies and its encryption.
func rightBuild(r *rig, a answer) error {
	t := r.truth
	d := find(t.devices, "hostname", "build-01")
	me := node{"system", idOf(d)}
	users, policies := t.names(t.reaches(me, "user")), t.names(t.reaches(me, "policy"))
	for _, name := range texts(t.users, "username") {
		if hasWord(a.text, name) && !slices.Contains(users, name) {
			return fmt.Errorf("%s has nothing to do with it", name)
		}
	}
	if !regexp.MustCompile(fmt.Sprintf(`encrypted[^\n]*\n%v,|encrypted":%[1]v`, !unencrypted(d))).MatchString(a.text) {
		return fmt.Errorf("it does not say that encrypted is %v", !unencrypted(d))
	}
	if len(policies) == 0 {
		return fmt.Errorf("the sandbox binds no policy to it")
	}
	return all(a.says("build-01", "ada.king", "dana.weiss"), a.saysOf("users", len(users)), a.saysOf("policies", len(policies)), a.says(policies...))
}

// rightPosture looks for the numbers that it has to hold.
func rightPosture(r *rig, a answer) error {
	t := r.truth
	count := func(list []doc, is func(doc) bool) int { return len(pick(list, is)) }
	days := func(n int) time.Time { return time.Now().Add(-time.Duration(n) * 24 * time.Hour) }
	return all(
		a.saysOf("users", len(t.users)), a.saysOf("devices", len(t.devices)),
		a.saysOf("suspended", count(t.users, suspended)), a.saysOf("no MFA", count(t.users, withoutMFA)),
		a.saysOf("locked", count(t.users, func(u doc) bool { return u["account_locked"] == true })),
		a.saysOf("password expired", count(t.users, func(u doc) bool { return u["password_expired"] == true })),
		a.saysOf("unencrypted", count(t.devices, unencrypted)),
		a.saysOf("30 d", count(t.devices, quietSince(days(30)))), a.saysOf("90 d", count(t.devices, quietSince(days(90)))),
		a.saysOf("user groups", len(t.userGroups)), a.saysOf("device groups", len(t.deviceGroups)), a.saysOf("applications", len(t.apps)),
	)
}

func rightStale(r *rig, a answer) error {
	t := r.truth
	stale := pick(t.devices, quietSince(time.Now().Add(-90*24*time.Hour)))
	if err := a.exactly("hostname", texts(stale, "hostname")); err != nil {
		return err
	}
	rows, err := a.rows()
	if err != nil {
		return err
	}
	for _, row := range rows {
		host, _, _ := strings.Cut(row[0], "~")
		owner := t.byID[node{"user", text(find(t.devices, "hostname", host), "primarySystemUser.id")}]
		want := text(owner, "username")
		if want == "" {
			want = "-"
		}
		if row[1] != want {
			return fmt.Errorf("%s belongs to %s, really to %s", row[0], row[1], want)
		}
	}
	return nil
}
