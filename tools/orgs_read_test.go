package tools

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
)

func TestResourcesOfOrganisations(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	ctx := b.as("both")
	var uris []string
	for _, r := range b.server.Resources(ctx) {
		uris = append(uris, r.URI)
		if c, err := b.server.Read(ctx, r.URI); err != nil || c.URI != r.URI || c.Text == "" {
			t.Errorf("%s: %v %+v", r.URI, err, c)
		}
	}
	if !slices.Contains(uris, "jumpcloud://acme/organization") || !slices.Contains(uris, "jumpcloud://rights") || slices.Contains(uris, "jumpcloud://organization") || !slices.IsSorted(uris) {
		t.Error(uris)
	}
	for _, tpl := range b.server.Templates(ctx) {
		if !ofServer(tpl.URITemplate) && !strings.HasPrefix(tpl.URITemplate, "jumpcloud://{org}/") {
			t.Error(tpl.URITemplate)
		}
	}
	read := func(uri string) string {
		t.Helper()
		c, err := b.server.Read(ctx, uri)
		if err != nil {
			t.Error(uri, err)
		}
		return c.Text
	}
	globex := b.orgs["globex"].Snapshot()["users"][0]["username"].(string)
	want(t, read("jumpcloud://globex/users/"+globex), globex, "org globex (")
	want(t, read("jumpcloud://rights"), `"organizations":["acme","globex"]`)
	want(t, read("jumpcloud://schemas/users_list"), `"org":{"type":"string","enum":["acme","globex","*"]}`)
	for _, uri := range []string{"jumpcloud://users/" + globex, "jumpcloud://initech/organization", "jumpcloud://acme", "jumpcloud://acme/rights",
		"jumpcloud://acme/schemas/users_list", "jumpcloud://acme/globex/organization", "jumpcloud://organization", "file:///etc/passwd"} {
		if c, err := b.server.Read(ctx, uri); err == nil {
			t.Errorf("%s: %s", uri, c.Text)
		}
	}
}

func TestPromptsOfOrganisations(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	ctx := b.as("both")
	for _, p := range b.server.Prompts(ctx) {
		if last := p.Arguments[len(p.Arguments)-1]; last.Name != "org" || !strings.Contains(last.Description, "acme, globex") {
			t.Errorf("%+v", p)
		}
	}
	args := map[string]string{"user": "ada.king"}
	text, err := b.server.Prompt(ctx, "offboard_user", args)
	if err != nil {
		t.Fatal(err)
	}
	want(t, text, "Each call takes org, the organisation (acme, globex)")
	args["org"] = "globex"
	if text, err = b.server.Prompt(ctx, "offboard_user", args); err != nil {
		t.Fatal(err)
	}
	want(t, text, "give org=globex with each call")
	args["org"] = "globx"
	if _, err = b.server.Prompt(ctx, "offboard_user", args); err == nil || !strings.Contains(err.Error(), `did you mean "globex"`) {
		t.Error(err)
	}
}

func TestCompletionsOfOrganisations(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	ctx := b.as("both")
	complete := func(c Completing) []string {
		t.Helper()
		got, err := b.server.Complete(ctx, c)
		if err != nil {
			t.Error(err)
		}
		return got.Values
	}
	globex := b.orgs["globex"].Snapshot()["users"][0]["username"].(string)
	users := Completing{Prompt: "offboard_user", Argument: "user", Value: globex}
	if got := complete(users); len(got) > 0 {
		t.Errorf("names of no organisation: %v", got)
	}
	users.Arguments = map[string]string{"org": "globex"}
	if got := complete(users); !slices.Contains(got, globex) {
		t.Error(got)
	}
	tpl := Completing{Template: "jumpcloud://{org}/users/{user}", Argument: "user", Value: globex, Arguments: users.Arguments}
	if got := complete(tpl); !slices.Contains(got, globex) {
		t.Error(got)
	}
	tpl.Argument, tpl.Value = "org", "g"
	if got := complete(tpl); !slices.Equal(got, []string{"globex"}) {
		t.Error(got)
	}
	if got := complete(Completing{Template: "jumpcloud://schemas/{tool}", Argument: "tool", Value: "users_l"}); !slices.Contains(got, "users_list") {
		t.Error(got)
	}
	tpl.Arguments["org"] = "initech"
	tpl.Argument, tpl.Value = "user", globex
	if got := complete(tpl); len(got) > 0 {
		t.Error(got)
	}
}

func TestInstructionsOfManyOrganisations(t *testing.T) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("subsidiary-%02d", i))
	}
	b := newOrgs(t, names)
	text := b.server.Instructions(b.as("both"))
	want(t, text, "subsidiary-00", " more. Use names")
	if ids, _, _ := enc.Encode(text); len(ids) > 110 {
		t.Errorf("%d tokens: %s", len(ids), text)
	}
	if bytes.Count([]byte(text), []byte("subsidiary")) > 8 {
		t.Error(text)
	}
}

// TestLackingOfSeveral: the address of a resource begins with one of the caller's
// organisations, and takes what it takes without.
func TestLackingOfSeveral(t *testing.T) {
	rules, err := auth.ParseGrants("grants.yaml", []byte("version: 1\nagents:\n  both:\n    who: [{local: x}]\n    orgs: [acme, globex]\n    may: [{read: [users]}]\n"), declaredNames{})
	if err != nil {
		t.Fatal(err)
	}
	b := newOrgs(t, acmeAndGlobex, func(o *Options) { o.Grants = auth.Enforce(rules, auth.EnforcerOptions{}) })
	limited := auth.With(t.Context(), auth.Principal{Agent: "both", Name: "x", Scopes: auth.ParseScopes("")})
	for uri, want := range map[string]string{
		"jumpcloud://acme/users/x": "jc:read", "jumpcloud://schemas/users_list": "jc:read",
		"jumpcloud://initech/users/x": "", "jumpcloud://rights": "", "jumpcloud://acme/policies/x": "",
	} {
		if got := b.server.Lacking(limited, uri, nil); got != want {
			t.Errorf("%s lacks %q, want %q", uri, got, want)
		}
	}
}
