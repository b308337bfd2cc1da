package tools

import (
	"context"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	planTTL  = 30 * time.Minute
	maxPlans = 1024 // kept in this process
)

// keepPlan keeps a plan of a job under id, for the caller only.
func (r *Reader) keepPlan(ctx context.Context, id string, plan []byte) error {
	bound := r.boundPlan(id)
	if r.d.vault != nil {
		plan = r.d.vault.Seal(plan, bound)
	}
	if err := r.d.shelf.Put(ctx, bound, plan, planTTL); err != nil {
		return errShelf
	}
	return nil
}

// keptPlan gives it back; nil when there is none any more.
func (r *Reader) keptPlan(ctx context.Context, id string) ([]byte, error) {
	bound := r.boundPlan(id)
	plan, err := r.d.shelf.Get(ctx, bound)
	if err != nil {
		return nil, errShelf
	}
	if plan != nil && r.d.vault != nil {
		plan, _ = r.d.vault.Open(plan, bound)
	}
	return plan, nil
}

// boundPlan is the plan's place on the shelf: that of another caller or tool is elsewhere.
func (r *Reader) boundPlan(id string) string {
	return "plan\x00" + r.trip.tool.Name + "\x00" + r.trip.owner() + "\x00" + id
}

var errShelf = &Refusal{jc.CodeUpstreamDown, "the store that this server shares with its replicas cannot be reached, so its plans cannot either. Nothing was sent; try again in a minute"}
