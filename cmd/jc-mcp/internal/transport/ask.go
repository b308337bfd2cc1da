package transport

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// errUnanswered says that nobody answered a question in time, or that the server ends.
var errUnanswered = errors.New("the question was not answered")

// RequestElicitation puts a question to a person through a 2025 client: mcp-go
// calls it where a 2026 client gets the question as a result. A client that
// fails to ask, a person who does not answer and a server that stops count as
// not accepted.
func (x *exchange) RequestElicitation(ctx context.Context, r mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	result, err := x.elicit(ctx, r.Params)
	switch {
	case errors.Is(err, errUnanswered):
		return action(mcp.ElicitationResponseActionCancel), nil
	case err != nil:
		return nil, err
	}
	return actionOf(result), nil
}

// elicit gives the client's result as it came, nil when the client failed to ask.
func (x *exchange) elicit(ctx context.Context, p mcp.ElicitationParams) ([]byte, error) {
	if x.peer.revision() == revision06 {
		p.Mode = "" // modes came later
	}
	return x.ask(ctx, "elicitation/create", p)
}

// ask sends a request of ours to a 2025 client, on the stream of the request
// that it belongs to, and waits for the result. A call that waits for a person
// leaves its place to others.
func (x *exchange) ask(ctx context.Context, method string, params any) ([]byte, error) {
	n, answered := x.peer.ask()
	defer x.peer.forget(n)
	b, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int64  `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", n, method, params})
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
			return nil, errUnanswered
		case <-x.ending:
			return nil, errUnanswered
		case <-alive.C:
			x.out.comment()
		case m := <-answered:
			return m.result, nil
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
