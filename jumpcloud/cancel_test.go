package jumpcloud

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCancelOnce: a create that is written finishes, and its true result comes
// back; one that is not written is stopped.
func TestCancelOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, slow(5*time.Second, status(201, ok)))
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		resp, err := c.Do(ctx, create)
		if err != nil || resp.Status != 201 || time.Since(start) != 5*time.Second || s.count() != 1 {
			t.Errorf("%v %v after %v", resp, err, time.Since(start))
		}
	})
	synctest.Test(t, func(t *testing.T) { // its end says "not done": that is the true result too
		c, _ := scripted(t, nil, slow(5*time.Second, status(409, "{}")))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := c.Do(ctx, create)
		if e := asError(t, err); e.Code != CodeConflict || e.Outcome != NotDone {
			t.Errorf("%+v", *e)
		}
	})
	synctest.Test(t, func(t *testing.T) { // it never ends
		c, _ := scripted(t, nil, hang)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Do(ctx, create)
		if e := asError(t, err); e.Code != CodeOutcomeUnknown || e.Outcome != Unknown || time.Since(start) != 21*time.Second {
			t.Errorf("%+v after %v", *e, time.Since(start))
		}
	})
	synctest.Test(t, func(t *testing.T) { // still dialling
		dialling := func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GetConn("x")
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		c, s := scripted(t, nil, dialling)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Do(ctx, create)
		if e := asError(t, err); e.Code != CodeTimeout || e.Outcome != NotSent || time.Since(start) != time.Second || s.count() != 1 {
			t.Errorf("%+v after %v", *e, time.Since(start))
		}
	})
	synctest.Test(t, func(t *testing.T) { // still being signed: it stops when it wants a connection
		signing := func(r *http.Request) (*http.Response, error) {
			time.Sleep(3 * time.Second)
			httptrace.ContextClientTrace(r.Context()).GetConn("x")
			if r.Context().Err() == nil {
				t.Error("went on to dial for a caller that had left")
			}
			return nil, r.Context().Err()
		}
		c, _ := scripted(t, nil, signing)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := c.Do(ctx, create)
		if e := asError(t, err); e.Code != CodeTimeout || e.Outcome != NotSent {
			t.Errorf("%+v", *e)
		}
	})
}

func TestCancelInBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			req     Request
			first   step
			code    Code
			outcome Outcome
		}{
			{create, status(429, "{}", "Retry-After", "20"), CodeTimeout, NotDone},
			{create, refused, CodeTimeout, NotSent},
			{put, status(503, "{}", "Retry-After", "20"), CodeOutcomeUnknown, Unknown},
		} {
			c, _ := scripted(t, func(c *Config) { c.pace.base = time.Hour; c.pace.cap = 40 * time.Second }, tc.first)
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := c.Do(ctx, tc.req)
			if e := asError(t, err); e.Code != tc.code || e.Outcome != tc.outcome {
				t.Errorf("%s: %+v", tc.req.Endpoint, *e)
			}
		}
	})
}

// TestCancelSafe: the request itself is cancelled, at once.
func TestCancelSafe(t *testing.T) {
	for _, tc := range []struct {
		req  Request
		code Code
	}{{read, CodeTimeout}, {put, CodeOutcomeUnknown}} {
		synctest.Test(t, func(t *testing.T) {
			var stopped atomic.Bool
			c, _ := scripted(t, nil, func(r *http.Request) (*http.Response, error) {
				defer stopped.Store(true)
				return hang(r)
			})
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err := c.Do(ctx, tc.req)
			synctest.Wait()
			if e := asError(t, err); e.Code != tc.code || e.Cause != "cancelled" || time.Since(start) != time.Second || !stopped.Load() {
				t.Errorf("%+v after %v, stopped %v", *e, time.Since(start), stopped.Load())
			}
		})
	}
}

// TestCancelledBefore: nothing is sent for a caller that is gone already.
func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, req := range []Request{read, put, create} {
		c, s := scripted(t, nil, status(200, ok))
		_, err := c.Do(ctx, req)
		if e := asError(t, err); e == nil || e.Code != CodeTimeout || req.Effect != Safe && (s.count() != 0 || e.Outcome != NotSent) {
			t.Errorf("%s: %v, sent %d", req.Endpoint, err, s.count())
		}
	}
}

// TestCancelOverTheWire is the same over a real connection: the create is done
// once and its answer arrives though the caller left in the middle.
func TestCancelOverTheWire(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var done atomic.Int32
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		if r.Context().Err() == nil {
			done.Add(1)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"`+strings.Repeat("a", 24)+`"}`)
	})
	c := dialled(t, up.URL, nil)
	resp, err := c.Do(ctx, create)
	if err != nil || resp.Status != 201 || done.Load() != 1 {
		t.Errorf("%v %v, done %d", resp, err, done.Load())
	}
}
