package tools

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// one is the object of a collection whose field has the value.
func (b *bench) one(collection, field, value string) map[string]any {
	b.t.Helper()
	for _, row := range b.sandbox.Rows(collection) {
		if row[field] == value {
			return row
		}
	}
	b.t.Fatalf("the sandbox has no %s with %s=%s", collection, field, value)
	return nil
}

func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

func hasNot(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%q is in:\n%s", p, text)
		}
	}
}

// o200k counts what a model reads.
func o200k(t *testing.T, texts ...string) int {
	t.Helper()
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range texts {
		ids, _, _ := enc.Encode(s)
		n += len(ids)
	}
	return n
}

// atMost holds an answer against its budget.
func atMost(t *testing.T, what string, budget int, texts ...string) {
	t.Helper()
	n := o200k(t, texts...)
	t.Logf("%s: %d tokens of %d\n%s", what, n, budget, strings.Join(texts, "\n--\n"))
	if n > budget {
		t.Errorf("%s: %d tokens, at most %d", what, n, budget)
	}
}

// refusing makes the wire answer the requests that a test names with a status.
func (b *bench) refusing(status int, which func(*http.Request) bool) {
	b.wire.mu.Lock()
	defer b.wire.mu.Unlock()
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if !which(r) {
			return nil, nil
		}
		rec := &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}
		return rec, nil
	}
}

func TestUserStates(t *testing.T) {
	b := newBench(t, sandboxOptions)
	state := func(name string) any { return b.one("users", "username", name)["state"] }

	has(t, b.must("users_suspend", `{"user":"liam.haddad"}`), "done, read back. suspend user liam.haddad")
	if got := state("liam.haddad"); got != "SUSPENDED" {
		t.Errorf("liam.haddad is %v after users_suspend", got)
	}
	b.wire.reset()
	has(t, b.must("users_suspend", `{"user":"liam.haddad"}`), "no effect: already suspended")
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("a repeat sent %v", w)
	}
	has(t, b.must("users_activate", `{"user":"liam.haddad"}`), "done, read back. activate user liam.haddad")
	if got := state("liam.haddad"); got != "ACTIVATED" {
		t.Errorf("liam.haddad is %v after users_activate", got)
	}

	if b.one("users", "username", "ben.kurz")["account_locked"] != true {
		t.Fatal("the sandbox no longer locks ben.kurz")
	}
	has(t, b.must("users_unlock", `{"user":"ben.kurz"}`), "done, read back. unlock user ben.kurz")
	if b.one("users", "username", "ben.kurz")["account_locked"] != false {
		t.Error("ben.kurz is still locked")
	}
	has(t, b.must("users_unlock", `{"user":"ben.kurz"}`), "no effect: it is not locked")
}

// TestActivateStaged: a staged user is activated by the operation that sends the mail.
func TestActivateStaged(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("users_create", `{"username":"sta.ged","email":"sta.ged@acme.example","activate":false}`)
	if got := b.one("users", "username", "sta.ged")["state"]; got != "STAGED" {
		t.Fatalf("activate=false gave the state %v", got)
	}
	b.wire.reset()
	has(t, b.must("users_activate", `{"user":"sta.ged"}`), "done, read back")
	if w := b.wire.writes(); len(w) != 1 || !strings.HasSuffix(w[0], "/state/activate") {
		t.Errorf("sent %v", w)
	}
	if _, a := b.call("users_activate", `{"user":"liam.haddad","email":"x@acme.example"}`); !a.IsError {
		t.Error("a mail for a user who is not staged was not refused")
	}
}

// TestLostPhone is W15, in one call.
func TestLostPhone(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("users_reset_mfa", `{"user":"maria.silva","expire_password":true}`)
	atMost(t, "W15", 140, text)
	has(t, text, "done: 2 done, read back")
	u := b.one("users", "username", "maria.silva")
	if u["password_expired"] != true || u["mfa"].(map[string]any)["configured"] != false || u["totp_enabled"] != false {
		t.Errorf("the sandbox holds %v", u)
	}
	b.wire.reset()
	has(t, b.must("users_reset_mfa", `{"user":"maria.silva","expire_password":true}`), "2 no effect", "no MFA is enrolled", "it has expired already")
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("a repeat sent %v", w)
	}

	has(t, b.must("users_reset_mfa", `{"user":"ada.king","exclusion_until":"3d"}`), "done, read back", "not asked for until")
	mfa := b.one("users", "username", "ada.king")["mfa"].(map[string]any)
	until, err := time.Parse(time.RFC3339, fmt.Sprint(mfa["exclusionUntil"]))
	if left := time.Until(until); mfa["exclusion"] != true || err != nil || left < 71*time.Hour || left > 73*time.Hour {
		t.Errorf("ada.king has %v", mfa)
	}
	for _, args := range []string{`{"user":"ada.king","exclusion_until":"2020-01-01T00:00:00Z"}`, `{"user":"ada.king","exclusion_until":"soon"}`,
		`{"user":"ada.king","exclusion_until":"2d","exclusion_days":3}`} {
		text, a := b.call("users_reset_mfa", args)
		if !a.IsError || !strings.Contains(text, "exclusion_") {
			t.Errorf("%s: %s", args, text)
		}
	}
}

// TestDestroyIsAsked: resetting MFA and expiring a password need a person.
func TestDestroyIsAsked(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = auth.AllowAll{Confirm: auth.ConfirmDestroy} })
	for _, c := range [][2]string{{"users_reset_mfa", `{"user":"maria.silva","exclusion_until":"2h"}`}, {"users_expire_password", `{"user":"maria.silva"}`}} {
		call := Call{Tool: c[0], Arguments: json.RawMessage(c[1]), CanAsk: true}
		a := b.desk.Call(b.ctx, call)
		if a.Ask == nil || len(b.wire.writes()) > 0 {
			t.Fatalf("%s was not asked about: %v", c[0], a.Text)
		}
		call.Reply = &Reply{Accepted: true, State: a.Ask.State}
		if a := b.desk.Call(b.ctx, call); a.IsError {
			t.Errorf("%s after a yes: %v", c[0], a.Text)
		}
		b.wire.reset()
	}
	if a := b.desk.Call(b.ctx, Call{Tool: "users_suspend", Arguments: json.RawMessage(`{"user":"maria.silva"}`)}); a.IsError {
		t.Errorf("suspending one user: %v", a.Text)
	}
}

// TestSuspendLater schedules a leaver's last evening, once.
func TestSuspendLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Users: 20})
		has(t, b.must("users_suspend", `{"user":"liam.haddad","at":"2h"}`), "done, read back. suspend user liam.haddad at ", "Scheduled")
		if got := b.one("users", "username", "liam.haddad")["state"]; got != "ACTIVATED" {
			t.Errorf("he is %v before the time", got)
		}
		has(t, b.must("users_suspend", `{"user":"liam.haddad","at":"2h"}`), "already scheduled")
		time.Sleep(2*time.Hour + time.Minute) // of the bubble's clock
		if got := b.one("users", "username", "liam.haddad")["state"]; got != "SUSPENDED" {
			t.Errorf("he is %v after the time", got)
		}
		if _, a := b.call("users_suspend", `{"user":"ada.king","at":"yesterday"}`); a.Code != "invalid_argument" {
			t.Errorf("at=yesterday: %v", a.Text)
		}
	})
}

// TestStateNotTaken: a change that the directory answers and does not make is not called done.
func TestStateNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Traps: []string{"no-effect"}})
		for _, c := range [][2]string{{"users_suspend", `{"user":"liam.haddad"}`}, {"users_unlock", `{"user":"ben.kurz"}`}, {"users_reset_mfa", `{"user":"ada.king"}`}} {
			text, _ := b.call(c[0], c[1])
			if !strings.HasPrefix(text, "accepted, not yet seen") {
				t.Errorf("%s: %s", c[0], text)
			}
		}
	})
}

func TestSSHKeysList(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("users_update", `{"user":"ada.king","ssh_keys":[{"name":"laptop","public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ada"}]}`)
	has(t, b.must("users_ssh_keys_list", `{"user":"ada.king"}`), "# total 1; 1 shown", "laptop,", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ada")
}
