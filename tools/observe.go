package tools

import (
	"context"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Observer hears of every call, for metrics and traces. It is called on the way of
// each call from many goroutines: it has to be quick.
type Observer interface {
	// Begin is called as a call begins, with the W3C trace context that came with it ("" for
	// none). The context that it gives goes on to all that the call does; end is called once.
	Begin(ctx context.Context, traceparent string) (_ context.Context, end func(Observed))
}

// Observed is what became of a call: names of this server's own files, codes, times.
type Observed struct {
	// Tool is the one that ran, behind a carrier too; "" for a name that is no tool's.
	Tool string
	Risk auth.Risk
	// Code is that of the failure; "" for none.
	Code  string
	Agent string
	// Approval is "asked", "approved", "refused" or "expired" where this call asked a
	// person, or met an answer; else "".
	Approval string
	Took     time.Duration
}

// What a call met of a person.
const (
	approvalAsked    = "asked"
	approvalApproved = "approved"
	approvalRefused  = "refused"
	approvalExpired  = "expired"
)

// observed tells the observer that a call begins. The function it gives has to be
// called with what became of it.
func (d *Desk) observed(ctx context.Context, c Call) (context.Context, func(*trip, Answer)) {
	if d.o.Observe == nil {
		return ctx, func(*trip, Answer) {}
	}
	start := time.Now()
	ctx, end := d.o.Observe.Begin(ctx, c.Trace)
	return ctx, func(tr *trip, a Answer) {
		o := Observed{Code: a.Code, Agent: tr.who.Agent, Approval: tr.approval, Took: time.Since(start)}
		if a.Ask != nil { // it is called again once the person has answered
			o.Code = string(jc.CodeNeedsApproval)
		}
		if tr.tool != nil {
			o.Tool, o.Risk = tr.tool.Name, tr.tool.Risk
		}
		end(o)
	}
}
