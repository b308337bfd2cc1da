package transport

import (
	"net/http"
	"strings"
	"testing"
)

// TestReplicated2025 is that a 2025 client works behind a balancer that sends each
// of its requests to another replica: without a session, and asked nothing.
func TestReplicated2025(t *testing.T) {
	f := newFake()
	o := Options{Replicated: true, Name: "jc-mcp", Version: "1"}
	a, b := startHTTP(t, f, o), startHTTP(t, f, o)
	for _, version := range []string{revision2025, revision06} {
		r := a.do(http.MethodPost, initialize(version, `{"elicitation":{}}`), nil)
		m := messages(t, r)
		r.Body.Close()
		if r.StatusCode != 200 || r.Header.Get("Mcp-Session-Id") != "" || !strings.Contains(m[0].raw, `"protocolVersion":"`+version+`"`) {
			t.Fatalf("initialize: %d %v %s", r.StatusCode, r.Header, m[0].raw)
		}
		in := func(q *http.Request) { q.Header.Set("Mcp-Protocol-Version", version) }
		if status, _ := b.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, in); status != 202 {
			t.Errorf("initialized: %d", status)
		}
		if status, m := b.post(call25("7", "echo", `{"user":"ada"}`), in); status != 200 || m[0].texts(t) != `{"user":"ada"}` || string(m[0].ID) != "7" {
			t.Errorf("call: %d %v", status, m)
		}
		if status, m := a.post(request(version, "8", "tools/list", ""), in); status != 200 || !strings.Contains(m[0].raw, `"change_quick"`) || strings.Contains(m[0].raw, "resultType") {
			t.Errorf("list: %d %v", status, m)
		}
		if _, m := b.post(call25("9", "ask", `{}`), in); len(m) != 1 || m[0].texts(t) != "needs_approval" || !strings.Contains(f.last().NoAsk, "replicas") || f.last().CanAsk {
			t.Errorf("ask: %v, %+v", m, f.last())
		}
		if status, m := b.post(`{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}`, in); status != 400 || m[0].code() != -32600 {
			t.Errorf("an answer to nothing: %d %v", status, m)
		}
		if status, _ := b.post(call25("7", "echo", `{}`), func(q *http.Request) { in(q); q.Header.Set("Mcp-Session-Id", "of-before") }); status != 404 {
			t.Errorf("a session of before: %d, and the client would not initialize again", status)
		}
	}
	if status, m := a.post(call25("7", "echo", `{}`), nil); status != 200 || m[0].texts(t) != `{}` {
		t.Errorf("no version stated: %d %v", status, m)
	}
	if status, m := a.post(call25("7", "echo", `{}`), func(q *http.Request) { q.Header.Set("Mcp-Protocol-Version", "2024-11-05") }); status != 400 {
		t.Errorf("an unknown version: %d %v", status, m)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete, http.MethodPut} {
		r := a.do(method, "", func(q *http.Request) { q.Header.Set("Mcp-Session-Id", "x") })
		r.Body.Close()
		if r.StatusCode != 405 || r.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %d %v", method, r.StatusCode, r.Header)
		}
	}
	if a.tr.sessions.count()+b.tr.sessions.count() != 0 {
		t.Error("a session was opened")
	}
	// 2026 clients are asked as ever, each leg on another replica.
	capable := strings.Replace(call26("1", "ask", `{}`), `clientCapabilities":{}`, `clientCapabilities":{"elicitation":{}}`, 1)
	_, m := a.post(capable, nil)
	if !strings.Contains(m[0].raw, `"resultType":"input_required"`) || f.last().NoAsk != "" {
		t.Fatalf("2026: %s", m[0].raw)
	}
	again := strings.Replace(capable, `"arguments"`, `"requestState":"sealed","inputResponses":{"confirm":{"action":"accept"}},"arguments"`, 1)
	if _, m = b.post(again, nil); m[0].texts(t) != "erased" {
		t.Errorf("2026, answered at another replica: %s", m[0].raw)
	}
}
