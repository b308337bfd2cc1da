package state

import (
	"context"
	"errors"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// maxCounts are the entries that a quota keeps apart. Beyond it those of each span, of
// which a window has mergedSpans, are taken together at the latest time: that can refuse
// so much longer, and never allow more. All are read and written for every change, so
// they are few.
const (
	maxCounts   = 256
	mergedSpans = maxCounts / 2
)

type meter struct{ d *Dir }

// Meter counts quotas that all processes share and that outlive them.
func (d *Dir) Meter() auth.Meter { return meter{d} }

// Add counts; see [auth.Meter].
func (m meter) Add(ctx context.Context, n int, quotas ...auth.Quota) (*auth.Full, error) {
	for i, q := range quotas {
		if n < 0 || q.Window <= 0 {
			return nil, errors.New("a quota counts up, within a length of time")
		}
		if n > q.Limit {
			return &auth.Full{Index: i}, nil
		}
	}
	return m.d.shelf.count(ctx, n, quotas, m.d.now())
}

// Back takes n off again; see [auth.Meter]. Where that fails the quotas stay charged.
func (m meter) Back(ctx context.Context, n int, quotas ...auth.Quota) {
	m.d.shelf.uncount(context.WithoutCancel(ctx), n, quotas)
}

// counts is what is known of a quota.
type counts struct {
	key    string
	window time.Duration
	list   []count // the oldest first
}

// count is so much at a time, in Unix nanoseconds.
type count struct{ at, n int64 }

// add counts n, or gives the time when there will be room for it; zero is done.
func (c *counts) add(n int, q auth.Quota, at time.Time) (free time.Time) {
	c.key, c.window = q.Key, q.Window
	now := at.UnixNano()
	for len(c.list) > 0 && now-c.list[0].at >= int64(c.window) {
		c.list = c.list[1:]
	}
	sum := int64(n)
	for _, e := range c.list {
		sum += e.n
	}
	if over := sum - int64(q.Limit); over > 0 {
		return c.free(over)
	}
	// A clock that was set back must not let what was counted end early.
	if last := len(c.list) - 1; last >= 0 {
		now = max(now, c.list[last].at)
	}
	c.list = merge(append(c.list, count{now, int64(n)}), c.window)
	return time.Time{}
}

// free is when so much of what was counted has ended.
func (c *counts) free(need int64) time.Time {
	for _, e := range c.list {
		if need -= e.n; need <= 0 {
			return time.Unix(0, e.at).Add(c.window)
		}
	}
	return time.Time{}
}

// takeBack takes n off, of what was counted last.
func (c *counts) takeBack(n int) {
	for left := int64(n); left > 0 && len(c.list) > 0; {
		last := &c.list[len(c.list)-1]
		if last.n > left {
			last.n -= left
			return
		}
		left -= last.n
		c.list = c.list[:len(c.list)-1]
	}
}

// ended reports whether all that was counted is free again.
func (c *counts) ended(now time.Time) bool {
	last := len(c.list) - 1
	return last < 0 || now.UnixNano()-c.list[last].at >= int64(c.window)
}

// merge takes those of a span together where there are too many entries.
func merge(list []count, window time.Duration) []count {
	if len(list) <= maxCounts {
		return list
	}
	span := max(1, int64(window)/mergedSpans)
	out := list[:0:0]
	for _, e := range list {
		if last := len(out) - 1; last >= 0 && out[last].at/span == e.at/span {
			out[last] = count{e.at, out[last].n + e.n}
			continue
		}
		out = append(out, e)
	}
	return out
}
