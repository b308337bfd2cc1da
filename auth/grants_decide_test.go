package auth

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestDecisionMatrix goes over risk x toolset x grant: every tool of every risk in
// three toolsets under each kind of line.
func TestDecisionMatrix(t *testing.T) {
	const no, yes, person = "no", "yes", "human"
	tools := someTools()
	for _, grant := range []struct {
		name  string
		lines string
		want  map[string]string // "users read" -> verdict; what is not named is no
	}{
		{"nothing", "never: [users_list]", nil},
		{"read", "may: [{read: [users]}]", map[string]string{"users read": yes}},
		{"write", "may: [{write: [users]}]", map[string]string{"users read": yes, "users change": yes}},
		{"two", "may: [{read: [users]}, {write: [devices]}]", map[string]string{"users read": yes, "devices read": yes, "devices change": yes}},
		{"all", `may: [{write: ["*"]}]`, map[string]string{
			"users read": yes, "users change": yes, "user_groups read": yes, "user_groups change": yes, "devices read": yes, "devices change": yes}},
		{"do by name", "may: [{do: [users_list, users_update, users_delete, users_key_get]}]", map[string]string{
			"users read": yes, "users change": yes, "users destroy": person, "users reveal": person}},
		{"do by glob", `may: [{do: ["users_*"]}]`, map[string]string{"users read": yes, "users change": yes}},
		{"do any", `may: [{do: ["*"]}]`, map[string]string{
			"users read": yes, "users change": yes, "user_groups read": yes, "user_groups change": yes, "devices read": yes, "devices change": yes}},
		{"glob of one", `may: [{do: ["users_delet?"]}]`, nil},
		{"never", "may: [{write: [users]}, {do: [users_delete]}]\n    never: [users_list, users_delete]", map[string]string{"users change": yes}},
		{"never glob", "may: [{write: [users, devices]}, {do: [users_delete]}]\n    never: [\"users_*\"]", map[string]string{"devices read": yes, "devices change": yes}},
		{"never all", "may: [{write: [users, devices]}]\n    never: [\"*\"]", nil},
		{"approve", "may: [{write: [users], approve: human}]", map[string]string{"users read": yes, "users change": person}},
		{"approve none", "may: [{do: [users_delete, users_update], approve: none}]", map[string]string{"users change": yes, "users destroy": yes}},
		{"approve client", "may: [{do: [users_delete, users_key_get], approve: client}]", map[string]string{"users destroy": "client", "users reveal": "client"}},
		{"approve other", "may: [{do: [users_key_get, users_list], approve: other-human}]", map[string]string{"users read": "other-human", "users reveal": "other-human"}},
	} {
		e := Enforce(parsed(t, "version: 1\nagents:\n  a:\n    who: [{local: stdio}]\n    "+grant.lines+"\n"), EnforcerOptions{})
		for _, set := range []string{"users", "user_groups", "devices"} {
			for suffix, risk := range map[string]Risk{"_list": Read, "_update": Change, "_delete": Destroy, "_key_get": Reveal} {
				key := set + " " + risk.String()
				want := grant.want[key]
				if want == "" {
					want = no
				}
				as := tools.action(t, set+suffix)
				for what, a := range map[string]Action{"as such": as, "on one": {Tool: as.Tool, Toolset: set, Risk: risk, Targets: []Target{user("x")}, Objects: 1}} {
					d := e.Decide(t.Context(), someone, a)
					got := no
					if d.Allow {
						if got = d.Approval.String(); d.Approval == NoApproval {
							got = yes
						}
					}
					if got != want {
						t.Errorf("%s: %s %s: %s, want %s (%+v)", grant.name, key, what, got, want, d)
					}
					if d.Version != e.Rules().Version() || !strings.HasPrefix(d.Rule, "grants.yaml") || !d.Allow && d.Reason == "" {
						t.Errorf("%s: %s: %+v", grant.name, key, d)
					}
				}
			}
		}
	}
}

func TestDecisionSaysWhereAndWhy(t *testing.T) {
	e := Enforce(parsed(t, `version: 1
ceiling:
  objects_per_call: 3
protect:
  users: [breakglass@example.com, "svc-*"]
agents:
  a:
    who: [{local: stdio}]
    may:
      - read: [users]
      - write: [user_groups]
        at_most: {per_call: 2}
        when: {days: mon-fri, hours: "08:00-18:00", zone: Europe/Berlin}
      - do: [users_unlock, users_reset_mfa]
        approve: other-human
        wait: 30m
    never:
      - commands_run
`), EnforcerOptions{Now: at(office.Add(12 * time.Hour))})
	tools := someTools()
	many := tools.action(t, "users_unlock", user("a"), user("b"), user("c"), user("d"))
	for _, c := range []struct {
		a    Action
		want Decision
	}{
		{tools.action(t, "users_list"), Decision{Allow: true, Rule: "grants.yaml line 10"}},
		{tools.action(t, "users_unlock"), Decision{Allow: true, Rule: "grants.yaml line 14", Approval: OtherHumanApproval, Wait: 30 * time.Minute}},
		{tools.action(t, "commands_run"), Decision{Rule: "grants.yaml line 18", Reason: "never commands_run"}},
		{tools.action(t, "users_update"), Decision{Rule: "grants.yaml line 7", Reason: "a is not granted users_update"}},
		{tools.action(t, "users_delete"), Decision{Rule: "grants.yaml line 7", Reason: "a is not granted users_delete, which needs its own name under do"}},
		{tools.action(t, "user_groups_update"), Decision{Rule: "grants.yaml line 11", Reason: "only mon-fri 08:00-18:00 Europe/Berlin; it is fri 00:00 there"}},
		{tools.action(t, "users_unlock", user("SVC-backup")), Decision{Rule: "grants.yaml line 5", Reason: "user SVC-backup is protected: no agent changes it"}},
		{tools.action(t, "users_list", user("svc-backup")), Decision{Allow: true, Rule: "grants.yaml line 10"}},
		{many, Decision{Rule: "grants.yaml line 3", Reason: "4 objects in one call are over the ceiling of 3"}},
		{Action{Tool: "users_list", Toolset: "devices"}, Decision{Rule: "grants.yaml", Reason: "users_list is not a tool it knows"}},
		{Action{Tool: "users_delete", Toolset: "users", Risk: Read}, Decision{Rule: "grants.yaml", Reason: "users_delete is not a tool it knows"}},
		{Action{Tool: "users_invent", Toolset: "users"}, Decision{Rule: "grants.yaml", Reason: "users_invent is not a tool it knows"}},
	} {
		c.want.Version = e.Rules().Version()
		if got := e.Decide(t.Context(), someone, c.a); got != c.want {
			t.Errorf("%s %v:\n got %+v\nwant %+v", c.a.Tool, c.a.Targets, got, c.want)
		}
	}
	if d := e.Decide(t.Context(), Principal{Agent: "b"}, tools.action(t, "users_list")); d.Allow || d.Reason != "there is no agent b in it" {
		t.Errorf("%+v", d)
	}
	if d := e.Decide(t.Context(), Principal{}, tools.action(t, "users_list")); d.Allow {
		t.Errorf("nobody: %+v", d)
	}
}

// TestTheFirstLineThatFitsWins: lines are looked at in order, one that gives the tool
// but not here and now is passed over, and the approval is the winner's.
func TestTheFirstLineThatFitsWins(t *testing.T) {
	tools := someTools()
	e := Enforce(parsed(t, agent(
		"{do: [users_unlock], at_most: {per_call: 1}}",
		"{do: [users_unlock], only: {user_groups: [Contractors]}, approve: client}",
		"{do: [users_unlock], when: {days: sat-sun, zone: UTC}, approve: none}",
		"{do: [users_unlock], approve: human}",
	)), EnforcerOptions{Now: at(office), Members: &roster{in: map[string][]string{"user_groups/Contractors": {"id-c1", "id-c2"}}}})
	for _, c := range []struct {
		targets []Target
		line    int
		want    Approval
	}{
		{nil, 6, NoApproval},
		{[]Target{user("c1")}, 6, NoApproval},
		{[]Target{user("c1"), user("c2")}, 7, ClientApproval},
		{[]Target{user("c1"), user("other")}, 9, HumanApproval},
	} {
		d := e.Decide(t.Context(), someone, tools.action(t, "users_unlock", c.targets...))
		if !d.Allow || d.Approval != c.want || d.Rule != fmt.Sprintf("grants.yaml line %d", c.line) {
			t.Errorf("%v: %+v", c.targets, d)
		}
	}
}

func TestOnly(t *testing.T) {
	tools := someTools()
	people := &roster{in: map[string][]string{
		"user_groups/Contractors": {"id-c"}, "user_groups/Project X": {"id-p"}, "device_groups/Kiosks": {"id-kiosk"},
	}}
	bulk := agent(`{write: [users, user_groups, devices], only: {user_groups: [Contractors, "Project *"]}}`)
	reads := agent(`{write: [users], only: {user_groups: [Contractors]}, reads: true}`)
	devices := agent(`{write: [devices], only: {device_groups: [Kiosks]}}`, `{do: [commands_run], approve: none, only: {device_groups: [Kiosks]}}`)
	named := agent(`{write: [users], only: {users: [Jane, "t-*"]}}`, `{write: [user_groups], only: {user_groups: [id-by-id]}}`)
	anyone := agent(`{write: [users], only: {users: ["*"]}}`)
	for _, c := range []struct {
		file, tool string
		targets    []Target
		want       bool
	}{
		{bulk, "users_update", []Target{user("c")}, true},
		{bulk, "users_update", []Target{user("p")}, true},
		{bulk, "users_update", []Target{user("c"), user("other")}, false},
		{bulk, "users_update", []Target{{"user", "", "c"}}, false},             // not there yet: no member of anything
		{bulk, "users_update", []Target{user("c"), group("Admins")}, false},    // a tool of users that puts one into a group
		{bulk, "users_update", []Target{user("c"), group("Project Y")}, true},  //
		{bulk, "users_update", []Target{}, false},                              // nothing is known of it
		{bulk, "users_update", []Target{{"application", "1", "Slack"}}, false}, // no scope speaks of it
		{bulk, "users_update", []Target{user("c"), {"application", "1", "Slack"}}, true},
		{bulk, "user_groups_members_change", []Target{user("other"), group("Contractors")}, true},
		{bulk, "user_groups_members_change", []Target{user("c"), group("Admins")}, false},
		{bulk, "user_groups_members_change", []Target{user("c")}, false}, // without its group
		{bulk, "users_update", []Target{user("other"), group("Project Y")}, false},
		{bulk, "user_groups_update", []Target{group("Contractors")}, true},
		{bulk, "user_groups_update", []Target{group("contractors")}, false}, // groups are told apart by case
		{bulk, "user_groups_update", []Target{{"user_group", "", "Project new"}}, true},
		{bulk, "devices_update", []Target{device("kiosk")}, false},
		{bulk, "users_list", []Target{user("other")}, true},
		{reads, "users_list", []Target{user("other")}, false},
		{reads, "users_list", []Target{user("c")}, true},
		{reads, "users_list", []Target{}, false},
		{reads, "users_list", nil, true},
		{devices, "devices_update", []Target{device("kiosk")}, true},
		{devices, "devices_update", []Target{device("laptop")}, false},
		{devices, "commands_run", []Target{device("kiosk"), {"command", "9", "Clean"}}, true},
		{devices, "commands_run", []Target{device("laptop"), {"command", "9", "Clean"}}, false},
		{devices, "commands_run", []Target{{"system_group", "5", "Kiosks"}}, true},
		{devices, "commands_run", []Target{{"system_group", "5", "All"}}, false},
		{named, "users_update", []Target{user("jane")}, true}, // users go by names without case
		{named, "users_update", []Target{user("T-one")}, true},
		{named, "users_update", []Target{user("tina")}, false},
		{anyone, "users_update", []Target{user("tina")}, true},
		{anyone, "users_update", []Target{{"user", "1", ""}}, false}, // whoever that is
		{named, "user_groups_update", []Target{group("by-id")}, true},
	} {
		e := Enforce(parsed(t, c.file), EnforcerOptions{Members: people})
		a := tools.action(t, c.tool)
		if a.Targets = c.targets; c.targets != nil {
			a.Objects = max(1, len(c.targets))
		}
		if d := e.Decide(t.Context(), someone, a); d.Allow != c.want {
			t.Errorf("%s %+v: %+v", c.tool, c.targets, d)
		}
	}
}

// TestAChangeOfUnknownTargets is none of a tool as such.
func TestAChangeOfUnknownTargets(t *testing.T) {
	e := Enforce(parsed(t, agent("{write: [users], only: {users: [jane]}}")), EnforcerOptions{})
	a := someTools().action(t, "users_update")
	if !e.Decide(t.Context(), someone, a).Allow {
		t.Error("the tool as such is refused")
	}
	if a.Objects = 1; e.Decide(t.Context(), someone, a).Allow {
		t.Error("a change of an object that nobody names is allowed")
	}
}

// TestNotKnownIsNo: whoever cannot be asked has not said yes.
func TestNotKnownIsNo(t *testing.T) {
	tools := someTools()
	rules := parsed(t, "protect: {users: [boss@example.com]}\n"+agent("{write: [users], only: {user_groups: [Contractors]}}"))
	in := map[string][]string{"user_groups/Contractors": {"id-c"}}
	for name, c := range map[string]struct {
		m    Members
		want bool
	}{
		"known":    {&roster{in: in}, true},
		"broken":   {&roster{in: in, err: errDirectory}, false},
		"nobody":   {nil, false},
		"not in":   {&roster{}, false},
		"the boss": {&roster{in: in, names: map[string][]string{"id-c": {"c", "Boss@example.com"}}}, false},
	} {
		d := Enforce(rules, EnforcerOptions{Members: c.m}).Decide(t.Context(), someone, tools.action(t, "users_update", user("c")))
		if d.Allow != c.want {
			t.Errorf("%s: %+v", name, d)
		}
	}
	unprotected := parsed(t, agent("{write: [users], only: {user_groups: [Contractors]}}"))
	for _, m := range []*roster{{in: in}, {in: in, err: errDirectory}} {
		d := Enforce(unprotected, EnforcerOptions{Members: m}).Decide(t.Context(), someone, tools.action(t, "users_update", user("c")))
		if d.Allow != (m.err == nil) {
			t.Errorf("error %v: %+v", m.err, d)
		}
	}
	boss := parsed(t, "protect: {users: [boss@example.com]}\n"+agent("{write: [users]}"))
	for _, m := range []*roster{{}, {err: errDirectory}} {
		d := Enforce(boss, EnforcerOptions{Members: m}).Decide(t.Context(), someone, tools.action(t, "users_update", user("c")))
		if d.Allow != (m.err == nil) {
			t.Errorf("error %v: %+v", m.err, d)
		}
	}
	// A target that is known by nothing but an id may be anybody.
	d := Enforce(rules, EnforcerOptions{}).Decide(t.Context(), someone, tools.action(t, "users_update", Target{Type: "user", ID: "id-c"}))
	if d.Allow || !strings.Contains(d.Reason, "not known whether user id-c is protected") {
		t.Errorf("%+v", d)
	}
}

// TestLookUpsOnlyUnderOnly: a list and a plain grant ask the directory nothing.
func TestLookUpsOnlyUnderOnly(t *testing.T) {
	tools, people := someTools(), &roster{}
	e := Enforce(parsed(t, agent("{write: [devices]}", "{write: [users], only: {user_groups: [x]}}")), EnforcerOptions{Members: people})
	for _, f := range tools {
		e.Decide(t.Context(), someone, tools.action(t, f.Name))
	}
	e.Decide(t.Context(), someone, tools.action(t, "devices_update", device("d")))
	e.Decide(t.Context(), someone, tools.action(t, "users_list", user("u")))
	if people.asked != 0 {
		t.Errorf("%d look-ups", people.asked)
	}
	if e.Decide(t.Context(), someone, tools.action(t, "users_update", user("u"))); people.asked != 1 {
		t.Errorf("%d look-ups under an only", people.asked)
	}
	if e.Decide(t.Context(), someone, tools.action(t, "users_update", Target{Type: "user", Name: "new"})); people.asked != 1 {
		t.Error("the directory is asked of somebody who is not in it")
	}
}

func TestCarriers(t *testing.T) {
	tools := someTools()
	for file, want := range map[string]bool{
		agent("{read: [users]}"):                                                                       true,
		agent("{do: [users_delete]}"):                                                                  true,
		agent("{read: [users]}") + "    never: [\"users_*\"]\n":                                        false, // it has nothing left
		agent("{read: [users]}") + "    never: [\"api_*\"]\n":                                          false,
		"version: 1\nagents: {a: {who: [{local: x}]}, b: {who: [{local: y}], may: [{read: [users]}]}}": false,
	} {
		e := Enforce(parsed(t, file), EnforcerOptions{})
		for _, tool := range []string{"api_search", "api_destroy"} {
			if d := e.Decide(t.Context(), someone, tools.action(t, tool)); d.Allow != want || d.Approval != NoApproval {
				t.Errorf("%s under\n%s%+v", tool, file, d)
			}
		}
	}
}

func TestHours(t *testing.T) {
	berlin := `zone: Europe/Berlin`
	for _, c := range []struct {
		when string
		at   string
		want bool
	}{
		{`{days: mon-fri, ` + berlin + `}`, "2026-11-06T22:59:00Z", true},  // Friday 23:59 there
		{`{days: mon-fri, ` + berlin + `}`, "2026-11-06T23:00:00Z", false}, // Saturday there
		{`{days: "fri-mon", ` + berlin + `}`, "2026-11-08T12:00:00Z", true},
		{`{days: "fri-mon", ` + berlin + `}`, "2026-11-10T12:00:00Z", false},
		{`{days: "mon, wed", zone: UTC}`, "2026-11-04T12:00:00Z", true},
		{`{days: "mon, wed", zone: UTC}`, "2026-11-03T12:00:00Z", false},
		{`{hours: "08:00-18:00", ` + berlin + `}`, "2026-11-05T06:59:59Z", false},
		{`{hours: "08:00-18:00", ` + berlin + `}`, "2026-11-05T07:00:00Z", true},
		{`{hours: "08:00-18:00", ` + berlin + `}`, "2026-11-05T17:00:00Z", false},
		{`{hours: "08:00-18:00", ` + berlin + `}`, "2026-07-01T06:00:00Z", true}, // summer time
		{`{days: fri, hours: "22:00-06:00", zone: UTC}`, "2026-11-07T05:59:00Z", true},
		{`{days: fri, hours: "22:00-06:00", zone: UTC}`, "2026-11-06T05:59:00Z", false},
		{`{days: fri, hours: "22:00-06:00", zone: UTC}`, "2026-11-06T22:00:00Z", true},
		{`{hours: "18:00-24:00", zone: UTC}`, "2026-11-06T23:59:59Z", true},
		{`{hours: "18:00-24:00", zone: UTC}`, "2026-11-06T00:00:00Z", false},
	} {
		now, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		e := Enforce(parsed(t, agent("{read: [users], when: "+c.when+"}")), EnforcerOptions{Now: at(now)})
		if d := e.Decide(context.Background(), someone, someTools().action(t, "users_list")); d.Allow != c.want {
			t.Errorf("%s at %s: %+v", c.when, c.at, d)
		}
	}
}

func TestFields(t *testing.T) {
	rules := parsed(t, agent(
		"{read: [users], fields: {users: [username, email]}}",
		"{write: [users, devices]}",
		`{read: [insights], fields: {users: [department]}, when: {hours: "08:00-18:00", zone: Europe/Berlin}}`,
	))
	e := Enforce(rules, EnforcerOptions{Now: at(office)})
	if f, narrowed := e.Fields(someone, "users"); !narrowed || strings.Join(f, " ") != "department email username" {
		t.Errorf("%v %v", f, narrowed)
	}
	if f, narrowed := e.Fields(someone, "devices"); narrowed || f != nil {
		t.Errorf("%v %v", f, narrowed)
	}
	if f, narrowed := e.Fields(Principal{Agent: "x"}, "devices"); !narrowed || f != nil {
		t.Errorf("a stranger sees %v %v", f, narrowed)
	}
	night := Enforce(rules, EnforcerOptions{Now: at(office.Add(12 * time.Hour))})
	if f, narrowed := night.Fields(someone, "users"); !narrowed || strings.Join(f, " ") != "email username" {
		t.Errorf("at night: %v %v", f, narrowed)
	}
}
