package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestEndsWithItsInput(t *testing.T) {
	t.Parallel()
	w := startWire(t, nil, "--sandbox")
	w.send(callTool(1, "users_list", map[string]any{"limit": 1}))
	_ = w.stdin.Close() // at once, as a pipe does
	if m := w.next(); !strings.HasPrefix(m.text(), "# total ") {
		t.Errorf("the answer to the last line: %s", m.raw)
	}
	if code := w.exit(); code != 0 {
		t.Errorf("ended with %d", code)
	}
}

func TestEndsOnSIGTERM(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	t.Parallel()
	w := startWire(t, nil, "--sandbox")
	w.send(request(1, "tools/list", nil))
	w.next()
	w.terminate() // its input stays open
	if code := w.exit(); code != 0 {
		t.Errorf("stdio ended with %d", code)
	}
	p, url := serveHTTP(t, nil, "--sandbox")
	post(t, ownClient(t), url, request(1, "tools/list", nil)) // its connection stays open
	p.terminate()
	if code := p.exit(); code != 0 {
		t.Errorf("http ended with %d", code)
	}
}

// slow is an upstream that keeps the answer to a change until it is let go.
type slow struct {
	mu      sync.Mutex
	created []string
	asked   chan struct{} // one element for each change that arrived
	let     chan struct{} // closed when changes may be answered
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.Method + " " + r.URL.Path {
	case "POST /api/v2/usergroups":
		var in struct{ Name string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		s.asked <- struct{}{}
		<-s.let
		s.mu.Lock()
		s.created = append(s.created, in.Name)
		s.mu.Unlock()
		w.WriteHeader(201)
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":%q,"type":"user_group"}`, idOf(in.Name), in.Name)
	case "GET /api/v2/usergroups":
		w.Header().Set("X-Total-Count", "0")
		_, _ = io.WriteString(w, `[]`)
	case "GET /api/organizations":
		_, _ = io.WriteString(w, `{"totalCount":1,"results":[{"_id":"5f0000000000000000000001","displayName":"Slow Ltd"}]}`)
	default:
		s.mu.Lock()
		made := slices.ContainsFunc(s.created, func(n string) bool { return strings.HasSuffix(r.URL.Path, idOf(n)) })
		s.mu.Unlock()
		if !made {
			w.WriteHeader(404)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"Late","type":"user_group"}`, idOf("Late"))
	}
}

func startSlow(t *testing.T) (*slow, []string) {
	t.Helper()
	s := &slow{asked: make(chan struct{}, 8), let: make(chan struct{})}
	up := httptest.NewServer(s)
	t.Cleanup(up.Close)
	return s, []string{"JC_CONSOLE_URL=" + up.URL, "JC_API_KEY=some-key"}
}

// TestChangeInFlightFinishes ends the server while JumpCloud is still at work on
// a change: the change is answered, and stands in the audit log.
func TestChangeInFlightFinishes(t *testing.T) {
	for name, end := range map[string]func(*process){
		"EOF":     func(p *process) { _ = p.stdin.Close() },
		"SIGTERM": func(p *process) { p.terminate() },
	} {
		if name == "SIGTERM" && runtime.GOOS == "windows" {
			continue
		}
		t.Run("stdio "+name, func(t *testing.T) {
			t.Parallel()
			s, env := startSlow(t)
			log := filepath.Join(t.TempDir(), "audit")
			w := startWire(t, append(env, "JC_AUDIT_LOG="+log))
			w.send(callTool(1, "user_groups_create", map[string]any{"name": "Late"}))
			inFlight(t, s, w.process, end)
			if code := w.exit(); code != 0 {
				t.Errorf("ended with %d", code)
			}
			if m := w.next(); !strings.HasPrefix(m.text(), "done, read back.") {
				t.Errorf("answer: %s", m.raw)
			}
			finished(t, s, log)
		})
	}
	t.Run("http SIGTERM", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("Windows has no SIGTERM")
		}
		t.Parallel()
		s, env := startSlow(t)
		log := filepath.Join(t.TempDir(), "audit")
		p, url := serveHTTP(t, append(env, "JC_AUDIT_LOG="+log))
		answer := make(chan string, 1)
		go func() {
			m, _ := post(t, ownClient(t), url, callTool(1, "user_groups_create", map[string]any{"name": "Late"}))
			answer <- m.text()
		}()
		inFlight(t, s, p, (*process).terminate)
		if text := <-answer; !strings.HasPrefix(text, "done, read back.") {
			t.Errorf("answer: %s", text)
		}
		if code := p.exit(); code != 0 {
			t.Errorf("ended with %d", code)
		}
		finished(t, s, log)
	})
}

// inFlight ends the process while the change is at JumpCloud, sees that it waits,
// and lets JumpCloud answer.
func inFlight(t *testing.T, s *slow, p *process, end func(*process)) {
	t.Helper()
	select {
	case <-s.asked:
	case <-time.After(patience):
		t.Fatal("the change did not arrive")
	}
	end(p)
	select { // longer than the grace that calls get to end by themselves on stdio
	case <-p.gone:
		t.Error("it ended without waiting for its change")
	case <-time.After(1200 * time.Millisecond):
	}
	close(s.let)
}

func finished(t *testing.T, s *slow, log string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.created) != 1 || len(s.asked) != 0 {
		t.Errorf("created %v, and %d requests more", s.created, len(s.asked))
	}
	lines, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(lines), `"outcome":"done, read back"`) {
		t.Errorf("audit: %v\n%s", err, lines)
	}
}

// TestStartErrors: what is wrong is said on stderr, with what is known, and the
// process ends with 2 before it serves anything.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		env  []string
		args []string
		says []string
	}{
		{"flag", nil, []string{"stdio", "--sandbx"}, []string{"sandbx", "sandbox"}},
		{"command", nil, []string{"serve"}, []string{"serve", "stdio", "http"}},
		{"no command", nil, nil, []string{"stdio", "http"}},
		{"argument", nil, []string{"stdio", "now"}, []string{"now"}},
		{"toolset", nil, []string{"stdio", "--sandbox", "--toolsets", "user"}, []string{`"user"`, "users", "devices"}},
		{"tool", nil, []string{"stdio", "--sandbox", "--tools", "users_nuke"}, []string{"users_nuke", "users_"}},
		{"surface", nil, []string{"http", "--sandbox", "--surface", "wide"}, []string{"wide", "core", "full"}},
		{"region", []string{"JC_REGION=mars", "JC_API_KEY=k"}, []string{"stdio"}, []string{"mars", "eu", "in", "us"}},
		{"confirm", nil, []string{"stdio", "--sandbox", "--confirm", "always"}, []string{"always", "destroy", "never"}},
		{"variable", []string{"JC_API_KEI=k"}, []string{"stdio"}, []string{"JC_API_KEI", "JC_API_KEY"}},
		{"both", []string{"JC_API_KEY=k"}, []string{"stdio", "--sandbox"}, []string{"JC_API_KEY", "sandbox"}},
		{"two credentials", []string{"JC_API_KEY=k", "JC_CLIENT_ID=c", "JC_CLIENT_SECRET=s"}, []string{"stdio"}, []string{"JC_API_KEY", "JC_CLIENT_ID"}},
		{"half a credential", []string{"JC_CLIENT_ID=c"}, []string{"stdio"}, []string{"JC_CLIENT_SECRET"}},
		{"missing file", []string{"JC_API_KEY_FILE=/nowhere/key"}, []string{"stdio"}, []string{"JC_API_KEY"}},
		{"plain http", []string{"JC_API_KEY=k", "JC_CONSOLE_URL=http://192.0.2.1"}, []string{"stdio"}, []string{"JC_CONSOLE_URL", "https"}},
		{"not loopback", nil, []string{"http", "--sandbox", "--addr", "0.0.0.0:0"}, []string{"loopback"}},
		{"bad address", nil, []string{"http", "--sandbox", "--addr", "8080"}, []string{"8080", "127.0.0.1:8080"}},
		{"fault", nil, []string{"sandbox", "--fault", "fire=1"}, []string{"fire", "429"}},
		{"trap", nil, []string{"sandbox", "--trap", "bear"}, []string{"bear", "no-retry-after"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, binary, c.args...)
			cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "JC_") }), c.env...)
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 2 || out.String() != "" {
				t.Errorf("exit code %d, stdout %q", code, out.String())
			}
			for _, want := range c.says {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("stderr lacks %q: %s", want, errs.String())
				}
			}
		})
	}
}

// TestNoCredential: the tools are listed, and each call says how to set one up.
func TestNoCredential(t *testing.T) {
	t.Parallel()
	w := startWire(t, nil)
	w.send(request(1, "tools/list", nil))
	if m := w.next(); !strings.Contains(m.raw, `"users_list"`) {
		t.Errorf("list: %.300s", m.raw)
	}
	w.send(callTool(2, "users_list", map[string]any{}))
	if m := w.next(); !strings.HasPrefix(m.text(), "unauthorized.") || !strings.Contains(m.text(), "JC_API_KEY") || !strings.Contains(m.raw, `"isError":true`) {
		t.Errorf("call: %s", m.raw)
	}
}
