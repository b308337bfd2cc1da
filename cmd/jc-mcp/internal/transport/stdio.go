package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const (
	// stdioGrace is how long calls may go on by themselves once the client is
	// gone, so that a pipe such as `printf … | jc-mcp stdio` gets its answers.
	stdioGrace = 500 * time.Millisecond
	// finishWithin bounds the wait for changes in flight at the end: a tool's
	// own budget is 45 s. One that takes longer, as a task may, is cancelled while
	// there is time to say how it ended.
	finishWithin  = 60 * time.Second
	changesWithin = 50 * time.Second
	// maxIdle is how many goroutines wait for their turn to read. A new one grows
	// its stack anew, which costs as much as the rest of a short call.
	maxIdle = 16
)

// errUnfinished says that calls were still running when the wait for them ended.
var errUnfinished = errors.New("calls were still running when the server stopped")

// Stdio serves one client, a message a line, until in ends, out takes no more or
// ctx ends. Then streams end, reads are cancelled, and Stdio returns when the last
// call has ended: changes finish first (60 s at most).
//
// Nothing but JSON-RPC is written to out. When ctx ends first, one read of in
// may stay blocked until in is closed.
func (t *Transport) Stdio(ctx context.Context, in io.Reader, out io.Writer) error {
	d, end := newLife(ctx)
	defer end()
	s := &stdio{
		t: t, in: bufio.NewReaderSize(in, 64<<10), out: out, peer: newPeer(),
		turn: make(chan struct{}), ended: make(chan error, 1),
		life: d,
	}
	go s.serve(context.WithValue(context.WithoutCancel(ctx), lifeKey{}, d))
	var err error
	select {
	case err = <-s.ended:
	case <-ctx.Done():
	}
	s.stopTaking()
	close(s.ending)
	defer d.stop(stdioGrace)()
	select {
	case <-waited(&d.running):
		return err
	case <-time.After(stdioGrace + finishWithin):
		return errUnfinished
	}
}

// stdio is one client on a pair of pipes. Its goroutines read in turns: the one
// that has read a message to answer passes the turn on and answers it itself. So
// no call waits for another goroutine to wake, which takes longer than a short
// call, and the next message, be it a cancel, is read all the same.
type stdio struct {
	*life // its requests run in running, those that became tasks too
	t     *Transport
	peer  *peer

	in    *bufio.Reader // read by whose turn it is
	ended chan error    // gets, once, why nothing more is read or can be written

	taking sync.Mutex    // held while a message is taken
	deaf   bool          // no more are; under taking
	turn   chan struct{} // to a goroutine that waits to read; closed when deaf
	idle   atomic.Int32  // goroutines that wait

	mu     sync.Mutex // orders what is written
	out    io.Writer
	broken error
}

// serve reads and answers, one message at a time, as long as there are any.
func (s *stdio) serve(ctx context.Context) {
	for {
		answer, err := s.next(ctx)
		if answer == nil {
			s.end(err)
			return
		}
		s.run(answer)
		if s.idle.Add(1) > maxIdle {
			s.idle.Add(-1)
			return
		}
		_, more := <-s.turn
		s.idle.Add(-1)
		if !more {
			return
		}
	}
}

// end says why it is over; only the first reason counts.
func (s *stdio) end(err error) {
	select {
	case s.ended <- err:
	default:
	}
}

func (s *stdio) run(answer func()) {
	defer s.running.Done()
	answer()
}

// next gives what answers the next message that has an answer; nil when nothing
// more is to be read.
func (s *stdio) next(ctx context.Context) (answer func(), err error) {
	for {
		l := readLine(s.in, int(s.t.opt.MaxLine))
		switch {
		case errors.Is(l.err, io.EOF):
			return nil, nil
		case l.err != nil:
			return nil, l.err
		case !l.tooLong && len(bytes.TrimSpace(l.text)) == 0:
			continue
		}
		if answer, more := s.take(ctx, l); answer != nil || !more {
			return answer, nil
		}
	}
}

// take handles one line. Where there is something to answer, it passes the turn
// to read on. more says that lines are still taken.
func (s *stdio) take(ctx context.Context, l line) (answer func(), more bool) {
	s.taking.Lock()
	defer s.taking.Unlock()
	if s.deaf {
		return nil, false
	}
	if answer = s.receive(ctx, l); answer == nil {
		return nil, true
	}
	s.running.Add(1)
	select {
	case s.turn <- struct{}{}:
	default:
		go s.serve(ctx)
	}
	return answer, true
}

// stopTaking lets no message in any more, even if one is read later.
func (s *stdio) stopTaking() {
	s.taking.Lock()
	defer s.taking.Unlock()
	s.deaf = true
	close(s.turn)
}

// receive takes one message and gives what answers it. What has no answer is
// done at once, so that a cancel is never behind what it cancels.
func (s *stdio) receive(ctx context.Context, l line) (answer func()) {
	if l.tooLong {
		return s.refusal(nil, &rpcError{code: mcp.PARSE_ERROR, message: "parse error: the line is too long"})
	}
	m, bad := parse(l.text)
	switch {
	case bad != nil:
		s.t.refused("stdio", bad)
		return s.refusal(m.id, bad)
	case m.method == "":
		s.peer.deliver(m)
	case m.id == nil:
		if m.method == "notifications/cancelled" {
			s.peer.cancel(m)
		}
	default:
		return s.begin(ctx, m)
	}
	return nil
}

func (s *stdio) refusal(id []byte, why *rpcError) func() {
	return func() { s.write(reply{err: why}.encode(id)) }
}

// begin enters a request and gives what runs it.
func (s *stdio) begin(ctx context.Context, m *message) func() {
	ctx, cancel := context.WithCancelCause(ctx)
	out := &lineSink{s: s}
	abandon := func(cause error) {
		if errors.Is(cause, errCancelled) {
			out.close() // nothing may follow a cancel
		}
		cancel(cause)
	}
	key := m.key()
	if !s.peer.begin(key, abandon) {
		cancel(nil)
		return s.refusal(nil, invalid("the id is in use"))
	}
	x := s.t.newExchange(m, s.peer, out, s.ending)
	if m.method == "initialize" && !x.modern {
		s.peer.introduce(negotiate(text(m.param("protocolVersion"))), m.param("capabilities"))
	}
	x.end = s.tie(cancel)
	return func() {
		defer cancel(nil)
		defer x.end.loose()
		out.finish(x.run(ctx).encode(m.id), func() { s.peer.end(key) })
	}
}

func (s *stdio) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeLocked(b)
}

func (s *stdio) writeLocked(b []byte) {
	if s.broken == nil {
		if _, s.broken = s.out.Write(append(b, '\n')); s.broken != nil {
			s.end(s.broken) // nobody reads any more
		}
	}
}

// lineSink writes the messages of one request, whole lines, in order.
type lineSink struct {
	s *stdio
	// closed is set without s.mu, so that a cancel does not wait for a client who
	// does not read; what is written looks at it under s.mu.
	closed atomic.Bool
}

func (l *lineSink) send(b []byte) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if !l.closed.Load() {
		l.s.writeLocked(b)
	}
}

func (l *lineSink) comment() {}

func (l *lineSink) close() { l.closed.Store(true) }

// finish frees the id and writes the result in one step: a client may use the
// id again as soon as it has the result, and not before.
func (l *lineSink) finish(b []byte, free func()) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	free()
	if l.closed.CompareAndSwap(false, true) {
		l.s.writeLocked(b)
	}
}

// line is one line of input, or why there is none.
type line struct {
	text    []byte
	tooLong bool
	err     error
}

// readLine reads one line. Of one over the limit it keeps nothing. A last line
// without its newline counts; the end comes with the next call.
func readLine(r *bufio.Reader, limit int) (l line) {
	for {
		part, err := r.ReadSlice('\n')
		if len(l.text)+len(part) > limit+1 { // the newline is not counted
			l.text, l.tooLong = nil, true
		}
		if !l.tooLong {
			l.text = append(l.text, part...)
		}
		switch {
		case err == nil:
			return l
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (l.tooLong || len(bytes.TrimSpace(l.text)) > 0):
			return l
		default:
			return line{err: err}
		}
	}
}
