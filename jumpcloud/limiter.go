package jumpcloud

import (
	"context"
	"time"
)

// Limiter paces what is sent, for all clients of an organisation and credential that
// share one. It is asked before every request, also before one that is sent again.
type Limiter interface {
	// Take asks for a turn to send one request. mine: it is the caller's, after wait,
	// which is at most most. Else nothing was taken, and it is worth asking again after
	// wait.
	Take(ctx context.Context, write bool, most time.Duration) (wait time.Duration, mine bool)
	// Limited says that JumpCloud answered 429, and until when it wants to hear nothing;
	// zero where it named no time.
	Limited(ctx context.Context, until time.Time)
}

// longestTurn is how long a turn is waited for with a place held. Whoever waits longer
// gives the place back and asks again.
const longestTurn = time.Second

// turn waits for the limiter's leave. again: there is none yet, but it may be asked
// again; the place was given back.
func (c *Client) turn(ctx context.Context, k *call, st *progress, leave func()) (again bool, e *Error) {
	if c.cfg.Limiter == nil {
		return false, nil
	}
	most := min(longestTurn, max(0, time.Until(k.deadline())-c.cfg.pace.margin))
	wait, mine := c.cfg.Limiter.Take(ctx, k.effect != Safe, most)
	switch {
	case mine && sleep(ctx, wait):
		return false, nil
	case mine:
		leave()
		return false, st.gone(ctx, k)
	}
	leave()
	if !c.fits(k, wait) {
		return false, st.held(k, time.Now().Add(wait))
	}
	// Those that come for a turn are given one a while ahead: no need to be on the dot.
	if !sleep(ctx, max(wait-longestTurn/2, min(wait, longestTurn/4))) {
		return false, st.gone(ctx, k)
	}
	return true, nil
}
