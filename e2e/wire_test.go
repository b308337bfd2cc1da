package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tiktoken-go/tokenizer"
)

// message is what comes over the wire, before any client has put it right.
type message struct {
	raw    string
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// text is what a tool answered.
func (m message) text() string {
	var r struct {
		Content []struct{ Text string }
	}
	_ = json.Unmarshal(m.Result, &r)
	var out []string
	for _, c := range r.Content {
		out = append(out, c.Text)
	}
	return strings.Join(out, "\n")
}

// request is a request of the stateless era, with the protocol's fields filled in.
func request(id int, method string, params map[string]any) string {
	p := map[string]any{"_meta": map[string]any{
		"io.modelcontextprotocol/protocolVersion":    revisions[1],
		"io.modelcontextprotocol/clientCapabilities": map[string]any{},
		"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "e2e", "version": "1"},
	}}
	for k, v := range params {
		p[k] = v
	}
	b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": p})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func callTool(id int, tool string, arguments map[string]any) string {
	return request(id, "tools/call", map[string]any{"name": tool, "arguments": arguments})
}

// wire speaks to a process over stdio, line by line.
type wire struct {
	*process
	lines *bufio.Reader
}

func startWire(t *testing.T, env []string, args ...string) *wire {
	t.Helper()
	p := start(t, env, append([]string{"stdio"}, args...)...)
	return &wire{p, bufio.NewReader(p.out.reader())}
}

func (w *wire) send(lines ...string) {
	w.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(w.stdin, l+"\n"); err != nil {
			w.t.Fatal(err)
		}
	}
}

// next is the next message.
func (w *wire) next() message {
	w.t.Helper()
	got := make(chan message, 1)
	go func() {
		var m message
		var err error
		if m.raw, err = w.lines.ReadString('\n'); err == nil {
			_ = json.Unmarshal([]byte(m.raw), &m)
		}
		got <- m
	}()
	select {
	case m := <-got:
		if m.raw == "" {
			w.t.Fatalf("stdout ended; stderr:\n%s", w.errs)
		}
		return m
	case <-time.After(patience):
		_ = w.cmd.Process.Kill()
		<-w.gone
		<-got
		w.t.Fatalf("no message within %v; stderr:\n%s", patience, w.errs)
	}
	return message{}
}

func TestToolsAreListedWithAllHints(t *testing.T) {
	t.Parallel()
	w := startWire(t, nil, "--sandbox", "--surface", "full")
	w.send(request(1, "tools/list", nil))
	var list struct {
		Tools []struct {
			Name, Title, Description string
			InputSchema              map[string]any
			Annotations              map[string]any
		}
	}
	if err := json.Unmarshal(w.next().Result, &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		for _, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
			if _, ok := tool.Annotations[hint].(bool); !ok {
				t.Errorf("%s does not state %s", tool.Name, hint)
			}
		}
		if tool.Annotations["readOnlyHint"] == true && tool.Annotations["destructiveHint"] == true {
			t.Errorf("%s reads and destroys", tool.Name)
		}
		if (tool.Title == "" && tool.Annotations["title"] == nil) || tool.Description == "" || tool.InputSchema["type"] != "object" {
			t.Errorf("%s lacks a title, a description or an object schema", tool.Name)
		}
	}
	if len(names) < 70 || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%d tools, sorted: %v", len(names), slices.IsSorted(names))
	}
	first := w.out.String()
	w.send(request(1, "tools/list", nil))
	if again := w.next(); again.raw != first {
		t.Error("the list is not the same twice")
	}
}

func TestInstructionsAreShort(t *testing.T) {
	t.Parallel()
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--sandbox"}, {"--sandbox", "--surface", "full"}, {"--sandbox", "--read-only"}} {
		w := startWire(t, nil, args...)
		w.send(request(1, "server/discover", nil))
		var r struct{ Instructions string }
		if err := json.Unmarshal(w.next().Result, &r); err != nil {
			t.Fatal(err)
		}
		ids, _, err := codec.Encode(r.Instructions)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v: %d tokens", args, len(ids))
		if r.Instructions == "" || len(ids) > 110 {
			t.Errorf("%v: %d tokens: %q", args, len(ids), r.Instructions)
		}
	}
}

// malformed messages with the protocol's error for each; none ends the server.
var malformed = []struct {
	name, text string
	code       int
}{
	{"cut JSON", `{"jsonrpc":"2.0","id":1,"method":"tools/li`, -32700},
	{"no JSON", `hello`, -32700},
	{"not UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -32700},
	{"a number", `42`, -32600},
	{"another version", `{"jsonrpc":"1.0","id":1,"method":"tools/list"}`, -32600},
	{"null id", `{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, -32600},
	{"fractional id", `{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}`, -32600},
	{"method twice", `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}`, -32600},
	{"method in another case", `{"jsonrpc":"2.0","id":1,"Method":"tools/list"}`, -32600},
	{"unknown method", request(1, "tools/nuke", nil), -32601},
	{"unknown tool", callTool(1, "users_nuke", nil), -32602},
}

func TestMalformedOverStdio(t *testing.T) {
	t.Parallel()
	w := startWire(t, nil, "--sandbox")
	for i, c := range malformed {
		w.send(c.text)
		if m := w.next(); m.Error == nil || m.Error.Code != c.code {
			t.Errorf("%s: want %d: %s", c.name, c.code, m.raw)
		}
		w.send(callTool(100+i, "users_list", map[string]any{"limit": 1}))
		if m := w.next(); !strings.HasPrefix(m.text(), "# total ") || string(m.ID) != fmt.Sprint(100+i) {
			t.Fatalf("after %s: %s", c.name, m.raw)
		}
	}
	w.send("", callTool(1, "users_list", map[string]any{"limit": "many"})) // an empty line is nothing
	if m := w.next(); !strings.HasPrefix(m.text(), "invalid_argument.") {
		t.Errorf("a wrong type: %s", m.raw)
	}
	w.send(strings.Repeat("x", 5<<20))
	if m := w.next(); m.Error == nil || m.Error.Code != -32700 {
		t.Errorf("an endless line: %s", m.raw)
	}
	w.send(request(1, "tools/list", nil))
	if m := w.next(); m.Result == nil {
		t.Errorf("after an endless line: %s", m.raw)
	}
}

func TestMalformedOverHTTP(t *testing.T) {
	t.Parallel()
	p, url := serveHTTP(t, nil, "--sandbox")
	c := ownClient(t)
	for i, k := range malformed {
		if m, status := post(t, c, url, k.text); m.Error == nil || m.Error.Code != k.code || status < 400 && k.name != "unknown tool" {
			t.Errorf("%s: want %d: %d %s", k.name, k.code, status, m.raw)
		}
		if m, status := post(t, c, url, callTool(i, "users_list", map[string]any{"limit": 1})); status != 200 || !strings.HasPrefix(m.text(), "# total ") {
			t.Fatalf("after %s: %d %s", k.name, status, m.raw)
		}
	}
	if p.out.String() != "" {
		t.Errorf("stdout: %q", p.out)
	}
}

// post sends a message of the stateless era with the headers that belong to it.
func post(t *testing.T, c *http.Client, url, body string) (message, int) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Accept", "application/json, text/event-stream")
	q.Header.Set("MCP-Protocol-Version", revisions[1])
	var m struct {
		Method string
		Params struct{ Name string }
	}
	if json.Unmarshal([]byte(body), &m) == nil {
		q.Header.Set("Mcp-Method", m.Method)
		if m.Params.Name != "" {
			q.Header.Set("Mcp-Name", m.Params.Name)
		}
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
	out := message{raw: string(b)}
	for line := range strings.SplitSeq(out.raw, "\n") { // JSON, or one event
		_ = json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &out)
	}
	return out, r.StatusCode
}

// TestStartedByTheirClients lets the clients start and end the binary as they do for
// people. They use force on a server that does not end by itself: that takes its time each
// time, and a busy machine does not.
func TestStartedByTheirClients(t *testing.T) {
	t.Parallel()
	took := byTheirClients(t)
	for range 3 {
		if took > 4*time.Second { // they wait 5 s before they use force
			took = byTheirClients(t)
		}
	}
	if took > 4*time.Second {
		t.Errorf("took %v: the clients had to end it", took)
	}
}

// byTheirClients gives how long both clients needed, from the start to the end.
func byTheirClients(t *testing.T) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	c, err := client.NewStdioMCPClient(binary, []string{"JC_SANDBOX=true"}, "stdio")
	if err != nil {
		t.Fatal(err)
	}
	q := mcp.InitializeRequest{}
	q.Params.ProtocolVersion = revisions[0]
	if _, err := c.Initialize(ctx, q); err != nil {
		t.Error(err)
	}
	if r, err := c.ListTools(ctx, mcp.ListToolsRequest{}); err != nil || len(r.Tools) == 0 {
		t.Errorf("%v %v", r, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	s, err := sdk.NewClient(&sdk.Implementation{Name: "e2e", Version: "1"}, nil).
		Connect(ctx, &sdk.CommandTransport{Command: exec.Command(binary, "stdio", "--sandbox")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.ListTools(ctx, nil); err != nil || len(r.Tools) == 0 {
		t.Errorf("%v %v", r, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return time.Since(start)
}
