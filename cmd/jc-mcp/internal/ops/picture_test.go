//go:build picture

package ops

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
	"github.com/jc-mcp/jc-mcp/tools"
)

// TestPicture makes docs/metrics.png, the page of the ops port after some calls to the
// sandbox, with the chromium of this machine:
//
//	go test -tags picture -run TestPicture ./cmd/jc-mcp/internal/ops
func TestPicture(t *testing.T) {
	in, err := New(Options{Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	in.Watch(Sources{
		Audit: func() error { return nil }, AuditFailures: func() uint64 { return 0 }, Stops: func() (int, error) { return 0, nil },
		Waiting: func() (int, error) { return 1, nil }, Store: func() error { return nil }, Stale: func() bool { return false },
	})
	someCalls(t, in)
	server := NewServer(in, slog.New(slog.DiscardHandler))
	server.began = time.Now().Add(-26 * time.Hour)
	server.Ready()
	s := httptest.NewServer(server.Handler())
	defer s.Close()
	file, err := filepath.Abs("../../../../docs/metrics.png")
	if err != nil {
		t.Fatal(err)
	}
	// No sandbox: it is our own page, and containers give chromium no user namespaces.
	out, err := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--window-size=1060,1130", "--screenshot="+file, s.URL+"/").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// someCalls makes calls to an organisation in memory that now and then fails.
func someCalls(t *testing.T, in *Instruments) {
	t.Helper()
	org, err := sandbox.New(sandbox.Options{APIKey: "sandbox-key", Faults: map[string]float64{"500-before": .05, "429": .02}})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := jc.RegionHosts("us")
	if err != nil {
		t.Fatal(err)
	}
	client, err := jc.New(jc.Config{
		Hosts: hosts, Scope: "picture", Fenced: true, Observe: in.Upstream("", ""),
		Transport: auth.Pinned(auth.APIKey(auth.Value("sandbox-key")), org.Transport(), hosts.Console, hosts.Insights),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sealer, err := auth.NewSealer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	desk, err := tools.New(tools.Options{
		Tools: tools.All(), Selection: tools.Selection{Surface: tools.FullSurface}, Client: client, Observe: in.Calls(""),
		Grants: auth.AllowAll{Confirm: auth.ConfirmDestroy}, Audit: auth.NewAudit(io.Discard), Sealer: sealer, Region: "us", Sandbox: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		agent, tool, args string
		times             int
	}{
		{"helpdesk", "users_list", `{"filter":"department=Sales","limit":5}`, 31}, {"helpdesk", "users_get", `{"user":"ben.kurz"}`, 24},
		{"helpdesk", "devices_list", `{"limit":5}`, 17}, {"helpdesk", "users_reset_mfa", `{"user":"ben.kurz"}`, 3},
		{"onboarding", "user_groups_members_change", `{"group":"Contractors","add":["ben.kurz"]}`, 2},
		{"onboarding", "users_get", `{"user":"nobody.here"}`, 4}, {"reports", "insights_query", `{"since":"24h"}`, 9}, {"reports", "organizations_summary", `{}`, 6},
	} {
		ctx := auth.With(t.Context(), auth.Principal{Agent: c.agent, Name: "token 3f9a01c2"})
		for range c.times {
			desk.Call(ctx, tools.Call{Tool: c.tool, Arguments: json.RawMessage(c.args)})
		}
	}
}
