package transport

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/tools"
)

func TestHTTP2026(t *testing.T) {
	s := startHTTP(t, newFake(), Options{Name: "jc-mcp", Version: "1"})
	status, m := s.post(call26(`9007199254740993`, "echo", `{"user":"ada"}`), func(q *http.Request) {
		q.Header.Set("Mcp-Session-Id", "nothing")
		q.Header.Set("Last-Event-ID", "7")
	})
	if status != 200 || len(m) != 1 || string(m[0].ID) != "9007199254740993" || m[0].texts(t) != `{"user":"ada"}` {
		t.Fatalf("%d %v", status, m)
	}
	for _, want := range []string{`"resultType":"complete"`, `"io.modelcontextprotocol/serverInfo":{"name":"jc-mcp","version":"1"}`} {
		if !strings.Contains(m[0].raw, want) {
			t.Errorf("lacks %s: %s", want, m[0].raw)
		}
	}
	if _, m = s.post(call26("1", "structured", `{}`), nil); m[0].texts(t) != "a|b" || !strings.Contains(m[0].raw, `"structuredContent":{"n":9007199254740993}`) {
		t.Errorf("structured: %s", m[0].raw)
	}
	if _, m = s.post(call26("1", "fail", `{}`), nil); !strings.Contains(m[0].raw, `"isError":true`) || m[0].texts(t) != "not_found: no such user" {
		t.Errorf("fail: %s", m[0].raw)
	}
	r := s.do(http.MethodPost, call26("1", "echo", `{}`), nil)
	r.Body.Close()
	if r.Header.Get("Mcp-Session-Id") != "" {
		t.Error("a session for a stateless client")
	}
	if status, _ = s.post(`{"jsonrpc":"2.0","method":"notifications/progress","params":{`+meta26(`{}`)+`}}`, nil); status != 202 {
		t.Errorf("notification: %d", status)
	}
}

func TestHTTPHeadersAgainstBody(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	set := func(k, v string) func(*http.Request) { return func(q *http.Request) { q.Header.Set(k, v) } }
	del := func(k string) func(*http.Request) { return func(q *http.Request) { q.Header.Del(k) } }
	add := func(k, v string) func(*http.Request) { return func(q *http.Request) { q.Header.Add(k, v) } }
	call := call26("1", "echo", `{}`)
	for _, c := range []struct {
		name, body   string
		edit         func(*http.Request)
		status, code int
	}{
		{"encoded name", call, set("Mcp-Name", "=?base64?ZWNobw==?="), 200, 0},
		{"other name", call, set("Mcp-Name", "change_quick"), 400, -32020},
		{"no name", call, del("Mcp-Name"), 400, -32020},
		{"two names", call, add("Mcp-Name", "change_quick"), 400, -32020},
		{"bad base64", call, set("Mcp-Name", "=?base64?!!?="), 400, -32020},
		{"other method", call, set("Mcp-Method", "tools/list"), 400, -32020},
		{"no method", call, del("Mcp-Method"), 400, -32020},
		{"no version", call, del("Mcp-Protocol-Version"), 400, -32020},
		{"older version", call, set("Mcp-Protocol-Version", "2025-11-25"), 400, -32020},
		{"version in the header only", call25("1", "echo", `{}`), set("Mcp-Protocol-Version", revision2026), 400, -32602},
		{"unknown version", strings.ReplaceAll(call, revision2026, "2030-01-01"), nil, 400, -32022},
		{"no capabilities", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, nil, 400, -32602},
		{"unknown method", `{"jsonrpc":"2.0","id":1,"method":"tools/x","params":{` + meta26(`{}`) + `}}`, nil, 404, -32601},
		{"initialize", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{` + meta26(`{}`) + `}}`, nil, 404, -32601},
		{"unknown tool", call26("1", "nope", `{}`), nil, 400, -32602},
		{"null id", strings.Replace(call, `"id":1`, `"id":null`, 1), nil, 400, -32600},
		{"fractional id", strings.Replace(call, `"id":1`, `"id":1.5`, 1), nil, 400, -32600},
		{"an answer", `{"jsonrpc":"2.0","id":1,"result":{}}`, set("Mcp-Protocol-Version", revision2026), 400, -32600},
		{"batch", "[" + call + "]", nil, 400, -32600},
		{"not JSON", "{", nil, 400, -32700},
		{"empty", "", nil, 400, -32700},
	} {
		status, m := s.post(c.body, c.edit)
		if status != c.status || len(m) != 1 || m[0].code() != c.code {
			t.Errorf("%s: want %d and %d: %d %v", c.name, c.status, c.code, status, m)
		}
		if c.code == -32022 && !strings.Contains(m[0].raw, `"data":{"supported":["2026-07-28","2025-11-25","2025-06-18"],"requested":"2030-01-01"}`) {
			t.Errorf("%s: data: %s", c.name, m[0].raw)
		}
	}
	if f.count() != 1 {
		t.Errorf("%d calls reached a tool", f.count())
	}
}

func TestHTTPParamHeaders(t *testing.T) {
	f := newFake()
	f.extra = []tools.Listed{{Name: "tagged", InputSchema: json.RawMessage(`{"type":"object","properties":{"org":{"type":"string","x-mcp-header":"Org"}}}`)}}
	s := startHTTP(t, f, Options{})
	for value, want := range map[string]int{"acme": 200, "other": 400, "": 400} {
		status, _ := s.post(call26("1", "tagged", `{"org":"acme"}`), func(q *http.Request) {
			if value != "" {
				q.Header.Set("Mcp-Param-Org", value)
			}
		})
		if status != want {
			t.Errorf("%q: %d", value, status)
		}
	}
}

func TestHTTPMethodsAndPaths(t *testing.T) {
	s := startHTTP(t, newFake(), Options{})
	_, in := s.session(revision2025, `{}`)
	modern := func(q *http.Request) { in(q); q.Header.Set("Mcp-Protocol-Version", revision2026) }
	for _, c := range []struct {
		method string
		edit   func(*http.Request)
		want   int
		allow  string
	}{
		{"GET", nil, 405, "POST"}, {"DELETE", nil, 405, "POST"}, {"GET", modern, 405, "POST"}, {"DELETE", modern, 405, "POST"},
		{"PUT", nil, 405, "POST, GET, DELETE"}, {"OPTIONS", nil, 405, "POST, GET, DELETE"}, {"HEAD", nil, 405, "POST, GET, DELETE"},
		{"GET", func(q *http.Request) { q.Header.Set("Mcp-Session-Id", "nope") }, 404, ""},
		{"DELETE", func(q *http.Request) { q.Header.Set("Mcp-Session-Id", "nope") }, 404, ""},
		{"GET", func(q *http.Request) { in(q); q.Header.Set("Accept", "application/json") }, 406, ""},
		{"POST", func(q *http.Request) { q.Header.Set("Content-Type", "text/plain") }, 415, ""},
		{"POST", func(q *http.Request) { q.URL.Path = "/" }, 404, ""},
		{"POST", func(q *http.Request) { q.URL.Path = "/mcp/x" }, 404, ""},
	} {
		r := s.do(c.method, "", c.edit)
		r.Body.Close()
		if r.StatusCode != c.want || r.Header.Get("Allow") != c.allow {
			t.Errorf("%s: want %d %q: %d %q", c.method, c.want, c.allow, r.StatusCode, r.Header.Get("Allow"))
		}
	}
}

func TestHTTPProgressBeforeResult(t *testing.T) {
	s := startHTTP(t, newFake(), Options{})
	_, in := s.session(revision2025, `{}`)
	for i := range 200 {
		body := call25(fmt.Sprint(i), "progress", `{}`)
		body = strings.Replace(body, `"params":{`, `"params":{"_meta":{"progressToken":7},`, 1)
		edit := in
		if i%2 == 0 {
			body, edit = strings.Replace(call26(fmt.Sprint(i), "progress", `{}`), `"_meta":{`, `"_meta":{"progressToken":7,`, 1), nil
		}
		status, m := s.post(body, edit)
		if status != 200 || len(m) != 6 || m[5].texts(t) != "5 pages" {
			t.Fatalf("call %d: %d %v", i, status, m)
		}
		for p := range 5 {
			if want := fmt.Sprintf(`{"progressToken":7,"progress":%d,"total":5,"message":"page"}`, p+1); string(m[p].Params) != want {
				t.Fatalf("call %d, message %d: %s", i, p, m[p].raw)
			}
		}
	}
}

func TestHTTPEventStreamHeaders(t *testing.T) {
	s := startHTTP(t, newFake(), Options{})
	r := s.do(http.MethodPost, strings.Replace(call26("1", "progress", `{}`), `"_meta":{`, `"_meta":{"progressToken":7,`, 1), nil)
	defer r.Body.Close()
	for k, want := range map[string]string{"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-cache, no-transform"} {
		if got := r.Header.Get(k); got != want {
			t.Errorf("%s: %q", k, got)
		}
	}
}

func TestHTTPListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startPipes(t, newFake(), Options{})
		r := s.do(http.MethodPost, `{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},`+meta26(`{}`)+`}}`, nil)
		defer r.Body.Close()
		b := bufio.NewReader(r.Body)
		m := event(t, b)
		if m.Method != "notifications/subscriptions/acknowledged" || !strings.Contains(m.raw, `"io.modelcontextprotocol/subscriptionId":"l"`) {
			t.Errorf("first message: %s", m.raw)
		}
		start := time.Now()
		for range 3 {
			for {
				l, err := b.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(l, ": keep-alive") {
					break
				}
			}
		}
		if took := time.Since(start); took != 45*time.Second {
			t.Errorf("three comments took %v", took)
		}
		s.stop()
		if m = event(t, b); string(m.ID) != `"l"` || !strings.Contains(string(m.Result), `"resultType":"complete"`) {
			t.Errorf("end of the stream: %s", m.raw)
		}
		if _, err := b.ReadString('x'); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		if err := s.wait(); err != nil || time.Since(start) > 46*time.Second {
			t.Errorf("Serve: %v after %v", err, time.Since(start))
		}
	})
}

func TestHTTPClosedConnectionCancels(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	_, in := s.session(revision2025, `{}`)
	for _, c := range []struct {
		body string
		edit func(*http.Request)
	}{{call26("1", "read_slow", `{}`), nil}, {call25("1", "read_slow", `{}`), in}} {
		ctx, cancel := context.WithCancel(t.Context())
		q, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(c.body))
		setHeaders(q, c.body)
		if c.edit != nil {
			c.edit(q)
		}
		gone := make(chan error, 1)
		go func() { _, err := s.c.Do(q); gone <- err }()
		within(t, f.started, "the call")
		cancel()
		if err := within(t, gone, "the error"); err == nil {
			t.Error("an answer to a closed connection")
		}
		within(t, f.stopped, "the end of the call")
	}
}

func TestHTTPLongCallsAreNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{})
		done := make(chan struct{})
		go func() { defer close(done); s.post(call26("1", "read_slow", `{}`), nil) }()
		<-f.started
		<-time.After(5 * time.Minute)
		if f.ended.Load() != 0 {
			t.Error("cancelled by a deadline of the connection")
		}
		s.stop()
		<-done
	})
}

func TestHTTPBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{Inflight: 1})
		_, in := s.session(revision2025, `{}`)
		done := make(chan int, 17)
		for i := range 17 {
			go func() {
				st, _ := s.post(call26(fmt.Sprint(i), "change_slow", `{}`), nil)
				done <- st
			}()
		}
		synctest.Wait()
		r := s.do(http.MethodPost, call26("99", "echo", `{}`), nil)
		m := messages(t, r)
		r.Body.Close()
		if r.StatusCode != 503 || r.Header.Get("Retry-After") != "1" || m[0].code() != codeBusy {
			t.Errorf("2026: %d %v", r.StatusCode, m)
		}
		if status, m := s.post(call25("99", "echo", `{}`), in); status != 200 || m[0].code() != codeBusy {
			t.Errorf("2025: %d %v", status, m)
		}
		close(f.release)
		for range 17 {
			if st := <-done; st != 200 {
				t.Errorf("a call that waited: %d", st)
			}
		}
	})
}

func TestWrapAndCaller(t *testing.T) {
	type who struct{}
	o := Options{
		Wrap: func(next http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), who{}, r.Header.Get("X-Caller"))))
			}))
			mux.HandleFunc("/.well-known/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
			return mux
		},
		Caller: func(ctx context.Context) string { s, _ := ctx.Value(who{}).(string); return s },
	}
	s := startHTTP(t, newFake(), o)
	as := func(name, id string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set("X-Caller", name); q.Header.Set("Mcp-Session-Id", id) }
	}
	r := s.do(http.MethodPost, initialize(revision2025, `{}`), as("ada", ""))
	r.Body.Close()
	id := r.Header.Get("Mcp-Session-Id")
	if status, _ := s.post(call25("1", "echo", `{}`), as("ada", id)); status != 200 {
		t.Errorf("the owner: %d", status)
	}
	if status, _ := s.post(call25("1", "echo", `{}`), as("eve", id)); status != 404 {
		t.Errorf("another caller: %d", status)
	}
	r = s.do(http.MethodDelete, "", as("eve", id))
	r.Body.Close()
	if r.StatusCode != 404 {
		t.Errorf("another caller's DELETE: %d", r.StatusCode)
	}
	r = s.do(http.MethodGet, "", func(q *http.Request) { q.URL.Path = "/.well-known/x" })
	r.Body.Close()
	if r.StatusCode != 204 {
		t.Errorf("a path of Wrap: %d", r.StatusCode)
	}
}
