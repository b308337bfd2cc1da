package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDoctorInTheSandbox(t *testing.T) {
	r := jcmcp(t, []string{"JC_CONFIRM=never", "JC_AUDIT_LOG=" + t.TempDir() + "/audit"}, "doctor", "--sandbox")
	r.want(t, exitDone, "ok   connection", "Acme Inc", "ok   audit", "ok   tools", "ok   confirm", "nobody is asked")
	if strings.Contains(r.out, "fix") {
		t.Error(r.out)
	}
}

func TestDoctorSaysWhatToDo(t *testing.T) {
	forbidding := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
	}))
	defer forbidding.Close()
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"results":[{"_id":"1","displayName":"Late\u001b[2J Inc"}],"totalCount":1}`))
	}))
	defer late.Close()
	for _, c := range []struct {
		name    string
		environ []string
		args    string
		code    int
		words   []string
	}{
		{"nothing set", nil, "", exitFailed, []string{"fix  configuration", "JC_API_KEY", "--sandbox"}},
		{"command fails", []string{"JC_API_KEY_CMD=exit 3"}, "", exitFailed, []string{"fix  secret", "exit code 3"}},
		{"role too small", []string{"JC_API_KEY=k", "JC_CONSOLE_URL=" + forbidding.URL}, "", exitDone, []string{"ok   connection", "may not read"}},
		{"clock", []string{"JC_API_KEY=k", "JC_CONSOLE_URL=" + late.URL}, "", exitFailed, []string{"Late[2J Inc", "fix  clock", "1h0m"}},
		{"no tools", nil, "--sandbox --tools users_delete --read-only", exitFailed, []string{"fix  tools"}},
		{"bad setting", nil, "--region xx", exitUsage, []string{"eu, in, us"}},
		{"no audit log", nil, "--sandbox --audit-log " + t.TempDir(), exitFailed, []string{"fix  audit"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			jcmcp(t, c.environ, append([]string{"doctor"}, strings.Fields(c.args)...)...).want(t, c.code, c.words...)
		})
	}
}

// Doctor reads the grant file, and says what approvals are worth on the user's own machine.
func TestDoctorSaysWhatGrantsAreWorth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grants.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = "version: 1\nagents:\n  helpdesk:\n    who: [{local: WORD}]\n    may: [{read: [users]}, {do: [users_reset_mfa]}]\n"
	examine := func(code int, words ...string) string {
		t.Helper()
		r := jcmcp(t, nil, "doctor", "--sandbox", "--grants", path)
		r.want(t, code, words...)
		return r.out
	}
	write(strings.Replace(good, "WORD", "stdio", 1))
	examine(exitDone, "ok   grants", "1 agents, 0 approvers", "note grants", "line 5", "note same user", "it cannot sign for an approver")
	write(strings.Replace(good, "WORD", "desk", 1))
	if out := examine(exitDone, "note grants", "local: stdio"); strings.Contains(out, "same user") {
		t.Errorf("nobody is on stdio:\n%s", out)
	}
	write("version: 2\n")
	examine(exitFailed, "fix  grants", "line")
	if r := jcmcp(t, nil, "doctor", "--sandbox"); !strings.Contains(r.out, "ok   grants         none") {
		t.Error(r.out)
	}
}
