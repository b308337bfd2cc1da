package transport

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	clientwire "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// agent is a client that somebody else wrote.
type agent interface {
	list() (int, error)
	call(tool string, arguments map[string]any) (string, error)
	// prompt fills in a prompt, read reads a resource, complete offers values for
	// the user of a template; listed counts prompts, resources and templates.
	prompt(name string, arguments map[string]string) (string, error)
	read(uri string) (string, error)
	complete(template, value string) ([]string, error)
	listed() (prompts, resources, templates int, err error)
}

// person answers the questions that reach a client.
type person struct {
	accepts  atomic.Bool
	asked    atomic.Int64
	progress chan float64
}

func newPerson() *person { return &person{progress: make(chan float64, 64)} }

func (p *person) action() string {
	p.asked.Add(1)
	if p.accepts.Load() {
		return "accept"
	}
	return "decline"
}

// Elicit is what mcp-go's client calls.
func (p *person) Elicit(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	return action(mcp.ElicitationResponseAction(p.action())), nil
}

type mcpgoAgent struct {
	ctx context.Context
	c   *client.Client
}

func (a mcpgoAgent) list() (int, error) {
	r, err := a.c.ListTools(a.ctx, mcp.ListToolsRequest{})
	if err != nil {
		return 0, err
	}
	return len(r.Tools), nil
}

func (a mcpgoAgent) call(tool string, arguments map[string]any) (string, error) {
	q := mcp.CallToolRequest{}
	q.Params.Name, q.Params.Arguments = tool, arguments
	q.Params.Meta = &mcp.Meta{ProgressToken: "p"}
	r, err := a.c.CallTool(a.ctx, q)
	if err != nil {
		return "", err
	}
	s := ""
	for _, c := range r.Content {
		s += c.(mcp.TextContent).Text
	}
	return s, nil
}

func (a mcpgoAgent) prompt(name string, arguments map[string]string) (string, error) {
	q := mcp.GetPromptRequest{}
	q.Params.Name, q.Params.Arguments = name, arguments
	r, err := a.c.GetPrompt(a.ctx, q)
	if err != nil {
		return "", err
	}
	return r.Messages[0].Content.(mcp.TextContent).Text, nil
}

func (a mcpgoAgent) read(uri string) (string, error) {
	q := mcp.ReadResourceRequest{}
	q.Params.URI = uri
	r, err := a.c.ReadResource(a.ctx, q)
	if err != nil {
		return "", err
	}
	return r.Contents[0].(mcp.TextResourceContents).Text, nil
}

func (a mcpgoAgent) complete(template, value string) ([]string, error) {
	q := mcp.CompleteRequest{}
	q.Params.Ref = mcp.ResourceReference{Type: "ref/resource", URI: template}
	q.Params.Argument = mcp.CompleteArgument{Name: "user", Value: value}
	r, err := a.c.Complete(a.ctx, q)
	if err != nil {
		return nil, err
	}
	return r.Completion.Values, nil
}

func (a mcpgoAgent) listed() (prompts, resources, templates int, err error) {
	p, err := a.c.ListPrompts(a.ctx, mcp.ListPromptsRequest{})
	if err != nil {
		return
	}
	r, err := a.c.ListResources(a.ctx, mcp.ListResourcesRequest{})
	if err != nil {
		return
	}
	m, err := a.c.ListResourceTemplates(a.ctx, mcp.ListResourceTemplatesRequest{})
	if err != nil {
		return
	}
	return len(p.Prompts), len(r.Resources), len(m.ResourceTemplates), nil
}

func mcpgo(t *testing.T, wire clientwire.Interface, version string, p *person) agent {
	t.Helper()
	opts := []client.ClientOption{client.WithProtocolVersion(version)}
	if p != nil {
		opts = append(opts, client.WithElicitationHandler(p))
	}
	c := client.NewClient(wire, opts...)
	if p != nil {
		c.OnNotification(func(n mcp.JSONRPCNotification) {
			if n.Method == "notifications/progress" {
				p.progress <- n.Params.AdditionalFields["progress"].(float64)
			}
		})
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	q := mcp.InitializeRequest{}
	q.Params.ProtocolVersion = version
	q.Params.ClientInfo = mcp.Implementation{Name: "t", Version: "1"}
	if _, err := c.Initialize(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	return mcpgoAgent{t.Context(), c}
}

type sdkAgent struct {
	ctx context.Context
	s   *sdk.ClientSession
}

func (a sdkAgent) list() (int, error) {
	r, err := a.s.ListTools(a.ctx, nil)
	if err != nil {
		return 0, err
	}
	return len(r.Tools), nil
}

func (a sdkAgent) call(tool string, arguments map[string]any) (string, error) {
	q := &sdk.CallToolParams{Name: tool, Arguments: arguments}
	q.SetProgressToken("p")
	r, err := a.s.CallTool(a.ctx, q)
	if err != nil {
		return "", err
	}
	s := ""
	for _, c := range r.Content {
		s += c.(*sdk.TextContent).Text
	}
	return s, nil
}

func (a sdkAgent) prompt(name string, arguments map[string]string) (string, error) {
	r, err := a.s.GetPrompt(a.ctx, &sdk.GetPromptParams{Name: name, Arguments: arguments})
	if err != nil {
		return "", err
	}
	return r.Messages[0].Content.(*sdk.TextContent).Text, nil
}

func (a sdkAgent) read(uri string) (string, error) {
	r, err := a.s.ReadResource(a.ctx, &sdk.ReadResourceParams{URI: uri})
	if err != nil {
		return "", err
	}
	return r.Contents[0].Text, nil
}

func (a sdkAgent) complete(template, value string) ([]string, error) {
	r, err := a.s.Complete(a.ctx, &sdk.CompleteParams{
		Ref:      &sdk.CompleteReference{Type: "ref/resource", URI: template},
		Argument: sdk.CompleteParamsArgument{Name: "user", Value: value},
	})
	if err != nil {
		return nil, err
	}
	return r.Completion.Values, nil
}

func (a sdkAgent) listed() (prompts, resources, templates int, err error) {
	p, err := a.s.ListPrompts(a.ctx, nil)
	if err != nil {
		return
	}
	r, err := a.s.ListResources(a.ctx, nil)
	if err != nil {
		return
	}
	m, err := a.s.ListResourceTemplates(a.ctx, nil)
	if err != nil {
		return
	}
	return len(p.Prompts), len(r.Resources), len(m.ResourceTemplates), nil
}

func gosdk(t *testing.T, wire sdk.Transport, version string, p *person) agent {
	t.Helper()
	var opts sdk.ClientOptions
	if p != nil {
		opts.ElicitationHandler = func(context.Context, *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
			return &sdk.ElicitResult{Action: p.action()}, nil
		}
		opts.ProgressNotificationHandler = func(_ context.Context, q *sdk.ProgressNotificationClientRequest) {
			p.progress <- q.Params.Progress
		}
	}
	c := sdk.NewClient(&sdk.Implementation{Name: "t", Version: "1"}, &opts)
	s, err := c.Connect(t.Context(), wire, &sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if got := s.InitializeResult().ProtocolVersion; got != version {
		t.Errorf("speaks %s, not %s", got, version)
	}
	return sdkAgent{t.Context(), s}
}

// pipe serves stdio and gives the client's ends.
func pipe(t *testing.T, f *fake) (io.ReadCloser, io.WriteCloser) {
	t.Helper()
	ir, iw := io.Pipe()
	or, ow := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- New(f, Options{}).Stdio(context.Background(), ir, ow); ow.Close() }()
	t.Cleanup(func() {
		iw.Close()
		or.Close()
		within(t, done, "the end of stdio")
	})
	return or, iw
}

func TestClientsOfOthers(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	makers := map[string]func(*testing.T, string, *person) agent{
		"mcp-go stdio": func(t *testing.T, v string, p *person) agent {
			r, w := pipe(t, f)
			return mcpgo(t, clientwire.NewIO(r, w, io.NopCloser(&zeros{})), v, p)
		},
		"mcp-go http": func(t *testing.T, v string, p *person) agent {
			w, err := clientwire.NewStreamableHTTP(s.url, clientwire.WithHTTPBasicClient(s.c))
			if err != nil {
				t.Fatal(err)
			}
			return mcpgo(t, w, v, p)
		},
		"go-sdk stdio": func(t *testing.T, v string, p *person) agent {
			r, w := pipe(t, f)
			return gosdk(t, &sdk.IOTransport{Reader: r, Writer: w}, v, p)
		},
		"go-sdk http": func(t *testing.T, v string, p *person) agent {
			return gosdk(t, &sdk.StreamableClientTransport{Endpoint: s.url, HTTPClient: s.c}, v, p)
		},
	}
	for name, dial := range makers {
		for _, version := range revisions {
			t.Run(name+" "+version, func(t *testing.T) {
				p := newPerson()
				use(t, dial(t, version, p), p)
				bare := dial(t, version, nil)
				if got, err := bare.call("ask", nil); got != "needs_approval" || err != nil {
					t.Errorf("ask without elicitation: %q %v", got, err)
				}
			})
		}
	}
}

// use does with a client what agents do.
func use(t *testing.T, a agent, p *person) {
	t.Helper()
	if n, err := a.list(); n != len(fakeTools) || err != nil {
		t.Errorf("list: %d %v", n, err)
	}
	expect := func(tool string, arguments map[string]any, want string) {
		t.Helper()
		if got, err := a.call(tool, arguments); got != want || err != nil {
			t.Errorf("%s: %q %v", tool, got, err)
		}
	}
	expect("echo", map[string]any{"user": "ada"}, `{"user":"ada"}`)
	expect("fail", nil, "not_found: no such user")
	expect("structured", nil, "ab")
	expect("ask", nil, "refused")
	p.accepts.Store(true)
	expect("ask", nil, "erased")
	if n := p.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	if p, r, m, err := a.listed(); p != 1 || r != 1 || m != 1 || err != nil {
		t.Errorf("%d prompts, %d resources, %d templates: %v", p, r, m, err)
	}
	if got, err := a.prompt("offboard", map[string]string{"user": "ada"}); got != "Offboard ada" || err != nil {
		t.Errorf("prompt: %q %v", got, err)
	}
	if _, err := a.prompt("offboard", nil); err == nil || !strings.Contains(err.Error(), "user is missing") {
		t.Errorf("a prompt without its argument: %v", err)
	}
	if got, err := a.read("jumpcloud://organization"); got != `{"users":120}` || err != nil {
		t.Errorf("read: %q %v", got, err)
	}
	if _, err := a.read("jumpcloud://users/nobody"); err == nil {
		t.Error("read what is not there")
	}
	if got, err := a.complete("jumpcloud://users/{user}", "ad"); len(got) != 2 || err != nil {
		t.Errorf("complete: %v %v", got, err)
	}
	if _, err := a.call("users_nuke", nil); err == nil {
		t.Error("an unknown tool was called")
	}
	expect("progress", nil, "5 pages")
	for i := range 5 {
		if got := within(t, p.progress, fmt.Sprint("progress ", i)); got != float64(i+1) {
			t.Errorf("progress %v", got)
		}
	}
	expect("echo", map[string]any{}, `{}`)
}
