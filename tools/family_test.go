package tools

import (
	"fmt"
	"strings"
	"testing"
)

// The jobs want what their schema cannot say.
func init() {
	sampleFixes["access_explain"] = func(v map[string]any, all bool) {
		clear(v)
		if v["application"] = "Salesforce"; all {
			clear(v)
			v["user"], v["limit"] = "ada.king", 5
		}
	}
	sampleFixes["access_change"] = func(v map[string]any, all bool) {
		if !all {
			v["op"], v["users"], v["applications"] = "remove", []any{"bob.stone"}, []any{"Salesforce"}
		}
	}
}

// Connections are changed from either side, and what is so already is not sent.
func TestBondChanges(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct {
		tool, args, begins string
		writes             int
	}{
		{"users_associations_change", `{"user":"bob.stone","op":"add","type":"application","object":"HubSpot"}`, string(Done), 1},
		{"users_associations_change", `{"user":"bob.stone","op":"add","type":"application","object":"HubSpot"}`, string(NoEffect), 0},
		{"users_associations_change", `{"user":"bob.stone","op":"add","type":"system","object":"LT-042","attributes":{"sudo":{"enabled":true,"withoutPassword":false}}}`, string(Done), 1},
		{"devices_associations_change", `{"device":"LT-042","op":"add","type":"user","object":"bob.stone"}`, string(NoEffect), 0},
		{"devices_associations_change", `{"device":"LT-042","op":"add","type":"user","object":"bob.stone","attributes":{"sudo":{"enabled":true,"withoutPassword":true}}}`, "conflict", 0},
		{"devices_associations_change", `{"device":"LT-042","op":"update","type":"user","object":"bob.stone","attributes":{"sudo":{"enabled":true,"withoutPassword":true}}}`, string(Done), 1},
		{"devices_associations_change", `{"device":"LT-042","op":"update","type":"user","object":"kim.lee","attributes":{"sudo":{"enabled":true,"withoutPassword":true}}}`, "not_found", 0},
		{"devices_associations_change", `{"device":"LT-042","op":"update","type":"user","object":"bob.stone"}`, "invalid_argument", 0},
		{"devices_associations_change", `{"device":"LT-042","op":"remove","type":"user","object":"bob.stone"}`, string(Done), 1},
		{"devices_associations_change", `{"device":"LT-042","op":"remove","type":"user","object":"bob.stone"}`, string(NoEffect), 0},
		{"device_groups_associations_change", `{"group":"Kiosks","op":"add","type":"user_group","object":"Sales"}`, string(Done), 1},
		{"user_groups_associations_change", `{"group":"Sales","op":"remove","type":"system_group","object":"Kiosks"}`, string(Done), 1},
		{"user_groups_associations_change", `{"group":"Sales","op":"add","type":"user","object":"bob.stone"}`, "invalid_argument", 0},
		{"ldap_servers_associations_change", `{"ldap_server":"jumpcloud","op":"add","type":"user","object":"con.tractor"}`, string(Done), 1},
	} {
		b.wire.reset()
		text, _ := b.call(c.tool, c.args)
		if !strings.HasPrefix(text, c.begins) || len(b.wire.writes()) != c.writes {
			t.Errorf("%s %s: %d writes: %s", c.tool, c.args, len(b.wire.writes()), text)
		}
	}
	user, device := b.idOf("users", "username", "bob.stone"), b.idOf("devices", "hostname", "LT-042")
	if got := sudoBetween(b, user, device); got != "" {
		t.Errorf("bob.stone is on LT-042 with %q", got)
	}
}

// Traversals and lists of the graph agree with the edges of the sandbox.
func TestGraphListsAgreeWithTheEdges(t *testing.T) {
	b := newBench(t, sandboxOptions)
	truth := accessTruthOf(b)
	for _, c := range []struct {
		tool, arg, name, collection, field, target string
	}{
		{"users_applications_list", "user", "ada.king", "users", "username", "applications"},
		{"users_devices_list", "user", "ada.king", "users", "username", "devices"},
		{"users_device_groups_list", "user", "ada.king", "users", "username", "device_groups"},
		{"user_groups_devices_list", "group", "Engineering", "user_groups", "name", "devices"},
		{"users_radius_servers_list", "user", "ada.king", "users", "username", "radius_servers"},
		{"users_ldap_servers_list", "user", "ada.king", "users", "username", "ldap_servers"},
	} {
		text := b.must(c.tool, fmt.Sprintf(`{%q:%q}`, c.arg, c.name))
		reached := truth.reached(b.idOf(c.collection, c.field, c.name), c.target)
		if want := fmt.Sprintf("# total %d; %d shown", len(reached), len(reached)); !strings.HasPrefix(text, want) {
			t.Errorf("%s: no %q in %s", c.tool, want, text)
		}
		for id := range reached {
			if !strings.Contains(text, "\n"+truth.name[id]+",") {
				t.Errorf("%s: no %s in %s", c.tool, truth.name[id], text)
			}
		}
	}
	text := b.must("users_groups_list", `{"user":"ada.king"}`)
	for _, g := range truth.in[b.idOf("users", "username", "ada.king")] {
		if !strings.Contains(text, "\n"+truth.name[g]+",direct") {
			t.Errorf("no %s in %s", truth.name[g], text)
		}
	}
}
