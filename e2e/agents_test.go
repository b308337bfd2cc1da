package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	clientwire "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// revisions are the two eras of the protocol: with a session, and stateless.
var revisions = []string{"2025-11-25", "2026-07-28"}

// agent is an MCP client that somebody else wrote.
type agent interface {
	// tools are the names in the order in which they are listed.
	tools() []string
	instructions() string
	// call gives the text as a model would read it, and whether it is an error.
	call(tool string, arguments map[string]any) (text string, isError bool)
	// leave ends the client.
	leave()
}

// person answers the questions that reach a client.
type person struct {
	mu      sync.Mutex
	says    string // accept, decline or cancel
	read    []string
	unasked bool // this client does not declare that it can ask
}

func (p *person) answer(question string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read = append(p.read, question)
	return p.says
}

// asked gives the questions since the last time.
func (p *person) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.read
	p.read = nil
	return out
}

// Elicit is what mcp-go's client calls.
func (p *person) Elicit(_ context.Context, q mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	r := &mcp.ElicitationResult{}
	r.Action = mcp.ElicitationResponseAction(p.answer(q.Params.Message))
	return r, nil
}

// clients are the ways to reach the product: whose client, and over which transport.
var clients = []struct {
	name string
	dial func(t *testing.T, revision string, who *person, env []string, args ...string) agent
}{
	{"mcp-go stdio", func(t *testing.T, revision string, who *person, env []string, args ...string) agent {
		p := start(t, env, append([]string{"stdio"}, args...)...)
		return dialMCPGo(t, clientwire.NewIO(p.out.reader(), p.stdin, io.NopCloser(strings.NewReader(""))), revision, who)
	}},
	{"mcp-go http", func(t *testing.T, revision string, who *person, env []string, args ...string) agent {
		_, url := serveHTTP(t, env, args...)
		wire, err := clientwire.NewStreamableHTTP(url, clientwire.WithHTTPBasicClient(ownClient(t)))
		if err != nil {
			t.Fatal(err)
		}
		return dialMCPGo(t, wire, revision, who)
	}},
	{"go-sdk stdio", func(t *testing.T, revision string, who *person, env []string, args ...string) agent {
		p := start(t, env, append([]string{"stdio"}, args...)...)
		return dialSDK(t, &sdk.IOTransport{Reader: p.out.reader(), Writer: p.stdin}, revision, who)
	}},
	{"go-sdk http", func(t *testing.T, revision string, who *person, env []string, args ...string) agent {
		_, url := serveHTTP(t, env, args...)
		return dialSDK(t, &sdk.StreamableClientTransport{Endpoint: url, HTTPClient: ownClient(t)}, revision, who)
	}},
}

// ownClient has connections that end with the test.
func ownClient(t *testing.T) *http.Client {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.Proxy = nil
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

type mcpGoAgent struct {
	t    *testing.T
	c    *client.Client
	told string
}

func dialMCPGo(t *testing.T, wire clientwire.Interface, revision string, who *person) agent {
	t.Helper()
	opts := []client.ClientOption{client.WithProtocolVersion(revision)}
	if !who.unasked {
		opts = append(opts, client.WithElicitationHandler(who))
	}
	a := &mcpGoAgent{t: t, c: client.NewClient(wire, opts...)}
	if err := a.c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.leave)
	q := mcp.InitializeRequest{}
	q.Params.ProtocolVersion = revision
	q.Params.ClientInfo = mcp.Implementation{Name: "e2e", Version: "1"}
	r, err := a.c.Initialize(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if r.ProtocolVersion != revision {
		t.Errorf("mcp-go speaks %s, not %s", r.ProtocolVersion, revision)
	}
	a.told = r.Instructions
	return a
}

func (a *mcpGoAgent) leave()               { _ = a.c.Close() }
func (a *mcpGoAgent) instructions() string { return a.told }

func (a *mcpGoAgent) tools() (names []string) {
	a.t.Helper()
	r, err := a.c.ListTools(a.t.Context(), mcp.ListToolsRequest{})
	if err != nil {
		a.t.Fatal(err)
	}
	for _, tool := range r.Tools {
		names = append(names, tool.Name)
	}
	return names
}

func (a *mcpGoAgent) call(tool string, arguments map[string]any) (string, bool) {
	a.t.Helper()
	q := mcp.CallToolRequest{}
	q.Params.Name, q.Params.Arguments = tool, arguments
	r, err := a.c.CallTool(a.t.Context(), q)
	if err != nil {
		a.t.Fatalf("%s: %v", tool, err)
	}
	var blocks []string
	for _, c := range r.Content {
		text, ok := c.(mcp.TextContent)
		if !ok {
			a.t.Fatalf("%s answers a %T", tool, c)
		}
		blocks = append(blocks, text.Text)
	}
	return strings.Join(blocks, "\n"), r.IsError
}

type sdkAgent struct {
	t *testing.T
	s *sdk.ClientSession
}

func dialSDK(t *testing.T, wire sdk.Transport, revision string, who *person) agent {
	t.Helper()
	var opts sdk.ClientOptions
	if !who.unasked {
		opts.ElicitationHandler = func(_ context.Context, q *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
			return &sdk.ElicitResult{Action: who.answer(q.Params.Message)}, nil
		}
	}
	s, err := sdk.NewClient(&sdk.Implementation{Name: "e2e", Version: "1"}, &opts).
		Connect(t.Context(), wire, &sdk.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		t.Fatal(err)
	}
	a := &sdkAgent{t, s}
	t.Cleanup(a.leave)
	if got := s.InitializeResult().ProtocolVersion; got != revision {
		t.Errorf("go-sdk speaks %s, not %s", got, revision)
	}
	return a
}

func (a *sdkAgent) leave()               { _ = a.s.Close() }
func (a *sdkAgent) instructions() string { return a.s.InitializeResult().Instructions }

func (a *sdkAgent) tools() (names []string) {
	a.t.Helper()
	r, err := a.s.ListTools(a.t.Context(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, tool := range r.Tools {
		names = append(names, tool.Name)
	}
	return names
}

func (a *sdkAgent) call(tool string, arguments map[string]any) (string, bool) {
	a.t.Helper()
	r, err := a.s.CallTool(a.t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		a.t.Fatalf("%s: %v", tool, err)
	}
	var blocks []string
	for _, c := range r.Content {
		text, ok := c.(*sdk.TextContent)
		if !ok {
			a.t.Fatalf("%s answers a %T", tool, c)
		}
		blocks = append(blocks, text.Text)
	}
	return strings.Join(blocks, "\n"), r.IsError
}
