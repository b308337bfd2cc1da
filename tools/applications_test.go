package tools

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

func TestApplicationUsersSayHow(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("applications_users_list", `{"application":"Salesforce"}`)
	for _, want := range []string{"name,via", "bob.stone,Sales | All Revenue | direct", "vic.marsh,All Revenue | direct", "nora.said,All Revenue\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	text, a := b.call("applications_users_list", `{"application":"Salesforce","filter":"via=Sales"}`)
	if a.Code != string(jc.CodeInvalidArgument) {
		t.Error(text)
	}
	text = b.must("applications_user_groups_list", `{"application":"Salesforce"}`)
	if !strings.Contains(text, "\nSales,direct\nAll Revenue,direct") {
		t.Error(text)
	}
}

// A group that cannot be named is shown by its id, not as nothing.
func TestWaysOfUnknownGroups(t *testing.T) {
	path := func(ids ...string) []any {
		var out []any
		for _, id := range ids {
			out = append(out, map[string]any{"to": map[string]any{"id": id, "type": "user_group"}})
		}
		return out
	}
	row := jc.Row{"id": "u", "paths": []any{path("g1", "u"), path("u"), path("g1", "g2", "u"), path("g1", "u")}}
	got := wayNames(waysTo(row), map[string]string{"g1": "Sales"})
	if diff := cmp.Diff([]any{"Sales", "direct", "Sales > user_group g2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestApplicationIsShownWithoutCertificates(t *testing.T) {
	b := newBench(t, sandbox.Options{Traps: []string{"huge-applications"}})
	for _, call := range [][2]string{{"applications_get", `{"application":"Salesforce"}`}, {"applications_list", `{}`}} {
		text := b.must(call[0], call[1])
		if strings.Contains(text, "BEGIN") || strings.Contains(text, "too large") || tokens(text) > 800 {
			t.Errorf("%s: %d tokens: %.400s", call[0], tokens(text), text)
		}
	}
	text := b.must("applications_get", `{"application":"Salesforce"}`)
	for _, want := range []string{`"acsUrl":"https://salesforce.example/saml/acs"`, `"idpCertificate":"set (`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	row := applicationShown(jc.Row{"config": map[string]any{"idpPrivateKey": map[string]any{"value": "-----BEGIN PRIVATE KEY-----"}}})
	if diff := cmp.Diff(map[string]any{"idpPrivateKey_set": true}, row["config"]); diff != "" {
		t.Error(diff)
	}
}

func TestAssociations(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct {
		tool, args, begins string
		writes             int
	}{
		{"applications_associations_change", `{"application":"HubSpot","op":"add","type":"user_group","object":"Sales","dry_run":true}`, "DRY RUN", 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"update","type":"user_group","object":"Sales","attributes":{"role":"admin"}}`, "not_found", 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"add","type":"user_group","object":"Sales"}`, string(Done), 1},
		{"applications_associations_change", `{"application":"HubSpot","op":"add","type":"user_group","object":"Sales"}`, string(NoEffect), 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"add","type":"user_group","object":"Sales","attributes":{"role":"admin"}}`, "conflict", 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"update","type":"user_group","object":"Sales","attributes":{"role":"admin"}}`, string(Done), 1},
		{"applications_associations_change", `{"application":"HubSpot","op":"update","type":"user_group","object":"Sales","attributes":{"role":"admin"}}`, string(NoEffect), 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"update","type":"user_group","object":"Sales"}`, "invalid_argument", 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"remove","type":"user_group","object":"Sales"}`, string(Done), 1},
		{"applications_associations_change", `{"application":"HubSpot","op":"remove","type":"user_group","object":"Sales"}`, string(NoEffect), 0},
		{"applications_associations_change", `{"application":"HubSpot","op":"add","type":"user","object":"Sales"}`, "not_found", 0},
		{"radius_servers_associations_change", `{"radius_server":"Office WiFi","op":"add","type":"user","object":"kim.lee"}`, string(Done), 1},
		{"radius_servers_associations_change", `{"radius_server":"Office WiFi","op":"remove","type":"user","object":"kim.lee"}`, string(Done), 1},
	} {
		b.wire.reset()
		text, _ := b.call(c.tool, c.args)
		if !strings.HasPrefix(text, c.begins) || len(b.wire.writes()) != c.writes {
			t.Errorf("%s %s: %d writes: %s", c.tool, c.args, len(b.wire.writes()), text)
		}
	}
	text := b.must("radius_servers_associations_list", `{"radius_server":"Office WiFi","targets":"user_group"}`)
	if !strings.Contains(text, "VPN Users,user_group") {
		t.Error(text)
	}
}
