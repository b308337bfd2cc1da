package tools

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// What a call lacks is told with all it takes, only where the grants would allow it.
func TestLacking(t *testing.T) {
	g := newGoverned(t)
	g.grant("      - write: [users]\n", "      - write: [devices]\n      - do: [users_delete, devices_erase, users_offboard]\n        approve: human\n      - write: [users]\n")
	who, _ := auth.From(g.ctx)
	for _, c := range []struct{ scopes, tool, args, want string }{
		{"jc:read", "users_list", `{}`, ""},
		{"jc:read", "users_update", `{}`, "jc:change:users"},
		{"", "users_list", `{}`, "jc:read"},
		{"", "api_search", `{}`, "jc:read"},
		{"jc:change:users", "users_list", `{}`, ""},
		{"jc:change:users", "devices_list", `{}`, "jc:read"},
		{"jc:read", "api_change", `{"tool":"users_update","arguments":{}}`, "jc:change:users"},
		{"jc:change:users", "api_destroy", `{"tool":"users_delete"}`, "jc:change:users jc:destroy"},
		{"jc:change:users jc:destroy", "api_destroy", `{"tool":"users_delete"}`, ""},
		{"jc:change:devices jc:destroy", "api_destroy", `{"tool":"users_delete"}`, "jc:change:users jc:destroy"},
		{"jc:read", "api_destroy", `{"tool":"devices_fde_key_get"}`, "jc:change:devices jc:destroy"},
		{"jc:read", "users_offboard", `{}`, "jc:change:devices jc:change:user_groups jc:change:users jc:destroy"}, // and what its steps take
		{"jc:read", "api_change", `{"tool":"users_list"}`, ""},                                                    // the wrong carrier: the road says so
		{"jc:read", "api_change", `{`, ""},
		{"jc:read", "api_destroy", `{"tool":"users_state_suspend"}`, ""}, // of another risk
		{"jc:read", "api_change", `{"tool":"users_state_suspend"}`, ""},  // never granted
		{"jc:read", "api_destroy", `{"tool":"commands_delete"}`, ""},     // not granted
		{"jc:read", "no_such_tool", `{}`, ""},                            // the road says so
		{"jc:read", "jumpcloud://schemas/users_list", "", ""},            // a resource
		{"", "jumpcloud://schemas/users_list", "", "jc:read"},
		{"jc:read", "jumpcloud://schemas/users_update", "", "jc:change:users"},
		{"", "jumpcloud://users/ben.kurz", "", "jc:read"},
		{"jc:read", "jumpcloud://users/ben.kurz", "", ""},
		{"jc:change:users", "jumpcloud://devices/MBP", "", "jc:read"},
		{"", "jumpcloud://fields/user_groups", "", "jc:read"},
		{"", "jumpcloud://policies/x", "", ""}, // not granted
		{"", "jumpcloud://rights", "", ""},
		{"", "jumpcloud://users", "", ""},
		{"", "jumpcloud://acme/users/ben.kurz", "", ""},
	} {
		limited := who
		limited.Scopes = auth.ParseScopes(c.scopes)
		if got := g.desk.Lacking(auth.With(t.Context(), limited), c.tool, json.RawMessage(c.args)); got != c.want {
			t.Errorf("with %q, %s %s lacks %q, want %q", c.scopes, c.tool, c.args, got, c.want)
		}
		if got := g.desk.Lacking(g.ctx, c.tool, json.RawMessage(c.args)); got != "" {
			t.Errorf("without scopes, %s lacks %q", c.tool, got)
		}
	}
	if got := g.desk.Lacking(t.Context(), "users_list", nil); got != "" {
		t.Errorf("nobody lacks %q", got)
	}
}

// The road refuses what the scopes do not allow, for list, call, carrier and step, and
// sends nothing.
func TestScopesOnTheRoad(t *testing.T) {
	g := newGoverned(t)
	who, _ := auth.From(g.ctx)
	who.Scopes = auth.ParseScopes("jc:read jc:change:user_groups")
	g.ctx = auth.With(t.Context(), who)
	for _, c := range [][3]string{
		{"users_update", `{"user":"ben.kurz","department":"X"}`, "jc:change:users"},
		{"users_unlock", `{"user":"ben.kurz"}`, "jc:change:users"},
		{"api_change", `{"tool":"users_update","arguments":{"user":"ben.kurz","department":"X"}}`, "jc:change:users"},
	} {
		text, a := g.call(c[0], c[1])
		if !a.IsError || a.Code != "denied" || !strings.Contains(text, "denied by this server (the caller's token: it takes the scope "+c[2]) {
			t.Errorf("%v: %s", c, text)
		}
	}
	if w := g.wire.writes(); len(w) != 0 {
		t.Errorf("refused calls sent %v", w)
	}
	for _, l := range g.desk.List(g.ctx) {
		if !l.ReadOnly && !strings.HasPrefix(l.Name, "user_groups_") && l.Name != "api_change" && l.Name != "changes_undo" {
			t.Errorf("%s is listed without a scope", l.Name)
		}
	}
	g.must("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`)
}

// Who the agent acts for, by the name that approvers have, cannot be the one to agree.
func TestOtherThanThePersonOfTheToken(t *testing.T) {
	g := newGoverned(t)
	g.grant("approve: human", "approve: other-human")
	who, _ := auth.From(g.ctx)
	who.Name, who.Person = "carol at https://login.example.com", "IT-Lead"
	g.ctx = auth.With(t.Context(), who)
	code := g.ask("users_reset_mfa", `{"user":"ben.kurz"}`)
	e, err := g.dir.Entry(code)
	if err != nil {
		t.Fatal(err)
	}
	if e.OtherThan != "IT-Lead" {
		t.Errorf("anybody but %q may approve", e.OtherThan)
	}
	if err := g.dir.Approve(t.Context(), e.Request, g.key); !errors.Is(err, state.ErrNotApprover) {
		t.Errorf("the one it acts for approves: %v", err)
	}
}
