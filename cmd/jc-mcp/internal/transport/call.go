package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/jc-mcp/jc-mcp/schemas"
	"github.com/jc-mcp/jc-mcp/tools"
)

// askWithin is how long a question of ours may stand at a 2025 client.
const askWithin = 10 * time.Minute

// confirmation is the key under which a question and its answer travel.
const confirmation = "confirm"

// callTool answers tools/call. What is wrong with the request itself is an
// error of the protocol; what is wrong with its arguments the tool says.
func (t *Transport) callTool(ctx context.Context, x *exchange) reply {
	name := text(x.msg.param("name"))
	if name == "" {
		return reply{err: invalidParams("name must be the name of a tool")}
	}
	if a := x.msg.param("arguments"); a != nil && !isObject(a) {
		return reply{err: invalidParams("arguments must be an object")}
	}
	tool, ok := t.find(ctx, name)
	if !ok {
		if k, declares := t.server.(declarer); !declares || !k.Declares(name) {
			return t.unknownTool(ctx, name)
		}
		tool = tools.Listed{Name: name} // it is kept from the caller: the server says why, and whose rule that is
	}
	if bad := x.checkParamHeaders(tool); bad != nil {
		return reply{err: bad}
	}
	x.tool = tool.Name
	x.listed = map[string]server.ServerTool{name: {Tool: mcp.Tool{Name: tool.Name}, Handler: t.handle}}
	if bad := t.enter(ctx); bad != nil {
		return reply{err: bad}
	}
	if x.changes = !tool.ReadOnly; x.changes {
		x.end.outlast() // only now: a call that waited in vain for a slot did nothing
	}
	if x.modern && declaresTasks(x.capabilities()) {
		if k := t.tasks.reserve(t.opt.Caller(ctx)); k != nil {
			return t.callPatiently(ctx, x, k)
		}
	}
	defer t.slots.give()
	return t.dispatch(ctx, x)
}

// enter takes a slot for a request that reaches JumpCloud; t.slots.give returns it.
func (t *Transport) enter(ctx context.Context) *rpcError {
	switch err := t.slots.take(ctx); {
	case errors.Is(err, errBusy):
		return t.busy(fmt.Sprintf("%d calls run and %d wait", cap(t.slots.held), t.slots.queue)).err
	case err != nil:
		return &rpcError{code: mcp.REQUEST_INTERRUPTED, message: err.Error() + "; nothing was done"}
	}
	return nil
}

// declarer is a server that knows of more tools than it lists to a caller.
type declarer interface{ Declares(name string) bool }

// busy is the answer when too much runs already.
func (t *Transport) busy(why string) reply {
	return reply{err: &rpcError{
		code:    codeBusy,
		message: "server busy: " + why + "; nothing was done, try again in a second",
		data:    map[string]any{"retryAfterMs": time.Second.Milliseconds()},
	}}
}

// finder is a server that finds a tool of its list without making the whole list.
type finder interface {
	Find(ctx context.Context, name string) (tools.Listed, bool)
}

// find looks the tool up among those the caller may see.
func (t *Transport) find(ctx context.Context, name string) (tools.Listed, bool) {
	if f, ok := t.server.(finder); ok {
		return f.Find(ctx, name)
	}
	list := t.server.List(ctx)
	i := sort.Search(len(list), func(i int) bool { return list[i].Name >= name })
	if i == len(list) || list[i].Name != name {
		return tools.Listed{}, false
	}
	return list[i], true
}

// unknownTool names the tool that was probably meant, of those the caller may see.
func (t *Transport) unknownTool(ctx context.Context, name string) reply {
	var names []string
	for _, l := range t.server.List(ctx) {
		names = append(names, l.Name)
	}
	say := fmt.Sprintf("unknown tool: %.80q", name)
	if near := schemas.Nearest(name, names); near != "" {
		say += fmt.Sprintf("; did you mean %q?", near)
	}
	return failed(mcp.INVALID_PARAMS, say)
}

// handle is the one tool handler that mcp-go knows. It never returns an error,
// because mcp-go makes -32603 of any.
func (t *Transport) handle(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return mcp.NewToolResultError("internal: the call has no exchange"), nil
	}
	if t.wide != nil {
		return x.handleWide(ctx, r)
	}
	call := tools.Call{
		Tool:      r.Params.Name,
		Arguments: x.msg.param("arguments"),
		CanAsk:    x.canAsk,
		Reply:     replied(r.Params.MultiRoundTripParams), // dispatch lets none through that nobody asked for
		Patient:   x.task != nil,
		Trace:     x.trace,
	}
	if t.opt.Replicated && !x.modern && x.header != nil {
		call.NoAsk = "this server runs as replicas and cannot ask one through a client of protocol " + revision2025 + " or older"
	}
	if x.wantsProgress() {
		call.Progress = x.progress
	}
	a := t.server.Call(ctx, call)
	x.outcome, x.answered = a.Code, nil
	if a.Ask == nil {
		x.answered = &a
		return new(mcp.CallToolResult), nil // dispatch writes the answer itself
	}
	if !x.canAsk {
		return mcp.NewToolResultError("needs_approval: a person must agree, and this client cannot ask one; nothing was done"), nil
	}
	return server.NewInputRequestBuilder(a.Ask.State).Elicit(confirmation, question(a.Ask.Question)).ToolResult(), nil
}

// question asks for yes or no: a form without fields.
func question(text string) mcp.ElicitationParams {
	return mcp.ElicitationParams{
		Mode:            mcp.ElicitationModeForm,
		Message:         text,
		RequestedSchema: json.RawMessage(`{"type":"object","properties":{}}`),
	}
}

// replied reads the person's answer, nil when there is none.
func replied(p mcp.MultiRoundTripParams) *tools.Reply {
	answer := server.ElicitationResponse(p.InputResponses, confirmation)
	if answer == nil {
		return nil
	}
	return &tools.Reply{Accepted: answer.Action == mcp.ElicitationResponseActionAccept, State: p.RequestState}
}

// callResult is that of tools/call.
type callResult struct {
	head
	Content    []textOut       `json:"content"`
	Structured json.RawMessage `json:"structuredContent,omitempty"`
	IsError    bool            `json:"isError,omitempty"`
}

// resultOf writes a tool's answer.
func (x *exchange) resultOf(a *tools.Answer) reply {
	out := callResult{head: x.head(mcp.ResultTypeComplete), Content: make([]textOut, len(a.Text)), IsError: a.IsError}
	for i, s := range a.Text {
		out.Content[i] = textOut{"text", s}
	}
	if len(bytes.TrimSpace(a.Structured)) > 0 {
		out.Structured = a.Structured
	}
	return encoded(out)
}

// wantsProgress says that somebody is told: the client that asked for it, and
// whoever looks at a task.
func (x *exchange) wantsProgress() bool {
	return x.task != nil || x.progressToken() != nil
}

// progressToken is the token as it stood, nil when the client wants no progress.
func (x *exchange) progressToken() []byte {
	if token := x.msg.metaValue("progressToken"); isString(token) || validID(token) {
		return token
	}
	return nil
}

// progress writes a notification on the call's own stream, before it returns:
// so it cannot come after the result. After a handle the stream is closed, and
// the task alone shows it.
func (x *exchange) progress(done, total int, text string) {
	if done <= x.progressed {
		return
	}
	x.progressed = done
	if x.task != nil {
		x.task.tell(done, total, text)
	}
	token := x.progressToken()
	if token == nil {
		return
	}
	x.notify("notifications/progress", struct {
		Token    json.RawMessage `json:"progressToken"`
		Progress int             `json:"progress"`
		Total    int             `json:"total,omitempty"`
		Message  string          `json:"message,omitempty"`
	}{token, done, total, text})
}

// notify writes a notification on the request's own stream.
func (x *exchange) notify(method string, params any) {
	if b, err := notification(method, params); err == nil {
		x.out.send(b)
	}
}
