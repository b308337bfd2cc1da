package transport

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// listen answers subscriptions/listen. Nothing that this server lists changes
// without a new call, so no notification type is granted: the stream says so,
// stays open as long as the client wants it, and ends with a result when the
// server stops.
func (t *Transport) listen(ctx context.Context, x *exchange) reply {
	if !x.modern {
		return failed(mcp.METHOD_NOT_FOUND, "subscriptions/listen needs protocol version "+revision2026)
	}
	if n := x.msg.param("notifications"); n != nil && !isObject(n) {
		return reply{err: invalidParams("notifications must be an object")}
	}
	if t.listens.take(ctx) != nil {
		return t.busy("too many streams are open")
	}
	defer t.listens.give()
	meta := map[string]any{mcp.MetaKeySubscriptionID: json.RawMessage(x.msg.id)}
	ack, err := notification("notifications/subscriptions/acknowledged",
		map[string]any{"_meta": meta, "notifications": struct{}{}})
	if err != nil {
		return failed(mcp.INTERNAL_ERROR, "internal error")
	}
	x.out.send(ack)
	if err := t.hold(ctx, x.out, x.ending, nil); err != nil {
		return failed(mcp.REQUEST_INTERRUPTED, err.Error())
	}
	meta[mcp.MetaKeyServerInfo] = mcp.Implementation{Name: t.opt.Name, Version: t.opt.Version}
	b, err := json.Marshal(map[string]any{"_meta": meta, "resultType": mcp.ResultTypeComplete})
	if err != nil {
		return failed(mcp.INTERNAL_ERROR, "internal error")
	}
	return reply{result: b}
}

// hold keeps a stream open until the server or the session ends (nil), or the
// client is gone.
func (t *Transport) hold(ctx context.Context, out sink, server, session <-chan struct{}) error {
	alive := time.NewTicker(t.opt.KeepAlive)
	defer alive.Stop()
	for {
		select {
		case <-server:
			return nil
		case <-session:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-alive.C:
			out.comment()
		}
	}
}
