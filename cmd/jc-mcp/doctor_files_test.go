package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// recorded is an audit log of n lines with signed heads, as a server leaves it.
func recorded(t *testing.T, dir, stateDir string, n int) string {
	t.Helper()
	path := filepath.Join(dir, "audit.jsonl")
	a, err := auth.OpenAuditLog(path, auth.AuditOptions{KeyDir: stateDir, Heads: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := a.Write(context.Background(), auth.Line{Phase: auth.PhaseReload, Say: strings.Repeat("x", 200)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Doctor verifies the end of the audit log, and leaves it as it is.
func TestDoctorVerifiesTheEndOfTheAudit(t *testing.T) {
	dir := t.TempDir()
	stateDir := filepath.Join(dir, "state")
	if _, err := state.Open(stateDir); err != nil {
		t.Fatal(err)
	}
	path := recorded(t, dir, stateDir, 6000) // more than is verified
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(before) < 1<<20+1<<18 {
		t.Fatalf("%d bytes are too few for this test", len(before))
	}
	examine := func(code int, words ...string) {
		t.Helper()
		jcmcp(t, nil, "doctor", "--sandbox", "--audit-log", path, "--state-dir", stateDir).want(t, code, words...)
	}
	examine(exitDone, "ok   audit          lines are added", "are one chain", "ok   audit key", "up to line 6000", "ok   disk", "MB free")
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("doctor changed the record: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".jc-mcp-doctor-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	changed := append([]byte(nil), before...)
	changed[len(changed)-300] ^= 1
	for name, data := range map[string][]byte{"changed": changed, "cut": before[:len(before)/2]} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			jcmcp(t, nil, "doctor", "--sandbox", "--audit-log", path, "--state-dir", stateDir).want(t, exitFailed, "fix  audit", "NOT as they were written")
		})
	}
}

// Doctor finds an audit log that could not be made, and makes none itself.
func TestDoctorMakesNoAuditLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	jcmcp(t, nil, "doctor", "--sandbox", "--audit-log", path, "--state-dir", filepath.Join(dir, "state")).
		want(t, exitDone, "will be made", "ok   state          "+filepath.Join(dir, "state")+" will be made")
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("it made %v (%v)", list, err)
	}
	jcmcp(t, nil, "doctor", "--sandbox", "--audit-log", filepath.Join(dir, "no", "audit.jsonl")).want(t, exitFailed, "fix  audit", "cannot make files")
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("rights do not hold for this user")
	}
	if err := os.WriteFile(path, nil, 0o400); err != nil {
		t.Fatal(err)
	}
	jcmcp(t, nil, "doctor", "--sandbox", "--audit-log", path).want(t, exitFailed, "fix  audit", "may not write it")
}

// Doctor looks at the state directory, at the kill switch and at who waits.
func TestDoctorLooksAtTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	dir, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	examine := func(code int, words ...string) {
		t.Helper()
		jcmcp(t, nil, "doctor", "--sandbox", "--state-dir", path).want(t, code, words...)
	}
	examine(exitDone, "ok   state", "this user's alone", "ok   stop           nothing", "ok   requests       none")
	if _, err := dir.Stop("helpdesk", "", "odd"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := dir.Ask(context.Background(), state.Request{Agent: "helpdesk", Tool: "users_delete", Risk: "destroy", Bound: make([]byte, 32)}); err != nil {
		t.Fatal(err)
	}
	examine(exitDone, "note stop           stopped: agent helpdesk", "odd", "note requests       1 wait")
	if runtime.GOOS == "windows" {
		t.Skip("rights are the profile's there")
	}
	if err := os.Chmod(path, 0o755); err != nil { //nolint:gosec // that is what is tested
		t.Fatal(err)
	}
	examine(exitFailed, "fix  state", "chmod go=")
}

// Doctor says what a server would do with a bad grant file, and looks at approvers and
// at how they hear.
func TestDoctorLooksAtPeople(t *testing.T) {
	dir := t.TempDir()
	stateDir, path := filepath.Join(dir, "state"), filepath.Join(dir, "grants.yaml")
	if _, err := state.Open(stateDir); err != nil {
		t.Fatal(err)
	}
	key, err := state.NewKey("ann")
	if err != nil {
		t.Fatal(err)
	}
	file := func(key, notify string) string {
		return "version: 1\nagents:\n  a:\n    who: [{local: desk}]\n    may: [{do: [users_delete]}]\n" +
			"approvers:\n  ann: {key: \"" + key + "\", may: [\"*\"]}\n" + notify
	}
	for _, c := range []struct {
		name, text string
		code       int
		words      []string
	}{
		{"good", file(key.Public(), ""), exitDone, []string{"ok   approvers      1", "note notify"}},
		{"command", file(key.Public(), "notify: {command: [go, version]}\n"), exitDone, []string{"ok   notify         go"}},
		{"no command", file(key.Public(), "notify: {command: [no-such-program]}\n"), exitFailed, []string{"fix  notify         the command no-such-program"}},
		{"webhook", file(key.Public(), "notify: {webhook: \"https://hooks.example.com/hush\"}\n"), exitDone, []string{"ok   notify         hooks.example.com hears"}},
		{"no approver", "version: 1\nagents:\n  a:\n    who: [{local: desk}]\n    may: [{do: [users_delete]}]\n", exitDone, []string{"note grants", "it will never run"}},
		{"bad", "version: 2\n", exitFailed, []string{"fix  grants", "no last good copy"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			r := jcmcp(t, nil, "doctor", "--sandbox", "--grants", path, "--state-dir", stateDir)
			r.want(t, c.code, c.words...)
			if strings.Contains(r.out, "hush") {
				t.Error("the webhook is told")
			}
		})
	}
	if err := os.WriteFile(filepath.Join(stateDir, lastGoodName), []byte(file(key.Public(), "")), 0o600); err != nil {
		t.Fatal(err)
	}
	jcmcp(t, nil, "doctor", "--sandbox", "--grants", path, "--state-dir", stateDir).want(t, exitFailed, "fix  grants", "last good copy of the file, and answer reads only")
	if err := os.WriteFile(path, []byte(file("not a key", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	jcmcp(t, nil, "doctor", "--sandbox", "--grants", path, "--state-dir", stateDir).want(t, exitFailed, "fix  approvers", "ann")
}
