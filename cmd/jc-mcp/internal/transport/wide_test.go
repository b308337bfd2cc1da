package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/tools"
)

// wideFake is a Wide server with a tool for each kind of thing that it may do.
type wideFake struct{ *fake }

func (f wideFake) List(context.Context) []tools.Listed {
	var list []tools.Listed
	for _, n := range []string{"ask", "log", "missing", "picture", "refused"} {
		list = append(list, tools.Listed{Name: n, Description: n})
	}
	return list
}

func (f wideFake) Answer(_ context.Context, r Request) Response {
	question := Question{Method: r.Name, Params: json.RawMessage(`{"messages":[],"maxTokens":1}`)}
	switch r.Name {
	case "ask":
		if in, ok := r.Inputs["k"]; ok {
			b, _ := json.Marshal(string(in) + " " + r.State)
			return Response{Result: []byte(`{"content":[{"type":"text","text":` + string(b) + `}]}`)}
		}
		_ = json.Unmarshal(r.Arguments, &question)
		return Response{Ask: map[string]Question{"k": question}, State: "s"}
	case "log":
		for _, level := range []string{"debug", "info", "error"} {
			r.Client.Log(level, "at "+level)
		}
		return Response{Result: []byte(`{"content":[]}`)}
	case "missing":
		return Response{Missing: json.RawMessage(`{"sampling":{}}`)}
	case "picture":
		return Response{Result: []byte(`{"content":[{"type":"image","data":"aGk=","mimeType":"image/png"}]}`)}
	case "offboard":
		if r.Inputs["k"] == nil {
			return Response{Ask: map[string]Question{"k": question}}
		}
		return Response{Result: []byte(`{"messages":[]}`)}
	case "refused":
		return Response{Refused: "no"}
	case "jumpcloud://organization":
		return Response{Result: []byte(`{"contents":[{"uri":"jumpcloud://organization","blob":"aGk="}]}`)}
	}
	return Response{Unknown: true}
}

// A server that is not wide has none of it: TestFeatures says so for the rest.
func TestWideIsDeclaredAndNothingElseIs(t *testing.T) {
	for name, c := range map[string]struct {
		s    tools.Server
		want bool
	}{"wide": {wideFake{newFake()}, true}, "the product's kind": {newFake(), false}} {
		w := startStdio(t, c.s, Options{})
		w.send(initialize(revision2025, `{}`))
		m := w.recv()
		for _, sign := range []string{`"logging":{}`, `"subscribe":true`} {
			if strings.Contains(m.raw, sign) != c.want {
				t.Errorf("%s: initialize: %s", name, m.raw)
			}
		}
		w.send(request(revision2026, "1", "server/discover", ""))
		if m = w.recv(); strings.Contains(m.raw, "logging") || strings.Contains(m.raw, "subscribe") || strings.Contains(m.raw, "listChanged") {
			t.Errorf("%s: discover: %s", name, m.raw)
		}
		for method, params := range map[string]string{
			"logging/setLevel": `"level":"info"`, "resources/subscribe": `"uri":"a://b"`, "resources/unsubscribe": `"uri":"a://b"`,
		} {
			w.send(request(revision2025, "1", method, params))
			if m := w.recv(); (m.code() == -32601) == c.want || c.want && string(m.Result) != "{}" {
				t.Errorf("%s: %s: %s", name, method, m.raw)
			}
			w.send(request(revision2025, "1", method, ""))
			if m := w.recv(); c.want && m.code() != -32602 {
				t.Errorf("%s: %s without params: %s", name, method, m.raw)
			}
			w.send(request(revision2026, "1", method, params))
			if m := w.recv(); m.code() != -32601 {
				t.Errorf("%s: %s in 2026: %s", name, method, m.raw)
			}
		}
		w.rest()
	}
}

func TestWideAnswers(t *testing.T) {
	s := startHTTP(t, wideFake{newFake()}, Options{})
	for _, c := range []struct {
		method, params string
		status, code   int
		want           string
	}{
		{"tools/call", `"name":"picture"`, 200, 0, `"type":"image","data":"aGk=","mimeType":"image/png"`},
		{"tools/call", `"name":"missing"`, 400, -32021, `"data":{"requiredCapabilities":{"sampling":{}}}`},
		{"tools/call", `"name":"refused"`, 400, -32602, `no`},
		{"tools/call", `"name":"ask","arguments":{"method":"roots/list"}`, 200, 0, `"inputRequests":{"k":{"method":"roots/list"}}`},
		{"tools/call", `"name":"ask","inputResponses":{"k":{"roots":[]}},"requestState":"s"`, 200, 0, `{\"roots\":[]} s`},
		{"prompts/get", `"name":"offboard"`, 200, 0, `"resultType":"input_required"`},
		{"prompts/get", `"name":"offboard","inputResponses":{"k":{}}`, 200, 0, `"messages":[]`},
		{"resources/read", `"uri":"jumpcloud://organization"`, 200, 0, `"blob":"aGk="`},
		{"resources/read", `"uri":"jumpcloud://nothing"`, 400, -32602, `"data":{"uri":"jumpcloud://nothing"}`},
	} {
		status, m := s.post(request(revision2026, "1", c.method, c.params), nil)
		if status != c.status || m[0].code() != c.code || !strings.Contains(m[0].raw, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.params, status, m[0].raw)
		}
	}
}

func TestWideAsks2025(t *testing.T) {
	w := startStdio(t, wideFake{newFake()}, Options{})
	w.send(initialize(revision2025, `{"sampling":{},"roots":{},"elicitation":{}}`))
	w.recv()
	for method, result := range map[string]string{
		"sampling/createMessage": `{"role":"assistant","content":{"type":"text","text":"hi"},"model":"m"}`,
		"roots/list":             `{"roots":[{"uri":"file:///a","name":"a"}]}`,
		"elicitation/create":     `{"action":"accept","content":{"name":"ada"}}`,
	} {
		w.send(call25("1", "ask", fmt.Sprintf(`{"method":%q,"params":{"messages":[],"maxTokens":1,"message":"Who?","requestedSchema":{"type":"object","properties":{}}}}`, method)))
		q := w.recv()
		if q.Method != method {
			t.Fatalf("%s: %s", method, q.raw)
		}
		w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, q.ID, result))
		if m := w.recv(); !strings.HasSuffix(m.texts(t), " s") || len(m.texts(t)) < 20 {
			t.Errorf("%s: %s", method, m.raw)
		}
	}
	w.rest()
}

func TestWideLogsOnlyWhatIsWanted(t *testing.T) {
	s := startHTTP(t, wideFake{newFake()}, Options{})
	_, in := s.session(revision2025, `{}`)
	levels := func(m []msg) (got string) {
		for _, one := range m {
			if one.Method == "notifications/message" {
				var p struct{ Level string }
				_ = json.Unmarshal(one.Params, &p)
				got += p.Level + " "
			}
		}
		return got
	}
	for set, want := range map[string]string{"": "", "info": "info error ", "emergency": ""} {
		edit := in
		if set != "" {
			s.post(request(revision2025, "1", "logging/setLevel", fmt.Sprintf(`"level":%q`, set)), edit)
		} else {
			_, edit = s.session(revision2025, `{}`)
		}
		if _, m := s.post(call25("1", "log", `{}`), edit); levels(m) != want {
			t.Errorf("2025 %q: %v", set, m)
		}
		body := call26("1", "log", `{}`)
		if set != "" {
			body = strings.Replace(body, `"_meta":{`, `"_meta":{"io.modelcontextprotocol/logLevel":"`+set+`",`, 1)
		}
		if status, m := s.post(body, nil); status != http.StatusOK || levels(m) != want {
			t.Errorf("2026 %q: %v", set, m)
		}
	}
}
