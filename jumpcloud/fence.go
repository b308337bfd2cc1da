package jumpcloud

import (
	"context"
	"slices"
)

type (
	fenceKey struct{}
	agentKey struct{}
)

// fence is what one call may send.
type fence []Endpoint

// WithFence lets only these endpoints through for calls under ctx; it replaces
// an earlier fence. Endpoints are compared by method and path template, whatever
// their braces are called. With none allowed nothing can be sent. It keeps allowed.
func WithFence(ctx context.Context, allowed ...Endpoint) context.Context {
	return context.WithValue(ctx, fenceKey{}, fence(allowed))
}

// WithAgent says who the calls under ctx are for: each agent has a limit of its
// own, and shares no answer with another.
func WithAgent(ctx context.Context, agent string) context.Context {
	return context.WithValue(ctx, agentKey{}, agent)
}

func agentOf(ctx context.Context) string {
	agent, _ := ctx.Value(agentKey{}).(string)
	return agent
}

// inside reports whether e may be sent under ctx. A context without a fence is
// only good where none is demanded.
func inside(ctx context.Context, e Endpoint, demanded bool) bool {
	f, ok := ctx.Value(fenceKey{}).(fence)
	if !ok {
		return !demanded
	}
	return slices.ContainsFunc(f, e.sameShape)
}
