package tools

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// groupsOf are the names of the groups that a user is in, from the sandbox's own books.
func (b *bench) groupsOf(username string) []string {
	b.t.Helper()
	snap := b.sandbox.Snapshot()
	id := ""
	for _, u := range snap["users"] {
		if u["username"] == username {
			id = u["_id"].(string)
		}
	}
	names := map[any]string{}
	for _, g := range snap["user_groups"] {
		names[g["id"]] = g["name"].(string)
	}
	var out []string
	for _, m := range snap["memberships"] {
		if m["member"] == id && m["group_type"] == "user_group" {
			out = append(out, names[m["group"]])
		}
	}
	slices.Sort(out)
	return out
}

const anaLopez = `{"username":"ana.lopez","email":"ana.lopez@acme.example","firstname":"Ana","lastname":"Lopez","department":"Sales",
	"jobTitle":"Account Executive","manager":"liam.haddad","groups":["Sales","VPN Users"],"activate":true}`

// TestOnboard is W13: one call, right, and the repeat does nothing.
func TestOnboard(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("users_create", anaLopez)
	atMost(t, "W13", 120, text)
	has(t, text, "done, read back. User ana.lopez created, state ACTIVATED; in groups Sales, VPN Users", "change c-")
	u := b.one("users", "username", "ana.lopez")
	if u["department"] != "Sales" || u["state"] != "ACTIVATED" || u["manager"] != b.one("users", "username", "liam.haddad")["_id"] {
		t.Errorf("the sandbox holds %v", u)
	}
	if got := b.groupsOf("ana.lopez"); !slices.Equal(got, []string{"Sales", "VPN Users"}) {
		t.Errorf("she is in %v", got)
	}

	b.wire.reset()
	has(t, b.must("users_create", anaLopez), "no effect: user ana.lopez exists already; was in Sales, VPN Users")
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("the repeat sent %v", w)
	}
	other := strings.Replace(anaLopez, `"department":"Sales"`, `"department":"Legal"`, 1)
	has(t, b.must("users_create", other), "not as given: department")
}

// TestOnboardResumes: a call whose second group failed goes on with that group.
func TestOnboardResumes(t *testing.T) {
	b := newBench(t, sandboxOptions)
	vpn := b.one("user_groups", "name", "VPN Users")["id"].(string)
	b.refusing(http.StatusForbidden, func(r *http.Request) bool { return r.Method == "POST" && strings.Contains(r.URL.Path, vpn) })
	text, a := b.call("users_create", anaLopez)
	if !a.IsError || a.Code != "forbidden" {
		t.Fatalf("code %q: %s", a.Code, text)
	}
	has(t, text, "partly done, 2 of 3", "create user ana.lopez", "forbidden")
	if got := b.groupsOf("ana.lopez"); !slices.Equal(got, []string{"Sales"}) {
		t.Fatalf("she is in %v", got)
	}
	b.wire.answer = nil
	b.wire.reset()
	has(t, b.must("users_create", anaLopez), "done, read back. User ana.lopez existed already; in groups VPN Users; was in Sales")
	if w := b.wire.writes(); len(w) != 1 || !strings.Contains(w[0], vpn) {
		t.Errorf("the second call sent %v", w)
	}
	if got := b.groupsOf("ana.lopez"); !slices.Equal(got, []string{"Sales", "VPN Users"}) {
		t.Errorf("she is in %v", got)
	}
}

// TestOnboardLostAnswer: the user was made and no answer came; the call finds her and goes on.
func TestOnboardLostAnswer(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method != "POST" || r.URL.Path != "/api/systemusers" {
			return nil, nil
		}
		resp, err := b.wire.next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		return &http.Response{StatusCode: 502, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	has(t, b.must("users_create", anaLopez), "done, read back. User ana.lopez created", "the answer was lost, seen on read-back")
	if got := b.groupsOf("ana.lopez"); !slices.Equal(got, []string{"Sales", "VPN Users"}) {
		t.Errorf("she is in %v", got)
	}
	n := 0
	for _, u := range b.sandbox.Rows("users") {
		if u["username"] == "ana.lopez" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("there are %d of her", n)
	}
}

// TestOnboardRefused: nothing is sent for a name that somebody else has, or a group that is not there.
func TestOnboardRefused(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct{ args, code, say string }{
		{`{"username":"ada.king","email":"someone.else@acme.example"}`, "conflict", "user ada.king"},
		{`{"username":"some.one","email":"ADA.KING@acme.example"}`, "conflict", "user ada.king"},
		{`{"username":"some.one","email":"some.one@acme.example","groups":["Sales","Salez"]}`, "not_found", "Salez"},
		{`{"username":"some.one","email":"some.one@acme.example","manager":"no.body"}`, "not_found", "no.body"},
		{`{"username":"some.one","email":"some.one@acme.example","activate":true,"state":"STAGED"}`, "invalid_argument", "activate"},
		{`{"username":"vic.marsh","email":"vic.marsh@acme.example","activate":true}`, "conflict", "users_activate"},
	} {
		text, a := b.call("users_create", c.args)
		if a.Code != c.code || !strings.Contains(text, c.say) {
			t.Errorf("%s: %s", c.args, text)
		}
	}
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("sent %v", w)
	}
}

// TestOnboardDry: the preview names all steps, and a password is not in it.
func TestOnboardDry(t *testing.T) {
	b := newBench(t, sandboxOptions)
	args := strings.TrimSuffix(anaLopez, "}") + `,"password":"Tr0ub4dor&3","dry_run":true}`
	text := b.must("users_create", args)
	has(t, text, "DRY RUN. Nothing was sent", "POST /api/systemusers: create user ana.lopez", "manager=liam.haddad", "password=set", "user group VPN Users")
	hasNot(t, text, "Tr0ub4dor")
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("sent %v", w)
	}
	if strings.Contains(b.audit.String(), "Tr0ub4dor") {
		t.Error("the password is in the audit")
	}
}

// TestOnboardNotTaken: groups that do not show her are not called done.
func TestOnboardNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Traps: []string{"no-effect"}})
		text, _ := b.call("users_create", anaLopez)
		has(t, text, "2 accepted, not yet seen", "1 done, read back")
	})
}
