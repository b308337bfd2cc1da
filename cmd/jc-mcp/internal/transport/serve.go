package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// httpGrace is how long calls may go on by themselves once the server stops.
const httpGrace = 3 * time.Second

// Serve answers on l until ctx ends. Then it accepts nothing more, ends the
// open streams with their result, gives calls three seconds, cancels those that
// still run, and returns when the last answer is written: a change that was
// already sent finishes first (60 s at most). l is closed in any case.
func (t *Transport) Serve(ctx context.Context, l net.Listener) error {
	calls, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	d := &life{ending: make(chan struct{}), calls: calls}
	srv := &http.Server{
		Handler: t.handler,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), lifeKey{}, d)
		},
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(t.opt.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	close(d.ending)
	err := shutdown(ctx, srv, d, stop)
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// shutdown waits for the answers and tasks in progress: as they are, then
// cancelled, then not at all.
func shutdown(ctx context.Context, srv *http.Server, d *life, stop context.CancelCauseFunc) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpGrace+finishWithin)
	defer cancel()
	defer time.AfterFunc(httpGrace, func() { stop(errStopping) }).Stop()
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(errUnfinished, srv.Close())
	}
	select { // no request is left that could start another
	case <-waited(&d.running):
		return err
	case <-ctx.Done():
		return errors.Join(err, errUnfinished)
	}
}

// life is what requests must know of the end of what serves them.
type life struct {
	// ending is closed when streams have to end.
	ending chan struct{}
	// calls ends when calls have to.
	calls context.Context
	// running are the calls that may outlive their request, as tasks.
	running sync.WaitGroup
}

// cancels lets the end of the server cancel a request; the result undoes it.
func (d *life) cancels(request context.CancelCauseFunc) func() bool {
	return context.AfterFunc(d.calls, func() { request(errStopping) })
}

type lifeKey struct{}

// lifeOf gives the life of what serves the request: one without an end where
// neither Serve nor Stdio does.
func (t *Transport) lifeOf(ctx context.Context) *life {
	if d, ok := ctx.Value(lifeKey{}).(*life); ok {
		return d
	}
	return t.forever
}

// waited is closed when nothing of running runs any more.
func waited(running *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() { running.Wait(); close(done) }()
	return done
}
