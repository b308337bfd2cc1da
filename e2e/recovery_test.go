package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

// auditLines are the lines of a file that are whole.
func auditLines(t *testing.T, path string) (out []auth.Line) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var l auth.Line
		if json.Unmarshal([]byte(line), &l) == nil {
			out = append(out, l)
		}
	}
	return out
}

// TestKilledUnderLoad kills a server with changes under way: each that reached
// JumpCloud stands in the audit since before it was sent, and the next start names
// those of which nobody knows what became.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "version: 1\nagents:\n  load:\n    who: [{local: stdio}]\n    may:\n      - write: [user_groups]\n")
	w := startWire(t, d.env)
	const first, rest = 20, 60
	for i := range first { // these are answered
		if text := d.ask(w, "user_groups_create", map[string]any{"name": fmt.Sprintf("before-%03d", i)}); !isDone(text) {
			t.Fatal(text)
		}
	}
	d.up.mu.Lock()
	d.up.held = make(chan struct{})
	d.up.mu.Unlock()
	for i := range rest { // the answers to these are kept
		w.send(callTool(1000+i, "user_groups_create", map[string]any{"name": fmt.Sprintf("during-%03d", i)}))
	}
	d.until("changes are under way", func() bool { return len(d.up.sent()) >= first+3 })
	w.kill()
	close(d.up.held)
	sent := d.up.sent()

	meant, ended := map[string]bool{}, map[string]bool{}
	for _, l := range auditLines(t, d.audit) {
		for _, o := range l.Targets {
			switch l.Phase {
			case auth.PhaseIntent:
				meant[o.Name] = true
			case auth.PhaseResult:
				ended[o.Name] = true
			}
		}
	}
	for _, request := range sent {
		var body struct{ Name string }
		if err := json.Unmarshal([]byte(request[strings.Index(request, "{"):]), &body); err != nil || !meant[body.Name] {
			t.Errorf("%s reached JumpCloud and has no line: %v", request, err)
		}
	}

	w = startWire(t, d.env)
	d.ask(w, "user_groups_list", map[string]any{"limit": 1})
	w.stop()
	unknown := map[string]bool{}
	for _, l := range auditLines(t, d.audit) {
		for _, o := range l.Targets {
			if l.Phase == auth.PhaseUnknown {
				unknown[o.Name] = true
			}
		}
	}
	maps.DeleteFunc(meant, func(name string, _ bool) bool { return ended[name] })
	if diff := cmp.Diff(meant, unknown); diff != "" || len(unknown) < 3 {
		t.Errorf("%d intents have no result; named as unknown (+): %s", len(meant), diff)
	}
	if !strings.Contains(w.errs.String(), "changes were under way when a server was killed") {
		t.Error("the next start does not say it")
	}
	if out, code := d.run("audit", "verify", d.audit); code != 0 {
		t.Errorf("audit verify: %d %s", code, out)
	}
	t.Logf("%d changes reached JumpCloud, %d answered, %d named as unknown", len(sent), len(ended), len(unknown))
}

// TestAuditOfARun: audit verify is content with what a run wrote, and names a line that
// was changed, one that was removed, and that the end was cut off.
func TestAuditOfARun(t *testing.T) {
	t.Parallel()
	d := governed(t, "", "")
	w := startWire(t, d.env)
	for _, user := range []string{"ben.kurz", "maria.silva", "ada.king", "bob.stone"} {
		d.ask(w, "users_update", map[string]any{"user": user, "department": "Moved"})
	}
	w.stop()
	whole, err := os.ReadFile(d.audit)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	for name, c := range map[string]struct {
		text string
		code int
		says string
	}{
		"as written": {string(whole), 0, "ok: nothing was changed"},
		"changed":    {strings.Replace(string(whole), "maria.silva", "marie.silva", 1), 1, "BAD"},
		"removed":    {strings.Join(append(slices.Clone(lines[:4]), lines[5:]...), "") + "\n", 1, "BAD"},
		"cut off":    {strings.Join(lines[:len(lines)-2], ""), 1, "BAD"},
	} {
		if err := os.WriteFile(d.audit, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, code := d.run("audit", "verify", d.audit); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	if err := os.WriteFile(d.audit, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := d.run("audit", "show", d.audit, "--refused"); code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "grants.yaml line 4") {
		t.Errorf("audit show --refused: %d %s", code, out)
	}
}
