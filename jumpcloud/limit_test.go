package jumpcloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestConcurrency: at most 16 a client and 8 an agent at once, and all get through.
func TestConcurrency(t *testing.T) {
	for agents, want := range map[int]int{1: 8, 2: 16, 4: 16} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			now, most := map[string]int{}, map[string]int{}
			count := func(agent string, by int) {
				mu.Lock()
				defer mu.Unlock()
				for _, k := range []string{agent, "all"} {
					now[k] += by
					most[k] = max(most[k], now[k])
				}
			}
			c, s := scripted(t, nil, func(r *http.Request) (*http.Response, error) {
				agent := r.URL.Query().Get("agent")
				count(agent, 1)
				time.Sleep(100 * time.Millisecond)
				count(agent, -1)
				return status(200, ok)(r)
			})
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					agent := fmt.Sprint(i % agents)
					req := read
					req.Query = url.Values{"agent": {agent}, "i": {fmt.Sprint(i)}}
					if _, err := c.Do(WithAgent(context.Background(), agent), req); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if most["all"] != want || most["0"] > 8 || s.count() != 200 {
				t.Errorf("most at once %v, sent %d", most, s.count())
			}
			if len(c.limits.agents) != 0 {
				t.Errorf("%d agents are still remembered", len(c.limits.agents))
			}
		})
	}
}

// TestWaitingForAPlaceEnds: who waits for a place is not kept past its time, and was not sent.
func TestWaitingForAPlaceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, func(cfg *Config) { cfg.Concurrent, cfg.PerAgent = 1, 1 }, slow(10*time.Second, status(200, ok)))
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = c.Do(context.Background(), create) })
		defer wg.Wait()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := c.Do(ctx, create)
		if e := asError(t, err); e.Code != CodeTimeout || e.Outcome != NotSent || s.count() != 1 {
			t.Errorf("%+v, sent %d", *e, s.count())
		}
	})
}

// TestBackoffHoldsNoPlace: one that waits to try again does not keep others out.
func TestBackoffHoldsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, func(cfg *Config) { cfg.Concurrent = 1 }, status(503, "{}", "Retry-After", "30"), status(200, ok))
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = c.Do(context.Background(), read) })
		synctest.Wait()
		start := time.Now()
		if _, err := c.Do(context.Background(), create); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		wg.Wait()
		if s.count() != 3 {
			t.Errorf("sent %d", s.count())
		}
	})
}

func TestFence(t *testing.T) {
	list, get, del := At("GET /api/v2/usergroups"), At("GET /api/v2/usergroups/{group}"), At("DELETE /api/v2/usergroups/{id}")
	withID := func(e Endpoint, name string) Request {
		r := Request{Endpoint: e, Params: map[string]string{name: "g1"}}
		if e.Method == "DELETE" {
			r.Effect = Idempotent
		}
		return r
	}
	fenced := WithFence(context.Background(), list, At("GET /api/v2/usergroups/{other_name}"))
	for _, tc := range []struct {
		name     string
		demanded bool
		ctx      context.Context
		req      Request
		allowed  bool
	}{
		{"no fence, none demanded", false, context.Background(), Request{Endpoint: list}, true},
		{"no fence, demanded", true, context.Background(), Request{Endpoint: list}, false},
		{"inside", true, fenced, Request{Endpoint: list}, true},
		{"inside by another brace name", true, fenced, withID(get, "group"), true},
		{"another method", true, fenced, withID(del, "id"), false},
		{"another method, none demanded", false, fenced, withID(del, "id"), false},
		{"another path", true, fenced, Request{Endpoint: At("GET /api/v2/systemgroups")}, false},
		{"a longer path", true, fenced, withID(At("GET /api/v2/usergroups/{id}/members"), "id"), false},
		{"replaced", true, WithFence(fenced, get), Request{Endpoint: list}, false},
		{"empty", true, WithFence(fenced), Request{Endpoint: list}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, s := scripted(t, func(cfg *Config) { cfg.Fenced = tc.demanded }, status(200, ok))
			_, err := c.Do(tc.ctx, tc.req)
			if tc.allowed {
				if err != nil || s.count() != 1 {
					t.Errorf("%v, sent %d", err, s.count())
				}
				return
			}
			if e := asError(t, err); e == nil || e.Code != CodeDenied || e.Outcome != NotSent || s.count() != 0 {
				t.Errorf("%v, sent %d", err, s.count())
			}
		})
	}
}
