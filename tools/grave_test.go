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
