package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// What people do with commands stands in the audit of the servers, where it is named.
func TestDeedsAreWrittenDown(t *testing.T) {
	d, environ, r, who := office(t)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	environ = append(environ, "JC_AUDIT_LOG="+path)
	approving(t, []string{testPassphrase}, environ, "approve", r.Code).want(t, exitDone, "Approved by it-lead")
	if _, err := d.Take(t.Context(), r, []auth.Approver{who}); err != nil {
		t.Fatal(err)
	}
	if err := d.Deliver(t.Context(), r.Code, who, []byte("AAAA-4711"), time.Minute); err != nil {
		t.Fatal(err)
	}
	approving(t, []string{testPassphrase}, environ, "approve", r.Code, "--show").want(t, exitDone, "Shown once")
	approving(t, nil, environ, "stop", "--agent", "helpdesk", "--why", "odd friday").want(t, exitDone, "Stopped.")
	approving(t, nil, environ, "stop", "--agent", "helpdesk").want(t, exitDone, "already") // which is no deed
	approving(t, nil, environ[:1], "resume", "--agent", "helpdesk", "--audit-log", path).want(t, exitDone, "Resumed.")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{`"phase":"approved"`, `"say":"it-lead approved request ` + r.Code + ` at a terminal"`, `"agent":"helpdesk"`, `"approver":"it-lead"`, `"tool":"devices_recovery_key"`},
		{`"phase":"shown"`, `"say":"it-lead was shown the secrets of request ` + r.Code + ` at a terminal"`},
		{`"phase":"switch"`, ` of this machine stopped the changes of agent helpdesk with jc-mcp stop"`, `"reason":"odd friday"`},
		{`"phase":"switch"`, ` of this machine resumed the changes of agent helpdesk with jc-mcp resume"`},
	} {
		line := ""
		if lines := strings.Split(string(text), "\n"); i < len(lines) {
			line = lines[i]
		}
		for _, w := range want {
			if !strings.Contains(line, w) {
				t.Errorf("line %d does not say %s: %s", i+1, w, line)
			}
		}
	}
	if strings.Contains(string(text), "AAAA-4711") || strings.Count(string(text), "\n") != 4 {
		t.Errorf("%s", text)
	}
	auditing(t, environ, "verify").want(t, exitDone, "ok: nothing was changed")
}

// Where the audit cannot be written nothing is approved, shown or resumed; a stop waits for nothing.
func TestDeedsThatCannotBeWrittenDown(t *testing.T) {
	d, environ, r, who := office(t)
	environ = append(environ, "JC_AUDIT_LOG="+filepath.Join(t.TempDir(), "missing", "audit.jsonl"))
	approving(t, []string{testPassphrase}, environ, "approve", r.Code).want(t, exitFailed, "nothing was done", "audit log")
	approving(t, nil, environ, "stop").want(t, exitFailed, "Stopped.", "audit")
	if _, yes := d.Stopped("helpdesk", "x"); !yes {
		t.Error("it does not stop without an audit log")
	}
	approving(t, nil, environ, "resume").want(t, exitFailed, "nothing was done")
	if _, yes := d.Stopped("helpdesk", "x"); !yes {
		t.Error("it was resumed, and nowhere written down")
	}
	e, err := d.Entry(r.Code)
	if err != nil || e.Status != state.Pending {
		t.Fatal(e.Status, err)
	}
	if err := d.Approve(t.Context(), e.Request, mustKey(t, who.Name)); err != nil {
		t.Fatal(err)
	}
	if err := d.Deliver(t.Context(), r.Code, who, []byte("AAAA-4711"), time.Minute); err != nil {
		t.Fatal(err)
	}
	got := approving(t, []string{testPassphrase}, environ, "approve", r.Code, "--show")
	if got.want(t, exitFailed, "nothing was done"); strings.Contains(got.out+got.err, "AAAA-4711") {
		t.Error("it is shown, and nowhere written down")
	}
	approving(t, []string{testPassphrase}, environ[:1], "approve", r.Code, "--show").want(t, exitDone, "Shown once") // it was kept
}

// mustKey is the key that the office made.
func mustKey(t *testing.T, name string) *state.Key {
	t.Helper()
	path, err := state.KeyPath(name)
	if err != nil {
		t.Fatal(err)
	}
	key, err := state.LoadKey(path, []byte(testPassphrase))
	if err != nil {
		t.Fatal(err)
	}
	return key
}
