package transport

import (
	"context"
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jc-mcp/jc-mcp/tools"
)

// Wide is a [tools.Server] that answers in forms of the protocol that the
// product has no use for: images, prompts of several messages, sampling, MCP
// logging, subscriptions. The fixtures of the conformance suite are one. A
// transport of any other server neither declares nor knows these forms.
type Wide interface {
	tools.Server
	// Answer answers tools/call, prompts/get and resources/read; what is listed
	// comes from the methods of [tools.Server].
	Answer(ctx context.Context, r Request) Response
}

// Request is one request to a [Wide] server.
type Request struct {
	// Method is "tools/call", "prompts/get" or "resources/read"; Name is that of
	// the tool or prompt, or the address.
	Method, Name string
	// Arguments is a JSON object; nil means {}.
	Arguments json.RawMessage
	// Inputs are results for the questions of an earlier [Response] by their
	// keys, State is what came with them.
	Inputs map[string]json.RawMessage
	State  string
	Client Client
}

// Response is what becomes of a [Request]: the first of its fields that is set.
type Response struct {
	// Missing are the capabilities that the client would have to declare, as JSON.
	Missing json.RawMessage
	// Refused is an error of the protocol: invalid params.
	Refused string
	// Unknown says that there is nothing of that name.
	Unknown bool
	// Ask are questions to the client by key; the request is repeated with the
	// Inputs and State. A 2025 client can be asked during tools/call only.
	Ask   map[string]Question
	State string
	// Result is the result's own members, as JSON.
	Result json.RawMessage
}

// Question is a request to the client: elicitation/create, sampling/createMessage or roots/list.
type Question struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
}

// Client is what a [Wide] server may know and tell of its client while it
// answers one request. Its methods do nothing after that.
type Client struct{ x *exchange }

// Declares says whether the client declared a capability, such as "sampling".
func (c Client) Declares(capability string) bool {
	return member(c.x.capabilities(), capability) != nil
}

// DeclaresTasks says whether a long call may become a task.
func (c Client) DeclaresTasks() bool { return c.x.modern && declaresTasks(c.x.capabilities()) }

// Progress tells how far a call is, to whoever wants to know.
func (c Client) Progress(done, total int, text string) {
	if c.x.wantsProgress() {
		c.x.progress(done, total, text)
	}
}

// Log sends a log message to a client that asked for messages of that level:
// since 2026-07-28 with the request, before for the session.
func (c Client) Log(level, message string) {
	wanted := text(c.x.msg.metaValue(mcp.MetaKeyLogLevel))
	if !c.x.modern {
		wanted = c.x.peer.logLevel()
	}
	if severity(wanted) < 0 || severity(level) < severity(wanted) {
		return
	}
	c.x.notify("notifications/message", struct {
		Level string `json:"level"`
		Data  string `json:"data"`
	}{level, message})
}

// severity orders the levels; -1 for what is none.
func severity(level string) int {
	for i, l := range []string{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"} {
		if l == level {
			return i
		}
	}
	return -1
}

// wideOptions declare what only a session of a [Wide] server has.
func wideOptions() []server.ServerOption {
	return []server.ServerOption{server.WithLogging(), server.WithResourceCapabilities(true, false)}
}

// addWide adds the methods that only a [Wide] server has.
func (t *Transport) addWide() {
	t.methods["logging/setLevel"] = sessionMethod(func(x *exchange) *rpcError {
		level := text(x.msg.param("level"))
		if severity(level) < 0 {
			return invalidParams("unknown level")
		}
		x.peer.setLogLevel(level)
		return nil
	})
	for method, on := range map[string]bool{"resources/subscribe": true, "resources/unsubscribe": false} {
		t.methods[method] = sessionMethod(func(x *exchange) *rpcError {
			uri := text(x.msg.param("uri"))
			if uri == "" {
				return invalidParams("uri must be the address of a resource")
			}
			x.peer.watch(uri, on)
			return nil
		})
	}
}

// sessionMethod is a method that 2026-07-28 gave up, with an empty result.
func sessionMethod(do func(x *exchange) *rpcError) method {
	return func(_ context.Context, x *exchange) reply {
		if x.modern {
			return failed(mcp.METHOD_NOT_FOUND, "method not found: "+x.msg.method)
		}
		if bad := do(x); bad != nil {
			return reply{err: bad}
		}
		return reply{result: []byte("{}")}
	}
}

// handleWide is the tool handler of a [Wide] server.
func (x *exchange) handleWide(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	inputs := map[string]json.RawMessage{}
	for key, response := range r.Params.InputResponses {
		if b, err := json.Marshal(response); err == nil {
			inputs[key] = b
		}
	}
	a := x.t.wide.Answer(ctx, Request{
		Method: x.msg.method, Name: r.Params.Name, Arguments: x.msg.param("arguments"),
		Inputs: inputs, State: r.Params.RequestState, Client: Client{x},
	})
	result := &mcp.CallToolResult{}
	if x.failure = x.refusalOf(a, r.Params.Name); x.failure != nil {
		return result, nil
	}
	body := a.Result
	if len(a.Ask) > 0 {
		body = inputRequired(a)
	}
	if err := json.Unmarshal(body, result); err != nil {
		x.failure = &rpcError{code: mcp.INTERNAL_ERROR, message: "internal error"}
	}
	return result, nil
}

// answerWide answers prompts/get and resources/read of a [Wide] server.
func (x *exchange) answerWide(ctx context.Context, name string, arguments []byte) reply {
	inputs := map[string]json.RawMessage{}
	if p := x.msg.param("inputResponses"); x.modern && isObject(p) {
		members(p, func(key string, value []byte) { inputs[key] = value })
	}
	a := x.t.wide.Answer(ctx, Request{
		Method: x.msg.method, Name: name, Arguments: arguments,
		Inputs: inputs, State: text(x.msg.param("requestState")), Client: Client{x},
	})
	if bad := x.refusalOf(a, name); bad != nil {
		return reply{err: bad}
	}
	var body map[string]json.RawMessage
	kind, source := mcp.ResultTypeComplete, a.Result
	if len(a.Ask) > 0 {
		kind, source = mcp.ResultTypeInputRequired, inputRequired(a)
	}
	h := x.cacheable(0)
	if x.modern {
		h.ResultType = kind
	}
	if x.msg.method != "resources/read" {
		h.TTL, h.Scope = nil, ""
	}
	first, err := json.Marshal(h)
	if err != nil || json.Unmarshal(source, &body) != nil || json.Unmarshal(first, &body) != nil {
		return failed(mcp.INTERNAL_ERROR, "internal error")
	}
	return encoded(body)
}

// refusalOf is the error that a response stands for, nil for none.
func (x *exchange) refusalOf(a Response, name string) *rpcError {
	switch {
	case a.Missing != nil:
		return missingCapability(a.Missing)
	case a.Refused != "":
		return invalidParams(a.Refused)
	case a.Unknown && x.msg.method == "resources/read":
		return &rpcError{code: x.resourceNotFound(), message: "no such resource", data: map[string]any{"uri": name}}
	case a.Unknown:
		return invalidParams("there is nothing of that name")
	}
	return nil
}

// inputRequired is the result that asks.
func inputRequired(a Response) []byte {
	return encoded(struct {
		ResultType mcp.ResultType      `json:"resultType"`
		Requests   map[string]Question `json:"inputRequests"`
		State      string              `json:"requestState,omitempty"`
	}{mcp.ResultTypeInputRequired, a.Ask, a.State}).result
}

// wideSession lets mcp-go put every kind of question to a 2025 client.
type wideSession struct{ *exchange }

var (
	_ server.SessionWithTools       = wideSession{}
	_ server.SessionWithElicitation = wideSession{}
	_ server.SessionWithSampling    = wideSession{}
	_ server.SessionWithRoots       = wideSession{}
)

// RequestElicitation gives what the person wrote, too.
func (w wideSession) RequestElicitation(ctx context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	return asked[mcp.ElicitationResult](w.elicit(ctx, r.Params))
}

// RequestSampling lets the client's model write.
func (w wideSession) RequestSampling(ctx context.Context, r mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
	return asked[mcp.CreateMessageResult](w.ask(ctx, "sampling/createMessage", r.CreateMessageParams))
}

// ListRoots asks for the client's folders.
func (w wideSession) ListRoots(ctx context.Context, _ mcp.ListRootsRequest) (*mcp.ListRootsResult, error) {
	return asked[mcp.ListRootsResult](w.ask(ctx, "roots/list", struct{}{}))
}

func asked[T any](result []byte, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	out := new(T)
	if result == nil || json.Unmarshal(result, out) != nil {
		return nil, errUnanswered
	}
	return out, nil
}
