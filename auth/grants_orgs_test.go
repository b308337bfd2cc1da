package auth

import (
	"fmt"
	"strings"
	"testing"
)

// withOrgs is a registry that knows organisations.
type withOrgs struct {
	facts
	orgs map[string][]string
}

func (w withOrgs) Orgs() (map[string][]string, bool) { return w.orgs, w.orgs != nil }

func orgAgent(orgs string) string {
	return "version: 1\nagents:\n  a:\n    who: [{local: stdio}]\n" + orgs + "    may:\n      - {write: [users], at_most: {per_day: 3}}\n"
}

var twoOrgs = map[string][]string{"acme": nil, "globex": {"readonly", "wide"}}

func TestGrantsOfOrganisations(t *testing.T) {
	acme, globex, readonly := Place{Org: "acme"}, Place{Org: "globex"}, Place{Org: "globex", Credential: "readonly"}
	only := Place{Org: "acme", Alone: true}
	for _, c := range []struct {
		orgs string
		may  []Place
		not  []Place
		says string
	}{
		{"", []Place{{}, only}, []Place{acme, globex, readonly}, "a is granted no organisation (orgs)"},
		{"    orgs: [acme]\n", []Place{{}, acme, only}, []Place{globex, readonly}, "a is not granted organisation globex"},
		{"    orgs: [acme, globex]\n", []Place{acme, globex}, []Place{readonly}, "with another credential"},
		{"    orgs: {acme: {}, globex: {credential: readonly}}\n", []Place{acme, readonly}, []Place{globex}, "with another credential"},
	} {
		r, err := ParseGrants("grants.yaml", []byte(orgAgent(c.orgs)), withOrgs{someTools(), twoOrgs})
		if err != nil {
			t.Fatal(err)
		}
		e := Enforce(r, EnforcerOptions{})
		for _, at := range c.may {
			if d := e.In(at, nil).Decide(t.Context(), someone, someTools().action(t, "users_list")); !d.Allow {
				t.Errorf("%q in %+v: %s", c.orgs, at, d.Reason)
			}
		}
		reasons := ""
		for _, at := range c.not {
			for _, tool := range []string{"users_list", "users_update", "api_search"} {
				d := e.In(at, nil).Decide(t.Context(), someone, someTools().action(t, tool))
				if d.Allow {
					t.Errorf("%q in %+v may %s", c.orgs, at, tool)
				}
				reasons += d.Reason + "\n"
			}
			if back, d := e.In(at, nil).Spend(t.Context(), someone, changeOf(t, "users_update", 1)); d.Allow || back == nil {
				t.Errorf("%q in %+v may spend", c.orgs, at)
			}
		}
		if !strings.Contains(reasons, c.says) {
			t.Errorf("%q: %s", c.orgs, reasons)
		}
	}
}

// TestQuotasOfOrganisations are counted apart, and by all credentials of one together.
func TestQuotasOfOrganisations(t *testing.T) {
	text := strings.Replace(orgAgent("    orgs: [acme, globex]\n"), "version: 1\n", "version: 1\nceiling: {writes_per_day: 4}\n", 1) +
		"  b:\n    who: [{local: b}]\n    orgs: {globex: {credential: readonly}}\n    may: [{write: [users]}]\n"
	r, err := ParseGrants("grants.yaml", []byte(text), withOrgs{someTools(), twoOrgs})
	if err != nil {
		t.Fatal(err)
	}
	e := Enforce(r, EnforcerOptions{})
	spend := func(at Place, who string, n int, want bool) {
		t.Helper()
		if _, d := e.In(at, nil).Spend(t.Context(), Principal{Agent: who}, changeOf(t, "users_update", n)); d.Allow != want {
			t.Errorf("%s in %+v, %d: %+v", who, at, n, d)
		}
	}
	spend(Place{Org: "acme"}, "a", 3, true)
	spend(Place{Org: "acme"}, "a", 1, false)
	spend(Place{Org: "globex"}, "a", 3, true) // not what was spent in acme
	spend(Place{Org: "globex"}, "a", 1, false)
	spend(Place{Org: "globex", Credential: "readonly"}, "b", 1, true)
	spend(Place{Org: "globex", Credential: "readonly"}, "b", 1, false) // the ceiling of 4 for globex
}

func TestGrantFileNamesOrganisations(t *testing.T) {
	for _, c := range []struct {
		orgs  string
		known map[string][]string
		says  string
	}{
		{"    orgs: [acme]\n", nil, ""},
		{"    orgs: [acme, globex]\n", twoOrgs, ""},
		{"    orgs: {globex: {credential: wide}}\n", twoOrgs, ""},
		{"    orgs: [acne]\n", twoOrgs, `grants.yaml:5: unknown organisation "acne"; did you mean "acme"?`},
		{"    orgs: [initech]\n", twoOrgs, `unknown organisation "initech"; known: acme, globex`},
		{"    orgs: {globex: {credential: readnly}}\n", twoOrgs, `unknown credential of globex "readnly"; did you mean "readonly"?`},
		{"    orgs: {acme: {credential: x}}\n", twoOrgs, "has no other credential than its own"},
		{"    orgs: {acme: {cred: x}}\n", twoOrgs, `unknown key "cred"`},
		{"    orgs: [acme, acme]\n", twoOrgs, "stands twice"},
		{"    orgs: []\n", twoOrgs, "a list with something in it"},
		{"    orgs: {}\n", twoOrgs, "a list with something in it"},
		{"    orgs: [acme]\n", map[string][]string{}, "this server has no file of organisations (--orgs)"},
	} {
		r, err := ParseGrants("grants.yaml", []byte(orgAgent(c.orgs)), withOrgs{someTools(), c.known})
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s says %v\n  not %s", c.orgs, err, c.says)
		}
		if err == nil && c.known != nil && len(r.Warnings()) > 0 {
			t.Errorf("%s warns: %v", c.orgs, r.Warnings())
		}
	}
	r, err := ParseGrants("grants.yaml", []byte(orgAgent("")), withOrgs{someTools(), twoOrgs})
	if err != nil || len(r.Warnings()) != 1 || !strings.Contains(r.Warnings()[0].Text, "a names no organisation, and there are several") {
		t.Errorf("%v %v", r.Warnings(), err)
	}
	if _, said := r.OrgsOf("a"); said {
		t.Error("it names none")
	}
}

func TestDiffAndExplainOfOrganisations(t *testing.T) {
	rules := func(orgs string) *Rules { return parsed(t, orgAgent(orgs)) }
	none, one, two := rules(""), rules("    orgs: [acme]\n"), rules("    orgs: {acme: {}, globex: {credential: readonly}}\n")
	for _, c := range []struct {
		now, was *Rules
		says     string
	}{
		{one, none, "a works in acme from now on, and nowhere else"},
		{two, one, "a works in acme, globex with credential readonly now, before in acme"},
		{none, one, "a names no organisation now, before acme"},
	} {
		if got := fmt.Sprint(c.now.Diff(c.was)); !strings.Contains(got, c.says) {
			t.Errorf("%s\n  not %s", got, c.says)
		}
	}
	if d := two.Diff(two); len(d) > 0 {
		t.Error(d)
	}
	if x := two.Explain(Principal{Agent: "a"}, someTools().action(t, "users_list"), office); !x.Allow || x.Orgs != "acme, globex with credential readonly" {
		t.Errorf("%+v", x)
	}
}
