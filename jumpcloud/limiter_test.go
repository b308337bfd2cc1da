package jumpcloud

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told is a limiter that gives what it is told to, and notes what it hears.
type told struct {
	mu     sync.Mutex
	takes  []take
	writes []bool
	until  []time.Time
}

type take struct {
	wait time.Duration
	mine bool
}

func (l *told) Take(_ context.Context, write bool, most time.Duration) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, write)
	if len(l.takes) == 0 {
		return 0, true
	}
	next := l.takes[0]
	l.takes = l.takes[1:]
	return next.wait, next.mine && next.wait <= most
}

func (l *told) Limited(_ context.Context, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = append(l.until, until)
}

func TestLimiterIsAskedBeforeEachRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		takes []take
		req   Request
		steps []step
		sent  int
		asked int
		took  time.Duration // at most a second more
		code  Code
	}{
		"at once":                     {nil, read, []step{status(200, ok)}, 1, 1, 0, ""},
		"a turn":                      {[]take{{800 * time.Millisecond, true}}, create, []step{status(201, ok)}, 1, 1, 800 * time.Millisecond, ""},
		"again for a retry":           {nil, read, []step{status(503, "{}"), status(200, ok)}, 2, 2, 0, ""},
		"held back, then a turn":      {[]take{{10 * time.Second, false}, {500 * time.Millisecond, false}}, read, []step{status(200, ok)}, 1, 3, 9750 * time.Millisecond, ""},
		"held back beyond its time":   {[]take{{time.Minute, false}}, create, []step{status(201, ok)}, 0, 1, 0, CodeRateLimited},
		"a retry beyond its time":     {[]take{{0, true}, {time.Minute, false}}, put, []step{status(429, "{}")}, 1, 2, 700 * time.Millisecond, CodeRateLimited},
		"after an unclear one, never": {[]take{{0, true}, {time.Minute, false}}, put, []step{reset}, 1, 2, 0, CodeOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &told{takes: tc.takes}
				c, s := scripted(t, func(cfg *Config) { cfg.Limiter = l }, tc.steps...)
				start := time.Now()
				_, err := c.Do(context.Background(), tc.req)
				took := time.Since(start)
				if s.count() != tc.sent || len(l.writes) != tc.asked || took < tc.took || took > tc.took+time.Second {
					t.Errorf("sent %d, asked %d times, after %v", s.count(), len(l.writes), took)
				}
				for _, w := range l.writes {
					if w != (tc.req.Effect != Safe) {
						t.Errorf("write is %v", w)
					}
				}
				if tc.code == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e := asError(t, err)
				if e.Code != tc.code || e.RetryAt.Sub(start) < time.Minute || e.RetryAt.Sub(start) > 62*time.Second {
					t.Errorf("%+v, again after %v", *e, e.RetryAt.Sub(start))
				}
			})
		})
	}
}

func TestLimiterHearsOf429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &told{}
		c, _ := scripted(t, func(cfg *Config) { cfg.Limiter = l },
			status(429, "{}"), status(429, "{}", "Retry-After", "7"), status(200, ok))
		start := time.Now()
		if _, err := c.Do(context.Background(), read); err != nil {
			t.Fatal(err)
		}
		if len(l.until) != 2 || !l.until[0].IsZero() || l.until[1].Sub(start) < 7*time.Second {
			t.Errorf("told %v", l.until)
		}
	})
}

// Whoever waits long for a turn keeps no place from others, and can be called off.
func TestLimiterWaitKeepsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &told{takes: []take{{30 * time.Second, false}, {0, true}}}
		c, s := scripted(t, func(cfg *Config) { cfg.Limiter, cfg.Concurrent, cfg.PerAgent = l, 1, 1 }, status(200, ok))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { _, err := c.Do(ctx, create); done <- err }()
		synctest.Wait()
		start := time.Now()
		if _, err := c.Do(context.Background(), create); err != nil || time.Since(start) != 0 || s.count() != 1 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		cancel()
		if e := asError(t, <-done); e.Code != CodeTimeout || e.Outcome != NotSent {
			t.Errorf("%+v", *e)
		}
	})
}
