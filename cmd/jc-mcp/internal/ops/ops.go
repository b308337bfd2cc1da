// Package ops shows how a server is doing to those who run it: whether it lives and
// is ready, metrics for Prometheus, traces for OpenTelemetry. It sees names of this
// server's own files (tools, agents, organisations), codes, counts and times; no id,
// no name from the directory, no argument, no secret.
package ops

import (
	"context"
	"errors"
	"log/slog"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// Options say what is watched, and how.
type Options struct {
	Version string
	// Traces is the address that traces are sent to, OTLP over HTTP; "" sends none.
	Traces string
	Log    *slog.Logger
}

// Instruments are what a server is watched with. A nil *Instruments watches nothing,
// and costs nothing.
type Instruments struct {
	*metrics
	traces *traces // nil without an address
}

// New makes instruments. They have to be closed.
func New(o Options) (*Instruments, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	in := &Instruments{metrics: newMetrics(o)}
	if o.Traces == "" {
		return in, nil
	}
	var err error
	in.traces, err = newTraces(o)
	return in, err
}

// flushWithin bounds how long the last traces are waited for.
const flushWithin = 5 * time.Second

// Close sends the traces that wait, for a few seconds at most.
func (in *Instruments) Close() error {
	if in == nil || in.traces == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushWithin)
	defer cancel()
	if err := in.traces.provider.Shutdown(ctx); err != nil {
		return errors.New("the last traces could not be sent in time")
	}
	return nil
}

// Calls watches the calls of a desk; org is the organisation's name where a server
// has several, else "".
func (in *Instruments) Calls(org string) tools.Observer {
	if in == nil {
		return nil
	}
	return &calls{in: in, org: org}
}

// Upstream watches what a client sends; org as in [Instruments.Calls], and credential
// the name of the login that the client has where there are several, else "".
func (in *Instruments) Upstream(org, credential string) jc.Observer {
	if in == nil {
		return nil
	}
	u := &upstream{in: in, org: org, credential: credential}
	for _, c := range [][2]string{{"console", "read"}, {"console", "change"}, {"insights", "read"}} {
		u.Circuit(c[0], c[1], jc.CircuitClosed)
	}
	return u
}

// calls is the observer of a desk.
type calls struct {
	in  *Instruments
	org string
}

// Begin counts a call in, and starts its span.
func (c *calls) Begin(ctx context.Context, traceparent string) (context.Context, func(tools.Observed)) {
	c.in.inFlight.Inc()
	if c.in.traces == nil {
		return ctx, c.end
	}
	ctx, finish := c.in.traces.call(ctx, traceparent, c.org)
	return ctx, func(o tools.Observed) {
		c.end(o)
		finish(o)
	}
}

func (c *calls) end(o tools.Observed) {
	c.in.inFlight.Dec()
	c.in.called(c.org, o)
}

// upstream is the observer of a client.
type upstream struct {
	in              *Instruments
	org, credential string
}

func (u *upstream) Sent(ctx context.Context, a jc.Attempt) {
	u.in.sent(u.org, a)
	if u.in.traces != nil {
		u.in.traces.attempt(ctx, a)
	}
}

func (u *upstream) Waited(_ context.Context, d time.Duration) {
	u.in.waits.WithLabelValues(u.org).Inc()
	u.in.waited.WithLabelValues(u.org).Add(d.Seconds())
}

func (u *upstream) Circuit(host, class string, s jc.CircuitState) {
	u.in.breaker.WithLabelValues(host, class, u.org, u.credential).Set(float64(s))
}
