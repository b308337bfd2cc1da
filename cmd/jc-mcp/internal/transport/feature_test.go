package transport

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/tools"
)

// features are requests for prompts, resources and completions, and what must
// and must not be in their answers. {code} is the code for an unknown resource.
var features = []struct {
	method, params string
	code           int
	want           string
}{
	{"prompts/list", ``, 0, `"prompts":[{"name":"offboard","title":"Offboard","description":"Takes everything away.","arguments":[{"name":"user","description":"Who.","required":true},{"name":"note"}]}]`},
	{"prompts/list", `"cursor":"x"`, -32602, `one page`},
	{"prompts/get", `"name":"offboard","arguments":{"user":"ada"}`, 0, `"description":"Takes everything away.","messages":[{"role":"user","content":{"type":"text","text":"Offboard ada"}}]`},
	{"prompts/get", `"name":"offboard"`, -32602, `user is missing`},
	{"prompts/get", `"name":"offboard","arguments":{"user":7}`, -32602, `object of strings`},
	{"prompts/get", `"name":"offboard","arguments":{"user":null}`, -32602, `object of strings`},
	{"prompts/get", `"name":"offboard","arguments":["ada"]`, -32602, `object of strings`},
	{"prompts/get", `"name":"nothing"`, -32602, `unknown prompt`},
	{"resources/list", ``, 0, `"resources":[{"uri":"jumpcloud://organization","name":"organization","title":"Organisation","description":"Counts.","mimeType":"application/json"}]`},
	{"resources/list", `"cursor":"x"`, -32602, `one page`},
	{"resources/templates/list", ``, 0, `"resourceTemplates":[{"uriTemplate":"jumpcloud://users/{user}","name":"user","title":"User","description":"One user.","mimeType":"application/json"}]`},
	{"resources/templates/list", `"cursor":"x"`, -32602, `one page`},
	{"resources/read", `"uri":"jumpcloud://organization"`, 0, `"contents":[{"uri":"jumpcloud://organization","mimeType":"application/json","text":"{\"users\":120}"}]`},
	{"resources/read", `"uri":"jumpcloud://users/nobody"`, -32002, `"uri":"jumpcloud://users/nobody"`},
	{"resources/read", `"uri":"jumpcloud://users/secret"`, codeRefused, `"code":"denied"`},
	{"resources/read", `"uri":"jumpcloud://users/broken"`, -32603, `"code":"internal"`},
	{"completion/complete", `"ref":{"type":"ref/prompt","name":"offboard"},"argument":{"name":"user","value":"ad"}`, 0, `"completion":{"values":["ada","ada"],"total":2,"hasMore":false}`},
	{"completion/complete", `"ref":{"type":"ref/resource","uri":"jumpcloud://users/{user}"},"argument":{"name":"user","value":""}`, 0, `"total":150,"hasMore":true}`},
	{"completion/complete", `"ref":{"type":"ref/resource","uri":"jumpcloud://users/{user}"},"argument":{"name":"x","value":""}`, 0, `"completion":{"values":[],"hasMore":false}`},
	{"completion/complete", `"ref":{"type":"ref/prompt","name":"nothing"},"argument":{"name":"user","value":""}`, 0, `"completion":{"values":[],"total":0,"hasMore":false}`},
	{"completion/complete", `"ref":{"type":"ref/resource","uri":"x://y"},"argument":{"name":"user","value":""}`, 0, `"completion":{"values":[],"total":0,"hasMore":false}`},
	{"completion/complete", `"ref":{"type":"ref/prompt"},"argument":{"name":"user","value":""}`, -32602, `ref must name`},
	{"completion/complete", `"ref":{"type":"ref/tool","name":"echo"},"argument":{"name":"user","value":""}`, -32602, `ref.type`},
	{"completion/complete", `"ref":{"type":"ref/prompt","name":"offboard"},"argument":{"name":"user"}`, -32602, `argument needs`},
	{"completion/complete", `"ref":{"type":"ref/prompt","name":"offboard"},"argument":{"name":"user","value":"!"}`, codeRefused, `"code":"rate_limited"`},
	{"logging/setLevel", `"level":"info"`, -32601, ``},
	{"resources/subscribe", `"uri":"jumpcloud://organization"`, -32601, ``},
	{"tasks/list", ``, -32601, ``},
	{"tasks/result", `"taskId":"x"`, -32601, ``},
}

var cacheableMethods = map[string]string{
	"prompts/list": `"ttlMs":60000`, "resources/list": `"ttlMs":60000`, "resources/templates/list": `"ttlMs":60000`, "resources/read": `"ttlMs":0`,
}

func TestFeatures(t *testing.T) {
	for _, version := range revisions {
		s := startHTTP(t, newFake(), Options{Name: "jc-mcp", Version: "1"})
		w := startStdio(t, newFake(), Options{Name: "jc-mcp", Version: "1"})
		edit := func(*http.Request) {}
		if version != revision2026 {
			_, edit = s.session(version, `{}`)
			w.send(initialize(version, `{}`))
			w.recv()
		}
		for _, f := range features {
			body := request(version, `"a"`, f.method, f.params)
			w.send(body)
			checkFeature(t, version+" stdio", version, f.code, f.method+" "+f.params, f.want, w.recv())
			status, m := s.post(body, edit)
			if len(m) != 1 {
				t.Fatalf("%s: %d %v", body, status, m)
			}
			checkFeature(t, version+" http", version, f.code, f.method+" "+f.params, f.want, m[0])
			if bad := m[0].code() == -32602 || m[0].code() == -32601; version == revision2026 && bad != (status >= 400) || version != revision2026 && status != 200 {
				t.Errorf("%s %s: status %d for code %d", version, body, status, m[0].code())
			}
		}
		w.rest()
	}
}

func checkFeature(t *testing.T, where, version string, code int, what, want string, m msg) {
	t.Helper()
	if code == -32002 && version == revision2026 {
		code = -32602
	}
	if m.code() != code || !strings.Contains(m.raw, want) || strings.Contains(m.raw, "must not be shown") {
		t.Errorf("%s: %s: want %d and %s: %s", where, what, code, want, m.raw)
	}
	if code != 0 {
		return
	}
	method, _, _ := strings.Cut(what, " ")
	for _, sign := range []string{`"resultType":"complete"`, `"io.modelcontextprotocol/serverInfo":{"name":"jc-mcp","version":"1"}`} {
		if strings.Contains(m.raw, sign) != (version == revision2026) {
			t.Errorf("%s: %s: %s: %s", where, what, sign, m.raw)
		}
	}
	hint, cacheable := cacheableMethods[method]
	if modern := version == revision2026; modern && cacheable != strings.Contains(m.raw, hint+`,"cacheScope":"private"`) || !modern && strings.Contains(m.raw, "ttlMs") {
		t.Errorf("%s: %s: caching hints: %s", where, what, m.raw)
	}
	var r struct{ Completion struct{ Values []string } }
	if json.Unmarshal(m.Result, &r) == nil && len(r.Completion.Values) > maxCompletions {
		t.Errorf("%s: %d completions", where, len(r.Completion.Values))
	}
}

func TestListsOfPromptsAreCachedByWhatTheyHold(t *testing.T) {
	f := newFake()
	tr := New(f, Options{})
	list := func() string {
		m, _ := parse([]byte(request(revision2026, "1", "prompts/list", ``)))
		return string(tr.newExchange(m, newPeer(), nil, nil).run(t.Context()).result)
	}
	first := list()
	if list() != first || len(tr.lists.kept) != 1 {
		t.Errorf("%d lists are kept", len(tr.lists.kept))
	}
	f.prompts = []tools.Prompt{{Name: "zz"}}
	if second := list(); second == first || !strings.Contains(second, `"zz"`) {
		t.Errorf("an old list: %s", second)
	}
	m, _ := parse([]byte(request(revision2026, "1", "resources/list", ``)))
	if r := tr.newExchange(m, newPeer(), nil, nil).run(t.Context()); !strings.Contains(string(r.result), `"resources":`) {
		t.Errorf("resources: %s", r.result)
	}
}

// A resource is read from JumpCloud, so it takes a place and can be cancelled.
func TestReadsAreCalls(t *testing.T) {
	f := newFake()
	w := startStdio(t, f, Options{Inflight: 1})
	w.send(request(revision2026, "1", "resources/read", `"uri":"jumpcloud://users/slow"`))
	within(t, f.started, "the read")
	w.send(call26("2", "echo", `{}`))
	w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	if m := w.recv(); string(m.ID) != "2" || m.Error != nil {
		t.Errorf("behind a read that was cancelled: %s", m.raw)
	}
	w.rest()
}

func TestTraceparent(t *testing.T) {
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for given, want := range map[string]string{
		good: good,
		"":   "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7":       "",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01":    "",
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01":    "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01":    "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01":    "",
		"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01":    "",
		"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01":    "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-xx": "",
		"00-4bf92f3577b34da6a3ce929d0e0e47-6-00f067aa0ba902b7-01":    "",
	} {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"traceparent":` + string(quote(given)) + `,"progressToken":1}}}`)
		w.recv()
		if got := f.last().Trace; got != want {
			t.Errorf("%q: %q", given, got)
		}
		w.rest()
	}
}
