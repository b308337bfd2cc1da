package transport

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// logged writes the line of an answered request: names that this server knows,
// numbers and codes; nothing that a caller or JumpCloud wrote.
func (x *exchange) logged(ctx context.Context, start time.Time, r reply) {
	if !x.t.opt.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []any{"method", x.t.loggable(x.msg.method), "ms", time.Since(start).Milliseconds(), "outcome", x.outcomeOf(r)}
	if x.tool != "" {
		attrs = append(attrs, "tool", x.tool)
	}
	if x.trace != "" {
		attrs = append(attrs, "trace", x.trace[3:35])
	}
	if r.err != nil {
		attrs = append(attrs, "code", r.err.code)
	}
	x.t.opt.Log.DebugContext(ctx, "answered", attrs...)
}

// outcomeOf is "ok", "refused" for an error of the protocol, or the code of a tool's failure.
func (x *exchange) outcomeOf(r reply) string {
	switch {
	case r.err != nil:
		return "refused"
	case x.outcome != "":
		return x.outcome
	}
	return "ok"
}

// loggable is the method if it is one that is served: a caller could write
// anything there, and none of that belongs in a log.
func (t *Transport) loggable(method string) string {
	if _, ok := t.methods[method]; ok || known(method, []string{"initialize", "ping", "server/discover"}) {
		return method
	}
	return "unknown"
}

// refused logs a message that was not taken. Of the reason only what is our own text.
func (t *Transport) refused(transport string, bad *rpcError) {
	why := ""
	if bad.code == mcp.INVALID_REQUEST {
		why = bad.message
	}
	t.opt.Log.Warn("refused a message", "transport", transport, "code", bad.code, "why", why)
}

// traceparent is the W3C trace context that came with the request, if it has
// the form of version 00: 00-<32 hex>-<16 hex>-<2 hex>, neither id all zero.
func (m *message) traceparent() string {
	v := text(m.metaValue("traceparent"))
	if len(v) != 55 || v[:3] != "00-" || v[35] != '-' || v[52] != '-' {
		return ""
	}
	trace, parent, flags := v[3:35], v[36:52], v[53:]
	if strings.Trim(trace+parent+flags, "0123456789abcdef") != "" ||
		strings.Trim(trace, "0") == "" || strings.Trim(parent, "0") == "" {
		return ""
	}
	return v
}
