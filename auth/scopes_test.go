package auth

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// scopesAllow says from the words themselves what a token allows; it shares nothing
// with the code it checks. words nil is a token that limits nothing.
func scopesAllow(words []string, f ToolFact, all facts) bool {
	has := func(w string) bool { return slices.Contains(words, w) }
	change := has("jc:change:" + f.Toolset)
	switch f.Risk {
	case Read:
		if f.Toolset == "api" { // finds tools: for whoever may use any
			return slices.ContainsFunc(words, func(w string) bool { return w == "jc:read" || strings.HasPrefix(w, "jc:change:") })
		}
		return has("jc:read") || change
	case Change:
		return change
	}
	if f.Toolset == "api" {
		return has("jc:destroy") && slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "jc:change:") })
	}
	return has("jc:destroy") && change
}

// What a caller may is the smaller of the grant and the scopes, for every set of scopes,
// risk, toolset and grant; and what it is told to ask for is then enough.
func TestSmallerOfGrantAndScopes(t *testing.T) {
	words := []string{"jc:read", "jc:destroy", "jc:change:users", "jc:change:user_groups", "jc:change:user", "openid"}
	all := someTools()
	policies := map[string]Policy{"no grant file": AllowAll{Confirm: ConfirmNever}}
	for name, lines := range map[string][]string{
		"reads users":        {"{read: [users]}"},
		"reads all":          {"{read: [users, user_groups, devices, insights]}"},
		"writes users":       {"{write: [users]}"},
		"writes two":         {"{write: [users, user_groups]}", "{read: [devices]}"},
		"destroys":           {"{do: [users_delete, devices_delete, users_key_get], approve: human}"},
		"everything by name": {"{write: [users, user_groups, devices], read: [insights], do: [users_delete, users_reset_mfa, users_key_get, devices_delete, commands_run]}"},
	} {
		policies[name] = Enforce(parsed(t, agent(lines...)), EnforcerOptions{Now: at(office)})
	}
	cases, both := 0, 0
	for name, p := range policies {
		for set := range 1 << len(words) {
			var given []string
			for i, w := range words {
				if set&(1<<i) != 0 {
					given = append(given, w)
				}
			}
			who := someone
			who.Scopes = ParseScopes(strings.Join(given, " "))
			for _, f := range all {
				for _, targets := range [][]Target{nil, {user("jdoe")}} {
					a := all.action(t, f.Name, targets...)
					granted, got := p.Decide(t.Context(), someone, a), p.Decide(t.Context(), who, a)
					want := granted.Allow && scopesAllow(given, f, all)
					at := fmt.Sprintf("%s, scopes %v, %s", name, given, f.Name)
					if got.Allow != want {
						t.Fatalf("%s: %v, want %v (%s)", at, got.Allow, want, got.Reason)
					}
					if want && got != granted {
						t.Errorf("%s: %+v, and without scopes %+v", at, got, granted)
					}
					if _, spent := p.Spend(t.Context(), who, a); spent.Allow != want && name != "no grant file" {
						t.Errorf("%s: spending is %v", at, spent.Allow)
					}
					cases++
					if want {
						both++
					}
					checkLacks(t, p, who, a, granted.Allow && !want, got, at)
				}
			}
		}
	}
	t.Logf("%d combinations, %d of them allowed by both", cases, both)
}

// checkLacks: the scopes are named exactly where only they refuse, and with them the call goes.
func checkLacks(t *testing.T, p Policy, who Principal, a Action, refusedByScopes bool, got Decision, at string) {
	t.Helper()
	if (got.Lacks != "") != refusedByScopes {
		t.Fatalf("%s: lacks %q", at, got.Lacks)
	}
	if !refusedByScopes || a.Toolset == "api" {
		return
	}
	if !strings.Contains(got.Reason, got.Lacks) || got.Rule != "the caller's token" {
		t.Errorf("%s: refused by %s: %s", at, got.Rule, got.Reason)
	}
	who.Scopes = ParseScopes(got.Lacks)
	if d := p.Decide(t.Context(), who, a); !d.Allow {
		t.Errorf("%s: with exactly %q it is refused: %s", at, got.Lacks, d.Reason)
	}
}

func TestScopes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"openid profile email":            "",
		"jc:read":                         "jc:read",
		" jc:read  jc:read\topenid ":      "jc:read",
		"jc:change:users jc:destroy jc:x": "jc:change:users jc:destroy",
		"JC:READ jc:readx":                "",
	} {
		s := ParseScopes(text)
		if s.String() != want || !s.Limit() {
			t.Errorf("%q is %q, limits %v", text, s.String(), s.Limit())
		}
	}
	if (Scopes{}).Limit() || (Scopes{}) == ParseScopes("") {
		t.Error("no token limits, or an empty one does not")
	}
	a, b := someone, someone
	a.Scopes, b.Scopes = ParseScopes("jc:read jc:destroy"), ParseScopes("jc:destroy jc:read")
	if a != b || a.Key() != someone.Key() {
		t.Error("the same caller with the same scopes is another")
	}
	if (Principal{Agent: "a", Name: "bc"}).Key() == (Principal{Agent: "ab", Name: "c"}).Key() {
		t.Error("two callers have one key")
	}
}
