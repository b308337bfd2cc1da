package transport

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// revisions are those served, newest first.
var revisions = []string{revision2026, revision2025, revision06}

// cacheMillis is how long a client may keep a list. Rights may narrow while the
// server runs, so it is short; calls are refused at once in any case.
const cacheMillis = 60_000

// newEngine makes the mcp-go server: it decodes and encodes by the letter of
// each revision and answers initialize, ping and server/discover. It holds no
// tool; each exchange brings those that its caller may see, and what a tool
// answered is encoded here ([exchange.resultOf]).
func (t *Transport) newEngine() *server.MCPServer {
	hooks := &server.Hooks{}
	hooks.AddAfterInitialize(func(ctx context.Context, _ any, _ *mcp.InitializeRequest, r *mcp.InitializeResult) {
		r.Instructions = t.server.Instructions(ctx)
		r.Capabilities.Extensions = nil // tasks belong to the stateless revision
	})
	hooks.AddAfterDiscover(func(ctx context.Context, _ any, _ *mcp.DiscoverRequest, r *mcp.DiscoverResult) {
		r.Instructions = t.server.Instructions(ctx)
		onlyModern(&r.Capabilities)
	})
	options := []server.ServerOption{
		server.WithHooks(hooks),
		server.WithToolCapabilities(false),
		server.WithPromptCapabilities(false),
		server.WithResourceCapabilities(false, false),
		server.WithCompletions(),
		server.WithExtensions(map[string]any{tasksExtension: struct{}{}}),
		server.WithCacheHints(cacheMillis, mcp.CacheScopePrivate),
	}
	if t.wide != nil {
		options = append(options, wideOptions()...)
	}
	return server.NewMCPServer(t.opt.Name, t.opt.Version, options...)
}

// onlyModern takes away what belongs to a session: it is there only for a [Wide] server.
func onlyModern(c *mcp.ServerCapabilities) {
	c.Logging = nil
	if c.Resources != nil {
		c.Resources.Subscribe = false
	}
}

// dispatch lets mcp-go answer the request.
func (t *Transport) dispatch(ctx context.Context, x *exchange) reply {
	var drop []string
	version := ""
	if x.msg.method == "initialize" && !x.modern {
		version = negotiate(text(x.msg.param("protocolVersion")))
	}
	if !x.modern || !x.canAsk && t.wide == nil { // such a client was never asked this way
		drop = []string{"inputResponses", "requestState"}
	}
	ctx = context.WithValue(t.engine.WithContext(ctx, t.sessionOf(x)), exchangeKey{}, x)
	ctx = server.WithSupportedProtocolVersions(ctx, revisions)
	made := t.engine.HandleMessage(ctx, x.msg.canonical(version, drop...))
	if x.failure != nil {
		return reply{err: x.failure}
	}
	if _, ok := made.(mcp.JSONRPCResponse); ok && x.answered != nil {
		return x.resultOf(x.answered)
	}
	return replyOf(made)
}

// sessionOf is the request as mcp-go sees it: for a [Wide] server with more to ask.
func (t *Transport) sessionOf(x *exchange) server.ClientSession {
	if t.wide != nil {
		return wideSession{x}
	}
	return x
}

type exchangeKey struct{}

// negotiate picks the revision for an initialize: the one asked for, else the
// newest that has a session.
func negotiate(wanted string) string {
	if wanted == revision06 {
		return revision06
	}
	return revision2025
}

// replyOf takes mcp-go's message apart, so that the caller's own id goes back.
func replyOf(m mcp.JSONRPCMessage) reply {
	switch m := m.(type) {
	case mcp.JSONRPCResponse:
		b, err := json.Marshal(m.Result)
		if err != nil {
			return failed(mcp.INTERNAL_ERROR, "the result could not be encoded")
		}
		return reply{result: b}
	case mcp.JSONRPCError:
		return reply{err: engineError(m.Error.Code, m.Error.Message, m.Error.Data)}
	default:
		return failed(mcp.INTERNAL_ERROR, "no answer")
	}
}

// engineError is an error of mcp-go. Where it repeats the text of a Go error (what
// json could not decode, what a question ended with) ours takes its place.
func engineError(code int, message string, data any) *rpcError {
	switch code {
	case mcp.INVALID_REQUEST, mcp.PARSE_ERROR:
		return invalidParams("params do not have the form that the method takes")
	case mcp.INTERNAL_ERROR:
		return &rpcError{code: code, message: "internal error"}
	}
	return &rpcError{code: code, message: message, data: data}
}

// isLegacy says that v is a revision with a session.
func isLegacy(v string) bool { return v != revision2026 && slices.Contains(revisions, v) }
