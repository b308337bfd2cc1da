package jumpcloud

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const ok = `{"id":"1"}`

// TestRetryTable is the table of effects against failures: how often a request
// is sent, and what is said of it.
func TestRetryTable(t *testing.T) {
	good, down, gateway, limited := status(200, ok), status(503, `{"message":"busy"}`), status(502, "<html>"), status(429, `{"message":"too many"}`)
	cases := []struct {
		name      string
		req       Request
		steps     []step
		sent      int
		code      Code // "" for an answer
		outcome   Outcome
		ambiguous bool
	}{
		{"read, nothing written", read, []step{refused, good}, 2, "", 0, false},
		{"put, nothing written", put, []step{refused, good}, 2, "", 0, false},
		{"create, nothing written", create, []step{refused, refused, good}, 3, "", 0, false},
		{"create, never written", create, []step{refused}, 5, CodeUpstreamDown, NotSent, false},
		{"read, 429", read, []step{limited, good}, 2, "", 0, false},
		{"put, 429", put, []step{limited, good}, 2, "", 0, false},
		{"create, 429", create, []step{limited, good}, 2, "", 0, false},
		{"create, always 429", create, []step{limited}, 5, CodeRateLimited, NotDone, false},
		{"read, reset", read, []step{reset, good}, 2, "", 0, false},
		{"put, reset", put, []step{reset, good}, 2, "", 0, true},
		{"delete, reset", remove, []step{reset, status(204, "")}, 2, "", 0, true},
		{"create, reset", create, []step{reset, good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"create, 429 then reset", create, []step{limited, reset, good}, 2, CodeOutcomeUnknown, Unknown, false},
		{"read, always reset", read, []step{reset}, 5, CodeUpstreamDown, NotDone, false},
		{"put, always reset", put, []step{reset}, 5, CodeOutcomeUnknown, Unknown, false},
		{"read, cut", read, []step{cut(200, `{"id`), good}, 2, "", 0, false},
		{"put, cut", put, []step{cut(200, `{"id`), good}, 2, "", 0, true},
		{"create, cut", create, []step{cut(200, `{"id`), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"read, hang", read, []step{hang, good}, 2, "", 0, false},
		{"create, hang", create, []step{hang, good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"read, 503", read, []step{down, good}, 2, "", 0, false},
		{"read, 502 HTML", read, []step{gateway, good}, 2, "", 0, false},
		{"read, 500", read, []step{status(500, ""), good}, 2, "", 0, false},
		{"read, 504", read, []step{status(504, ""), good}, 2, "", 0, false},
		{"put, 503", put, []step{down, good}, 2, "", 0, true},
		{"create, 503", create, []step{down, good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"create, 500", create, []step{status(500, "{}"), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"read, always 503", read, []step{down}, 5, CodeUpstreamDown, NotDone, false},
		{"put, always 503", put, []step{down}, 5, CodeOutcomeUnknown, Unknown, false},
		{"put, 503 then 429 for ever", put, []step{down, limited}, 5, CodeOutcomeUnknown, Unknown, false},
		{"put, 503 then 403", put, []step{down, status(403, "{}")}, 2, CodeOutcomeUnknown, Unknown, false},
		{"put, reset then 409", put, []step{reset, status(409, "{}")}, 2, CodeOutcomeUnknown, Unknown, false},
		{"read, 501", read, []step{status(501, "{}")}, 1, CodeUpstreamDown, NotDone, false},
		{"delete, 404", remove, []step{status(404, "{}")}, 1, CodeNotFound, NotDone, false},
		{"delete, 429 then 404", remove, []step{limited, status(404, "{}")}, 2, CodeNotFound, NotDone, false},
		{"delete, nothing written then 404", remove, []step{refused, status(404, "{}")}, 2, CodeNotFound, NotDone, false},
		{"delete, reset then 404", remove, []step{reset, status(404, "{}")}, 2, "", 0, true},
		{"delete, 502 then 404", remove, []step{gateway, status(404, "{}")}, 2, "", 0, true},
		{"put, reset then 404", put, []step{reset, status(404, "{}")}, 2, CodeOutcomeUnknown, Unknown, false},
		{"read, redirect", read, []step{status(302, "", "Location", "https://evil.test/"), good}, 1, CodeUpstreamDown, NotDone, false},
		{"put, redirect", put, []step{status(307, "", "Location", "https://evil.test/"), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"create, redirect", create, []step{status(303, "", "Location", ":bad:"), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"read, HTML 200", read, []step{status(200, "<!doctype html>"), good}, 1, CodeUpstreamDown, NotDone, false},
		{"put, HTML 200", put, []step{status(200, " <html>"), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"create, HTML 200", create, []step{status(200, "<html>"), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"read, broken JSON", read, []step{status(200, `{"id":`), good}, 1, CodeUpstreamDown, NotDone, false},
		{"create, broken JSON", create, []step{status(201, `{"id":`), good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"create, a plain word", create, []step{status(200, "OK", "Content-Type", "text/plain")}, 1, "", 0, false},
		{"read, JSON as text", read, []step{status(200, ok, "Content-Type", "text/html")}, 1, "", 0, false},
		{"read, empty 200", read, []step{status(200, "")}, 1, CodeUpstreamDown, NotDone, false},
		{"read, 204", read, []step{status(204, "")}, 1, "", 0, false},
		{"create, 201", create, []step{status(201, ok)}, 1, "", 0, false},
		{"read, 400", read, []step{status(400, "{}")}, 1, CodeInvalidArgument, NotDone, false},
		{"create, 412", create, []step{status(412, "{}")}, 1, CodeInvalidArgument, NotDone, false},
		{"create, 422", create, []step{status(422, "{}")}, 1, CodeInvalidArgument, NotDone, false},
		{"create, 428", create, []step{status(428, "{}")}, 1, CodeInvalidArgument, NotDone, false},
		{"create, 409", create, []step{status(409, "{}")}, 1, CodeConflict, NotDone, false},
		{"read, 403", read, []step{status(403, "{}")}, 1, CodeForbidden, NotDone, false},
		{"read, 401", read, []step{status(401, "{}")}, 1, CodeUnauthorized, NotDone, false},
		{"create, 403 cut short", create, []step{cut(403, `{"mess`)}, 1, CodeForbidden, NotDone, false},
		{"create, a transport that reports nothing", create, []step{mute, good}, 1, CodeOutcomeUnknown, Unknown, false},
		{"read, a transport that reports nothing", read, []step{mute, good}, 2, "", 0, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(t, nil, tc.steps...)
				start := time.Now()
				resp, err := c.Do(context.Background(), tc.req)
				if s.count() != tc.sent {
					t.Errorf("sent %d times, want %d", s.count(), tc.sent)
				}
				if d := time.Since(start); d > 45*time.Second {
					t.Errorf("took %v", d)
				}
				if tc.code == "" {
					if err != nil {
						t.Fatalf("error: %v", err)
					}
					if resp.Ambiguous != tc.ambiguous || resp.Attempts != tc.sent {
						t.Errorf("ambiguous %v attempts %d", resp.Ambiguous, resp.Attempts)
					}
					return
				}
				e := asError(t, err)
				if e == nil {
					t.Fatalf("answered %d, want %s", resp.Status, tc.code)
				}
				if e.Code != tc.code || e.Outcome != tc.outcome || e.Attempts != tc.sent || e.Endpoint != tc.req.Endpoint {
					t.Errorf("got %+v", *e)
				}
			})
		})
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, status(429, "{}"))
		_, err := c.Do(context.Background(), create)
		e := asError(t, err)
		if got := time.Until(e.RetryAt); got != 30*time.Second {
			t.Errorf("RetryAt in %v, want the vendor's 30 s", got)
		}
		for i := 1; i < len(s.seen); i++ { // 1, 2, 4, 8 s, a quarter up or down
			step := time.Second << (i - 1)
			if gap := s.seen[i].at.Sub(s.seen[i-1].at); gap < step*3/4 || gap > step*5/4 {
				t.Errorf("gap %d is %v", i, gap)
			}
		}
		c, s = scripted(t, nil, status(503, "{}"))
		_, _ = c.Do(context.Background(), read)
		for i := 1; i < len(s.seen); i++ {
			if gap := s.seen[i].at.Sub(s.seen[i-1].at); gap > time.Second<<(i-1) {
				t.Errorf("gap %d is %v", i, gap)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	base := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		value string
		want  int
		given bool
	}{
		{"", 0, false}, {"0", 0, true}, {"30", 30, true}, {"3600", 3600, true}, {"3601", 3600, true},
		{"1000000000000000000", 3600, true}, {"99999999999999999999999999", 3600, true},
		{"-5", 0, false}, {"1.5", 0, false}, {"soon", 0, false}, {"1e9", 0, false},
		{base.Add(90 * time.Second).Format(http.TimeFormat), 90, true},
		{base.Add(-time.Hour).Format(http.TimeFormat), 0, true},
		{base.Add(1000 * time.Hour).Format(http.TimeFormat), 3600, true},
	} {
		h := http.Header{"Date": {base.Format(http.TimeFormat)}}
		if tc.value != "" {
			h.Set("Retry-After", tc.value)
		}
		if got, given := retryAfter(h); got != tc.want || given != tc.given {
			t.Errorf("%q: %d %v, want %d %v", tc.value, got, given, tc.want, tc.given)
		}
	}
}

// TestRetryAfterThatFits waits exactly, then goes on.
func TestRetryAfterThatFits(t *testing.T) {
	for _, d := range []int{1, 30} {
		synctest.Test(t, func(t *testing.T) {
			c, s := scripted(t, nil, status(429, "{}", "Retry-After", strconv.Itoa(d)), status(200, ok))
			if _, err := c.Do(context.Background(), create); err != nil {
				t.Fatal(err)
			}
			wait := s.seen[1].at.Sub(s.seen[0].at)
			if least := time.Duration(d) * time.Second; wait < least || wait > least+time.Second {
				t.Errorf("waited %v for Retry-After %d", wait, d)
			}
		})
	}
}

// TestRetryAfterTooLong gives the time to the agent at once, and holds the
// others back: those that cannot wait are told without being sent, those that
// can wait do.
func TestRetryAfterTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, status(429, `{"message":"slow down"}`, "Retry-After", "60"), status(200, ok))
		start := time.Now()
		_, err := c.Do(context.Background(), read)
		e := asError(t, err)
		if e.Code != CodeRateLimited || e.Status != 429 || e.Message != "slow down" || e.Outcome != NotDone || e.Attempts != 1 {
			t.Errorf("got %+v", *e)
		}
		until := start.Add(time.Minute)
		if !e.RetryAt.Equal(until) || time.Since(start) != 0 {
			t.Errorf("RetryAt %v, want %v, after %v", e.RetryAt, until, time.Since(start))
		}

		_, err = c.Do(context.Background(), create) // 45 s are not enough
		if e = asError(t, err); e.Code != CodeRateLimited || e.Outcome != NotSent || e.Attempts != 0 || !e.RetryAt.Equal(until) || s.count() != 1 {
			t.Errorf("held back: %+v, sent %d", *e, s.count())
		}
		if time.Since(start) != 0 {
			t.Errorf("told after %v", time.Since(start))
		}

		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if _, err = c.Do(ctx, create); err != nil {
			t.Fatal(err)
		}
		if got := s.seen[1].at; got.Before(until) || got.After(until.Add(time.Second)) {
			t.Errorf("sent %v after the start", got.Sub(start))
		}
	})
}

func TestAbsurdRetryAfterHoldsForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(t, nil, status(429, "{}", "Retry-After", "1000000000000000000"), status(200, ok))
		start := time.Now()
		_, err := c.Do(context.Background(), read)
		if e := asError(t, err); !e.RetryAt.Equal(start.Add(time.Hour)) {
			t.Errorf("RetryAt %v", e.RetryAt.Sub(start))
		}
		time.Sleep(time.Hour)
		if _, err := c.Do(context.Background(), read); err != nil {
			t.Errorf("after the hour: %v", err)
		}
	})
}

// TestRetryAfterAfterDoubt: a hold-back must not turn "may have been done" into "not done".
func TestRetryAfterAfterDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(t, nil, reset, status(429, "{}", "Retry-After", "600"))
		_, err := c.Do(context.Background(), put)
		if e := asError(t, err); e.Code != CodeOutcomeUnknown || e.Outcome != Unknown || e.RetryAt.IsZero() {
			t.Errorf("got %+v", *e)
		}
	})
}

func TestServerErrorNamesATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, status(503, "{}", "Retry-After", "10"), status(200, ok))
		if _, err := c.Do(context.Background(), read); err != nil {
			t.Fatal(err)
		}
		if wait := s.seen[1].at.Sub(s.seen[0].at); wait < 10*time.Second {
			t.Errorf("waited %v", wait)
		}
		c, s = scripted(t, nil, status(503, "{}", "Retry-After", "120"))
		_, err := c.Do(context.Background(), read)
		if e := asError(t, err); s.count() != 1 || e.Code != CodeUpstreamDown || time.Until(e.RetryAt) != 2*time.Minute {
			t.Errorf("sent %d: %+v", s.count(), *e)
		}
	})
}

// TestNeverPastTheDeadline: whatever fails, the answer comes inside the caller's
// time, and the budget when there is none.
func TestNeverPastTheDeadline(t *testing.T) {
	for name, st := range map[string]step{"503": status(503, "{}"), "429": status(429, "{}"), "429 with 20": status(429, "{}", "Retry-After", "20"), "reset": reset, "hang": hang, "refused": refused} {
		for _, given := range []time.Duration{0, 300 * time.Millisecond, 3 * time.Second, 50 * time.Second} {
			for _, req := range []Request{read, put} {
				synctest.Test(t, func(t *testing.T) {
					c, _ := scripted(t, nil, st)
					ctx, want := context.Background(), 45*time.Second
					if given > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, given)
						defer cancel()
						want = given
					}
					start := time.Now()
					_, err := c.Do(ctx, req)
					if d := time.Since(start); d > want {
						t.Errorf("%s, %v: answered after %v", name, given, d)
					}
					if asError(t, err) == nil {
						t.Errorf("%s: no error", name)
					}
					synctest.Wait()
				})
			}
		}
	}
}

func TestRenewOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		renew []bool
		steps []step
		req   Request
		sent  int
		code  Code
	}{
		{"renewed", []bool{true}, []step{status(401, "{}"), status(200, ok)}, create, 2, ""},
		{"nothing new", []bool{false}, []step{status(401, "{}"), status(200, ok)}, create, 1, CodeUnauthorized},
		{"refused again", []bool{true, true}, []step{status(401, "{}")}, read, 2, CodeUnauthorized},
		{"refused after doubt", []bool{false}, []step{reset, status(401, "{}")}, put, 2, CodeOutcomeUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				c, s := scripted(t, func(cfg *Config) {
					cfg.Renew = func(ctx context.Context, refused *http.Request) bool {
						if _, bounded := ctx.Deadline(); !bounded || refused == nil || refused.URL.Host != "console.test" {
							t.Errorf("bounded %v, request %v", bounded, refused)
						}
						calls++
						return tc.renew[calls-1]
					}
				}, tc.steps...)
				_, err := c.Do(context.Background(), tc.req)
				if e := asError(t, err); s.count() != tc.sent || calls != 1 || (e == nil) != (tc.code == "") || e != nil && e.Code != tc.code {
					t.Errorf("sent %d, renewed %d, %v", s.count(), calls, err)
				}
			})
		})
	}
}

type signing struct{ unauthorized bool }

func (signing) Error() string        { return "signer: https://secret.example/?token=x" }
func (signing) NotSent() bool        { return true }
func (signing) Why() string          { return "the secret cannot be read" }
func (s signing) Unauthorized() bool { return s.unauthorized }

// TestProxyIsNamed: an operator who reads "connection refused" must know by whom.
func TestProxyIsNamed(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for _, scheme := range []string{"http", "socks5"} {
		transport, err := NewTransport(TransportOptions{Proxy: &url.URL{Scheme: scheme, Host: closed.Addr().String()}})
		if err != nil {
			t.Fatal(err)
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://jumpcloud.example", nil)
		_, err = transport.RoundTrip(req)
		if cause, _, _ := explain(answer{err: err}); cause != "at the proxy: connection refused" {
			t.Errorf("%s: %q of %v", scheme, cause, err)
		}
	}
	if cause, _, _ := explain(answer{err: syscall.ECONNREFUSED}); cause != "connection refused" {
		t.Error(cause)
	}
}

// TestUnsentErrors: a signer that failed knows that nothing was sent.
func TestUnsentErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := func(unauthorized bool) step {
			return func(*http.Request) (*http.Response, error) { return nil, signing{unauthorized} }
		}
		c, s := scripted(t, nil, fail(true))
		_, err := c.Do(context.Background(), create)
		if e := asError(t, err); e.Code != CodeUnauthorized || e.Outcome != NotSent || e.Cause != "the secret cannot be read" || s.count() != 1 {
			t.Errorf("sent %d, %+v", s.count(), *e)
		}
		c, s = scripted(t, nil, fail(false), fail(false), status(200, ok))
		if _, err := c.Do(context.Background(), create); err != nil || s.count() != 3 {
			t.Errorf("sent %d, %v", s.count(), err)
		}
	})
}
