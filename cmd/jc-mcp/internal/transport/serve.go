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
// open streams with their result, gives calls three seconds, cancels reads that
// still run, and returns when the last answer is written: changes finish first
// (60 s at most). l is closed in any case.
func (t *Transport) Serve(ctx context.Context, l net.Listener) error {
	d, end := newLife(ctx)
	defer end()
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
	err := shutdown(ctx, srv, d)
	if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// shutdown waits for the answers and tasks in progress: as they are, then
// cancelled, then not at all.
func shutdown(ctx context.Context, srv *http.Server, d *life) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpGrace+finishWithin)
	defer cancel()
	defer d.stop(httpGrace)()
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
	// calls ends when calls that only read have to, changes when all have to.
	calls, changes         context.Context
	stopCalls, stopChanges context.CancelCauseFunc
	// running are the calls that may outlive their request, as tasks.
	running sync.WaitGroup
}

// newLife makes a life, and gives what ends all of it.
func newLife(ctx context.Context) (d *life, end func()) {
	ctx = context.WithoutCancel(ctx)
	d = &life{ending: make(chan struct{})}
	d.calls, d.stopCalls = context.WithCancelCause(ctx)
	d.changes, d.stopChanges = context.WithCancelCause(ctx)
	return d, func() { d.stopCalls(nil); d.stopChanges(nil) }
}

// stop cancels reads after grace, and changes when there is just time left to end
// well. What it gives takes that back.
func (d *life) stop(grace time.Duration) (undo func()) {
	reads := time.AfterFunc(grace, func() { d.stopCalls(errStopping) })
	changes := time.AfterFunc(grace+changesWithin, func() { d.stopChanges(errStopping) })
	return func() { reads.Stop(); changes.Stop() }
}

// tie is how the end of the server cancels one request.
type tie struct {
	d       *life
	request context.CancelCauseFunc
	undo    func() bool
}

// tie makes a request end when reads do. The result's loose undoes it.
func (d *life) tie(request context.CancelCauseFunc) *tie {
	k := &tie{d: d, request: request}
	k.to(d.calls)
	return k
}

func (k *tie) to(end context.Context) {
	k.undo = context.AfterFunc(end, func() { k.request(errStopping) })
}

// outlast makes the request end when changes do, unless it is being ended.
func (k *tie) outlast() {
	if k != nil && k.undo() {
		k.to(k.d.changes)
	}
}

func (k *tie) loose() { k.undo() }

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
