package tools

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sentBody keeps the body of the last request of a method.
func sentBody(b *bench, method string) *map[string]any {
	var body map[string]any
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == method && r.Body != nil {
			raw, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(raw))
			body = nil
			if err := json.Unmarshal(raw, &body); err != nil {
				b.t.Error(err)
			}
		}
		return nil, nil
	}
	return &body
}

// A flow is read in another form than it is sent: what was not given goes back in
// the form that the API takes.
func TestApprovalFlowMerge(t *testing.T) {
	b := newBench(t, sandboxOptions)
	body := sentBody(b, "PUT")
	flow := b.sandbox.Rows("approvalflows")[0]
	text := b.must("approval_flows_update", `{"approval_flow":"`+flow["name"].(string)+`","status":"INACTIVE"}`)
	if !strings.HasPrefix(text, string(Done)) {
		t.Error(text)
	}
	var seen []any
	for _, v := range flow["visibleTo"].([]any) {
		seen = append(seen, v.(map[string]any)["id"])
	}
	if diff := cmp.Diff(seen, (*body)["visibleTo"]); diff != "" || len(seen) == 0 {
		t.Errorf("visibleTo is sent in another form: %s", diff)
	}
	gives := flow["resources"].([]any)
	if want := gives[0].(map[string]any)["resourceId"]; len(gives) != 1 || (*body)["resourceId"] != want {
		t.Errorf("resourceId is %v, want %v of %d", (*body)["resourceId"], want, len(gives))
	}
	if (*body)["status"] != "INACTIVE" || (*body)["name"] != flow["name"] || (*body)["resources"] != nil || (*body)["createdBy"] != nil {
		t.Errorf("sent %v", *body)
	}
}

// A resource of a conditional access policy is named as people do and sent by its id.
func TestAuthenticationPolicyResources(t *testing.T) {
	b := newBench(t, sandboxOptions)
	body := sentBody(b, "POST")
	b.must("authentication_policies_create", `{"name":"Slack with MFA","type":"application","disabled":true,"effect":{"action":"allow","obligations":{"mfa":{"required":true}}},
		"targets":{"resources":[{"type":"application","application":"Slack"}],"userGroups":{"inclusions":["All Staff"]}}}`)
	id := func(collection, field, name string) string {
		for _, r := range b.sandbox.Rows(collection) {
			if r[field] == name {
				s, _ := r["_id"].(string)
				if s == "" {
					s, _ = r["id"].(string)
				}
				return s
			}
		}
		t.Fatalf("no %s in %s", name, collection)
		return ""
	}
	want := map[string]any{
		"resources":  []any{map[string]any{"type": "application", "id": id("applications", "displayName", "Slack")}},
		"userGroups": map[string]any{"inclusions": []any{id("user_groups", "name", "All Staff")}},
	}
	if diff := cmp.Diff(want, (*body)["targets"]); diff != "" {
		t.Error(diff)
	}
	if text, a := b.call("authentication_policies_create", `{"name":"X","targets":{"resources":[{"type":"application","application":"No such app"}]}}`); !a.IsError {
		t.Errorf("an unknown application is sent: %s", text)
	}
}
