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

// Add counts; see [Meter]. One key always has the same window.
func (m *MemoryMeter) Add(_ context.Context, key string, n int, window time.Duration, limit int) (ok bool, retry time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	list, sum := m.keys[key], 0
	old := 0
	for old < len(list) && !now.Before(list[old].at.Add(window)) {
		old++
	}
	list = list[old:]
	for _, c := range list {
		sum += c.n
	}
	m.keys[key] = list
	if len(list) == 0 {
		delete(m.keys, key)
	}
	switch {
	case n > limit:
		return false, time.Time{}, nil
	case sum+n > limit:
		for _, c := range list {
			if sum -= c.n; sum+n <= limit {
				return false, c.at.Add(window), nil
			}
		}
	}
	// A clock that was set back must not let what was counted end early.
	if len(list) > 0 && now.Before(list[len(list)-1].at) {
		now = list[len(list)-1].at
	}
	m.keys[key] = append(list, counted{now, n})
	return true, time.Time{}, nil
}

// Back takes n off again; see [Meter].
func (m *MemoryMeter) Back(_ context.Context, key string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.keys[key]
	for n > 0 && len(list) > 0 {
		last := &list[len(list)-1]
		if last.n > n {
			last.n -= n
			break
		}
		n -= last.n
		list = list[:len(list)-1]
	}
	if m.keys[key] = list; len(list) == 0 {
		delete(m.keys, key)
	}
}
