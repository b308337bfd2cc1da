package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	declaresAll  = `{"elicitation":{},"sampling":{},"roots":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}`
	declaresNone = `{}`
)

// serving starts the fixtures on the transport and gives a way to ask them.
func serving(t *testing.T) func(method, name, params, capabilities string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- transport.New(New(), transport.Options{Name: "t", Version: "1", TaskAfter: TaskAfter}).Serve(ctx, l)
	}()
	c := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		c.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return func(method, name, params, capabilities string) string {
		t.Helper()
		body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{%s"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":%s}}}`, method, params, capabilities)
		q, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.Addr().String()+"/mcp", strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		q.Header.Set("Mcp-Method", method)
		if name != "" {
			q.Header.Set("Mcp-Name", name)
		}
		r, err := c.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestFixturesAreWellFormed(t *testing.T) {
	s := New()
	list := s.List(t.Context())
	for i, l := range list {
		if !json.Valid(l.InputSchema) || l.Description == "" || i > 0 && list[i-1].Name >= l.Name {
			t.Errorf("%s: schema %s", l.Name, l.InputSchema)
		}
		if strings.Contains(l.Name, "users_") || strings.Contains(l.Name, "devices_") {
			t.Errorf("a tool of the product: %s", l.Name)
		}
	}
	if a := s.Answer(t.Context(), transport.Request{Method: "tools/call", Name: "users_list"}); !a.Unknown {
		t.Errorf("an unknown tool: %+v", a)
	}
}

// The suite's own checks need npm; here each fixture is called once, by a client
// that declares everything and by one that declares nothing.
func TestEveryFixtureAnswers(t *testing.T) {
	ask := serving(t)
	s := New()
	want := map[string]string{ // of a client that declares nothing
		"failing_job": "-32021", "test_missing_capability": "-32021", "protocol_error_job": "-32603",
		"test_input_required_result_request_state": "input_required", "test_input_required_result_tampered_state": "input_required",
		"test_input_required_result_multiple_inputs": "input_required", "test_input_required_result_multi_round": "input_required",
		"test_tool_with_task": "input_required",
	}
	for _, l := range s.List(t.Context()) {
		params := fmt.Sprintf(`"name":%q,`, l.Name)
		got := ask("tools/call", l.Name, params, declaresNone)
		sign := want[l.Name]
		if sign == "" {
			sign = `"content":[`
		}
		if !strings.Contains(got, sign) {
			t.Errorf("%s, nothing declared: %s", l.Name, got)
		}
		if got := ask("tools/call", l.Name, params, declaresAll); strings.Contains(got, `"error"`) {
			t.Errorf("%s: %s", l.Name, got)
		}
	}
	for _, p := range s.Prompts(t.Context()) {
		if got := ask("prompts/get", p.Name, fmt.Sprintf(`"name":%q,"arguments":{"arg1":"a","arg2":"b","resourceUri":"x://y"},`, p.Name), declaresAll); strings.Contains(got, `"error"`) {
			t.Errorf("%s: %s", p.Name, got)
		}
	}
	for _, r := range s.Resources(t.Context()) {
		if got := ask("resources/read", r.URI, fmt.Sprintf(`"uri":%q,`, r.URI), declaresNone); !strings.Contains(got, `"contents":[{`) {
			t.Errorf("%s: %s", r.URI, got)
		}
	}
	for uri, want := range map[string]string{
		"test://template/123/data": `\"id\":\"123\"`, "test://template//data": "-32602", "test://template/a/b/data": "-32602", "test://x": "-32602",
	} {
		if got := ask("resources/read", uri, fmt.Sprintf(`"uri":%q,`, uri), declaresNone); !strings.Contains(got, want) {
			t.Errorf("%s: %s", uri, got)
		}
	}
}

func TestStatesAreSealed(t *testing.T) {
	s := New()
	sealed := s.seal("a", "state")
	if got, ok := s.open("a", sealed); !ok || got != "state" {
		t.Errorf("%q %v", got, ok)
	}
	for _, bad := range []string{"", "x", sealed + "A", "A" + sealed, sealed + "-TAMPERED", s.seal("b", "state"), New().seal("a", "state")} {
		if _, ok := s.open("a", bad); ok {
			t.Errorf("opened %q", bad)
		}
	}
}

func TestTwoRounds(t *testing.T) {
	ask := serving(t)
	const name = "test_input_required_result_multi_round"
	state := ""
	for i, step := range []string{"step1", "step2"} {
		params := fmt.Sprintf(`"name":%q,`, name)
		if i > 0 {
			params += fmt.Sprintf(`"inputResponses":{"step1":{"action":"accept","content":{"name":"Ada"}}},"requestState":%q,`, state)
		}
		var r struct {
			Result struct {
				InputRequests map[string]any
				RequestState  string
			}
		}
		got := ask("tools/call", name, params, declaresAll)
		if err := json.Unmarshal([]byte(got), &r); err != nil || r.Result.InputRequests[step] == nil || r.Result.RequestState == state {
			t.Fatalf("%s: %s", step, got)
		}
		state = r.Result.RequestState
	}
	got := ask("tools/call", name, fmt.Sprintf(`"name":%q,"inputResponses":{"step2":{"action":"accept","content":{"color":"blue"}}},"requestState":%q,`, name, state), declaresAll)
	if !strings.Contains(got, "Ada likes blue") {
		t.Errorf("the end: %s", got)
	}
}

func TestCompletions(t *testing.T) {
	got := serving(t)("completion/complete", "", `"ref":{"type":"ref/prompt","name":"test_prompt_with_arguments"},"argument":{"name":"arg1","value":"par"},`, declaresNone)
	for _, want := range []string{"paris", "park", "party"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s", want, got)
		}
	}
	if names := []string{"test", "tester"}; slices.ContainsFunc(names, func(n string) bool { return strings.Contains(got, n) }) {
		t.Errorf("too much: %s", got)
	}
}
