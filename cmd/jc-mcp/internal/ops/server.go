package ops

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The phases of a server.
const (
	starting int32 = iota
	serving
	draining
)

// Server answers those who run the server, on a port of their own: /livez, /readyz,
// /metrics, and / for people.
type Server struct {
	in    *Instruments
	log   *slog.Logger
	phase atomic.Int32
	began time.Time
}

// NewServer makes a server that is alive and not yet ready.
func NewServer(in *Instruments, log *slog.Logger) *Server {
	return &Server{in: in, log: log, began: time.Now()}
}

// Ready says that calls are answered from now on: what is configured has been loaded,
// and the tools' schemas are made. A nil *Server hears nothing.
func (s *Server) Ready() {
	if s != nil {
		s.phase.CompareAndSwap(starting, serving)
	}
}

// Drain says that the server will stop: it is ready no more.
func (s *Server) Drain() {
	if s != nil {
		s.phase.Store(draining)
	}
}

// check is whether calls should come here, in a word, and what people should know.
// JumpCloud is not asked: were it away, restarting or leaving out this server would
// help nobody. Nor does a store that is away keep calls out: reads go on, and the
// other replicas have the same store.
func (s *Server) check() (ready bool, word string) {
	look := &s.in.looked.Sources
	switch {
	case s.phase.Load() == draining:
		return false, "draining"
	case s.phase.Load() == starting:
		return false, "starting"
	case look.Audit != nil && look.Audit() != nil:
		return false, "the audit cannot be written"
	case look.Store != nil && look.Store() != nil:
		return true, "ready, degraded: the shared store does not answer, so changes that need it are refused"
	}
	return true, "ready"
}

// Handler serves the port.
func (s *Server) Handler() http.Handler {
	say := func(w http.ResponseWriter, status int, word string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintln(w, word)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusServiceUnavailable
		ready, word := s.check()
		if ready {
			status = http.StatusOK
		}
		say(w, status, word)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.in.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second, ErrorHandling: promhttp.ContinueOnError,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}))
	mux.HandleFunc("GET /{$}", s.page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// Serve answers on l until ctx ends. l is closed in any case.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err := srv.Close() // whoever asks is not kept from the answer for long, and nothing is lost
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}
