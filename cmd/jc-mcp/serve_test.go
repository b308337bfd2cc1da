package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestStdioSpeaksOnlyJSONRPC(t *testing.T) {
	var in strings.Builder
	in.WriteString(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n")
	in.WriteString(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n")
	in.WriteString(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"users_list","arguments":{"limit":1}}}` + "\n")
	r := jcmcpIn(t, in.String(), nil, "stdio", "--sandbox")
	r.want(t, exitDone, `"principal":"stdio"`, "# total 120")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), r.out)
	}
	for _, line := range lines {
		var m struct {
			JSONRPC string `json:"jsonrpc"`
			Result  map[string]any
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.JSONRPC != "2.0" || m.Result == nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// What version says is what the transport does.
func TestRevisionsAreServed(t *testing.T) {
	for _, rev := range revisions() {
		msg := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"` + rev + `","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
		want := `"protocolVersion":"` + rev + `"`
		if rev >= "2026" {
			msg = `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"` + rev +
				`","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}}}`
			want = `"` + rev + `"`
		}
		r := jcmcpIn(t, msg+"\n", nil, "stdio", "--sandbox")
		if !strings.Contains(r.out, want) || strings.Contains(r.out, `"error"`) {
			t.Errorf("%s: %s", rev, r.out)
		}
	}
	jcmcp(t, nil, "version").want(t, exitDone, "jc-mcp ", "commit ", "go1.", revisions()[0])
	jcmcp(t, nil, "version", "x").want(t, exitUsage, "no argument")
}

var loggedURL = regexp.MustCompile(`"url":"([^"]+)"`)

// serving runs a command that serves, waits for its URL, hands it to use, and ends it.
func serving(t *testing.T, environ []string, use func(url string), args ...string) result {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	up := make(chan string, 1)
	var out, errs buffer
	watched := io.MultiWriter(&errs, &onLine{func(line string) {
		if m := loggedURL.FindStringSubmatch(line); m != nil {
			select {
			case up <- m[1]:
			default:
			}
		}
	}})
	ended := make(chan int, 1)
	go func() { ended <- testShell(environ, strings.NewReader(""), &out, watched).run(ctx, args) }()
	select {
	case url := <-up:
		use(url)
	case code := <-ended:
		t.Fatalf("ended with %d: %s", code, errs.String())
	case <-time.After(soon):
		t.Fatalf("no URL was logged: %s", errs.String())
	}
	stop()
	select {
	case code := <-ended:
		return result{code, out.String(), errs.String()}
	case <-time.After(soon):
		t.Fatal("it does not end")
	}
	return result{}
}

type onLine struct{ do func(string) }

func (l *onLine) Write(p []byte) (int, error) { l.do(string(p)); return len(p), nil }

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := client.Do(req)
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

func TestHTTPServesAndEnds(t *testing.T) {
	r := serving(t, nil, func(url string) {
		if !strings.HasSuffix(url, "/mcp") || strings.Contains(url, ":0/") {
			t.Errorf("URL %s is not the real one", url)
		}
		status, body := post(t, url, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
		if status != http.StatusOK || !strings.Contains(body, "Acme") {
			t.Errorf("%d %s", status, body)
		}
	}, "http", "--sandbox", "--addr", "127.0.0.1:0")
	r.want(t, exitDone, "stopped")
	if r.out != "" {
		t.Errorf("stdout %q", r.out)
	}
}

func TestHTTPRefusesOtherAddresses(t *testing.T) {
	for _, command := range []string{"http", "sandbox"} {
		for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:80", "example.com:80"} {
			jcmcp(t, nil, command, "--addr", addr).want(t, exitUsage, "loopback")
		}
		jcmcp(t, nil, command, "--addr", "8080").want(t, exitUsage, "host:port")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	jcmcp(t, nil, "http", "--sandbox", "--addr", taken.Addr().String()).want(t, exitFailed, "in use")
}

func TestSandboxServesBothCredentials(t *testing.T) {
	r := serving(t, nil, func(url string) {
		for _, environ := range [][]string{
			{"JC_CONSOLE_URL=" + url, "JC_API_KEY=sandbox-key"},
			{"JC_CONSOLE_URL=" + url, "JC_CLIENT_ID=sandbox-client", "JC_CLIENT_SECRET=wrong", "JC_CLIENT_SECRET_2=sandbox-secret"},
		} {
			call := jcmcp(t, environ, "call", "users_list", "limit=2")
			call.want(t, exitDone, "# total 30; 2 shown")
			if strings.Contains(call.out, "SANDBOX") {
				t.Error("a server that was named by its URL is taken for the embedded one")
			}
			if len(environ) == 2 {
				jcmcp(t, environ, "doctor").want(t, exitDone, "accepts the credential; organisation Acme Inc")
				continue
			}
			jcmcp(t, environ, "doctor").want(t, exitFailed, "accepts the credential; organisation Acme Inc", "fix  token          the first secret is refused", "ok   token          the second")
		}
		bad := []string{"JC_CONSOLE_URL=" + url, "JC_API_KEY=wrong-key-0123"}
		jcmcp(t, bad, "call", "users_list").want(t, exitFailed, "unauthorized")
		doctor := jcmcp(t, bad, "doctor")
		doctor.want(t, exitFailed, "fix  connection", "--region")
		if strings.Contains(doctor.out+doctor.err, "wrong-key-0123") {
			t.Error("doctor shows the key")
		}
	}, "sandbox", "--addr", "127.0.0.1:0", "--users", "30", "--seed", "3", "--now", "2026-01-31T12:00:00Z")
	r.want(t, exitDone, "sandbox-key", "stopped")
}

func TestSandboxFaultsAndTraps(t *testing.T) {
	serving(t, nil, func(url string) {
		r := jcmcp(t, []string{"JC_CONSOLE_URL=" + url, "JC_API_KEY=sandbox-key"}, "call", "users_list")
		r.want(t, exitFailed, "rate_limited")
	}, "sandbox", "--addr", "127.0.0.1:0", "--fault", "429-long=1", "--trap", "html-errors").want(t, exitDone)
	for _, c := range []struct{ args, say string }{
		{"--trap repeat-row", `did you mean "repeat-rows"`},
		{"--fault hung=1", "known: 429"},
		{"--fault 429", "NAME=P"},
		{"--fault 429=2", "NAME=P"},
		{"--fault 429=NaN", "NAME=P"},
		{"--users 0", "start at 1"},
		{"--users 1000000", "between 1 and 100000"},
		{"--users many", "--users"},
		{"--seed 0", "start at 1"},
		{"--now today", "RFC 3339"},
	} {
		jcmcp(t, nil, append([]string{"sandbox", "--addr", "127.0.0.1:0"}, strings.Fields(c.args)...)...).want(t, exitUsage, c.say)
	}
	jcmcp(t, nil, "sandbox", "--help").want(t, exitDone, "repeat-rows", "429-long", "sandbox-key")
}
