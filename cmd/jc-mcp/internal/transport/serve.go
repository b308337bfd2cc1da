package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
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
	d := &drain{ending: make(chan struct{}), calls: calls}
	srv := &http.Server{
		Handler: t.handler,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), drainKey{}, d)
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
	err := shutdown(ctx, srv, stop)
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// shutdown waits for the answers in progress: as they are, then cancelled, then not at all.
func shutdown(ctx context.Context, srv *http.Server, stop context.CancelCauseFunc) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpGrace+finishWithin)
	defer cancel()
	defer time.AfterFunc(httpGrace, func() { stop(errStopping) }).Stop()
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(errUnfinished, srv.Close())
	}
	return err
}

// drain is what the requests of one server must know of its end.
type drain struct {
	// ending is closed when streams have to end.
	ending chan struct{}
	// calls ends when calls have to.
	calls context.Context
}

// cancels lets the end of the server cancel a request; the result undoes it.
func (d *drain) cancels(request context.CancelCauseFunc) func() bool {
	return context.AfterFunc(d.calls, func() { request(errStopping) })
}

type drainKey struct{}

func drainOf(ctx context.Context) *drain {
	d, _ := ctx.Value(drainKey{}).(*drain)
	return d
}

// endingOf gives a channel that never closes where Serve is not what serves.
func endingOf(ctx context.Context) <-chan struct{} {
	if d := drainOf(ctx); d != nil {
		return d.ending
	}
	return nil
}
