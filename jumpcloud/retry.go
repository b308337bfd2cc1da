package jumpcloud

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// pace holds the times of the retry loop; tests make them short.
type pace struct {
	base    time.Duration // first step of the backoff
	cap     time.Duration // its longest wait
	second  time.Duration // what one second of Retry-After is
	attempt time.Duration // the longest that one attempt may take
	finish  time.Duration // how long a written Once request may go on after its caller left
	margin  time.Duration // what must be left of the budget after a wait
}

func (p pace) orDefaults() pace {
	return pace{
		base:    cmp.Or(p.base, time.Second),
		cap:     cmp.Or(p.cap, 20*time.Second),
		second:  cmp.Or(p.second, time.Second),
		attempt: cmp.Or(p.attempt, 30*time.Second),
		finish:  cmp.Or(p.finish, 20*time.Second),
		margin:  cmp.Or(p.margin, 100*time.Millisecond),
	}
}

const (
	maxRetryAfter = 3600 // seconds; more is not believed
	adviceSeconds = 30   // the vendor's advice for a 429 that names no time
)

// progress is what is known about a call between its attempts.
type progress struct {
	attempts  int
	reached   bool // an attempt may have reached JumpCloud
	ambiguous bool // an attempt that changes something went without a clear answer
	renewed   bool
	last      *Error // what the latest attempt came to
}

// verdict is what follows from one attempt: an answer, another try, or an error.
type verdict struct {
	resp  *Response
	err   *Error        // the error, or what it will be when there is no other try
	again bool          // another try is allowed
	wait  time.Duration // before it; negative when the hold-back says how long
	free  bool          // the try does not count against the limit
}

// run sends a call until it is answered or may not be sent again.
func (c *Client) run(ctx context.Context, k *call) (*Response, *Error) {
	st := &progress{}
	for {
		a, e := c.try(ctx, k, st)
		if e != nil {
			return nil, e
		}
		st.attempts++
		st.reached = st.reached || a.reached
		v := c.judge(ctx, k, st, a)
		if v.err == nil {
			return v.resp, nil
		}
		st.last = v.err
		switch {
		case !v.again:
			return nil, v.err
		case ctx.Err() != nil && a.status == 0:
			return nil, st.gone(ctx, k)
		case st.attempts >= c.cfg.Attempts && !v.free:
			return nil, v.err
		case v.wait < 0:
			continue // admit waits, or gives up at once
		case !c.fits(k, v.wait):
			return nil, v.err
		case !sleep(ctx, v.wait):
			return nil, st.gone(ctx, k)
		}
	}
}

// try makes one attempt, once there is a place for it and its host is not known to fail.
func (c *Client) try(ctx context.Context, k *call, st *progress) (a answer, e *Error) {
	if k.circuit.open() { // at once: places are for what is sent
		return a, st.cut(k)
	}
	arrived := time.Now()
	leave, e := c.admit(ctx, k, st)
	c.waited(ctx, arrived)
	if e != nil {
		return a, e
	}
	defer leave()
	told, ok := k.circuit.enter()
	if !ok {
		return a, st.cut(k)
	}
	says := errNoVerdict // of an attempt that panics
	defer func() { told(says) }()
	start := time.Now()
	a = c.attempt(ctx, k)
	says = a.host(ctx)
	c.sent(ctx, k, st.attempts+1, start, a)
	return a, nil
}

// admit waits until the organization is not held back and a place is free.
func (c *Client) admit(ctx context.Context, k *call, st *progress) (leave func(), e *Error) {
	for {
		now := time.Now()
		if until := c.hold.get(now); !until.IsZero() {
			wait := until.Sub(now)
			if !c.fits(k, wait) {
				return nil, st.held(k, until)
			}
			if spread := time.Duration(rand.Int64N(int64(c.cfg.pace.base))); c.fits(k, wait+spread) {
				wait += spread // all who waited should not come back at one moment
			}
			if !sleep(ctx, wait) {
				return nil, st.gone(ctx, k)
			}
		}
		leave, err := c.limits.enter(ctx, k.agent)
		if err != nil {
			return nil, st.gone(ctx, k)
		}
		if !c.hold.get(time.Now()).IsZero() {
			leave() // held back while it waited for a place
			continue
		}
		again, e := c.turn(ctx, k, st, leave)
		if e != nil {
			return nil, e
		}
		switch {
		case again:
		case c.hold.get(time.Now()).IsZero():
			return leave, nil
		default:
			leave() // held back while it waited for its turn
		}
	}
}

func (c *Client) fits(k *call, wait time.Duration) bool {
	return time.Now().Add(wait + c.cfg.pace.margin).Before(k.deadline())
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// judge decides what an attempt means. Its rules are those of the effect: what
// certainly was not done may be sent again, what may have been done only when
// doing it twice is the same as once.
func (c *Client) judge(ctx context.Context, k *call, st *progress, a answer) verdict {
	switch s := a.status; {
	case s == 0:
		return c.noAnswer(k, st, a)
	case s >= 200 && s < 300:
		return c.success(k, st, a)
	case s < 400:
		return st.doubtful(k, a, CodeUpstreamDown, "redirect")
	case s == http.StatusUnauthorized:
		v := verdict{err: st.fail(k, a, CodeUnauthorized, "")}
		if !st.renewed && c.cfg.Renew != nil {
			st.renewed = true
			rctx, cancel := context.WithDeadline(ctx, k.deadline())
			defer cancel()
			v.again = c.cfg.Renew(rctx, a.sent)
			v.free = v.again
		}
		return v
	case s == http.StatusTooManyRequests:
		return c.limited(ctx, k, st, a)
	case s == http.StatusNotFound && k.endpoint.Method == http.MethodDelete && st.ambiguous:
		r := st.response(k, a) // the attempt that went unanswered did it
		r.Body = nil
		return verdict{resp: r}
	case s == http.StatusNotImplemented || s == http.StatusHTTPVersionNotSupported:
		return verdict{err: st.fail(k, a, CodeUpstreamDown, "")}
	case s >= 500 || s == http.StatusRequestTimeout:
		return c.unclear(k, st, a, CodeUpstreamDown, "")
	}
	return verdict{err: st.fail(k, a, refusal(a.status), "")}
}

func refusal(status int) Code {
	switch status {
	case http.StatusPaymentRequired, http.StatusForbidden:
		return CodeForbidden
	case http.StatusNotFound, http.StatusGone:
		return CodeNotFound
	case http.StatusConflict:
		return CodeConflict
	}
	return CodeInvalidArgument
}

// noAnswer: the connection gave an error before a status came.
func (c *Client) noAnswer(k *call, st *progress, a answer) verdict {
	var unsent Unsent
	if errors.As(a.err, &unsent) && unsent.NotSent() {
		if unsent.Unauthorized() {
			return verdict{err: st.fail(k, a, CodeUnauthorized, unsent.Why())}
		}
		return verdict{err: st.fail(k, a, CodeUpstreamDown, unsent.Why()), again: true, wait: c.backoff(st)}
	}
	cause, code, permanent := explain(a)
	if !a.reached {
		return verdict{err: st.fail(k, a, code, cause), again: !permanent, wait: c.backoff(st)}
	}
	return c.unclear(k, st, a, code, cause)
}

// unclear: it may have been done.
func (c *Client) unclear(k *call, st *progress, a answer, code Code, cause string) verdict {
	v := verdict{again: k.effect != Once, wait: c.backoff(st)}
	st.ambiguous = st.ambiguous || k.effect != Safe
	v.err = st.fail(k, a, code, cause)
	if after, given := retryAfter(a.header); given && a.status != 0 {
		wait := time.Duration(after) * c.cfg.pace.second
		v.wait = max(v.wait, wait)
		v.err.RetryAt = time.Now().Add(wait)
	}
	return v
}

// doubtful: an answer that cannot be used and that asking again would not mend.
func (st *progress) doubtful(k *call, a answer, code Code, cause string) verdict {
	st.ambiguous = st.ambiguous || k.effect != Safe
	return verdict{err: st.fail(k, a, code, cause)}
}

// limited: JumpCloud refused it for being too much; certainly not done. A time
// that it names holds back everything this client would send, and whoever shares its
// limiter.
func (c *Client) limited(ctx context.Context, k *call, st *progress, a answer) verdict {
	v := verdict{err: st.fail(k, a, CodeRateLimited, ""), again: true}
	after, given := retryAfter(a.header)
	switch {
	case given && after > 0:
		until := time.Now().Add(time.Duration(after) * c.cfg.pace.second)
		c.hold.extend(until)
		v.err.RetryAt, v.wait = until, -1
	case given:
		v.err.RetryAt, v.wait = time.Now(), c.backoff(st)
	default:
		step := min(c.cfg.pace.cap, c.cfg.pace.base<<min(st.attempts-1, 10))
		v.wait = step*3/4 + time.Duration(rand.Int64N(int64(step/2)+1))
		v.err.RetryAt = time.Now().Add(adviceSeconds * c.cfg.pace.second)
	}
	if c.cfg.Limiter != nil {
		until := time.Time{}
		if given {
			until = v.err.RetryAt
		}
		c.cfg.Limiter.Limited(ctx, until)
	}
	return v
}

// success: 2xx, if the body says the same. Reads need JSON; a write whose answer
// is markup or broken JSON came from something other than the API.
func (c *Client) success(k *call, st *progress, a answer) verdict {
	body := trim(a.body)
	switch {
	case a.err != nil && a.tooLarge():
		return st.doubtful(k, a, CodeTooLarge, "answer too large")
	case a.err != nil:
		cause, code, _ := explain(a)
		return c.unclear(k, st, a, code, cause)
	case k.raw || k.endpoint.Method == http.MethodHead:
	case looksLikeHTML(body):
		return st.doubtful(k, a, CodeUpstreamDown, "HTML instead of JSON")
	case len(body) == 0:
		if k.effect == Safe && a.status != http.StatusNoContent {
			return st.doubtful(k, a, CodeUpstreamDown, "empty answer")
		}
	case json.Valid(body):
	case k.effect == Safe || bytes.IndexByte([]byte(`{["`), body[0]) >= 0: // a write may answer a plain word
		return st.doubtful(k, a, CodeUpstreamDown, "not JSON")
	}
	return verdict{resp: st.response(k, a)}
}

func (st *progress) response(k *call, a answer) *Response {
	return &Response{
		Status: a.status, Header: a.header, Body: a.body, Attempts: st.attempts, Ambiguous: st.ambiguous,
		endpoint: k.endpoint, effect: k.effect,
	}
}

// fail makes the error of an attempt. Once an attempt was ambiguous no later
// refusal proves that nothing was done.
func (st *progress) fail(k *call, a answer, code Code, cause string) *Error {
	e := &Error{Code: code, Endpoint: k.endpoint, Status: a.status, Attempts: st.attempts, Cause: cause}
	if a.status >= 400 {
		e.Message = said(a.body)
	}
	return st.settle(e)
}

func (st *progress) settle(e *Error) *Error {
	switch {
	case st.ambiguous:
		e.Code, e.Outcome = CodeOutcomeUnknown, Unknown
	case st.reached:
		e.Outcome = NotDone
	}
	return e
}

// held is the error of a call that cannot wait for the end of the hold-back.
func (st *progress) held(k *call, until time.Time) *Error {
	e := &Error{Code: CodeRateLimited, Endpoint: k.endpoint, RetryAt: until, Attempts: st.attempts, Cause: "held back until then"}
	if st.last != nil {
		e.Status, e.Message = st.last.Status, st.last.Message
	}
	return st.settle(e)
}

// gone is the error of a call whose caller left or whose time is up.
func (st *progress) gone(ctx context.Context, k *call) *Error {
	e := &Error{Code: CodeTimeout, Endpoint: k.endpoint, Attempts: st.attempts, Cause: whyGone(ctx)}
	if st.last != nil {
		e.Status, e.Message, e.RetryAt = st.last.Status, st.last.Message, st.last.RetryAt
	}
	return st.settle(e)
}

func whyGone(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "deadline"
	}
	return "cancelled"
}

// backoff is full jitter: anything up to a bound that doubles with each attempt.
func (c *Client) backoff(st *progress) time.Duration {
	bound := min(c.cfg.pace.cap, c.cfg.pace.base<<min(st.attempts-1, 10))
	return time.Duration(rand.Int64N(int64(bound) + 1))
}

// retryAfter reads the header in either form, in seconds, capped at an hour. A
// date counts from the answer's own clock when it tells it.
func retryAfter(h http.Header) (seconds int, given bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	if isDigits(v) {
		if n, err := strconv.Atoi(v); err == nil && n < maxRetryAfter {
			return n, true
		}
		return maxRetryAfter, true
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	now := time.Now()
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		now = d
	}
	d := t.Sub(now)
	if d > maxRetryAfter*time.Second {
		return maxRetryAfter, true
	}
	return max(0, int((d+time.Second-1)/time.Second)), true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}
