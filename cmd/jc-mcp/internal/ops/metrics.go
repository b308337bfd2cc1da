package ops

import (
	"cmp"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// Labels of calls that fit no other: what a caller wrote never becomes one.
const (
	unknownTool = "unknown"
	fine        = "ok" // the outcome of a call that did not fail
)

// metrics are the counters that are counted as things happen. What can be looked at
// when it is asked for is in [Sources].
type metrics struct {
	registry *prometheus.Registry

	calls      *prometheus.CounterVec // tool, outcome, agent, org
	duration   *prometheus.HistogramVec
	inFlight   prometheus.Gauge
	approvals  *prometheus.CounterVec // event
	requests   *prometheus.CounterVec // method, path, status, org
	took       *prometheus.HistogramVec
	retries    *prometheus.CounterVec // org
	waits      *prometheus.CounterVec // org
	waited     *prometheus.CounterVec // org
	breaker    *prometheus.GaugeVec   // host, class, org, credential
	reloadErrs prometheus.Counter
	looked     sources
}

// seconds are the bounds of durations: from a call that sends nothing to one that
// waits for its whole budget.
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 45, 60}

func newMetrics(o Options) *metrics {
	count := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jc_mcp_" + name, Help: help}, labels)
	}
	timing := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "jc_mcp_" + name, Help: help, Buckets: seconds}, labels)
	}
	m := &metrics{
		registry:  prometheus.NewPedanticRegistry(),
		calls:     count("calls_total", "Calls of tools by what came of them: ok, or the code of the failure.", "tool", "outcome", "agent", "org"),
		duration:  timing("call_duration_seconds", "How long calls took, with all that they waited for.", "risk", "outcome"),
		inFlight:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "jc_mcp_calls_in_flight", Help: "Calls of tools that are under way."}),
		approvals: count("approvals_total", "What calls met of people: asked, approved, refused, expired.", "event"),
		requests:  count("upstream_requests_total", "Requests to JumpCloud, each attempt, by path template and status (none: no answer).", "method", "path", "status", "org"),
		took:      timing("upstream_duration_seconds", "How long each attempt at JumpCloud took.", "host", "class"),
		retries:   count("upstream_retries_total", "Attempts after the first.", "org"),
		waits:     count("limiter_waits_total", "Requests that waited for their turn: a free place, the end of a hold-back.", "org"),
		waited:    count("limiter_wait_seconds_total", "How long they waited.", "org"),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "jc_mcp_breaker_state",
			Help: "Circuit breaker: 0 closed, 1 one request tries, 2 open (nothing is sent)."}, []string{"host", "class", "org", "credential"}),
		reloadErrs: prometheus.NewCounter(prometheus.CounterOpts{Name: "jc_mcp_grants_reload_errors_total", Help: "Times that a changed grant file had a mistake and was not taken."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "jc_mcp_build_info", Help: "1; the version is a label.", ConstLabels: prometheus.Labels{"version": o.Version}})
	build.Set(1)
	for _, event := range []string{"asked", "approved", "refused", "expired"} {
		m.approvals.WithLabelValues(event) // there from the start, so that a rate has a beginning
	}
	m.registry.MustRegister(m.calls, m.duration, m.inFlight, m.approvals, m.requests, m.took, m.retries, m.waits, m.waited,
		m.breaker, m.reloadErrs, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// called counts a call that has ended.
func (m *metrics) called(org string, o tools.Observed) {
	outcome := cmp.Or(o.Code, fine)
	m.calls.WithLabelValues(cmp.Or(o.Tool, unknownTool), outcome, o.Agent, org).Inc()
	m.duration.WithLabelValues(o.Risk.String(), outcome).Observe(o.Took.Seconds())
	if o.Approval != "" {
		m.approvals.WithLabelValues(o.Approval).Inc()
	}
}

// sent counts an attempt.
func (m *metrics) sent(org string, a jc.Attempt) {
	m.requests.WithLabelValues(a.Endpoint.Method, a.Endpoint.Path, statusText(a.Status), org).Inc()
	m.took.WithLabelValues(hostOf(a), classOf(a)).Observe(a.Took.Seconds())
	if a.Number > 1 {
		m.retries.WithLabelValues(org).Inc()
	}
}

// GrantsReload counts a grant file that was not taken because of err; nil is one that was.
func (in *Instruments) GrantsReload(err error) {
	if in != nil && err != nil {
		in.reloadErrs.Inc()
	}
}

func hostOf(a jc.Attempt) string {
	if a.Insights {
		return "insights"
	}
	return "console"
}

func classOf(a jc.Attempt) string {
	if a.Effect == jc.Safe {
		return "read"
	}
	return "change"
}

func statusText(status int) string {
	switch {
	case status == 0:
		return "none"
	case status == 200: // without an allocation, as most are
		return "200"
	case status < 100 || status > 599:
		return "other"
	}
	return strconv.Itoa(status)
}
