package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// charge is a quota that a change counts against.
type charge struct {
	Quota
	rule string
	what string
}

// Spend charges quotas; see [Policy]. Those of a line are counted for each agent and
// line, the ceiling's for all agents together.
func (e *Enforcer) Spend(ctx context.Context, p Principal, a Action) (back func(), dec Decision) {
	f := e.rules.Load()
	dec, g := f.decide(ctx, p, a, e.circumstances())
	none := func() {}
	if !dec.Allow || a.Risk == Read || g == nil {
		return none, dec
	}
	charges, n := f.charges(p.Agent, g), max(1, a.Objects)
	if len(charges) == 0 {
		return none, dec
	}
	quotas := make([]Quota, len(charges))
	for i, c := range charges {
		quotas[i] = c.Quota
	}
	full, err := e.o.Meter.Add(ctx, n, quotas...)
	no := Decision{Rule: charges[0].rule, Version: dec.Version}
	switch {
	case errors.Is(err, ErrStore):
		no.Reason = ErrStore.Error() + ", so it cannot be counted how much was changed already, and nothing was sent"
	case err != nil:
		no.Reason = "it cannot be counted how much was changed already, so nothing is changed now"
	case full != nil:
		c := charges[full.Index]
		no.Rule, no.Reason = c.rule, c.reason(n, full.Free)
	default:
		return sync.OnceFunc(func() { e.o.Meter.Back(context.WithoutCancel(ctx), n, quotas...) }), dec
	}
	return none, no
}

// charges are the quotas of a line and of the ceiling, those of the line first.
func (r *Rules) charges(agent string, g *grant) (out []charge) {
	add := func(key string, window time.Duration, limit int, rule, what string) {
		if limit > 0 {
			out = append(out, charge{Quota{key, window, limit}, rule, what})
		}
	}
	line := "grant/" + agent + "/" + g.key
	add(line+"/hour", time.Hour, g.perHour, r.rule(g.line), "at most %d objects an hour")
	add(line+"/day", 24*time.Hour, g.perDay, r.rule(g.line), "at most %d objects a day")
	add("ceiling/minute", time.Minute, r.ceiling.WritesPerMinute, r.rule(r.ceilingAt), "a ceiling of %d objects a minute for all agents")
	add("ceiling/day", 24*time.Hour, r.ceiling.WritesPerDay, r.rule(r.ceilingAt), "a ceiling of %d objects a day for all agents")
	return out
}

func (c charge) reason(n int, free time.Time) string {
	text := fmt.Sprintf(c.what, c.Limit)
	if free.IsZero() {
		return fmt.Sprintf("%s, and this changes %d", text, n)
	}
	return text + "; there is room again at " + free.UTC().Format("2006-01-02 15:04:05Z")
}
