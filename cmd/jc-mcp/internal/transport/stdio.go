package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const (
	// stdioGrace is how long calls may go on by themselves once the client is
	// gone, so that a pipe such as `printf … | jc-mcp stdio` gets its answers.
	stdioGrace = 500 * time.Millisecond
	// finishWithin bounds the wait for changes in flight at the end: a tool's
	// own budget is 45 s.
	finishWithin = 60 * time.Second
)

// errUnfinished says that calls were still running when the wait for them ended.
var errUnfinished = errors.New("calls were still running when the server stopped")

// Stdio serves one client, a message a line, until in ends or ctx does. Then
// streams end, calls are cancelled, and Stdio returns when the last of them has:
// a change that was already sent finishes first (60 s at most).
//
// Nothing but JSON-RPC is written to out. When ctx ends first, one read of in
// may stay blocked until in is closed.
func (t *Transport) Stdio(ctx context.Context, in io.Reader, out io.Writer) error {
	calls, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	s := &stdio{t: t, out: out, peer: newPeer(), life: life{ending: make(chan struct{}), calls: calls}}
	calls = context.WithValue(calls, lifeKey{}, &s.life)
	lines := make(chan line)
	read, quit := context.WithCancel(ctx)
	defer quit()
	go readLines(read, in, int(t.opt.MaxLine), lines)
	err := s.loop(ctx, calls, lines)
	close(s.ending)
	if unfinished := finish(&s.running, stop, stdioGrace); unfinished != nil {
		return unfinished
	}
	return err
}

// finish waits for running requests: for grace as they are, then cancelled.
func finish(running *sync.WaitGroup, stop context.CancelCauseFunc, grace time.Duration) error {
	done := waited(running)
	select {
	case <-done:
		return nil
	case <-time.After(grace):
	}
	stop(errStopping)
	select {
	case <-done:
		return nil
	case <-time.After(finishWithin):
		return errUnfinished
	}
}

// stdio is one client on a pair of pipes.
type stdio struct {
	life // its requests run in running, those that became tasks too
	t    *Transport
	peer *peer

	mu     sync.Mutex // orders what is written
	out    io.Writer
	broken error
}

func (s *stdio) loop(ctx, calls context.Context, lines <-chan line) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-lines:
			switch {
			case errors.Is(l.err, io.EOF):
				return nil
			case l.err != nil:
				return l.err
			case l.tooLong:
				s.write(failed(mcp.PARSE_ERROR, "parse error: the line is too long").encode(nil))
			default:
				s.receive(calls, l.text)
			}
			if err := s.failure(); err != nil {
				return err
			}
		}
	}
}

// receive takes one message. Only requests run on their own; the rest is done
// at once, so that a cancel is never behind what it cancels.
func (s *stdio) receive(ctx context.Context, text []byte) {
	m, bad := parse(text)
	switch {
	case bad != nil:
		s.t.refused("stdio", bad)
		s.write(reply{err: bad}.encode(m.id))
	case m.method == "":
		s.peer.deliver(m)
	case m.id == nil:
		if m.method == "notifications/cancelled" {
			s.peer.cancel(m)
		}
	default:
		s.start(ctx, m)
	}
}

func (s *stdio) start(ctx context.Context, m *message) {
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
		s.write(reply{err: invalid("the id is in use")}.encode(nil))
		return
	}
	x := s.t.newExchange(m, s.peer, out, s.ending)
	if m.method == "initialize" && !x.modern {
		s.peer.introduce(negotiate(text(m.param("protocolVersion"))), m.param("capabilities"))
	}
	s.running.Go(func() {
		defer cancel(nil)
		out.finish(x.run(ctx).encode(m.id), func() { s.peer.end(key) })
	})
}

func (s *stdio) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeLocked(b)
}

func (s *stdio) writeLocked(b []byte) {
	if s.broken == nil {
		_, s.broken = s.out.Write(append(b, '\n'))
	}
}

func (s *stdio) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// lineSink writes the messages of one request, whole lines, in order.
type lineSink struct {
	s      *stdio
	closed bool // under s.mu
}

func (l *lineSink) send(b []byte) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if !l.closed {
		l.s.writeLocked(b)
	}
}

func (l *lineSink) comment() {}

func (l *lineSink) close() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.closed = true
}

// finish frees the id and writes the result in one step: a client may use the
// id again as soon as it has the result, and not before.
func (l *lineSink) finish(b []byte, free func()) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	free()
	if !l.closed {
		l.closed = true
		l.s.writeLocked(b)
	}
}

// line is one line of input, or why there is none.
type line struct {
	text    []byte
	tooLong bool
	err     error
}

// readLines sends the lines of in until it ends or ctx does.
func readLines(ctx context.Context, in io.Reader, limit int, to chan<- line) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		l := readLine(r, limit)
		if l.err == nil && !l.tooLong && len(bytes.TrimSpace(l.text)) == 0 {
			continue
		}
		select {
		case to <- l:
		case <-ctx.Done():
			return
		}
		if l.err != nil {
			return
		}
	}
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
