package tools

import (
	"net/http"
	"strings"
	"testing"
)

// A token lets any device in: no list, receipt, plan or audit line holds one.
func TestEnrolmentTokensStaySecret(t *testing.T) {
	b := newBench(t, sandboxOptions)
	secret := ""
	for _, row := range b.sandbox.Rows("google-emm/enterprises/" + b.anyIn("google-emm/enterprises") + "/enrollment-tokens") {
		secret, _ = row["value"].(string)
	}
	if secret == "" {
		t.Fatal("the sandbox has no token with a value")
	}
	all := b.must("google_emm_enrollment_tokens_list", `{"enterprise":"Acme Inc","limit":100}`)
	all += b.must("google_emm_enrollment_tokens_get", `{"enterprise":"Acme Inc","token":"Kiosk rollout"}`)
	if text, a := b.call("google_emm_enrollment_tokens_list", `{"enterprise":"Acme Inc","fields":"value"}`); !a.IsError {
		t.Errorf("the value was given: %s", text)
	}
	all += b.must("google_emm_enrollment_tokens_create", `{"displayName":"Lobby","provisioningExtras":{"wifiSsid":"guest","wifiPassword":"wifi-secret-1"},"dry_run":true}`)
	if all += b.audit.String(); strings.Contains(all, secret) || strings.Contains(all, "wifi-secret-1") {
		t.Errorf("a secret is shown: %s", all)
	}
}

// The operation follows from whether an enterprise is given.
func TestEnrolmentTokenOperations(t *testing.T) {
	for args, want := range map[string]string{
		`{"displayName":"Lobby"}`:                         "/api/v2/google-emm/enrollment-tokens",
		`{"displayName":"Lobby","enterprise":"Acme Inc"}`: "/api/v2/google-emm/enterprises/",
	} {
		b := newBench(t, sandboxOptions)
		var sent []string
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				sent = append(sent, r.URL.Path)
			}
			return nil, nil
		}
		b.must("google_emm_enrollment_tokens_create", args)
		if len(sent) != 1 || !strings.HasPrefix(sent[0], want) {
			t.Errorf("%s went to %v", args, sent)
		}
	}
}
