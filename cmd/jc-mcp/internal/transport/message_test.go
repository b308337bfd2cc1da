package transport

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// smuggled are messages that two readers could read differently. Each names
// users_get to one and users_delete to another, or hides a member.
var smuggled = map[string]string{
	"name twice":              `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"change_quick","arguments":{}}}`,
	"name twice, escaped":     `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\u0061me":"change_quick","arguments":{}}}`,
	"Name beside name":        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"change_quick"}}`,
	"NAME alone":              `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"NAME":"change_quick"}}`,
	"METHOD beside method":    `{"jsonrpc":"2.0","id":1,"method":"tools/list","METHOD":"tools/call","params":{"name":"change_quick"}}`,
	"method twice":            `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"change_quick"}}`,
	"params folded":           `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"paramſ":{"name":"change_quick"}}`,
	"params folded, escaped":  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"param\u017f":{"name":"change_quick"}}`,
	"arguments folded":        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"argumentſ":{"a":1}}}`,
	"id twice":                `{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}`,
	"ID beside id":            `{"jsonrpc":"2.0","id":1,"ID":2,"method":"tools/list"}`,
	"Jsonrpc":                 `{"jsonrpc":"2.0","Jsonrpc":"1.0","id":1,"method":"tools/list"}`,
	"result beside method":    `{"jsonrpc":"2.0","id":1,"method":"tools/list","result":{}}`,
	"token folded":            `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToKen":1}}}`,
	"_META":                   `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_META":{}}}`,
	"requestState folded":     `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","requeſtState":"x"}}`,
	"twice, deep in argument": `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[{"b":{"c":1,"c":2}}]}}}`,
	"capability folded":       `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"Elicitation":{}}}}}`,
	"version folded":          `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolverſion":"2026-07-28"}}}`,
}

func TestSmuggledEnvelopesAreRefusedOnStdio(t *testing.T) {
	f := newFake()
	w := startStdio(t, f, Options{})
	for name, body := range smuggled {
		w.send(body)
		if m := w.recv(); m.code() != -32600 {
			t.Errorf("%s: %s", name, m.raw)
		}
	}
	w.rest()
	if f.count() != 0 {
		t.Errorf("%d tools ran", f.count())
	}
}

func TestWideAndDeep(t *testing.T) {
	wide := func(last string) string {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, `"k%d":1,`, i)
		}
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{` + b.String() + `"` + last + `":1}}}`
	}
	if _, bad := parse([]byte(wide("k40"))); bad != nil {
		t.Errorf("wide: %v", bad)
	}
	if _, bad := parse([]byte(wide("k3"))); bad == nil {
		t.Error("a member twice among many")
	}
	deep := func(n int) []byte {
		return []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":` +
			strings.Repeat("[", n) + strings.Repeat("]", n) + `}}}`)
	}
	if _, bad := parse(deep(50)); bad != nil {
		t.Errorf("50 deep: %v", bad)
	}
	if _, bad := parse(deep(5000)); bad == nil {
		t.Error("5000 deep")
	}
}

func TestUnknownMembersDoNotTravel(t *testing.T) {
	m, bad := parse([]byte(` {"jsonrpc":"2.0","x":1,"id":"a","method":"tools/call","params":{"arguments":{"Name":1,"name":2},"name":"echo","later":[1],"task":{"ttl":1},"_meta":{"other":{"a":1}}}} `))
	if bad != nil {
		t.Fatal(bad)
	}
	want := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}`
	if got := string(m.canonical("")); got != want {
		t.Errorf("canonical\n got %s\nwant %s", got, want)
	}
	if got := string(m.param("arguments")); got != `{"Name":1,"name":2}` {
		t.Errorf("arguments %s", got)
	}
	m, bad = parse([]byte(request(revision2026, "7", "tools/list", `"cursor":""`)))
	if bad != nil {
		t.Fatal(bad)
	}
	want = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	if got := string(m.canonical("")); got != want {
		t.Errorf("canonical\n got %s\nwant %s", got, want)
	}
}

func TestDeclaresForm(t *testing.T) {
	for in, want := range map[string]bool{
		`{}`: false, `{"elicitation":{}}`: true, `{"elicitation":{"form":{}}}`: true, `{"elicitation":{"url":{}}}`: false,
		`{"elicitation":{"form":{},"url":{}}}`: true, `{"elicitation":null}`: false, `{"elicitation":true}`: false, `[]`: false, ``: false,
	} {
		if got := declaresForm([]byte(in)); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}

// FuzzParse: what is accepted reads the same to encoding/json, which folds
// cases and takes the last of two; and what goes to mcp-go is accepted again
// and does not change any more.
func FuzzParse(f *testing.F) {
	f.Add([]byte(call26("1", "echo", `{"user":"ada","n":[1,{"a":null}]}`)))
	f.Add([]byte(call25(`"x"`, "echo", `{}`)))
	f.Add([]byte(initialize(revision2025, `{"elicitation":{}}`)))
	f.Add([]byte(`{"jsonrpc":"2.0","id":3,"result":{"action":"accept"}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`))
	f.Add([]byte("{\"a\\u0062\" : [ 1 , \"\\\\\\\"\" ] , \"\\ud800\":1,\"\\ud801\":2}"))
	for _, body := range smuggled {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, bad := parse(b)
		if bad != nil || m.method == "" {
			return
		}
		var lax struct {
			ID     json.RawMessage
			Method string
			Params struct {
				Name      json.RawMessage
				Arguments json.RawMessage
				Meta      map[string]json.RawMessage `json:"_meta"`
			}
		}
		if err := json.Unmarshal(b, &lax); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		given := func(raw json.RawMessage) string { return strings.TrimPrefix(string(raw), "null") }
		if lax.Method != m.method || string(lax.ID) != string(m.id) || given(lax.Params.Name) != string(m.param("name")) ||
			given(lax.Params.Arguments) != string(m.param("arguments")) {
			t.Fatalf("two readings of %q: %+v, %+v", b, lax, m)
		}
		c := m.canonical("")
		again, bad := parse(c)
		if bad != nil {
			t.Fatalf("canonical form refused: %q: %v", c, bad)
		}
		if d := again.canonical(""); !reflect.DeepEqual(c, d) {
			t.Fatalf("not a fixed point: %q, %q", c, d)
		}
	})
}
