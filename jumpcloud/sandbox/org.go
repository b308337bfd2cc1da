package sandbox

import (
	"net/http"
	"sync/atomic"
)

// Org is one organisation. All methods may be called from many goroutines.
type Org struct {
	opt      Options
	requests atomic.Int64
}

// New builds an organisation.
func New(opt Options) (*Org, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Org{opt: opt}, nil
}

// ServeHTTP answers requests of all three hosts.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.requests.Add(1)
	http.NotFound(w, r)
}

// Transport answers requests in the process, without sockets.
func (o *Org) Transport() http.RoundTripper { return http.DefaultTransport }

// Requests is the number of requests served so far.
func (o *Org) Requests() int { return int(o.requests.Load()) }

// Snapshot is a deep copy of all collections by name.
func (o *Org) Snapshot() map[string][]map[string]any { return nil }
