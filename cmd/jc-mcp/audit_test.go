package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// auditing runs a subcommand of audit.
func auditing(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var out, errs buffer
	s := testShell(environ, strings.NewReader(""), &out, &errs)
	args = append([]string{"audit"}, args...)
	root := s.root(args)
	if c, _, err := root.Find([]string{"audit"}); err != nil || c.Name() != "audit" {
		root.AddCommand(s.auditCommand())
	}
	root.SetArgs(args)
	root.SetOut(s.out)
	root.SetErr(s.err)
	code := s.exitCode(root.ExecuteContext(t.Context()))
	return result{code, out.String(), errs.String()}
}

// auditFile is an audit of two files, its state directory, and what was said on stderr.
func auditFile(t *testing.T) (path, stateDir, said string) {
	t.Helper()
	dir := t.TempDir()
	path, stateDir = filepath.Join(dir, "audit.jsonl"), filepath.Join(dir, "state")
	var heads buffer
	a, err := auth.OpenAuditLog(path, auth.AuditOptions{KeyDir: stateDir, Heads: &heads})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Start(t.Context(), auth.Line{Say: "jc-mcp started"}); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ana := []auth.Target{{Type: "user", ID: "65fa1c", Name: "ana.lopez"}}
	for i, l := range []auth.Line{
		{Phase: auth.PhaseIntent, Say: "helpdesk, asked: unlock a user", Agent: "helpdesk", Tool: "users_unlock", Risk: "change", Targets: ana},
		{Phase: auth.PhaseResult, Say: "helpdesk, done: unlock a user", Agent: "helpdesk", Tool: "users_unlock", Risk: "change", Targets: ana, Approver: "it-lead"},
		{Phase: auth.PhaseRefused, Say: "auditor, refused: erase", Agent: "auditor", Tool: "devices_erase", Risk: "destroy", Decision: "grants.yaml line 14",
			Targets: []auth.Target{{Type: "system", ID: "1", Name: "=cmd|x"}}},
	} {
		if i == 2 {
			if err := a.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		l.Time = at.Add(time.Duration(i) * time.Hour)
		if err := a.Write(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return path, stateDir, heads.String()
}

func TestAuditVerify(t *testing.T) {
	path, stateDir, said := auditFile(t)
	key, err := auth.AuditKey(stateDir)
	if err != nil {
		t.Fatal(err)
	}
	auditing(t, nil, "verify", "--state-dir", stateDir, path).want(t, exitDone, "5 lines in 2 files, numbers 1 to 5", "2 signed heads agree", "up to line 5", "key "+key, "ok: nothing")
	auditing(t, []string{"JC_AUDIT_LOG=" + path, "JC_STATE_DIR=" + stateDir}, "verify").want(t, exitDone, "ok: nothing")
	auditing(t, nil, "verify", "--key", key, path).want(t, exitDone, "up to line 5")
	auditing(t, nil, "verify", "--state-dir", t.TempDir(), path).want(t, exitDone, "for want of a key", "ok: nothing")

	elsewhere := filepath.Join(t.TempDir(), "stderr")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for name, data := range map[string]string{elsewhere: said, path: lines[0], path + ".heads": ""} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	auditing(t, nil, "verify", "--key", key, path).want(t, exitDone, "no signed head vouches") // the heads were cut with the lines
	auditing(t, nil, "verify", "--key", key, "--heads", elsewhere, path).want(t, exitFailed, "BAD   "+path+":1: cut: ", "line 5 is cut", "NOT as it was written")
	if err := os.WriteFile(path, []byte(strings.Replace(string(whole), "auditor, ref", "nobody, ref", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	auditing(t, nil, "verify", "--key", key, path).want(t, exitFailed, path+":2: changed: ")

	auditing(t, nil, "verify").want(t, exitUsage, "JC_AUDIT_LOG")
	auditing(t, nil, "verify", path+"x").want(t, exitUsage, "no file")
	auditing(t, nil, "verify", "--key", "nonsense", path).want(t, exitUsage, "--key")
	auditing(t, nil, "verify", "--state-dir", t.TempDir(), "--heads", elsewhere, path).want(t, exitUsage, "--key or --state-dir")
	auditing(t, nil, "verfy").want(t, exitUsage, "verify")
}

func TestAuditShow(t *testing.T) {
	path, _, _ := auditFile(t)
	r := auditing(t, nil, "show", path)
	r.want(t, exitDone, "2026-11-22 12:00:00Z  intent    helpdesk, asked", "approved by it-lead", "rule: grants.yaml line 14", "start     jc-mcp started", "rotate    this file goes on after line 3")
	for args, want := range map[string][]string{
		"--agent auditor":                          {"auditor, refused"},
		"--refused":                                {"auditor, refused"},
		"--tool users_*":                           {"helpdesk, asked", "helpdesk, done"},
		"--tool users_unlock":                      {"helpdesk, asked", "helpdesk, done"},
		"--target ANA.lopez":                       {"helpdesk, asked", "helpdesk, done"},
		"--target 65fa1c":                          {"helpdesk, asked", "helpdesk, done"},
		"--target ana.* --agent other":             nil,
		"--tool ?*_* --since 2026-11-22T13:00:00Z": {"helpdesk, done", "auditor, refused"},
		"--tool ?*_* --since 2026-11-22T14:00:00Z --target system":  nil,
		"--tool ?*_* --since 2026-11-22T14:00 --target 1 --refused": {"auditor, refused"},
		"--agent helpdesk --since 2026-11-22 --tool users_unlock":   {"helpdesk, asked", "helpdesk, done"},
	} {
		r := auditing(t, nil, append([]string{"show", path}, strings.Fields(args)...)...)
		if r.want(t, exitDone, want...); strings.Count(r.out, "\n") != len(want) {
			t.Errorf("%s:\n%s", args, r.out)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(auditing(t, nil, "show", path, "--csv", "--refused").out)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "5" || rows[1][12] != "system =cmd|x 1" || len(rows[0]) != len(auditColumns) {
		t.Errorf("%q, %v", rows, err)
	}
	orgs := fileOf(t, "orgs.jsonl", `{"time":"2026-11-22T12:00:00Z","phase":"result","say":"helper: list users","agent":"helper","org":"acme"}
{"time":"2026-11-22T12:01:00Z","phase":"result","say":"helper: list devices","agent":"helper","org":"globex"}
{"time":"2026-11-22T12:02:00Z","phase":"reload","say":"grants in force"}
`)
	auditing(t, nil, "show", orgs).want(t, exitDone, "12:00:00Z  result    [acme] helper: list users\n", "[globex] helper: list devices", "reload    grants in force")
	if r := auditing(t, nil, "show", orgs, "--org", "acme"); r.out != "2026-11-22 12:00:00Z  result    [acme] helper: list users\n" {
		t.Error(r.out)
	}
	rows, err = csv.NewReader(strings.NewReader(auditing(t, nil, "show", orgs, "--csv").out)).ReadAll()
	if err != nil || len(rows) != 4 || rows[0][len(rows[0])-1] != "org" || rows[1][len(rows[0])-1] != "acme" || rows[3][len(rows[0])-1] != "" {
		t.Errorf("%q, %v", rows, err)
	}
	auditing(t, nil, "show", path, "--since", "yesterday").want(t, exitUsage, "--since")
	auditing(t, nil, "show", path, "--tool", "[").want(t, exitUsage, "no pattern")
	for text, want := range map[string]time.Duration{"90m": 90 * time.Minute, "7d": 7 * 24 * time.Hour} {
		now := time.Now().UTC()
		if at, err := parseSince(text, now); err != nil || now.Sub(at) != want {
			t.Errorf("%s: %s, %v", text, at, err)
		}
	}
	if noFormula("=1+1") != "'=1+1" || noFormula("a") != "a" || noFormula("") != "" {
		t.Error("a formula stays one")
	}
}
