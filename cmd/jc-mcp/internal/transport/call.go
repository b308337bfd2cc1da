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
		return failed(mcp.INVALID_PARAMS, fmt.Sprintf("unknown tool: %.80q", name))
	}
	if bad := x.checkParamHeaders(tool); bad != nil {
		return reply{err: bad}
	}
	switch err := t.slots.take(ctx); {
	case errors.Is(err, errBusy):
		return t.busy(fmt.Sprintf("%d calls run and %d wait", cap(t.slots.held), t.slots.queue))
	case err != nil:
		return failed(mcp.REQUEST_INTERRUPTED, err.Error())
	}
	defer t.slots.give()
	x.listed = map[string]server.ServerTool{name: {Tool: mcp.Tool{Name: tool.Name}, Handler: t.handle}}
	return t.dispatch(ctx, x)
}

// busy is the answer when too much runs already.
func (t *Transport) busy(why string) reply {
	return reply{err: &rpcError{
		code:    codeBusy,
		message: "server busy: " + why + "; nothing was done, try again in a second",
		data:    map[string]any{"retryAfterMs": time.Second.Milliseconds()},
	}}
}

// find looks the tool up among those the caller may see.
func (t *Transport) find(ctx context.Context, name string) (tools.Listed, bool) {
	list := t.server.List(ctx)
	i := sort.Search(len(list), func(i int) bool { return list[i].Name >= name })
	if i == len(list) || list[i].Name != name {
		return tools.Listed{}, false
	}
	return list[i], true
}

// handle is the one tool handler that mcp-go knows. It never returns an error,
// because mcp-go makes -32603 of any.
func (t *Transport) handle(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	x, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		return mcp.NewToolResultError("internal: the call has no exchange"), nil
	}
	call := tools.Call{
		Tool:      r.Params.Name,
		Arguments: x.msg.param("arguments"),
		CanAsk:    x.canAsk,
		Reply:     replied(r.Params.MultiRoundTripParams), // dispatch lets none through that nobody asked for
	}
	if token := x.msg.metaValue("progressToken"); isString(token) || validID(token) {
		call.Progress = func(done, total int, text string) { x.progress(token, done, total, text) }
	}
	a := t.server.Call(ctx, call)
	if a.Ask == nil {
		return resultOf(a), nil
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

func resultOf(a tools.Answer) *mcp.CallToolResult {
	r := &mcp.CallToolResult{Content: make([]mcp.Content, 0, len(a.Text)), IsError: a.IsError}
	for _, s := range a.Text {
		r.Content = append(r.Content, mcp.NewTextContent(s))
	}
	if len(bytes.TrimSpace(a.Structured)) > 0 {
		r.StructuredContent = a.Structured
	}
	return r
}

// progress writes a notification on the call's own stream, before it returns:
// so it cannot come after the result.
func (x *exchange) progress(token []byte, done, total int, text string) {
	if done <= x.progressed {
		return
	}
	x.progressed = done
	b, err := notification("notifications/progress", struct {
		Token    json.RawMessage `json:"progressToken"`
		Progress int             `json:"progress"`
		Total    int             `json:"total,omitempty"`
		Message  string          `json:"message,omitempty"`
	}{token, done, total, text})
	if err == nil {
		x.out.send(b)
	}
}

// RequestElicitation puts a question to a person through a 2025 client: mcp-go
// calls it where a 2026 client gets the question as a result. A client that
// fails to ask, a person who does not answer and a server that stops count as
// not accepted. A call that waits for a person leaves its place to others.
func (x *exchange) RequestElicitation(ctx context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	if x.peer.revision() == revision06 {
		r.Params.Mode = "" // modes came later
	}
	n, answered := x.peer.ask()
	defer x.peer.forget(n)
	b, err := json.Marshal(struct {
		Version string                `json:"jsonrpc"`
		ID      int64                 `json:"id"`
		Method  string                `json:"method"`
		Params  mcp.ElicitationParams `json:"params"`
	}{"2.0", n, "elicitation/create", r.Params})
	if err != nil {
		return nil, err
	}
	x.out.send(b)
	x.t.slots.give()
	defer x.t.slots.retake()
	alive := time.NewTicker(x.t.opt.KeepAlive)
	defer alive.Stop()
	late := time.NewTimer(askWithin)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-late.C:
			return action(mcp.ElicitationResponseActionCancel), nil
		case <-x.ending:
			return action(mcp.ElicitationResponseActionCancel), nil
		case <-alive.C:
			x.out.comment()
		case m := <-answered:
			return actionOf(m.result), nil
		}
	}
}

// actionOf reads a client's answer; whatever is not a plain accept or decline is a cancel.
func actionOf(result []byte) *mcp.ElicitationResult {
	switch a := mcp.ElicitationResponseAction(text(member(result, "action"))); a {
	case mcp.ElicitationResponseActionAccept, mcp.ElicitationResponseActionDecline:
		return action(a)
	default:
		return action(mcp.ElicitationResponseActionCancel)
	}
}

func action(a mcp.ElicitationResponseAction) *mcp.ElicitationResult {
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: a}}
}
