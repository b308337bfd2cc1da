package jumpcloud

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// heard is an Observer that keeps what it is told.
type heard struct {
	mu       sync.Mutex
	attempts []Attempt
	waits    []time.Duration
	circuits []string
}

func (h *heard) Sent(_ context.Context, a Attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attempts = append(h.attempts, a)
}

func (h *heard) Waited(_ context.Context, d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waits = append(h.waits, d)
}

func (h *heard) Circuit(host, class string, s CircuitState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.circuits = append(h.circuits, host+" "+class+" "+[]string{"closed", "half-open", "open"}[s])
}

// once sends each request once only, so that a test counts calls.
func once(cfg *Config) { cfg.Attempts = 1 }

// breakCircuit opens the circuit of reads.
func breakCircuit(t *testing.T, c *Client, s *script) {
	t.Helper()
	before := s.count()
	var wg sync.WaitGroup // side by side, since some faults take long
	for w := range circuitRow {
		wg.Go(func() {
			ctx := WithAgent(t.Context(), string(rune('a'+w)))
			if _, err := c.Do(ctx, read); !IsCode(err, CodeUpstreamDown) && !IsCode(err, CodeTimeout) {
				t.Errorf("want a failure, got %v", err)
			}
		})
	}
	wg.Wait()
	if n := s.count() - before; n != circuitRow {
		t.Fatalf("%d of %d requests were sent before it opened", n, circuitRow)
	}
}

func TestCircuitOpensAndCloses(t *testing.T) {
	for name, failing := range map[string]step{
		"500": status(500, `{}`), "502": status(502, `<html>`), "503": status(503, ``), "504": status(504, ``),
		"refused": refused, "reset": reset, "mute": mute, "cut": cut(200, `{"a":`), "hang": hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var works atomic.Bool
				h := &heard{}
				c, s := scripted(t, func(cfg *Config) { once(cfg); cfg.Observe = h }, func(r *http.Request) (*http.Response, error) {
					if works.Load() {
						return status(200, `[]`)(r)
					}
					return failing(r)
				})
				breakCircuit(t, c, s)
				opened := time.Now()

				// open: nothing is sent, and it says when to come again
				sent := s.count()
				for range 100 {
					_, err := c.Do(t.Context(), read)
					e := asError(t, err)
					if e.Code != CodeUpstreamDown || e.Outcome != NotSent || e.Attempts != 0 {
						t.Fatalf("while open: %+v", e)
					}
					if wait := e.RetryAt.Sub(opened); wait < circuitPause || wait > circuitPause+time.Second || e.RetryAt.Nanosecond() != 0 {
						t.Fatalf("it says to come again after %v", wait)
					}
				}
				if s.count() != sent {
					t.Fatalf("%d requests were sent while open", s.count()-sent)
				}

				// changes go their own way: what was changed has to be told
				if _, err := c.Do(t.Context(), create); s.count() != sent+1 {
					t.Fatalf("a change was not sent: %v", err)
				}

				// half-open: a probe that fails opens it again, for as long
				time.Sleep(circuitPause + time.Second)
				sent = s.count()
				for range 3 {
					_, _ = c.Do(t.Context(), read)
				}
				if s.count() != sent+1 {
					t.Fatalf("%d requests tried whether it is back", s.count()-sent)
				}

				works.Store(true)
				time.Sleep(circuitPause + time.Second)
				if _, err := c.Do(t.Context(), read); err != nil {
					t.Fatalf("it is back: %v", err)
				}
				want := []string{"console read open", "console read half-open", "console read open", "console read half-open", "console read closed"}
				if len(h.circuits) != len(want) {
					t.Fatalf("heard %q", h.circuits)
				}
				for i := range want {
					if h.circuits[i] != want[i] {
						t.Errorf("heard %q, want %q", h.circuits[i], want[i])
					}
				}
			})
		})
	}
}

// While one request tries, the others are not sent.
func TestCircuitLetsOneTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slowly atomic.Bool
		c, s := scripted(t, once, func(r *http.Request) (*http.Response, error) {
			if slowly.Load() {
				return slow(2*time.Second, status(200, `[]`))(r)
			}
			return status(503, ``)(r)
		})
		breakCircuit(t, c, s)
		slowly.Store(true)
		time.Sleep(circuitPause + time.Second)
		sent := s.count()
		probe := make(chan error, 1)
		go func() {
			_, err := c.Do(t.Context(), read)
			probe <- err
		}()
		synctest.Wait()
		for range 10 {
			ctx := WithAgent(t.Context(), "another") // shares no read with the probe
			_, err := c.Do(ctx, read)
			e := asError(t, err)
			if e == nil || e.Code != CodeUpstreamDown || e.Outcome != NotSent || !e.RetryAt.After(time.Now()) {
				t.Fatalf("beside the probe: %+v", e)
			}
		}
		if err := <-probe; err != nil {
			t.Errorf("the probe: %v", err)
		}
		if s.count() != sent+1 {
			t.Errorf("%d requests were sent", s.count()-sent)
		}
	})
}

// What does not mean that the host fails never opens it.
func TestCircuitStaysClosed(t *testing.T) {
	left := func(r *http.Request) (*http.Response, error) { return hang(r) }
	for name, c := range map[string]struct {
		do      step
		patient bool
	}{
		"400": {status(400, `{}`), true}, "401": {status(401, `{}`), true}, "403": {status(403, `{}`), true}, "404": {status(404, `{}`), true},
		"409": {status(409, `{}`), true}, "429": {status(429, `{}`), true}, "429 Retry-After 0": {status(429, `{}`, "Retry-After", "0"), true},
		"501": {status(501, `{}`), true}, "302": {status(302, ``), true}, "HTML": {status(200, `<html>`), true},
		"caller leaves": {left, false}, "no credential": {func(*http.Request) (*http.Response, error) { return nil, &notSigned{} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, s := scripted(t, once, c.do)
				for i := range 5 * circuitRequests {
					ctx, cancel := t.Context(), context.CancelFunc(func() {})
					if !c.patient {
						ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
					}
					_, err := client.Do(ctx, read)
					cancel()
					if err == nil {
						t.Fatal("it worked")
					}
					synctest.Wait()
					if s.count() != i+1 {
						t.Fatalf("call %d was not sent: %v", i+1, err)
					}
				}
			})
		})
	}
}

type notSigned struct{}

func (*notSigned) Error() string      { return "no token" }
func (*notSigned) NotSent() bool      { return true }
func (*notSigned) Why() string        { return "the secret cannot be read" }
func (*notSigned) Unauthorized() bool { return false }

// Half of the requests may fail: retries mend that better than not asking.
func TestCircuitNeedsMostToFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, s := scripted(t, once, func(r *http.Request) (*http.Response, error) {
			if n++; n%2 == 0 {
				return status(503, ``)(r)
			}
			return status(200, `[]`)(r)
		})
		for i := range 20 * circuitRequests {
			_, _ = c.Do(t.Context(), read)
			time.Sleep(10 * time.Millisecond)
			if s.count() != i+1 {
				t.Fatalf("call %d was not sent", i+1)
			}
		}
	})
}

// Few failures over a long time are no outage, however many there are in a row.
func TestCircuitForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, once, status(503, ``))
		for i := range 5 * circuitRequests {
			_, _ = c.Do(t.Context(), read)
			time.Sleep(circuitWindow / (circuitRow - 1))
			if s.count() != i+1 {
				t.Fatalf("call %d was not sent", i+1)
			}
		}
	})
}

// More failures than successes open it, though the successes come between.
func TestCircuitOpensOnARatio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, s := scripted(t, once, func(r *http.Request) (*http.Response, error) {
			if n++; n%3 == 1 {
				return status(200, `[]`)(r)
			}
			return status(503, ``)(r)
		})
		for range 2 * circuitRequests {
			_, _ = c.Do(t.Context(), read)
			time.Sleep(100 * time.Millisecond)
		}
		if n := s.count(); n < circuitRequests || n > circuitRequests+3 {
			t.Errorf("it opened after %d requests", n)
		}
	})
}

// A change whose first attempt may have been done stays unknown when the second is
// not sent.
func TestCircuitKeepsDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, status(503, ``))
		var wg sync.WaitGroup
		var cutShort, unknown atomic.Int32
		for range 8 {
			wg.Go(func() {
				for range 4 {
					_, err := c.Do(t.Context(), put)
					e := asError(t, err)
					switch {
					case e == nil:
						t.Error("done")
					case e.Attempts == 0 && e.Outcome != NotSent:
						t.Errorf("never sent: %+v", e)
					case e.Attempts > 0 && (e.Outcome != Unknown || e.Code != CodeOutcomeUnknown):
						t.Errorf("sent %d times: %+v", e.Attempts, e)
					}
					if e.Attempts > 0 {
						unknown.Add(1)
					}
					if e.Attempts > 0 && e.Attempts < 5 {
						cutShort.Add(1)
					}
				}
			})
		}
		wg.Wait()
		t.Logf("32 changes, %d requests; %d unknown, of these %d cut short", s.count(), unknown.Load(), cutShort.Load())
		if cutShort.Load() == 0 || unknown.Load() == 32 {
			t.Error("the circuit did not open")
		}
	})
}

// An attempt that panics says nothing, and does not keep the turn to try.
func TestCircuitSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		do := status(503, ``)
		c, s := scripted(t, once, func(r *http.Request) (*http.Response, error) { return do(r) })
		breakCircuit(t, c, s)
		time.Sleep(circuitPause + time.Second)
		do = func(*http.Request) (*http.Response, error) { panic("a bug") }
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			_, _ = c.Do(t.Context(), read)
		}()
		do = status(200, `[]`)
		if _, err := c.Do(t.Context(), read); err != nil {
			t.Errorf("after it: %v", err)
		}
	})
}

// An outage of a minute under load: what is sent into it, what callers are told,
// and how long they wait for that and for the end.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, outage = 64, time.Minute
		start := time.Now()
		down := func() bool { at := time.Since(start); return at >= 10*time.Second && at < 10*time.Second+outage }
		var into atomic.Int64
		c, _ := scripted(t, nil, func(r *http.Request) (*http.Response, error) {
			if down() {
				into.Add(1)
				return slow(200*time.Millisecond, status(503, ``))(r)
			}
			return slow(50*time.Millisecond, status(200, `[]`))(r)
		})
		var calls, refused, back atomic.Int64
		var worst atomic.Int64
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				ctx := WithAgent(t.Context(), string(rune('a'+w)))
				for time.Since(start) < 10*time.Second+outage+20*time.Second {
					began := time.Now()
					_, err := c.Do(ctx, read)
					calls.Add(1)
					switch e := asError(t, err); {
					case e == nil && time.Since(start) > 10*time.Second+outage:
						back.CompareAndSwap(0, int64(time.Since(start)-10*time.Second-outage))
					case e != nil && e.Outcome == NotSent:
						refused.Add(1)
						if took := int64(time.Since(began)); took > worst.Load() && e.Attempts == 0 {
							worst.Store(took)
						}
					}
					if err != nil {
						time.Sleep(time.Second)
					}
				}
			})
		}
		wg.Wait()
		t.Logf("%d workers, an outage of %v: %d calls, %d requests into it, %d calls answered without one (slowest %v), first answer %v after its end",
			workers, outage, calls.Load(), into.Load(), refused.Load(), time.Duration(worst.Load()), time.Duration(back.Load()))
		if into.Load() > 200 { // without a circuit 64 workers send thousands
			t.Errorf("%d requests were sent into the outage", into.Load())
		}
		if back.Load() == 0 || time.Duration(back.Load()) > circuitPause+2*time.Second {
			t.Errorf("it took %v to come back", time.Duration(back.Load()))
		}
	})
}

// The observer is told of each attempt and of waits, and of nothing that names an object.
func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &heard{}
		c, _ := scripted(t, func(cfg *Config) { cfg.Observe, cfg.Concurrent = h, 1 },
			slow(time.Second, status(503, ``)), slow(time.Second, status(200, `{"id":"g1"}`)))
		if _, err := c.Do(t.Context(), put); err != nil {
			t.Fatal(err)
		}
		if len(h.attempts) != 2 || h.attempts[0].Status != 503 || h.attempts[1].Status != 200 ||
			h.attempts[0].Number != 1 || h.attempts[1].Number != 2 || h.attempts[0].Took != time.Second ||
			h.attempts[1].Endpoint != put.Endpoint || h.attempts[0].Effect != Idempotent || h.attempts[0].Insights {
			t.Errorf("heard %+v", h.attempts)
		}
		if len(h.waits) != 0 {
			t.Errorf("nobody waited, heard %v", h.waits)
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _, _ = c.Do(t.Context(), put) })
		}
		wg.Wait()
		if len(h.waits) != 1 || h.waits[0] != time.Second {
			t.Errorf("one waited for the other, heard %v", h.waits)
		}
		insights := Request{Endpoint: At("POST /insights/directory/v1/events"), Body: map[string]string{}}
		if _, err := c.Do(t.Context(), insights); err != nil {
			t.Fatal(err)
		}
		if last := h.attempts[len(h.attempts)-1]; !last.Insights || last.Effect != Safe {
			t.Errorf("heard %+v", last)
		}
	})
}
