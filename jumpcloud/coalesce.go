package jumpcloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// flights joins equal reads that are under way at the same time.
type flights struct {
	mu     sync.Mutex
	open   map[string]*flight
	serial uint64
	group  singleflight.Group
}

// flight is one read that callers wait for. It belongs to none of them: it ends
// when it is answered, or when the last caller has left.
type flight struct {
	id      string
	ctx     context.Context
	cancel  context.CancelFunc
	callers int
	until   time.Time // the latest deadline of its callers
}

type landing struct {
	resp  *Response
	err   *Error
	panic any
}

// shared runs a read, or joins the equal one that is under way.
func (c *Client) shared(ctx context.Context, k *call) (*Response, *Error) {
	fs, key := &c.flights, c.key(k)
	fs.mu.Lock()
	f := fs.open[key]
	if f == nil {
		fs.serial++
		f = &flight{id: strconv.FormatUint(fs.serial, 10)}
		f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		fs.open[key] = f
	}
	f.callers++
	if u := k.deadline(); u.After(f.until) {
		f.until = u
	}
	joint := *k
	joint.deadline = func() time.Time {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		return f.until
	}
	// Still under the lock: while the flight is open its function has not ended,
	// so that a second DoChan with its id joins and never starts it again.
	ch := fs.group.DoChan(f.id, func() (v any, _ error) {
		var l landing
		defer func() {
			l.panic = recover() // raised again where the callers' own recovery is
			fs.close(key, f)
			v = l
		}()
		l.resp, l.err = c.run(f.ctx, &joint)
		return nil, nil
	})
	fs.mu.Unlock()

	select {
	case r := <-ch:
		return r.Val.(landing).share(r.Shared)
	case <-ctx.Done():
		fs.leave(key, f)
		return nil, c.left(ctx, k)
	}
}

// share gives a caller what it may keep: no two get the same maps and bytes.
func (l landing) share(shared bool) (*Response, *Error) {
	if l.panic != nil {
		panic(l.panic)
	}
	if !shared {
		return l.resp, l.err
	}
	if l.err != nil {
		e := *l.err
		return nil, &e
	}
	r := *l.resp
	r.Header, r.Body = r.Header.Clone(), slices.Clone(r.Body)
	return &r, nil
}

// left is the error of a caller that did not wait for a read's end.
func (c *Client) left(ctx context.Context, k *call) *Error {
	e := &Error{Code: CodeTimeout, Endpoint: k.endpoint, Outcome: NotDone, Cause: whyGone(ctx)}
	if until := c.hold.get(time.Now()); !until.IsZero() {
		e.Code, e.RetryAt = CodeRateLimited, until
	}
	return e
}

func (fs *flights) close(key string, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.open[key] == f {
		delete(fs.open, key)
	}
	f.cancel()
}

func (fs *flights) leave(key string, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.callers--; f.callers > 0 {
		return
	}
	if fs.open[key] == f { // nobody joins what is being cancelled
		delete(fs.open, key)
	}
	f.cancel()
}

// key is equal for reads that may share an answer: same credential and
// organization, agent, request, and no write of ours in between.
func (c *Client) key(k *call) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %d %s %s %q\n", c.cfg.Scope, k.agent, c.writes.Load(), k.endpoint.Method, k.url, k.body)
	names := make([]string, 0, len(k.header))
	for name := range k.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(h, "%q %q\n", name, k.header[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
