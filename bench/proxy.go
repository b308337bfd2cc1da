package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"time"
)

// proxy stands between the server and the sandbox: it notes every request and
// can make each of them late, as a network would.
type proxy struct {
	url    string
	server *http.Server
	pool   *http.Transport

	mu      sync.Mutex
	seen    []asked
	latency time.Duration
}

// asked is a request that went by.
type asked struct {
	method, path string
	uri          string // with the query
}

func startProxy(ctx context.Context, to string) (*proxy, error) {
	target, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{url: "http://" + l.Addr().String(), pool: &http.Transport{MaxIdleConnsPerHost: 64}}
	forward := &httputil.ReverseProxy{Transport: p.pool, ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	p.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen = append(p.seen, asked{r.Method, r.URL.Path, r.URL.RequestURI()})
		late := p.latency
		p.mu.Unlock()
		if late > 0 {
			select {
			case <-time.After(late):
			case <-r.Context().Done():
				return
			}
		}
		forward.ServeHTTP(w, r)
	})}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

func (p *proxy) close() {
	_ = p.server.Close()
	p.pool.CloseIdleConnections()
}

// slow makes every request from now on this late.
func (p *proxy) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = d
}

// forget starts counting anew.
func (p *proxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = nil
}

// requests are those since forget.
func (p *proxy) requests() []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// sent counts the requests of this method to this path.
func (p *proxy) sent(method, path string) (n int) {
	for _, a := range p.requests() {
		if a.method == method && a.path == path {
			n++
		}
	}
	return n
}
