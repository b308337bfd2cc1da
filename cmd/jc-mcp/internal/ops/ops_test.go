package ops

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a server with instruments, in memory.
type rig struct {
	in    *Instruments
	s     *Server
	audit atomic.Pointer[error]
	store atomic.Pointer[error]
}

func newRig(t testing.TB, o Options) *rig {
	t.Helper()
	in, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{in: in, s: NewServer(in, slog.New(slog.DiscardHandler))}
	look := func(p *atomic.Pointer[error]) error {
		if e := p.Load(); e != nil {
			return *e
		}
		return nil
	}
	in.Watch(Sources{
		Audit: func() error { return look(&r.audit) }, AuditFailures: func() uint64 { return 3 },
		Stops: func() (int, error) { return 2, nil }, Waiting: func() (int, error) { return 4, nil },
		Stale: func() bool { return true }, Store: func() error { return look(&r.store) },
	})
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) get(t testing.TB, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w.Code, w.Body.String()
}

func TestReadiness(t *testing.T) {
	r := newRig(t, Options{})
	bad := errors.New("no")
	want := func(status int, word string) {
		t.Helper()
		if code, body := r.get(t, "GET", "/readyz"); code != status || !strings.HasPrefix(body, word) {
			t.Errorf("/readyz: %d %q, want %d %q", code, body, status, word)
		}
		if code, _ := r.get(t, "GET", "/livez"); code != 200 {
			t.Errorf("/livez: %d", code)
		}
	}
	want(503, "starting")
	r.s.Ready()
	want(200, "ready\n")
	r.store.Store(&bad)
	want(200, "ready, degraded: the shared store does not answer")
	r.audit.Store(&bad)
	want(503, "the audit cannot be written")
	r.audit.Store(nil)
	r.store.Store(nil)
	want(200, "ready\n")
	r.s.Drain()
	want(503, "draining")
	r.s.Ready() // too late
	want(503, "draining")
	for path, status := range map[string]int{"/": 200, "/metrics": 200, "/nothing": 404, "/debug/pprof/": 404, "/mcp": 404} {
		if code, _ := r.get(t, "GET", path); code != status {
			t.Errorf("%s: %d", path, code)
		}
	}
	if code, _ := r.get(t, "POST", "/readyz"); code != 405 {
		t.Errorf("POST /readyz: %d", code)
	}
}

// happen puts something into every metric.
func happen(in *Instruments, org string) {
	calls, up := in.Calls(org), in.Upstream(org, "")
	for _, o := range []tools.Observed{
		{Tool: "users_list", Agent: "helpdesk", Took: 30 * time.Millisecond},
		{Tool: "users_list", Agent: "helpdesk", Took: 40 * time.Millisecond},
		{Tool: "users_reset_mfa", Risk: auth.Destroy, Code: "needs_approval", Agent: "helpdesk", Approval: "asked", Took: time.Millisecond},
		{Agent: "onboarding", Code: "not_found"},
	} {
		_, end := calls.Begin(context.Background(), "")
		end(o)
	}
	list := jc.At("GET /api/v2/usergroups/{group}/members")
	up.Sent(context.Background(), jc.Attempt{Endpoint: list, Status: 200, Number: 1, Took: time.Millisecond})
	up.Sent(context.Background(), jc.Attempt{Endpoint: list, Status: 0, Number: 1, Took: time.Millisecond})
	up.Sent(context.Background(), jc.Attempt{Endpoint: list, Status: 503, Number: 2, Effect: jc.Once, Insights: true, Took: time.Second})
	up.Sent(context.Background(), jc.Attempt{Endpoint: list, Status: 42, Number: 1})
	up.Waited(context.Background(), 1500*time.Millisecond)
	up.Circuit("console", "change", jc.CircuitOpen)
	in.GrantsReload(errors.New("a mistake"))
	in.GrantsReload(nil)
}

func TestMetrics(t *testing.T) {
	r := newRig(t, Options{Version: "1.2.3"})
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sesame-0123"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.in.Credential("acme", "", auth.APIKey(auth.File(file)))
	happen(r.in, "acme")
	_, end := r.in.Calls("acme").Begin(t.Context(), "")
	_, text := r.get(t, "GET", "/metrics")
	end(tools.Observed{Tool: "users_list"})
	for _, want := range []string{
		`jc_mcp_calls_total{agent="helpdesk",org="acme",outcome="ok",tool="users_list"} 2`,
		`jc_mcp_calls_total{agent="helpdesk",org="acme",outcome="needs_approval",tool="users_reset_mfa"} 1`,
		`jc_mcp_calls_total{agent="onboarding",org="acme",outcome="not_found",tool="unknown"} 1`,
		`jc_mcp_call_duration_seconds_bucket{outcome="ok",risk="read",le="0.05"} 2`,
		`jc_mcp_call_duration_seconds_bucket{outcome="ok",risk="read",le="0.025"} 0`,
		`jc_mcp_calls_in_flight 1`,
		`jc_mcp_upstream_requests_total{method="GET",org="acme",path="/api/v2/usergroups/{group}/members",status="200"} 1`,
		`status="none"} 1`, `status="503"} 1`, `status="other"} 1`,
		`jc_mcp_upstream_duration_seconds_count{class="change",host="insights"} 1`,
		`jc_mcp_upstream_duration_seconds_count{class="read",host="console"} 3`,
		`jc_mcp_upstream_retries_total{org="acme"} 1`,
		`jc_mcp_limiter_waits_total{org="acme"} 1`, `jc_mcp_limiter_wait_seconds_total{org="acme"} 1.5`,
		`jc_mcp_breaker_state{class="change",credential="",host="console",org="acme"} 2`, `jc_mcp_breaker_state{class="read",credential="",host="console",org="acme"} 0`,
		`jc_mcp_approvals_total{event="asked"} 1`, `jc_mcp_approvals_total{event="refused"} 0`, `jc_mcp_approvals_waiting 4`,
		`jc_mcp_audit_failures_total 3`, `jc_mcp_audit_up 1`, `jc_mcp_store_up 1`, `jc_mcp_kill_switch 2`,
		`jc_mcp_grants_reload_errors_total 1`, `jc_mcp_grants_stale 1`, `jc_mcp_build_info{version="1.2.3"} 1`,
		`jc_mcp_secret_in_use{credential="",org="acme",secret="first"} 1`, `jc_mcp_secret_age_seconds{credential="",org="acme",secret="first"} `,
		"go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "sesame") || strings.Contains(text, file) {
		t.Error("the metrics tell the secret, or where it is")
	}
	if t.Failed() {
		t.Log(text)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	bad := errors.New("no")
	r.store.Store(&bad)
	r.audit.Store(&bad)
	if _, text := r.get(t, "GET", "/metrics"); !strings.Contains(text, "jc_mcp_store_up 0") || !strings.Contains(text, "jc_mcp_audit_up 0") {
		t.Error("what is down is shown as up")
	}
}

func TestPage(t *testing.T) {
	r := newRig(t, Options{Version: "1.2.3"})
	r.s.Ready()
	if code, text := r.get(t, "GET", "/"); code != 200 || !strings.Contains(text, "None so far.") {
		t.Errorf("before any call: %d %s", code, text)
	}
	happen(r.in, "")
	_, text := r.get(t, "GET", "/")
	for _, want := range []string{"jc-mcp 1.2.3", `<span class="word">ready</span>`, "<td><code>users_list</code></td>", "needs_approval",
		"/api/v2/usergroups/{group}/members", "95 % of calls within", "50 ms", "<b>1</b><span>circuits open</span>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "<th>org</th>") {
		t.Error("a script, or a column that is empty")
	}
}

// No instruments watch nothing, and no call is slower for it.
func TestNobodyLooks(t *testing.T) {
	var in *Instruments
	in.Watch(Sources{})
	in.Credential("", "", nil)
	in.GrantsReload(errors.New("x"))
	if in.Calls("") != nil || in.Upstream("", "") != nil || in.Close() != nil {
		t.Error("something is watched")
	}
	var s *Server
	s.Ready()
	s.Drain()
}

func TestCallsAtOnce(t *testing.T) {
	r := newRig(t, Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				happen(r.in, "")
			}
		})
	}
	wg.Wait()
	if _, text := r.get(t, "GET", "/metrics"); !strings.Contains(text, `outcome="ok",tool="users_list"} 3200`) || !strings.Contains(text, "jc_mcp_calls_in_flight 0") {
		t.Error("calls were lost")
	}
}

// TestWatchingIsCheap: what metrics add to a call and to a request allocates next to nothing.
func TestWatchingIsCheap(t *testing.T) {
	r := newRig(t, Options{})
	calls, up, ctx := r.in.Calls("acme"), r.in.Upstream("acme", ""), t.Context()
	o := tools.Observed{Tool: "users_list", Agent: "helpdesk", Took: time.Millisecond}
	a := jc.Attempt{Endpoint: jc.At("GET /api/systemusers"), Status: 200, Number: 1, Took: time.Millisecond}
	if n := testing.AllocsPerRun(1000, func() {
		_, end := calls.Begin(ctx, "")
		end(o)
	}); n > 1 {
		t.Errorf("%v allocations a call", n)
	}
	if n := testing.AllocsPerRun(1000, func() { up.Sent(ctx, a) }); n > 0 {
		t.Errorf("%v allocations a request", n)
	}
}

func BenchmarkCall(b *testing.B) {
	r := newRig(b, Options{})
	calls, o := r.in.Calls("acme"), tools.Observed{Tool: "users_list", Agent: "helpdesk", Took: time.Millisecond}
	b.ReportAllocs()
	for b.Loop() {
		_, end := calls.Begin(b.Context(), "")
		end(o)
	}
}

func BenchmarkRequest(b *testing.B) {
	r := newRig(b, Options{})
	up, a := r.in.Upstream("acme", ""), jc.Attempt{Endpoint: jc.At("GET /api/systemusers"), Status: 200, Number: 1, Took: time.Millisecond}
	b.ReportAllocs()
	for b.Loop() {
		up.Sent(b.Context(), a)
	}
}

func TestProbe(t *testing.T) {
	r := newRig(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.s.Serve(ctx, l) }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, addr := range []string{l.Addr().String(), ":" + port, "0.0.0.0:" + port, "[::]:" + port, "localhost:" + port} {
		if _, err := Probe(t.Context(), addr, false); err == nil || !strings.Contains(err.Error(), "starting") {
			t.Errorf("%s before it is ready: %v", addr, err)
		}
		if word, err := Probe(t.Context(), addr, true); err != nil || word != "alive" {
			t.Errorf("%s: %q %v", addr, word, err)
		}
	}
	r.s.Ready()
	if word, err := Probe(t.Context(), ":"+port, false); err != nil || word != "ready" {
		t.Errorf("%q %v", word, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := Probe(t.Context(), ":"+port, false); err == nil || !strings.Contains(err.Error(), "nothing answers") {
		t.Errorf("after the end: %v", err)
	}
	if _, err := Probe(t.Context(), "9090", false); err == nil {
		t.Error("an address without a port was taken")
	}
}

// A port that somebody else has, or that answers nonsense, is not ready.
func TestProbeOfSomethingElse(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		_, _ = io.Copy(w, bytes.NewReader(bytes.Repeat([]byte("x"), 1<<20)))
	}))
	defer other.Close()
	_, err := Probe(t.Context(), other.Listener.Addr().String(), false)
	if err == nil || len(err.Error()) > 600 {
		t.Errorf("%v", err)
	}
}

var _ prometheus.Collector = (*sources)(nil)
