package tools

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

// What gives somebody an administrator's power or weakens the sign-in of all comes by
// its name only, and a person is asked, with a grant file and without.
func TestGraveChanges(t *testing.T) {
	var grave []string
	for _, tool := range All() {
		if tool.Grave {
			grave = append(grave, tool.Name)
		}
	}
	slices.Sort(grave)
	if diff := cmp.Diff([]string{
		"administrators_organizations_add", "authentication_policies_create", "authentication_policies_update", "duo_applications_update",
		"identity_provider_associations_change", "organizations_feature_settings_update", "organizations_update", "password_policies_create",
		"password_policies_order_update", "password_policies_update", "providers_administrators_create", "roles_create", "roles_update",
	}, grave); diff != "" {
		t.Errorf("which changes are grave has changed:\n%s", diff)
	}
	wide := narrowBench(t, "      - {write: [\"*\"]}\n      - {do: [\"*\"]}\n")
	named := narrowBench(t, "      - {do: [roles_update]}\n      - {do: [roles_create], approve: none}\n")
	who := auth.Principal{Agent: "a"}
	for _, name := range grave {
		if dec := wide.desk.asSuch(who, wide.desk.reach[name]); dec.Allow {
			t.Errorf("%s is granted wholesale", name)
		}
		if dec := (auth.AllowAll{}).Decide(t.Context(), who, wide.desk.reach[name].action()); dec.Approval != auth.ClientApproval {
			t.Errorf("%s with no grant file asks %s", name, dec.Approval)
		}
	}
	if dec := named.desk.asSuch(who, named.desk.reach["roles_update"]); !dec.Allow || dec.Approval != auth.HumanApproval {
		t.Errorf("by its name: %+v", dec)
	}
	if dec := named.desk.asSuch(who, named.desk.reach["roles_create"]); !dec.Allow || dec.Approval != auth.NoApproval {
		t.Errorf("by its name, where the line asks nobody: %+v", dec)
	}
}

// A plain change that sets what gives power is grave: refused under a line that grants
// the toolset, and put before a person under its name.
func TestGraveFields(t *testing.T) {
	const title, sudo = `{"user":"ben.kurz","jobTitle":"Chief"}`, `{"user":"ben.kurz","sudo":true}`
	wide := narrowBench(t, "      - {write: [users]}\n")
	wide.must("users_update", title)
	text, a := wide.call("users_update", sudo)
	if a.Code != "denied" {
		t.Errorf("sudo under write: %s", text)
	}
	has(t, text, "its own name under do", "sets sudo", "grants.yaml line")
	for _, many := range []string{`{"users":["ben.kurz","ada.king"],"password":"Correct-Horse-9"}`} {
		if text, a := wide.call("users_bulk_update", many); a.Code != "denied" && a.Code != "invalid_argument" {
			t.Errorf("%s under write: %s", many, text)
		}
	}
	if _, a := wide.call("users_create", `{"username":"n.n","email":"n.n@acme.example","sudo":true}`); a.Code != "denied" {
		t.Errorf("a new user with sudo under write: %s", a.Text)
	}
	if n := len(wide.wire.writes()); n != 1 {
		t.Errorf("%d writes, the title is one", n)
	}
	named := narrowBench(t, "      - {do: [users_update]}\n")
	if text, a := named.call("users_update", sudo); a.Code != "needs_approval" {
		t.Errorf("sudo by name: %s", text)
	}
	if _, a := wide.call("bulk_users_create", `{"users":[{"username":"m.m","email":"m.m@acme.example"},{"username":"o.o","email":"o.o@acme.example","passwordless_sudo":true}]}`); a.Code != "denied" {
		t.Errorf("new users, one of them with sudo, under write: %s", a.Text)
	}
	free := newBench(t, sandboxOptions, func(o *Options) { o.Grants = auth.AllowAll{} })
	if text, a := free.call("users_update", sudo); a.Code != "needs_approval" && a.Ask == nil {
		t.Errorf("sudo without a grant file: %s", text)
	}
}
