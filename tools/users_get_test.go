package tools

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// some of a list, the same at each run: the first ones, whom tests name, and a few of the rest.
func some(rows []map[string]any, first, more int) []map[string]any {
	r := rand.New(rand.NewPCG(1, 2))
	out := slices.Clone(rows[:min(first, len(rows))])
	for range more {
		out = append(out, rows[r.IntN(len(rows))])
	}
	return out
}

// TestUsersGet holds what users reach against the graph, and the job W01 of workflows.md.
func TestUsersGet(t *testing.T) {
	b := newBench(t, sandboxOptions)
	budgetW01(t, b)
	usersReach(t, b, webOf(b), 40)
}

func usersReach(t *testing.T, b *bench, w *web, more int) {
	t.Helper()
	for _, u := range some(b.sandbox.Rows("users"), 16, more) {
		id, name := u["_id"].(string), u["username"].(string)
		_, a := b.call("users_get", fmt.Sprintf(`{"user":%q,"include":["groups","devices","applications"]}`, name))
		head, object, tables := shownBlocks(t, a)
		if object["username"] != name || object["state"] != u["state"] {
			t.Errorf("%s: %v", name, object)
		}
		ids := map[string][]string{}
		for _, p := range w.parents[id] {
			ids["direct"] = append(ids["direct"], p.id)
		}
		groups, nGroups := w.named(ids)
		devices, nDevices := w.ways(id, "system", true)
		apps, nApps := w.ways(id, "application", false)
		w.same(t, name+" groups", tables["groups"], groups)
		w.same(t, name+" devices", tables["devices"], devices)
		w.same(t, name+" applications", tables["applications"], apps)
		want(t, head, fmt.Sprintf("; groups %d, devices %d, applications %d; org ", nGroups, nDevices, nApps))
	}
}

// budgetW01: who is liam.haddad, what can he reach. One call.
func budgetW01(t *testing.T, b *bench) {
	t.Helper()
	b.wire.reset()
	text := b.must("users_get", `{"user":"liam.haddad","include":["groups","devices","applications","mfa"]}`)
	n := getTokens(t, text)
	t.Logf("W01: %d tokens, %d requests", n, len(b.wire.seen))
	if n > 250 {
		t.Errorf("%d tokens, at most 250:\n%s", n, text)
	}
	if len(b.wire.seen) > 3+10 { // look-up, the user, the organisation; three traversals, and names by kind
		t.Errorf("%d requests: %v", len(b.wire.seen), b.wire.seen)
	}
	want(t, text, "\ntrue,true,-,totp")
}

func TestUsersGetFactors(t *testing.T) {
	b := newBench(t, sandboxOptions)
	want(t, b.must("users_get", `{"user":"leo.fox","include":["mfa"]}`), "mfa_enrolled,mfa_required,mfa_excused_until,factors\nfalse,", ",-,-")
}

func TestUsersGetKeys(t *testing.T) {
	b := newBench(t, sandboxOptions)
	_, a := b.call("users_get", `{"user":"ada.king","include":["keys"]}`)
	head, _, tables := shownBlocks(t, a)
	if rows := tables["created"]; !strings.Contains(head, fmt.Sprintf("SSH keys %d", len(rows))) || len(rows) == 0 || !strings.HasPrefix(rows[0][1], "ssh-") {
		t.Errorf("%s %v", head, rows)
	}
	if text := strings.Join(a.Text, "\n"); strings.Contains(text, "AAAA") {
		t.Errorf("the key itself is of no use here: %s", text)
	}
	want(t, b.must("users_get", `{"user":"leo.fox","include":["keys"]}`), "SSH keys 0")
}

// TestUsersGetLogins counts sign-ins as the sandbox's own record has them.
func TestUsersGetLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes between the two counts
		b := newBench(t, sandboxOptions)
		sign := []string{"user_login_attempt", "login_attempt", "sso_auth", "radius_auth", "ldap_bind"}
		for _, name := range []string{"ben.kurz", "leo.fox", "liam.haddad", "vic.marsh"} {
			id := b.found("users", "username", name).Text("_id")
			failed := 0
			events := b.truth(7*24*time.Hour, func(e jc.Row) bool {
				return slices.Contains(sign, e.Text("event_type")) && e.Text("initiated_by.id") == id
			})
			for _, e := range events {
				if e["success"] == false {
					failed++
				}
			}
			_, a := b.call("users_get", fmt.Sprintf(`{"user":%q,"include":["logins"]}`, name))
			head, _, tables := shownBlocks(t, a)
			want(t, head, fmt.Sprintf("logins of 7 d %d, %d failed", len(events), failed))
			if rows := tables["client"]; len(events) > 0 && len(rows) == 0 || len(rows) > loginsShown {
				t.Errorf("%s: %v", name, rows)
			}
		}
		text := b.must("users_get", `{"user":"ben.kurz","include":["logins"]}`)
		want(t, text, ",1,user_lockout,", ",6,user_login_attempt,false,-,198.51.100.77,Incorrect password,AppleMail/16 (old phone)")
	})
}

// TestUsersGetPolicies holds the policies on a user's devices against the results the sandbox has.
func TestUsersGetPolicies(t *testing.T) {
	b := newBench(t, sandboxOptions)
	w := webOf(b)
	for _, name := range []string{"ben.kurz", "maria.silva", "bob.stone"} {
		devices, n := w.ways(b.found("users", "username", name).Text("_id"), "system", false)
		shown := map[string]bool{}
		_, a := b.call("users_get", fmt.Sprintf(`{"user":%q,"include":["policies"]}`, name))
		head, _, tables := shownBlocks(t, a)
		for _, row := range tables["devices"] {
			for _, d := range strings.Split(row[2], " | ") {
				shown[d] = true
			}
		}
		real := map[string]bool{}
		for _, list := range devices {
			for _, d := range list {
				real[d] = true
			}
		}
		if diff := cmp.Diff(real, shown); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		want(t, head, fmt.Sprintf(" on %d devices, ", n))
	}
}
