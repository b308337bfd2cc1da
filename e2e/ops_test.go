package e2e

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// collector takes traces, as OpenTelemetry's does, and keeps their bytes.
type collector struct {
	mu  sync.Mutex
	got bytes.Buffer
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got.WriteString(r.URL.Path + "\n")
	c.got.Write(body)
}

func (c *collector) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.String()
}

func startCollector(t *testing.T) (*collector, string) {
	t.Helper()
	c := &collector{}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return c, s.URL
}

// fetch gives what is at a URL of the ops port.
func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := ownClient(t).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// healthcheck runs the subcommand and gives its exit code and what it says.
func healthcheck(t *testing.T, args ...string) (int, string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, append([]string{"healthcheck"}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}

// TestOpsPort: a server says how it does, and that it is about to end before it does;
// its traces have arrived when it has. While it drains three processes are started and
// a call is made, so it drains for longer than those may take.
func TestOpsPort(t *testing.T) {
	t.Parallel()
	traces, to := startCollector(t)
	p, url := serveHTTP(t, nil, "--sandbox", "--ops-addr", "127.0.0.1:0", "--otlp-endpoint", to, "--drain", "12s")
	ops := p.logged("ops")
	addr := strings.TrimPrefix(ops, "http://")
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	call := func(tool string, args map[string]any) string {
		body := strings.Replace(callTool(1, tool, args), `"_meta":{`, `"_meta":{"traceparent":"00-`+trace+`-00f067aa0ba902b7-01",`, 1)
		m, _ := post(t, ownClient(t), url, body)
		return m.text()
	}
	if text := call("users_get", map[string]any{"user": "ben.kurz"}); !strings.Contains(text, "ben.kurz") {
		t.Fatalf("answer: %s", text)
	}
	call("users_get", map[string]any{"user": "somebody-else"})
	call("user_groups_create", map[string]any{"name": "Night shift"})
	_, metrics := fetch(t, ops+"/metrics")
	for _, want := range []string{
		`jc_mcp_calls_total{agent="local",org="",outcome="ok",tool="users_get"} 1`, `outcome="not_found",tool="users_get"} 1`, `outcome="ok",tool="user_groups_create"} 1`,
		`path="/api/v2/usergroups",status="201"`, "jc_mcp_calls_in_flight 0", "jc_mcp_audit_up 1", "jc_mcp_kill_switch 0", "jc_mcp_audit_failures_total 0",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
	_, page := fetch(t, ops+"/")
	if !strings.Contains(page, "user_groups_create") {
		t.Errorf("the page: %.300s", page)
	}
	if code, said := healthcheck(t, "--ops-addr", addr); code != 0 || said != "ready\n" {
		t.Errorf("healthcheck: %d %q", code, said)
	}
	if code, said := healthcheck(t); code != 2 || !strings.Contains(said, "JC_OPS_ADDR") {
		t.Errorf("healthcheck without an address: %d %q", code, said)
	}
	if runtime.GOOS == "windows" {
		return // has no SIGTERM
	}

	p.terminate()
	p.logged("drain")
	if code, said := healthcheck(t, "--ops-addr", addr); code != 1 || !strings.Contains(said, "draining") {
		t.Errorf("healthcheck of one that ends: %d %q", code, said)
	}
	if code, said := healthcheck(t, "--ops-addr", addr, "--live"); code != 0 || said != "alive\n" {
		t.Errorf("healthcheck --live of one that ends: %d %q", code, said)
	}
	if text := call("users_get", map[string]any{"user": "ben.kurz"}); !strings.Contains(text, "ben.kurz") {
		t.Errorf("while it drains: %s", text)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	if code, said := healthcheck(t, "--ops-addr", addr); code != 1 || !strings.Contains(said, "nothing answers") {
		t.Errorf("healthcheck of one that has ended: %d %q", code, said)
	}
	sent := traces.String()
	for _, want := range []string{"/v1/traces\n", "tools/call users_get", "tools/call user_groups_create", "POST /api/v2/usergroups", "url.template",
		"\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36"} {
		if !strings.Contains(sent, want) {
			t.Errorf("the collector has no %q", want)
		}
	}
	for where, text := range map[string]string{"metrics": metrics, "page": page, "traces": sent} {
		for _, name := range []string{"ben.kurz", "somebody-else", "Night shift", "Acme"} {
			if strings.Contains(text, name) {
				t.Errorf("%q is in the %s", name, where)
			}
		}
	}
}

// TestSecondSignal ends at once what would still drain.
func TestSecondSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	t.Parallel()
	p, _ := serveHTTP(t, nil, "--sandbox", "--drain", "5m")
	p.terminate()
	p.logged("drain")
	p.dead = true // it ends by the signal, and not with 0
	p.terminate()
	p.exit() // which is not as patient as the drain
}

// TestNotReadyWithoutAudit: a server that refuses changes says so to the balancer.
func TestNotReadyWithoutAudit(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	t.Parallel()
	p, _ := serveHTTP(t, []string{"JC_AUDIT_LOG=/dev/full"}, "--sandbox", "--ops-addr", "127.0.0.1:0")
	if code, said := healthcheck(t, "--ops-addr", strings.TrimPrefix(p.logged("ops"), "http://")); code != 1 || !strings.Contains(said, "audit") {
		t.Errorf("healthcheck: %d %q", code, said)
	}
}

// keep saves texts beside the grant file, to be looked through with all else that the
// server wrote.
func (d *desk) keep(texts map[string]string) {
	d.t.Helper()
	for name, text := range texts {
		if !strings.Contains(text, "jc-mcp") && !strings.Contains(text, "jc_mcp") {
			d.t.Errorf("the %s show no call: %d bytes", name, len(text))
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(d.grants), name), []byte(text), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}
