package ops

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Sources are what is looked at when metrics are asked for, and whether the server is
// ready. Each may be nil: there is no such thing then, and no metric of it.
type Sources struct {
	// Audit is nil while lines can be written, else why not; AuditFailures counts the
	// lines that could not be.
	Audit         func() error
	AuditFailures func() uint64
	// Stops is how many lines the kill switch has; an error says that it cannot be
	// read, which stops changes too.
	Stops func() (int, error)
	// Waiting is how many requests wait for a person.
	Waiting func() (int, error)
	// Stale is true while the grants in force are not those of their file.
	Stale func() bool
	// StaleOrgs is true while the organisations served are not those of their file.
	StaleOrgs func() bool
	// Store is nil while the shared store answers.
	Store func() error
}

// sources collects what Sources tell, and the credentials.
type sources struct {
	Sources
	mu          sync.Mutex
	credentials []credential
}

type credential struct {
	org, name string
	of        auth.Credential
}

// Watch adds what is looked at. It is called once.
func (in *Instruments) Watch(s Sources) {
	if in != nil {
		in.looked.Sources = s
		in.registry.MustRegister(&in.looked)
	}
}

// Credential watches a credential: when its token ends, which secret is in use, and
// how old the files of its secrets are. name is "" for the only one of its organisation.
// One of the same name is watched no longer.
func (in *Instruments) Credential(org, name string, c auth.Credential) {
	if in == nil || c == nil {
		return
	}
	in.looked.mu.Lock()
	defer in.looked.mu.Unlock()
	in.looked.drop(org, name)
	in.looked.credentials = append(in.looked.credentials, credential{org, name, c})
}

// Forget ends watching a credential.
func (in *Instruments) Forget(org, name string) {
	if in == nil {
		return
	}
	in.looked.mu.Lock()
	defer in.looked.mu.Unlock()
	in.looked.drop(org, name)
}

// drop takes a credential out; the caller has the lock.
func (s *sources) drop(org, name string) {
	s.credentials = slices.DeleteFunc(s.credentials, func(c credential) bool { return c.org == org && c.name == name })
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("jc_mcp_"+name, help, labels, nil)
}

var (
	auditUp       = described("audit_up", "1 while audit lines can be written; else changes are refused.")
	auditFailures = described("audit_failures_total", "Audit lines that could not be written.")
	killSwitch    = described("kill_switch", "What is stopped by the kill switch: 0 nothing, else how many stops there are; -1 when it cannot be read, and changes are refused.")
	waiting       = described("approvals_waiting", "Requests that wait for a person.")
	grantsStale   = described("grants_stale", "1 while the grants in force are not those of their file, which has a mistake.")
	orgsStale     = described("orgs_stale", "1 while the organisations served are not those of their file, which has a mistake.")
	storeUp       = described("store_up", "1 while the shared store answers; else changes that need it are refused.")
	tokenExpiry   = described("token_expiry_seconds", "Until the access token for JumpCloud ends; it is renewed before.", "org", "credential")
	secretInUse   = described("secret_in_use", "1 for the secret that worked last.", "org", "credential", "secret")
	secretAge     = described("secret_age_seconds", "Since the file of the secret was written.", "org", "credential", "secret")
)

// Describe tells of no metric: which there are depends on what there is.
func (s *sources) Describe(chan<- *prometheus.Desc) {}

// Collect looks at everything.
func (s *sources) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if s.Audit != nil {
		gauge(auditUp, oneIf(s.Audit() == nil))
	}
	if s.AuditFailures != nil {
		out <- prometheus.MustNewConstMetric(auditFailures, prometheus.CounterValue, float64(s.AuditFailures()))
	}
	if s.Stops != nil {
		n, err := s.Stops()
		if err != nil {
			n = -1
		}
		gauge(killSwitch, float64(n))
	}
	if s.Waiting != nil {
		if n, err := s.Waiting(); err == nil {
			gauge(waiting, float64(n))
		}
	}
	if s.Stale != nil {
		gauge(grantsStale, oneIf(s.Stale()))
	}
	if s.StaleOrgs != nil {
		gauge(orgsStale, oneIf(s.StaleOrgs()))
	}
	if s.Store != nil {
		gauge(storeUp, oneIf(s.Store() == nil))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.credentials {
		c.collect(gauge)
	}
}

func (c credential) collect(gauge func(*prometheus.Desc, float64, ...string)) {
	now, state := time.Now(), auth.StateOf(c.of)
	if !state.TokenUntil.IsZero() {
		gauge(tokenExpiry, max(0, state.TokenUntil.Sub(now).Seconds()), c.org, c.name)
	}
	for i, secret := range state.Secrets {
		word := [...]string{"first", "second"}
		name := strconv.Itoa(i + 1)
		if i < len(word) {
			name = word[i]
		}
		gauge(secretInUse, oneIf(secret.InUse), c.org, c.name, name)
		if !secret.Written.IsZero() {
			gauge(secretAge, now.Sub(secret.Written).Seconds(), c.org, c.name, name)
		}
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
