package main

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
)

func TestBalancingSettings(t *testing.T) {
	for _, bad := range []string{"*", "null", "app.example.com", "https://app.example.com/", "https://*.example.com/x", "https://u@app.example.com", "ftp://a", "https://"} {
		jcmcp(t, nil, "http", "--sandbox", "--addr", "127.0.0.1:0", "--origin", bad).want(t, exitUsage, "origin")
	}
	jcmcp(t, []string{"JC_STICKY=true"}, "http", "--sandbox", "--addr", "127.0.0.1:0").want(t, exitUsage, "--sticky", "--store")
	serving(t, []string{"JC_ORIGINS=https://app.example.com,http://other.example.com:8080"}, func(url string) {
		for origin, want := range map[string]int{"https://app.example.com": 200, "http://other.example.com:8080": 200, "https://evil.example.com": 403} {
			status, header, _ := send(t, url, initialize, map[string]string{"Origin": origin})
			if status != want || want == 200 && header.Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("%s: %d %v", origin, status, header)
			}
		}
	}, "http", "--sandbox", "--addr", "127.0.0.1:0").want(t, exitDone)
}

// send posts a message and gives what came back; the headers of a 2026 client follow
// from the body.
func send(t *testing.T, url, body string, more map[string]string) (int, http.Header, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if strings.Contains(body, modern) {
		var m struct {
			Method string
			Params struct{ Name string }
		}
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Mcp-Protocol-Version", modern)
		req.Header.Set("Mcp-Method", m.Method)
		req.Header.Set("Mcp-Name", m.Params.Name)
	}
	for name, v := range more {
		req.Header.Set(name, v)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

const modern = "2026-07-28"

// tool26 is a call of a 2026 client that can ask a person.
func tool26(tool, arguments, more string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":` + arguments + more +
		`,"_meta":{"io.modelcontextprotocol/protocolVersion":"` + modern + `","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}}}`
}

var (
	handleForm = regexp.MustCompile(`next=([A-Za-z0-9_-]+)`)
	stateForm  = regexp.MustCompile(`"requestState":"([^"]+)"`)
)

// Two servers with one store are one server to their clients: whichever gets the next
// request, it goes on with what the other one began.
func TestTwoServersAreOne(t *testing.T) {
	store := miniredis.RunT(t)
	serving(t, nil, func(upstream string) {
		environ := []string{"JC_CONSOLE_URL=" + upstream, "JC_API_KEY=sandbox-key", "JC_SEAL_KEY=" + strings.Repeat("A", 43) + "="}
		start := func(use func(string), more ...string) {
			serving(t, environ, use, append([]string{"http", "--addr", "127.0.0.1:0", "--store", "redis://" + store.Addr(),
				"--surface", "full", "--state-dir", filepath.Join(t.TempDir(), "state")}, more...)...).want(t, exitDone)
		}
		start(func(a string) {
			start(func(b string) { twoAsOne(t, a, b) })
		})
		start(func(a string) {
			if _, header, body := send(t, a, initialize, nil); header.Get("Mcp-Session-Id") == "" {
				t.Errorf("no session where the balancer is sticky: %s", body)
			}
		}, "--sticky")
	}, "sandbox", "--addr", "127.0.0.1:0").want(t, exitDone)
}

func twoAsOne(t *testing.T, a, b string) {
	status, header, body := send(t, a, initialize, nil)
	if status != http.StatusOK || header.Get("Mcp-Session-Id") != "" {
		t.Errorf("initialize: %d %v %s", status, header, body)
	}
	old := map[string]string{"Mcp-Protocol-Version": "2025-11-25"}
	if status, _, body = send(t, b, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"users_list","arguments":{"limit":2}}}`, old); status != http.StatusOK || !strings.Contains(body, "# total 120; 2 shown") {
		t.Errorf("a 2025 client at the other server: %d %s", status, body)
	}
	if _, _, body = send(t, b, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"users_delete","arguments":{"user":"bob.stone"}}}`, old); !strings.Contains(body, "needs_approval") || !strings.Contains(body, "runs as replicas") {
		t.Errorf("a 2025 client cannot be asked: %s", body)
	}

	_, _, body = send(t, a, tool26("users_list", `{"limit":7}`, ""), nil)
	m := handleForm.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no cursor: %s", body)
	}
	if _, _, body = send(t, b, tool26("users_list", `{"limit":7,"cursor":"`+m[1]+`"}`, ""), nil); !strings.Contains(body, "# total 120") || strings.Contains(body, "isError") {
		t.Errorf("the next page: %s", body)
	}

	const gone = `{"user":"bob.stone"}`
	_, _, body = send(t, a, tool26("users_delete", gone, ""), nil)
	asked := stateForm.FindStringSubmatch(body)
	if asked == nil {
		t.Fatalf("nobody was asked: %s", body)
	}
	yes := tool26("users_delete", gone, `,"requestState":"`+asked[1]+`","inputResponses":{"confirm":{"action":"accept"}}`)
	if _, _, body = send(t, b, yes, nil); !strings.Contains(body, "done") || strings.Contains(body, `"isError":true`) {
		t.Errorf("the yes at the other server: %s", body)
	}
	if _, _, body = send(t, a, yes, nil); !strings.Contains(body, `"isError":true`) {
		t.Errorf("the yes was taken twice: %s", body)
	}
}
