//go:build picture

package approvals

import (
	"crypto/sha256"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// TestPicture makes docs/approvals.png, with the chromium of this machine:
//
//	go test -tags picture -run TestPicture ./cmd/jc-mcp/internal/approvals
func TestPicture(t *testing.T) {
	o := newOffice(t)
	sum := sha256.Sum256([]byte("picture"))
	r, _, err := o.dir.Ask(t.Context(), state.Request{
		Agent: "helpdesk", Principal: "token 3f9a01c2", Tool: "users_reset_mfa", Risk: "change", Bound: sum[:], Until: time.Now().Add(31 * time.Minute),
		Question: "Reset the authenticator (TOTP MFA) of user ben.kurz in organisation Acme (SANDBOX)?\n1. users_reset_mfa: POST /api/systemusers/{id}/resetmfa on user ben.kurz",
		Targets:  []auth.Target{{Type: "user", ID: "65fa1c0be2a4d71f3c9a0b12", Name: "ben.kurz"}},
		Before:   map[string]any{"mfa.configured": true, "enable_user_portal_multifactor": true},
		After:    map[string]any{"mfa.configured": false, "enable_user_portal_multifactor": true},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(o.page)
	defer s.Close()
	file, err := filepath.Abs("../../../../docs/approvals.png")
	if err != nil {
		t.Fatal(err)
	}
	// No sandbox: it is our own page, and containers give chromium no user namespaces.
	out, err := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--window-size=1000,1180", "--screenshot="+file, s.URL+Path+"/"+r.Code).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
