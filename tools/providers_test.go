package tools

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// A mapping names its organisation as people do; the API gets its id and its name.
func TestMappingsGetTheWholeOrganisation(t *testing.T) {
	for slug, part := range map[string]string{"autotask": "contract", "connectwise": "agreement", "syncro": ""} {
		b := newBench(t, sandboxOptions)
		more := ""
		if part != "" {
			more = `,"` + part + `":{"id":"7","name":"Support"}`
		}
		sent := b.bodies()
		for _, given := range []string{"Acme Inc", b.id("organizations", "displayName", "Acme Inc")} {
			*sent = nil
			b.must("providers_"+slug+"_mappings_change", `{"integration":"`+b.anyIn("integrations/"+slug)+`",
				"data":[{"organization":"`+given+`","company":{"id":"1","name":"Acme"}`+more+`}]}`)
			want := map[string]any{
				"organization": map[string]any{"id": b.id("organizations", "displayName", "Acme Inc"), "name": "Acme Inc"},
				"company":      map[string]any{"id": "1", "name": "Acme"},
			}
			if part != "" {
				want[part] = map[string]any{"id": "7", "name": "Support"}
			}
			if len(*sent) != 1 {
				t.Fatalf("%s: %d writes", slug, len(*sent))
			}
			if diff := cmp.Diff(jc.Row{"data": []any{want}}, (*sent)[0]); diff != "" {
				t.Errorf("%s, %s: %s", slug, given, diff)
			}
		}
	}
}

// The API wants an alert whole and shows it only in a list: what was not given is
// sent as that list has it, and what only the API sets is not sent.
func TestTicketAlertKeepsTheRest(t *testing.T) {
	b := newBench(t, sandboxOptions)
	const collection = "providers/{}/integrations/autotask/alerts/configuration"
	was := jc.Row(b.sandbox.Rows(b.inside(collection))[0])
	sent := b.bodies()
	text := b.must("providers_autotask_alerts_update", `{"provider":"Northwind Managed IT","alert":"`+was.Text("displayName")+`","dueDays":77}`)
	if !strings.HasPrefix(text, string(Done)) {
		t.Error(text)
	}
	if len(*sent) != 1 {
		t.Fatalf("%d writes", len(*sent))
	}
	got := (*sent)[0]
	for _, kept := range []string{"destination", "priority.name", "shouldCreateTickets", "status.name", "queue.name", "resource.role.name"} {
		have, _ := got.At(kept)
		want, there := was.At(kept)
		if !there || !cmp.Equal(want, have) {
			t.Errorf("%s was sent as %v, was %v", kept, have, want)
		}
	}
	if got.Text("dueDays") != "77" && got["dueDays"] != 77.0 {
		t.Errorf("dueDays was sent as %v", got["dueDays"])
	}
	for _, own := range []string{"alertId", "id", "displayName", "category", "description"} {
		if v, there := got[own]; there {
			t.Errorf("%s was sent: %v", own, v)
		}
	}
}

// A link that is there is not made again, and one that is made is read back.
func TestAdministratorLink(t *testing.T) {
	b := newBench(t, sandboxOptions)
	args := `{"administrator":"` + b.anyIn("administrators") + `","organization":"Acme Inc"}`
	sent := b.bodies()
	if text := b.must("administrators_organizations_add", args); !strings.HasPrefix(text, string(NoEffect)) || len(*sent) != 0 {
		t.Errorf("%d writes: %s", len(*sent), text)
	}
	if text := b.must("administrators_organizations_remove", args); !strings.HasPrefix(text, string(Done)) {
		t.Error(text)
	}
	if text := b.must("administrators_organizations_add", args); !strings.HasPrefix(text, string(Done)) || len(*sent) != 2 {
		t.Errorf("%d writes: %s", len(*sent), text)
	}
}

// Users do not list their routing policies: these are read from the other side.
func TestRoutingPolicyIsReadBack(t *testing.T) {
	b := newBench(t, sandboxOptions)
	sent := b.bodies()
	call := func(op string) string {
		return b.must("identity_provider_associations_change",
			`{"routing_policy":"`+b.anyIn("identity-provider/policies")+`","op":"`+op+`","type":"user","object":"ada.king"}`)
	}
	for i, c := range []struct {
		op     string
		want   Outcome
		writes int
	}{{"add", Done, 1}, {"add", NoEffect, 1}, {"remove", Done, 2}, {"remove", NoEffect, 2}} {
		if text := call(c.op); !strings.HasPrefix(text, string(c.want)) || len(*sent) != c.writes {
			t.Errorf("%d %s: %d writes: %s", i, c.op, len(*sent), text)
		}
	}
}

// Policies go in and out of a policy group, and the group says so.
func TestPolicyGroupMembers(t *testing.T) {
	b := newBench(t, sandboxOptions)
	name := jc.Row(b.sandbox.Rows("policies")[5]).Text("name")
	listed := func() bool {
		return strings.Contains(b.must("policy_groups_members_list", `{"group":"Mac Preview"}`), name)
	}
	if listed() {
		t.Fatal("the sample is in the group already")
	}
	if text := b.must("policy_groups_members_change", `{"group":"Mac Preview","add":["`+name+`"]}`); !strings.HasPrefix(text, string(Done)) || !listed() {
		t.Error(text)
	}
	if text := b.must("policy_groups_members_change", `{"group":"Mac Preview","remove":["`+name+`"]}`); !strings.HasPrefix(text, string(Done)) || listed() {
		t.Error(text)
	}
}
