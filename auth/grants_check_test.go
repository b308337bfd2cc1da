package auth

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	old := parsed(t, `version: 1
ceiling: {objects_per_call: 10, writes_per_minute: 5}
protect: {users: [a, b]}
agents:
  helpdesk:
    who: [{local: stdio}]
    may:
      - read: [users]
        fields: {users: [username]}
      - do: [users_unlock, users_delete]
      - write: [devices]
  auditor: {who: [{local: auditor}], may: [{read: ["*"]}]}
approvers:
  lead: {key: k1, may: ["*"]}
`)
	now := parsed(t, `version: 1
ceiling: {objects_per_call: 25}
protect: {users: [b, c]}
agents:
  helpdesk:
    who: [{local: desk}]
    may:
      - read: [users, user_groups]
        fields: {users: [username, email]}
      - do: [users_unlock, users_delete]
        approve: client
        wait: 1h
        when: {days: mon-fri, zone: UTC}
      - write: [user_groups]
        only: {user_groups: [Contractors]}
        at_most: {per_call: 2}
    never: [users_list]
  onboarding: {who: [{local: onboarding}], may: [{write: [users]}, {do: [users_delete]}]}
approvers:
  lead: {key: k2, may: ["*"]}
notify: {command: [page]}
`)
	want := []string{
		"onboarding is new (local onboarding)",
		"auditor is gone, and loses everything",
		"helpdesk gains user_groups_members_change, user_groups_update (only user groups Contractors; at most 2 a call)",
		"helpdesk gains user_groups_list",
		"helpdesk has users_unlock now with approve client within 1h; mon-fri UTC, before freely",
		"helpdesk has users_delete now with approve client within 1h; mon-fri UTC, before with approve human",
		"helpdesk loses devices_list, devices_update, users_list",
		"helpdesk is local desk now, before local stdio",
		"helpdesk sees of users now username email, before username",
		"onboarding gains users_list, users_unlock, users_update",
		"onboarding gains users_delete (approve human)",
		"the ceiling of objects a call is 25 now, before 10",
		"the ceiling of objects a minute is none now, before 5",
		"protected from now on: users c",
		"protected no longer: users a",
		"approver from now on: lead, key k2, for *",
		"approver no longer: lead, key k1, for *",
		"notify is another one",
	}
	if d := cmp.Diff(want, now.Diff(old)); d != "" {
		t.Error(d)
	}
	if d := now.Diff(now); d != nil {
		t.Errorf("against itself: %q", d)
	}
	if d := parsed(t, agent(reader)).Diff(nil); cmp.Diff([]string{"a is new (local stdio)", "a gains users_list"}, d) != "" {
		t.Errorf("against nothing: %q", d)
	}
	if d := strings.Join(parsed(t, agent(`{read: [users], fields: {users: [a]}}`)).Diff(parsed(t, agent(reader))), "|"); d != "a sees of users only a" {
		t.Error(d)
	}
	if d := strings.Join(parsed(t, agent(reader)).Diff(parsed(t, agent(`{read: [users], fields: {users: [a]}}`))), "|"); d != "a sees all fields of users now, before a" {
		t.Error(d)
	}
}

func TestDescribeTools(t *testing.T) {
	tools := manyTools()
	all := append(facts{{"set0_t9", "set0", Read, false}}, tools...)
	var reads []ToolFact
	for _, f := range all {
		if f.Toolset == "set0" && f.Risk == Read || f.Name == "set1_t0" {
			reads = append(reads, f)
		}
	}
	if got := describeTools(reads, all); got != "reads of set0, set1_t0" {
		t.Error(got)
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{agent("{read: [users]}"), ""},
		{"version: 1\nagents: {a: {who: [{local: x}]}}", "2: a may nothing"},
		{agent("{read: [users]}") + "    never: [\"users_*\"]\n", "3: a may nothing"},
		{agent("{read: [devices]}", "{read: [users]}") + "    never: [\"users_*\"]\n", "7: this line grants nothing: never takes all of it away"},
		{agent("{read: [devices]}", `{do: ["users_delet?"]}`), "7: this line grants nothing: a glob never reaches tools that destroy or reveal, name them"},
		{agent("{write: [users]}", "{read: [users]}"), "7: this line grants nothing: lines above it give all of it without a condition"},
		{agent("{write: [users], at_most: {per_call: 2}}", "{write: [users]}"), ""},
		{agent("{do: [users_delete, users_update], approve: none}"), "6: users_delete without a person: destroys or reveals with approve none"},
		{agent("{do: [users_key_get], approve: client}"), "6: users_key_get without a person: destroys or reveals with approve client"},
		{agent("{do: [users_delete]}"), "6: no approver may agree to users_delete: it will never run"},
		{agent("{do: [users_delete]}") + "approvers: {lead: {key: k, may: [users_update]}}\n",
			"6: no approver may agree to users_delete: it will never run|7: lead approves nothing: no agent needs a person for what he may agree to"},
		{agent("{do: [users_delete]}") + "approvers: {lead: {key: k, may: [\"users_*\"]}}\n", ""},
		{agent("{read: [users], at_most: {per_hour: 3}}"), "6: at_most counts changes, and this line grants none"},
		{agent("{read: [users], only: {users: [x]}}"), "6: only narrows changes, and this line grants none: add reads: true to narrow reads"},
		{agent("{read: [users], only: {users: [x]}, reads: true}"), ""},
		{agent("{write: [users], wait: 5m}"), "6: wait says nothing: nobody is asked"},
		{agent("{read: [users], fields: {users: [email]}}", "{write: [users]}"), "7: this line names no fields of users and line 6 does: only those are seen"},
	} {
		var got []string
		for _, w := range parsed(t, c.text).Warnings() {
			got = append(got, fmt.Sprintf("%d: %s", w.Line, w.Text))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s  gives %q\n  wants %q", c.text, strings.Join(got, "|"), c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	r := parsed(t, "protect: {users: [boss@example.com]}\nceiling: {writes_per_day: 100}\n"+agent(
		"{do: [users_unlock], only: {device_groups: [Kiosks]}}",
		`{do: [users_unlock], only: {user_groups: [Contractors, "Project *"]}, at_most: {per_hour: 4}, approve: human, when: {days: mon-fri, zone: UTC}}`,
	))
	unlock := someTools().action(t, "users_unlock", Target{Type: "user", Name: "jdoe"})
	x := r.Explain(Principal{Agent: "a"}, unlock, office)
	want := Explanation{
		Decision: Decision{Allow: true, Approval: HumanApproval, Rule: "grants.yaml line 9", Version: r.Version()},
		Steps: []string{
			"line 8 gives it, but not here: only device groups Kiosks, and it is not known whether this is among them",
			"line 9 allows",
		},
		Provided: []string{
			"user jdoe is a member of user groups Contractors, Project *",
			"user jdoe is not one of the protected users boss@example.com under another name",
		},
		Counts: []string{"at most 4 objects an hour", "a ceiling of 100 objects a day for all agents"},
	}
	if d := cmp.Diff(want, x); d != "" {
		t.Error(d)
	}
	x = r.Explain(Principal{Agent: "a"}, unlock, office.Add(48*time.Hour))
	if x.Allow || x.Provided != nil || x.Counts != nil || len(x.Steps) != 3 || x.Steps[2] != "line 8 refuses: only device groups Kiosks, and it is not known whether this is among them" {
		t.Errorf("%+v", x)
	}
	x = r.Explain(Principal{Agent: "a"}, someTools().action(t, "users_unlock", Target{Type: "user", Name: "Boss@example.com"}), office)
	if x.Allow || x.Rule != "grants.yaml line 1" {
		t.Errorf("%+v", x)
	}
	if x = r.Explain(Principal{Agent: "b"}, unlock, office); x.Allow || x.Steps[0] != "grants.yaml refuses: there is no agent b in it" {
		t.Errorf("%+v", x)
	}
}
