package tools

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestRoleKeepsScopes: a role is replaced as a whole, so what was not given is sent
// back as it was.
func TestRoleKeepsScopes(t *testing.T) {
	b := newBench(t, sandboxOptions)
	var sent string
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == "PUT" {
			raw, _ := io.ReadAll(r.Body)
			sent = string(raw)
			r.Body = io.NopCloser(strings.NewReader(sent))
		}
		return nil, nil
	}
	role := b.sandbox.Rows("roles")[1]
	text := b.must("roles_update", `{"role":"`+role["id"].(string)+`","body":{"description":"Resets passwords"}}`)
	if !strings.Contains(text, "done, read back") {
		t.Errorf("answered: %s", text)
	}
	for _, want := range []string{`"scopes":["`, `"name":"` + role["name"].(string), `"description":"Resets passwords"`} {
		if !strings.Contains(sent, want) {
			t.Errorf("no %s in what was sent: %s", want, sent)
		}
	}
}
