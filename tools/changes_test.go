package tools

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth/state"
)

// keepsChanges gives a desk a state directory, and so a journal.
func keepsChanges(t *testing.T) func(*Options) {
	return func(o *Options) {
		dir, err := state.Open(filepath.Join(t.TempDir(), "state"))
		if err != nil {
			t.Fatal(err)
		}
		o.People.Dir = dir
	}
}

var changeID = regexp.MustCompile(`\bc-[a-z0-9]{8}\b`)

// changeOf makes a change and gives its id.
func (b *bench) changeOf(tool, args string) string {
	b.t.Helper()
	text := b.must(tool, args)
	id := changeID.FindString(text)
	if id == "" {
		b.t.Fatalf("%s %s names no change: %s", tool, args, text)
	}
	return id
}

func undoOf(id string) string { return `{"change":"` + id + `"}` }

// held is all that the sandbox holds, without the record of what happened.
func (b *bench) held() any {
	b.t.Helper()
	raw, err := json.Marshal(b.sandbox.Snapshot())
	if err != nil {
		b.t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		b.t.Fatal(err)
	}
	delete(all, "events")
	return all
}

// What is undone is as it was before, and what is undone again as it was after.
func TestUndoRoundTrips(t *testing.T) {
	for name, c := range map[string]struct{ first, tool, args string }{
		"member added":      {"", "user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`},
		"member removed":    {`user_groups_members_change {"group":"Contractors","add":["maria.silva"]}`, "user_groups_members_change", `{"group":"Contractors","remove":["maria.silva"]}`},
		"device in a group": {"", "device_groups_members_change", `{"group":"Kiosks","add":["LT-042"]}`},
		"access given":      {"", "access_change", `{"op":"add","user_groups":["Sales"],"applications":["HubSpot"]}`},
		"access taken":      {`access_change {"op":"add","user_groups":["Sales"],"applications":["HubSpot"]}`, "access_change", `{"op":"remove","user_groups":["Sales"],"applications":["HubSpot"]}`},
		"sudo given":        {"", "access_change", `{"op":"add","users":["maria.silva"],"devices":["build-01"],"sudo":"password"}`},
		"sudo taken":        {`access_change {"op":"add","users":["maria.silva"],"devices":["build-01"],"sudo":"password"}`, "access_change", `{"op":"remove","users":["maria.silva"],"devices":["build-01"]}`},
		"sudo changed":      {`access_change {"op":"add","users":["maria.silva"],"devices":["build-01"],"sudo":"password"}`, "access_change", `{"op":"add","users":["maria.silva"],"devices":["build-01"],"sudo":"no_password"}`},
		"association":       {"", "applications_associations_change", `{"application":"HubSpot","op":"add","type":"user","object":"maria.silva"}`},
		"from the user":     {"", "users_associations_change", `{"user":"maria.silva","op":"add","type":"system","object":"build-01"}`},
		"fields":            {"", "users_update", `{"user":"ben.kurz","department":"Moved","jobTitle":"Other"}`},
		"a manager":         {`users_update {"user":"ben.kurz","manager":"ada.king"}`, "users_update", `{"user":"ben.kurz","manager":"maria.silva"}`},
		"a policy's name":   {"", "policies_update", `{"policy":"POLICY","name":"Another name"}`},
		"a policy's value":  {"", "policies_update", `{"policy":"POLICY","values":[{"configFieldID":"FIELD","value":"VALUE"}]}`},
		"one of many users": {"", "users_bulk_update", `{"users":["ben.kurz"],"department":"Moved","location":"Berlin"}`},
		"a merge":           {`user_groups_update {"group":"Sales","description":"first"}`, "user_groups_update", `{"group":"Sales","description":"second"}`},
		"a name":            {"", "device_groups_update", `{"group":"Kiosks","name":"Terminals"}`},
		"suspended":         {"", "users_suspend", `{"user":"ben.kurz"}`},
		"activated":         {`users_suspend {"user":"ben.kurz"}`, "users_activate", `{"user":"ben.kurz"}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, sandboxOptions, keepsChanges(t))
			if strings.Contains(c.args, "POLICY") {
				c.args = b.somePolicy().Replace(c.args)
			}
			if tool, args, some := strings.Cut(c.first, " "); some {
				b.must(tool, args)
			}
			if text := b.must(c.tool, strings.TrimSuffix(c.args, "}")+`,"dry_run":true}`); !strings.HasSuffix(text, "\nCan be undone with changes_undo.") {
				t.Errorf("a dry run: %s", text)
			}
			before := b.held()
			id := b.changeOf(c.tool, c.args)
			after := b.held()
			if cmp.Equal(before, after) {
				t.Fatal("nothing was changed")
			}
			if list := b.must("changes_list", `{}`); !strings.Contains(list, id) || !strings.Contains(list, ",yes") {
				t.Errorf("not listed: %s", list)
			}
			sent := len(b.wire.writes())
			if text := b.must("changes_undo", `{"change":"`+id+`","dry_run":true}`); !strings.HasPrefix(text, "DRY RUN") || len(b.wire.writes()) != sent {
				t.Errorf("a dry run: %s", text)
			}
			back := b.changeOf("changes_undo", undoOf(id))
			if diff := cmp.Diff(before, b.held()); diff != "" {
				t.Errorf("not as it was before:\n%s", diff)
			}
			if !strings.Contains(b.audit.String(), "to undo change "+id) {
				t.Error("the audit does not say what was undone")
			}
			if text, a := b.call("changes_undo", undoOf(id)); !a.IsError || a.Code != "conflict" || !strings.Contains(text, "undone already, by change "+back) {
				t.Errorf("undone twice: %s", text)
			}
			b.must("changes_undo", undoOf(back))
			if diff := cmp.Diff(after, b.held()); diff != "" {
				t.Errorf("not as it was after:\n%s", diff)
			}
		})
	}
}

// somePolicy fills in a policy with a value that is not hidden, and another value for it.
func (b *bench) somePolicy() *strings.Replacer {
	b.t.Helper()
	for _, p := range b.sandbox.Rows("policies") {
		values, _ := p["values"].([]any)
		for _, v := range values {
			m := v.(map[string]any)
			if compact(m["value"]) == "[15]" {
				return strings.NewReplacer("POLICY", p["id"].(string), "FIELD", m["configFieldID"].(string), "VALUE", "20")
			}
		}
	}
	b.t.Fatal("no policy has a value to change")
	return nil
}

// A job that has a step without a reverse is no change that one call takes back.
func TestUndoOfManySteps(t *testing.T) {
	b := newBench(t, sandboxOptions, keepsChanges(t))
	text := b.must("users_bulk_update", `{"users":["ben.kurz","maria.silva"],"department":"Moved","reason":"reorganisation"}`)
	ids := changeID.FindAllString(text, -1)
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Fatalf("the changes of two users: %s", text)
	}
	b.must("changes_undo", undoOf(ids[1]))
	list := b.must("changes_list", `{}`)
	has(t, list, "undone by ", ",yes", "; why: reorganisation")
	text = b.must("users_create", `{"username":"new.one","email":"new.one@acme.example","firstname":"New","lastname":"One","groups":["Sales","VPN Users"]}`)
	if refused, a := b.call("changes_undo", undoOf(changeID.FindString(text))); a.Code != "invalid_argument" || !strings.Contains(refused, "nothing is known that puts it back") {
		t.Errorf("%s\nundone: %s", text, refused)
	}
	has(t, b.must("user_groups_create", `{"name":"Newer","dry_run":true}`), "\nNo reverse is known.")
}

// Rights that were given are ended.
func TestUndoOfAccessRequest(t *testing.T) {
	b := newBench(t, sandboxOptions, keepsChanges(t))
	id := b.changeOf("access_requests_create", `{"user":"ada.king","device":"LT-042","expiry":"2h"}`)
	b.must("access_requests_update", `{"user":"ada.king","device":"LT-042","expiry":"3h"}`)
	if text, a := b.call("changes_undo", undoOf(id)); !a.IsError || !strings.Contains(text, "expiry is not as it was left") {
		t.Errorf("extended since, and undone: %s", text)
	}
	id = b.changeOf("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"2h"}`)
	if text := b.must("changes_undo", undoOf(id)); !strings.HasPrefix(text, "done") {
		t.Error(text)
	}
	if text, a := b.call("access_requests_revoke", `{"user":"maria.silva","device":"LT-042"}`); !a.IsError && !strings.HasPrefix(text, "no effect") {
		t.Errorf("they ran on: %s", text)
	}
}

func TestUndoRefusals(t *testing.T) {
	b := newBench(t, sandboxOptions, keepsChanges(t))
	for _, c := range []struct{ tool, args, then, says string }{
		{"users_update", `{"user":"ben.kurz","department":"Moved"}`, `users_update {"user":"ben.kurz","department":"Again"}`, "department is not as it was left"},
		{"user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`, `user_groups_members_change {"group":"Contractors","remove":["maria.silva"]}`, "nothing would have to be sent"},
		{"access_change", `{"op":"add","users":["maria.silva"],"devices":["build-01"]}`, `access_change {"op":"add","users":["maria.silva"],"devices":["build-01"],"sudo":"password"}`, "attributes is not as it was left"},
		{"users_suspend", `{"user":"ada.king"}`, `users_activate {"user":"ada.king"}`, "already active"},
		{"user_groups_create", `{"name":"New"}`, "", "cannot be undone here"},
		{"user_groups_delete", `{"group":"VPN Users"}`, "", "cannot be undone here"},
		{"users_update", `{"user":"ada.king","password":"Canary-7f3a-Pass!"}`, "", "cannot be undone here"},
	} {
		id := b.changeOf(c.tool, c.args)
		if tool, args, some := strings.Cut(c.then, " "); some {
			b.must(tool, args)
		}
		sent := len(b.wire.writes())
		if text, a := b.call("changes_undo", undoOf(id)); !a.IsError || !strings.Contains(text, c.says) || len(b.wire.writes()) != sent {
			t.Errorf("%s %s, undone: %s, which does not say %q", c.tool, c.args, text, c.says)
		}
	}
	if text, a := b.call("changes_undo", undoOf("c-aaaaaaaa")); a.Code != "not_found" {
		t.Errorf("of a change that never was: %s", text)
	}
	if text, a := b.call("changes_undo", `{}`); a.Code != "invalid_argument" {
		t.Errorf("of no change: %s", text)
	}
	list := b.must("changes_list", `{"limit":1000}`)
	if strings.Contains(list, "Canary") || !strings.Contains(list, "password") {
		t.Errorf("the password: %s", list)
	}
	kept, err := b.desk.o.People.Dir.Changes()
	if err != nil || len(kept) != 11 {
		t.Fatalf("%d changes, %v", len(kept), err)
	}
	if raw, _ := json.Marshal(kept); strings.Contains(string(raw), "Canary") {
		t.Error("the journal holds a password")
	}
}

// A field that was absent is taken away by "" where that is possible, and a change
// that holds a secret at any depth has no reverse.
func TestReverseIsKnownOrNot(t *testing.T) {
	for want, values := range map[bool][]any{
		true:  {map[string]any{"psk": "x"}, []any{map[string]any{"name": "apiToken", "value": "x"}}, map[string]any{"a": []any{map[string]any{"value": "x"}}}, json.RawMessage(`{"secret":"x"}`)},
		false: {nil, "x", map[string]any{"password_never_expires": true}, []any{map[string]any{"name": "room", "value": "x"}}, map[string]any{"type": "work", "value": "x"}},
	} {
		for _, v := range values {
			if secretIn(v) != want {
				t.Errorf("secretIn(%v) is not %v", v, want)
			}
		}
	}
	b := newBench(t, sandboxOptions, keepsChanges(t))
	b.must("users_update", `{"user":"ben.kurz","attributes":[{"name":"apiToken","value":"Canary"}]}`)
	b.must("users_update", `{"user":"ben.kurz","attributes":[{"name":"room","value":"12"}]}`)
	kept, err := b.desk.o.People.Dir.Changes()
	if err != nil || len(kept) != 2 || kept[0].Reverse != nil || kept[1].Reverse != nil {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestChangesList(t *testing.T) {
	b := newBench(t, sandboxOptions, keepsChanges(t))
	b.must("users_update", `{"user":"ben.kurz","department":"Moved"}`)
	b.must("user_groups_members_change", `{"group":"Contractors","add":["maria.silva","kim.lee"]}`)
	for args, n := range map[string]string{
		`{}`: "3 of 3", `{"tool":"users_update"}`: "1 of 1", `{"target":"kim.lee"}`: "1 of 1", `{"target":"contractors"}`: "2 of 2",
		`{"since":"1h"}`: "3 of 3", `{"since":"2099-01-01"}`: "0 of 0", `{"limit":1}`: "1 of 3",
	} {
		if text := b.must("changes_list", args); !strings.HasPrefix(text, "# "+n+" changes") {
			t.Errorf("%s: %s", args, text)
		}
	}
	if text, a := b.call("changes_list", `{"since":"yesterday"}`); a.Code != "invalid_argument" {
		t.Error(text)
	}
	none := newBench(t, sandboxOptions)
	if text := none.must("changes_list", `{}`); !strings.Contains(text, "keeps no changes") {
		t.Error(text)
	}
	if text, a := none.call("changes_undo", undoOf("c-aaaaaaaa")); !a.IsError || !strings.Contains(text, "keeps no changes") {
		t.Error(text)
	}
}

// Under a grant file the grant of the reverse decides, and an agent knows of its own
// changes alone.
func TestUndoUnderGrants(t *testing.T) {
	g := newGoverned(t)
	id := g.changeOf("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`)
	if text, a := g.call("changes_undo", undoOf(id)); a.Code != "denied" || !strings.Contains(text, "denied by this server") {
		t.Errorf("without a grant of changes_undo: %s", text)
	}
	g.grant("- read: [users, devices, user_groups]", "- write: [changes]\n      - read: [users, devices, user_groups]")
	all := newBench(t, sandboxOptions, func(o *Options) { o.People.Dir = g.dir })
	other := all.changeOf("users_update", `{"user":"ben.kurz","department":"Moved"}`)
	if list := all.must("changes_list", `{}`); !strings.Contains(list, id) || !strings.Contains(list, other) {
		t.Errorf("with no grant file: %s", list)
	}
	if list := g.must("changes_list", `{}`); !strings.Contains(list, id) || strings.Contains(list, other) {
		t.Errorf("an agent sees: %s", list)
	}
	if text, a := g.call("changes_undo", undoOf(other)); a.Code != "not_found" {
		t.Errorf("of another agent: %s", text)
	}
	if _, err := g.dir.Stop("helpdesk", "", "looks odd"); err != nil {
		t.Fatal(err)
	}
	if text, a := g.call("changes_undo", undoOf(id)); !a.IsError || !strings.Contains(text, "looks odd") {
		t.Errorf("stopped: %s", text)
	}
	if _, err := g.dir.Resume("helpdesk", ""); err != nil {
		t.Fatal(err)
	}
	back := g.changeOf("changes_undo", undoOf(id)) // the second object of two an hour
	third := `{"group":"Contractors","add":["kim.lee"]}`
	if text, a := g.call("user_groups_members_change", third); a.Code != "denied" {
		t.Errorf("what is undone was not charged: %s", text)
	}
	g.grant("never: [users_state_suspend]", "never: [user_groups_members_change]")
	if text, a := g.call("changes_undo", undoOf(back)); a.Code != "denied" || !strings.Contains(text, "never user_groups_members_change") {
		t.Errorf("without a grant of the reverse: %s", text)
	}
}

// Many who were put into a group by one call, and taken out, go back by one call.
func TestManyMembersGoBackTogether(t *testing.T) {
	g := newGoverned(t)
	g.grant(g.text, ceilings(30, 1000, 1000))
	edges := func() (out []string) {
		for _, m := range g.sandbox.Snapshot()["memberships"] {
			out = append(out, fmt.Sprint(m["member"], " in ", m["group"]))
		}
		slices.Sort(out)
		return out
	}
	in := func(group string) (members []string) {
		for _, name := range []string{"ada.king", "bob.stone", "ben.kurz", "liam.haddad", "maria.silva"} {
			if slices.Contains(edges(), g.id("users", "username", name)+" in "+g.id("user_groups", "name", group)) {
				members = append(members, name)
			}
		}
		return members
	}
	before, was := edges(), in("VPN Users")
	out := slices.DeleteFunc([]string{"ada.king", "bob.stone", "ben.kurz", "liam.haddad", "maria.silva"}, func(s string) bool { return slices.Contains(was, s) })
	if len(was) < 1 || len(out) < 2 {
		t.Fatalf("in it are %v, not in it %v", was, out)
	}
	args, err := json.Marshal(map[string]any{"group": "VPN Users", "add": out, "remove": was[:1]})
	if err != nil {
		t.Fatal(err)
	}
	text := g.must("user_groups_members_change", string(args))
	id := changeForm.FindString(text)
	if strings.Count(text, "c-") != 1 || slices.Equal(before, edges()) {
		t.Fatalf("one change of many: %s", text)
	}
	want(t, g.must("changes_list", `{}`), fmt.Sprintf("%d of %d changes", 1+len(out), 1+len(out)), "yes")
	back := g.must("changes_undo", undoOf(id))
	if !strings.HasPrefix(back, "done") || !slices.Equal(before, edges()) {
		t.Errorf("undone: %s", back)
	}
	if text, a := g.call("changes_undo", undoOf(id)); a.Code != "conflict" {
		t.Errorf("undone twice: %s", text)
	}
	want(t, g.must("changes_list", `{}`), "undone by "+changeForm.FindString(back))
}
