package jumpcloud

import (
	"context"
	"time"
)

// Observer hears what a client does, for metrics and traces. Its methods are called
// from many goroutines, on the way of each request: they have to be quick, and must
// not call the client. Nothing that they get names an object or a person.
type Observer interface {
	// Sent is called after each attempt, with the context of the call that it is for;
	// reads that several calls share are told once, for the first of them.
	Sent(ctx context.Context, a Attempt)
	// Waited is called when a request had to wait for its turn: for a free place, for
	// the end of a hold-back.
	Waited(ctx context.Context, d time.Duration)
	// Circuit is called when a circuit breaker changes its state: host is "console" or
	// "insights", class "read" or "change".
	Circuit(host, class string, state CircuitState)
}

// Attempt is one request as it was sent, or could not be.
type Attempt struct {
	// Endpoint is method and path template, without what fills it.
	Endpoint Endpoint
	Effect   Effect
	// Insights is true where it went to the host of Directory Insights.
	Insights bool
	// Status is that of the answer; 0 when there was none.
	Status int
	// Number counts the attempts of a request from 1.
	Number int
	Start  time.Time
	Took   time.Duration
}

// noticeable is the shortest wait that counts as one.
const noticeable = time.Millisecond

// waited tells of a wait that began at start.
func (c *Client) waited(ctx context.Context, start time.Time) {
	if c.cfg.Observe == nil {
		return
	}
	if d := time.Since(start); d >= noticeable {
		c.cfg.Observe.Waited(ctx, d)
	}
}

// sent tells of an attempt that began at start.
func (c *Client) sent(ctx context.Context, k *call, number int, start time.Time, a answer) {
	if c.cfg.Observe == nil {
		return
	}
	c.cfg.Observe.Sent(ctx, Attempt{
		Endpoint: k.endpoint, Effect: k.effect, Insights: k.insights, Status: a.status,
		Number: number, Start: start, Took: time.Since(start),
	})
}
