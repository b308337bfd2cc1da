package e2e

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestGrantsOverStdio: an agent sees and gets what its grant gives, through the
// carriers as well, and is told by whom and by which line it is refused.
func TestGrantsOverStdio(t *testing.T) {
	t.Parallel()
	d := governed(t, "", "")
	w := startWire(t, d.env, "--surface", "full")
	names := d.listed(w)
	for _, name := range []string{"users_list", "user_groups_members_change", "users_reset_mfa"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is granted and not listed: %v", name, names)
		}
	}
	for _, name := range []string{"users_state_suspend", "users_delete", "commands_list", "devices_erase"} {
		if slices.Contains(names, name) {
			t.Errorf("%s is listed and not granted", name)
		}
	}
	ben, vpn := map[string]any{"user": "ben.kurz"}, map[string]any{"group": "VPN Users", "add": []string{"ben.kurz"}}
	for _, c := range []struct {
		tool string
		args map[string]any
		says string
	}{
		{"users_state_suspend", ben, "grants.yaml line 16: never"},
		{"users_delete", ben, "grants.yaml line 6: "},
		{"commands_list", nil, "grants.yaml line 6: "},
		{"users_update", map[string]any{"user": "ada.king", "department": "X"}, "grants.yaml line 4: "},
		{"user_groups_members_change", vpn, "grants.yaml line 10: "},
		{"user_groups_members_change", map[string]any{"group": "Contractors", "add": []string{"ben.kurz", "bob.stone", "kim.lee", "maria.silva"}}, "grants.yaml line 2: "},
		{"api_destroy", map[string]any{"tool": "users_delete", "arguments": ben}, "grants.yaml line 6: "},
		{"api_change", map[string]any{"tool": "user_groups_members_change", "arguments": vpn}, "grants.yaml line 10: "},
		{"api_read", map[string]any{"tool": "commands_list", "arguments": map[string]any{}}, "grants.yaml line 6: "},
	} {
		if text := d.ask(w, c.tool, c.args); !strings.Contains(text, "by this server ("+c.says) || !strings.Contains(text, "not by JumpCloud") {
			t.Errorf("%s %v: %s, which does not say %q", c.tool, c.args, text, c.says)
		}
	}
	if sent := d.up.sent(); len(sent) != 0 {
		t.Errorf("refused calls sent %v", sent)
	}
	if text := d.ask(w, "user_groups_members_change", map[string]any{"group": "Contractors", "add": []string{"ben.kurz"}}); !isDone(text) {
		t.Errorf("granted, and answered %s", text)
	}
	if text := d.ask(w, "api_read", map[string]any{"tool": "users_list", "arguments": map[string]any{"limit": 1}}); !strings.HasPrefix(text, "# total") {
		t.Errorf("granted, and answered %s", text)
	}
}

// TestGrantsAreReadAgain: a running server takes a changed file; one with a mistake
// changes nothing, and answers to changes say so. How soon is tested in virtual time:
// TestWatch of auth.
func TestGrantsAreReadAgain(t *testing.T) {
	t.Parallel()
	d := governed(t, "", "")
	w := startWire(t, d.env)
	move := map[string]any{"user": "ben.kurz", "department": "Moved"}
	if text := d.ask(w, "users_update", move); !isDone(text) {
		t.Fatalf("granted, and answered %s", text)
	}
	d.write(strings.Replace(d.text, "users_update, ", "", 1))
	took := d.until("it is not listed", func() bool { return !slices.Contains(d.listed(w), "users_update") })
	if text := d.ask(w, "users_update", move); !strings.Contains(text, "denied by this server") {
		t.Errorf("taken away, and answered %s", text)
	}
	d.write(d.text)
	back := d.until("it is listed", func() bool { return slices.Contains(d.listed(w), "users_update") })
	if text := d.ask(w, "users_update", move); !isDone(text) {
		t.Errorf("given back, and answered %s", text)
	}
	d.write(d.text + "agnets: {}\n")
	d.until("the mistake is said", func() bool {
		s := d.ask(w, "users_update", move)
		if !isDone(s) && !strings.Contains(s, "\nno effect") {
			t.Errorf("a file with a mistake took away a right: %s", s)
		}
		return strings.Contains(s, "grants.yaml has a mistake") && strings.Contains(s, "the rules before it are in force")
	})
	if text := d.ask(w, "users_list", map[string]any{"limit": 1}); strings.Contains(text, "mistake") {
		t.Errorf("a read says it too: %s", text)
	}
	w.stop()
	t.Logf("taken after %v and %v", took.Round(time.Millisecond), back.Round(time.Millisecond))

	// The next start has only the copy: it reads, and changes nothing.
	sent := len(d.up.sent())
	w = startWire(t, d.env)
	if text := d.ask(w, "users_update", move); !strings.Contains(text, "only reads go on") || len(d.up.sent()) != sent {
		t.Errorf("started with a bad file, and answered %s", text)
	}
	if text := d.ask(w, "users_list", map[string]any{"limit": 1}); !strings.HasPrefix(text, "# total") {
		t.Errorf("a read: %s", text)
	}
}

// TestStopReachesRunningServers: the kill switch, thrown from another process, holds
// for every call that is made after it was thrown; reads go on; lifting it reaches them
// as well.
func TestStopReachesRunningServers(t *testing.T) {
	t.Parallel()
	d := governed(t, "", "")
	one, other := startWire(t, d.env), startWire(t, d.env)
	move := map[string]any{"user": "ben.kurz", "department": "Moved"}
	for _, w := range []*wire{one, other} {
		if text := d.ask(w, "users_update", move); !isDone(text) {
			t.Fatalf("granted, and answered %s", text)
		}
	}
	if out, code := d.run("stop", "--why", "odd changes"); code != 0 || !strings.Contains(out, "Stopped.") {
		t.Fatalf("stop: %d %s", code, out)
	}
	sent := len(d.up.sent())
	for _, w := range []*wire{one, other} {
		if text := d.ask(w, "users_update", move); !strings.Contains(text, "odd changes") {
			t.Errorf("stopped, and answered %s", text)
		}
		if text := d.ask(w, "users_list", map[string]any{"limit": 1}); !strings.HasPrefix(text, "# total") {
			t.Errorf("a read: %s", text)
		}
	}
	if n := len(d.up.sent()); n != sent {
		t.Errorf("%d changes were sent while all was stopped", n-sent)
	}
	if out, code := d.run("resume"); code != 0 || !strings.Contains(out, "Nothing is stopped.") {
		t.Fatalf("resume: %d %s", code, out)
	}
	if text := d.ask(other, "users_update", move); !isDone(text) {
		t.Errorf("lifted, and answered %s", text)
	}
}

// TestBearerTokens: over HTTP only who brings a token of the grant file is served, as
// its agent; the header goes nowhere.
func TestBearerTokens(t *testing.T) {
	t.Parallel()
	out, errs := new(bytes.Buffer), new(bytes.Buffer)
	cmd := exec.CommandContext(t.Context(), binary, "grants", "token", "--agent", "helpdesk")
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs)
	}
	token := strings.TrimSpace(out.String())
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(errs.String())
	if len(token) < 32 || hash == "" || strings.Contains(errs.String(), token) {
		t.Fatalf("token %q, and said\n%s", token, errs)
	}
	d := governed(t, hash, "")
	p, url := serveHTTP(t, append(d.env, "JC_LOG_LEVEL=debug"))
	call := callTool(1, "users_update", map[string]any{"user": "ben.kurz", "department": "Moved"})
	for name, header := range map[string]string{
		"none": "", "other": "Bearer " + strings.Repeat("x", len(token)), "cut": "Bearer " + token[:len(token)-1], "hash": "Bearer " + hash, "basic": "Basic " + token,
	} {
		if _, status := post(t, authorized(t, header), url, call); status != http.StatusUnauthorized {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	if sent := d.up.sent(); len(sent) != 0 {
		t.Errorf("nobody sent %v", sent)
	}
	if m, status := post(t, authorized(t, "Bearer "+token), url, call); status != 200 || !isDone(m.text()) {
		t.Errorf("with its token: %d %s", status, m.raw)
	}
	if sent := d.up.sent(); len(sent) != 1 {
		t.Errorf("sent %v", sent)
	}
	p.stop()
	audit, err := os.ReadFile(d.audit)
	if err != nil || !strings.Contains(string(audit), `"agent":"helpdesk"`) {
		t.Errorf("audit: %v\n%s", err, audit)
	}
	for where, text := range map[string]string{"upstream": d.up.heard(), "stdout": p.out.String(), "stderr": p.errs.String(), "the audit": string(audit)} {
		if strings.Contains(text, token) || where == "upstream" && strings.Contains(text, "Authorization") {
			t.Errorf("the caller's header is in %s", where)
		}
	}
}

// authorized is a client that sends this header.
func authorized(t *testing.T, header string) *http.Client {
	return &http.Client{Transport: headed{ownClient(t).Transport, header}}
}

type headed struct {
	http.RoundTripper
	header string
}

func (h headed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if h.header != "" {
		r.Header.Set("Authorization", h.header)
	}
	return h.RoundTripper.RoundTrip(r)
}
