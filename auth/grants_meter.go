package auth

import (
	"context"
	"sync"
	"time"
)

// MemoryMeter is a [Meter] of this process. It is exact: within no window of the
// length asked for is more counted than the limit.
type MemoryMeter struct {
	now func() time.Time

	mu   sync.Mutex
	keys map[string][]counted
}

type counted struct {
	at time.Time
	n  int
}

// NewMeter makes an empty meter; now nil means the clock.
func NewMeter(now func() time.Time) *MemoryMeter {
	if now == nil {
		now = time.Now
	}
	return &MemoryMeter{now: now, keys: map[string][]counted{}}
}

// Add counts; see [Meter].
func (m *MemoryMeter) Add(_ context.Context, n int, quotas ...Quota) (*Full, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for i, q := range quotas {
		if full, free := m.full(q, n, now); full {
			return &Full{Index: i, Free: free}, nil
		}
	}
	for _, q := range quotas {
		list, at := m.keys[q.Key], now
		// A clock that was set back must not let what was counted end early.
		if len(list) > 0 && at.Before(list[len(list)-1].at) {
			at = list[len(list)-1].at
		}
		m.keys[q.Key] = append(list, counted{at, n})
	}
	return nil, nil
}

// full forgets what is past the window, and tells whether there is no room for n, and
// when there will be.
func (m *MemoryMeter) full(q Quota, n int, now time.Time) (bool, time.Time) {
	list, sum, old := m.keys[q.Key], 0, 0
	for old < len(list) && !now.Before(list[old].at.Add(q.Window)) {
		old++
	}
	list = list[old:]
	m.put(q.Key, list)
	for _, c := range list {
		sum += c.n
	}
	if n > q.Limit {
		return true, time.Time{}
	}
	for _, c := range list {
		if sum+n <= q.Limit {
			break
		}
		if sum -= c.n; sum+n <= q.Limit {
			return true, c.at.Add(q.Window)
		}
	}
	return false, time.Time{}
}

func (m *MemoryMeter) put(key string, list []counted) {
	if m.keys[key] = list; len(list) == 0 {
		delete(m.keys, key)
	}
}

// Back takes n off again; see [Meter].
func (m *MemoryMeter) Back(_ context.Context, n int, quotas ...Quota) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range quotas {
		list := m.keys[q.Key]
		for left := n; left > 0 && len(list) > 0; {
			last := &list[len(list)-1]
			if last.n > left {
				last.n -= left
				break
			}
			left -= last.n
			list = list[:len(list)-1]
		}
		m.put(q.Key, list)
	}
}
