package transport

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/tools"
)

func list26(id string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"tools/list","params":{` + meta26(`{}`) + `}}`
}

func TestListTools(t *testing.T) {
	w := startStdio(t, newFake(), Options{Name: "jc-mcp", Version: "1"})
	w.send(list26("1"))
	m := w.recv()
	var r struct {
		Tools      []map[string]json.RawMessage
		ResultType string
		TTL        int `json:"ttlMs"`
		Scope      string
		CacheScope string
		Meta       map[string]any `json:"_meta"`
		Next       *string        `json:"nextCursor"`
	}
	if err := json.Unmarshal(m.Result, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Tools) != len(fakeTools) || r.ResultType != "complete" || r.TTL != 60000 || r.CacheScope != "private" || r.Next != nil || r.Meta["io.modelcontextprotocol/serverInfo"] == nil {
		t.Errorf("%s", m.raw)
	}
	want := map[string]string{
		"name": `"echo"`, "title": `"The echo"`, "description": `"Does echo."`,
		"inputSchema": `{"type":"object","properties":{"user":{"type":"string"}}}`,
		"annotations": `{"readOnlyHint":true,"destructiveHint":false,"idempotentHint":false,"openWorldHint":true}`,
	}
	got := map[string]string{}
	for k, v := range r.Tools[5] {
		got[k] = string(v)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("a tool (-want +got):\n%s", d)
	}
	for _, params := range []string{``, `,"params":{}`, `,"params":{"cursor":""}`, `,"params":{"cursor":null}`} {
		w.send(`{"jsonrpc":"2.0","id":2,"method":"tools/list"` + params + `}`)
		if m = w.recv(); m.Error != nil || strings.Contains(m.raw, "ttlMs") || strings.Contains(m.raw, "resultType") {
			t.Errorf("2025 %s: %s", params, m.raw)
		}
	}
	w.rest()
}

func TestListIsCachedByWhatItHolds(t *testing.T) {
	f := newFake()
	tr := New(f, Options{Name: "jc-mcp", Version: "1"})
	list := func(id string) string {
		m, bad := parse([]byte(list26(id)))
		if bad != nil {
			t.Fatal(bad)
		}
		return string(tr.newExchange(m, newPeer(), nil, nil).run(t.Context()).encode(m.id))
	}
	first := list("1")
	if second := list("2"); second != strings.Replace(first, `"id":1`, `"id":2`, 1) || len(tr.lists.kept) != 1 {
		t.Errorf("not the same but for its id, or not kept: %d", len(tr.lists.kept))
	}
	f.extra = []tools.Listed{{Name: "users_get", Description: "One."}}
	one := list("1")
	f.extra[0].Description = "Two."
	if two := list("1"); !strings.Contains(one, "One.") || !strings.Contains(two, "Two.") {
		t.Errorf("an old list is shown")
	}
	for i := range 3 * maxLists {
		f.extra[0].Name = fmt.Sprint("x", i)
		list("1")
	}
	if n := len(tr.lists.kept); n > maxLists {
		t.Errorf("%d lists kept", n)
	}
}

// many is a fake with a surface as large as the product's full one.
func many(n int) *fake {
	f := newFake()
	for i := range n {
		f.extra = append(f.extra, tools.Listed{Name: fmt.Sprintf("x_%04d", i), Title: "A title", Description: strings.Repeat("word ", 12),
			InputSchema: json.RawMessage(`{"type":"object","properties":{` + strings.Repeat(`"p":{"type":"string","description":"some words here"},`, 12) + `"z":{}},"additionalProperties":false}`)})
	}
	return f
}

func TestOutputSchemas(t *testing.T) {
	f := newFake()
	tr := New(f, Options{})
	list := func() string {
		m, _ := parse([]byte(list26("1")))
		return string(tr.newExchange(m, newPeer(), nil, nil).run(t.Context()).result)
	}
	f.extra = []tools.Listed{{Name: "zz"}}
	if got := list(); strings.Contains(got, "outputSchema") {
		t.Errorf("nobody has one: %s", got)
	}
	f.extra = []tools.Listed{{Name: "zz", OutputSchema: json.RawMessage(`{"type":"object","properties":{"head":{"type":"string"}}}`)}}
	if got := list(); strings.Count(got, `"outputSchema":{"type":"object","properties":{"head":{"type":"string"}}}`) != 1 {
		t.Errorf("one has one: %s", got)
	}
}

func TestListFromTheCacheIsCheap(t *testing.T) {
	tr := New(many(400), Options{})
	m, _ := parse([]byte(list26("1")))
	encoded := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			clear(tr.lists.kept)
			tr.newExchange(m, newPeer(), nil, nil).run(b.Context())
		}
	})
	cached := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			tr.newExchange(m, newPeer(), nil, nil).run(b.Context())
		}
	})
	ratio := float64(encoded.NsPerOp()) / float64(cached.NsPerOp())
	t.Logf("encoded %v, cached %v, ratio %.0f", encoded, cached, ratio)
	if ratio < 5 {
		t.Errorf("the cache is only %.1f times faster", ratio)
	}
}

func BenchmarkCallStdioPath(b *testing.B) {
	tr := New(newFake(), Options{})
	line := []byte(call26("1", "echo", `{"user":"ada"}`))
	b.ReportAllocs()
	for b.Loop() {
		m, _ := parse(line)
		if r := tr.newExchange(m, newPeer(), nil, nil).run(b.Context()); r.err != nil {
			b.Fatal(r.err.message)
		}
	}
}

func TestListOverHTTPNeedsItsHeaders(t *testing.T) {
	s := startHTTP(t, newFake(), Options{})
	for range 2 { // from the cache too
		if status, _ := s.post(list26("1"), nil); status != 200 {
			t.Errorf("%d", status)
		}
		if status, m := s.post(list26("1"), func(q *http.Request) { q.Header.Set("Mcp-Method", "tools/call") }); status != 400 || m[0].code() != -32020 {
			t.Errorf("%d %v", status, m)
		}
	}
}
