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

func TestCoalescing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, slow(time.Second, status(200, ok)))
		var wg sync.WaitGroup
		answers := make([]*Response, 50)
		for i := range answers {
			wg.Go(func() {
				resp, err := c.Do(context.Background(), read)
				if err != nil {
					t.Error(err)
				}
				answers[i] = resp
			})
		}
		wg.Wait()
		if s.count() != 1 {
			t.Errorf("sent %d times", s.count())
		}
		answers[0].Body[0] = 'x' // what one caller does to its answer is its own
		answers[0].Header.Set("A", "b")
		if string(answers[1].Body) != ok || answers[1].Header.Get("A") != "" {
			t.Error("callers share memory")
		}
		if _, err := c.Do(context.Background(), read); err != nil || s.count() != 2 {
			t.Errorf("a later read was answered from the past: %v, sent %d", err, s.count())
		}
	})
}

// TestNotCoalesced: anything that could change the answer keeps reads apart.
func TestNotCoalesced(t *testing.T) {
	search := Request{Endpoint: At("POST /api/search/systems"), Body: map[string]int{"a": 1}}
	other := search
	other.Body = map[string]int{"a": 2}
	queried, counted := read, read
	queried.Query = url.Values{"limit": {"5"}}
	counted.Header = http.Header{"x-unfiltered-total-count": {"true"}}
	agent := func(name string) context.Context { return WithAgent(context.Background(), name) }
	for name, pair := range map[string][2]struct {
		ctx context.Context
		req Request
	}{
		"agent":  {{agent("a"), read}, {agent("b"), read}},
		"query":  {{agent("a"), read}, {agent("a"), queried}},
		"header": {{agent("a"), read}, {agent("a"), counted}},
		"body":   {{agent("a"), search}, {agent("a"), other}},
		"writes": {{agent("a"), create}, {agent("a"), create}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(t, nil, slow(time.Second, status(200, ok)))
				var wg sync.WaitGroup
				for _, p := range pair {
					wg.Go(func() { _, _ = c.Do(p.ctx, p.req) })
				}
				wg.Wait()
				if s.count() != 2 {
					t.Errorf("sent %d times, want 2", s.count())
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, slow(time.Second, status(200, ok)))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _, _ = c.Do(context.Background(), search) })
		}
		wg.Wait()
		if s.count() != 1 {
			t.Errorf("equal searches sent %d times", s.count())
		}
	})
}

// TestReadAfterWriteIsFresh: the read-back after a write must not get the answer
// of a read that began before it.
func TestReadAfterWriteIsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		value := "before"
		c, _ := scripted(t, nil, func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			now := value
			if r.Method == "PUT" {
				value = "after"
			}
			mu.Unlock()
			if r.Method == "GET" {
				time.Sleep(time.Minute / 6)
			}
			return status(200, fmt.Sprintf(`{"v":%q}`, now))(r)
		})
		go func() { _, _ = c.Do(context.Background(), read) }()
		synctest.Wait()
		if _, err := c.Do(context.Background(), put); err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(context.Background(), read)
		if err != nil || string(resp.Body) != `{"v":"after"}` {
			t.Errorf("read %s, %v", resp.Body, err)
		}
	})
}

// TestLeaderLeaves: who came first may leave, the others still get the answer.
func TestLeaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, slow(2*time.Second, status(200, ok)))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Do(ctx, read)
			if e := asError(t, err); e == nil || e.Code != CodeTimeout {
				t.Errorf("leader: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := c.Do(context.Background(), read); err != nil {
				t.Errorf("follower: %v", err)
			}
		})
		wg.Wait()
		if s.count() != 1 {
			t.Errorf("sent %d times", s.count())
		}
	})
}

// TestLastLeaves: with nobody waiting the request is cancelled, and a later
// caller starts a new one.
func TestLastLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := make(chan struct{}, 1)
		c, s := scripted(t, nil, func(r *http.Request) (*http.Response, error) {
			defer func() { stopped <- struct{}{} }()
			return hang(r)
		}, status(200, ok))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = c.Do(ctx, read) })
		}
		wg.Wait()
		synctest.Wait()
		select {
		case <-stopped:
		default:
			t.Error("the request goes on with nobody waiting")
		}
		if _, err := c.Do(context.Background(), read); err != nil || s.count() != 2 {
			t.Errorf("%v, sent %d", err, s.count())
		}
	})
}

// TestNobodyJoinsTheCancelled: a read that was given up, but has not ended yet, is
// not shared with who comes next.
func TestNobodyJoinsTheCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, func(r *http.Request) (*http.Response, error) {
			resp, err := hang(r)
			time.Sleep(5 * time.Second)
			return resp, err
		}, status(200, ok))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = c.Do(ctx, read)
		if _, err := c.Do(context.Background(), read); err != nil || s.count() != 2 {
			t.Errorf("%v, sent %d", err, s.count())
		}
		time.Sleep(10 * time.Second) // the first one ends
	})
}

// TestFollowerHasMoreTime: a flight may go on as long as any of its callers.
func TestFollowerHasMoreTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(t, nil, slow(time.Second, status(429, "{}", "Retry-After", "20")), status(200, ok))
		short, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Do(short, read)
			if e := asError(t, err); e == nil || e.Code != CodeRateLimited || e.RetryAt.IsZero() {
				t.Errorf("short: %v", err)
			}
		})
		synctest.Wait() // it leads
		wg.Go(func() {
			if _, err := c.Do(context.Background(), read); err != nil {
				t.Errorf("long: %v", err)
			}
		})
		wg.Wait()
	})
}

// TestPanicBelow comes up in the caller's goroutine, where it can be recovered.
func TestPanicBelow(t *testing.T) {
	c, _ := scripted(t, nil, func(*http.Request) (*http.Response, error) { panic("transport") })
	defer func() {
		if recover() != "transport" {
			t.Error("the panic is lost")
		}
	}()
	_, _ = c.Do(context.Background(), read)
}
