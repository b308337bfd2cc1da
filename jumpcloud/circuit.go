package jumpcloud

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// When a host fails, asking it again and again helps neither side: each call would
// wait for its attempts and its time, and take the places of calls to what still
// works. So for a while nothing is sent to it, and callers hear at once when to try
// again.
const (
	circuitRow      = 12              // failures without a success between them open it: an outage
	circuitRequests = 20              // fewer in the window say nothing
	circuitPercent  = 60              // of them that failed open it: half an outage
	circuitWindow   = time.Minute     // longer than any attempt, which counts for when it began
	circuitStep     = 5 * time.Second // in which the window moves on
	circuitPause    = 5 * time.Second // in which nothing is sent; then one request tries
)

// CircuitState is that of one circuit; see [Observer].
type CircuitState uint8

// The states. From open it comes to half-open, where one request tries whether the
// host is back.
const (
	CircuitClosed CircuitState = iota
	CircuitHalfOpen
	CircuitOpen
)

// circuits are the circuit breakers of a client: one for each host, and there for
// reads and for all else apart, because the one can fail without the other and what
// was changed has to be read back.
type circuits struct{ console, insights, changes *circuit }

func newCircuits(cfg *Config) circuits {
	s := circuits{console: newCircuit("console", "read", cfg.Observe), changes: newCircuit("console", "change", cfg.Observe)}
	s.insights = s.console
	if cfg.Hosts.Insights.Host != cfg.Hosts.Console.Host {
		s.insights = newCircuit("insights", "read", cfg.Observe) // nothing is changed there
	}
	return s
}

// of is the circuit that a request belongs to.
func (s circuits) of(insights bool, e Effect) *circuit {
	switch {
	case insights:
		return s.insights
	case e == Safe:
		return s.console
	}
	return s.changes
}

type circuit struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	until   atomic.Int64 // Unix nanoseconds at which the pause ends
}

// What a request says about its host, beside nil for "it works".
var (
	errHostDown  = errors.New("down")
	errNoVerdict = errors.New("says nothing about the host")
)

func newCircuit(host, class string, o Observer) *circuit {
	c := &circuit{}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1, Interval: circuitWindow, BucketPeriod: circuitStep, Timeout: circuitPause,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			judged := n.TotalSuccesses + n.TotalFailures
			return n.ConsecutiveFailures >= circuitRow || judged >= circuitRequests && n.TotalFailures*100 >= judged*circuitPercent
		},
		IsExcluded: func(err error) bool { return errors.Is(err, errNoVerdict) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				c.until.Store(time.Now().Add(circuitPause).UnixNano())
			}
			if o != nil {
				o.Circuit(host, class, stateOf(to))
			}
		},
	})
	return c
}

func stateOf(s gobreaker.State) CircuitState {
	switch s {
	case gobreaker.StateOpen:
		return CircuitOpen
	case gobreaker.StateHalfOpen:
		return CircuitHalfOpen
	}
	return CircuitClosed
}

// open says that nothing may be sent, without taking the turn of a request that may.
func (c *circuit) open() bool { return c.breaker.State() == gobreaker.StateOpen }

// enter lets a request through, or not. What it said about the host goes to told,
// once.
func (c *circuit) enter() (told func(error), ok bool) {
	told, err := c.breaker.Allow()
	return told, err == nil
}

// retryAt is when another try makes sense: a whole second, since that is how it is
// told. While one request tries whether the host is back, that is soon.
func (c *circuit) retryAt() time.Time {
	at := time.Unix(0, c.until.Load())
	if now := time.Now(); at.Before(now) {
		at = now
	}
	return at.Truncate(time.Second).Add(time.Second)
}

// cut is the error of a call whose request is not sent because its host fails.
func (st *progress) cut(k *call) *Error {
	e := &Error{Code: CodeUpstreamDown, Endpoint: k.endpoint, RetryAt: k.circuit.retryAt(), Attempts: st.attempts, Cause: "so many requests failed that none is sent for a few seconds"}
	if st.last != nil {
		e.Status, e.Message = st.last.Status, st.last.Message
	}
	return st.settle(e)
}

// host is what an attempt says about its host. A refusal, being asked to wait, and
// an answer that cannot be used all show that it works; a caller that left, and a
// credential that could not be had, show nothing.
func (a answer) host(ctx context.Context) error {
	var unsent Unsent
	switch broken := a.status == 0 || a.err != nil && !a.tooLarge(); {
	case errors.As(a.err, &unsent) && unsent.NotSent():
		return errNoVerdict
	case broken && ctx.Err() != nil && !a.late:
		return errNoVerdict
	case broken:
		return errHostDown
	case a.status == http.StatusNotImplemented, a.status == http.StatusHTTPVersionNotSupported:
		return nil
	case a.status >= 500:
		return errHostDown
	}
	return nil
}
