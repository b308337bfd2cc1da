package jumpcloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-resty/resty/v2"
)

// answer is what came of one attempt.
type answer struct {
	status int // 0 when none came
	header http.Header
	body   []byte
	// err is the transport's, or that of reading the body when there is a status.
	err error
	// reached: the request may have got to JumpCloud.
	reached bool
	// late: it took longer than one attempt may.
	late bool
	// sent is the request as the transport signed it.
	sent *http.Request
}

func (a answer) tooLarge() bool { return errors.Is(a.err, resty.ErrResponseBodyTooLarge) }

// wire watches how far a request got. Only positive proof counts as "not sent":
// a transport that reports nothing, such as one in memory, may have sent it.
type wire struct {
	onAsk func()      // hears of each look-up of a connection
	asked atomic.Bool // a real transport looked for a connection
	got   atomic.Bool // and has one
	wrote atomic.Bool // and wrote the headers
}

func (w *wire) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			w.asked.Store(true)
			if w.onAsk != nil {
				w.onAsk()
			}
		},
		GotConn:      func(httptrace.GotConnInfo) { w.got.Store(true) },
		WroteHeaders: func() { w.wrote.Store(true) },
	}
}

// mayHaveSent: when the request was given up by us while it had a connection,
// HTTP/2 may be writing still without having told.
func (w *wire) mayHaveSent(givenUp bool) bool {
	return w.wrote.Load() || !w.asked.Load() || givenUp && w.got.Load()
}

// attempt sends the call once.
func (c *Client) attempt(ctx context.Context, k *call) answer {
	w := &wire{}
	actx, late, stop := c.attemptContext(ctx, k, w)
	defer stop()
	req := c.rest.R().SetContext(httptrace.WithClientTrace(actx, w.trace()))
	req.Header = k.header.Clone()
	if k.body != nil {
		req.SetBody(k.body)
	}
	resp, err := req.Execute(k.endpoint.Method, k.url)
	a := answer{err: err, late: late(), sent: req.RawRequest}
	if resp != nil && resp.RawResponse != nil {
		a.status, a.header, a.body, a.reached = resp.StatusCode(), resp.Header(), resp.Body(), true
		if resp.RawResponse.Request != nil {
			a.sent = resp.RawResponse.Request
		}
		return a
	}
	var unsent Unsent
	if errors.As(err, &unsent) && unsent.NotSent() {
		return a // said by who knows, whatever else this context was used for
	}
	a.reached = w.mayHaveSent(actx.Err() != nil)
	return a
}

// attemptContext bounds one attempt in time and ties it to its caller, but for a
// Once request that is written: it goes on for a while after the caller has
// left, so that its true result is known.
func (c *Client) attemptContext(ctx context.Context, k *call, w *wire) (actx context.Context, late func() bool, stop func()) {
	p := c.cfg.pace
	if k.effect != Once {
		actx, cancel := context.WithTimeout(ctx, p.attempt)
		return actx, func() bool { return actx.Err() != nil && ctx.Err() == nil }, cancel
	}
	actx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.attempt)
	w.onAsk = func() { // the caller left while the request was being signed
		if ctx.Err() != nil {
			cancel()
		}
	}
	var mu sync.Mutex
	var over bool
	var finish *time.Timer
	detach := context.AfterFunc(ctx, func() {
		if !w.mayHaveSent(true) {
			cancel()
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !over {
			finish = time.AfterFunc(p.finish, cancel)
		}
	})
	return actx, func() bool { return errors.Is(actx.Err(), context.DeadlineExceeded) }, func() {
		detach()
		mu.Lock()
		defer mu.Unlock()
		over = true
		if finish != nil {
			finish.Stop()
		}
		cancel()
	}
}

// explain puts a transport's error into a word of ours, and says where it is the proxy
// that cannot be reached. Permanent ones do not get better by asking again.
func explain(a answer) (cause string, code Code, permanent bool) {
	cause, code, permanent = explained(a)
	var op *net.OpError
	if errors.As(a.err, &op) && op.Op == "proxyconnect" {
		cause = "at the proxy: " + cause
	}
	return cause, code, permanent
}

func explained(a answer) (cause string, code Code, permanent bool) {
	var (
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		timeout net.Error
	)
	err := a.err
	switch {
	case a.late:
		return "no answer in time", CodeTimeout, false
	case errors.As(err, &cert), errors.As(err, &unknown):
		return "certificate not trusted", CodeUpstreamDown, true
	case errors.As(err, &record):
		return "not TLS", CodeUpstreamDown, true
	case errors.As(err, &dns):
		return "host name not found", CodeUpstreamDown, false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", CodeUpstreamDown, false
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset", CodeUpstreamDown, false
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time", CodeTimeout, false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if a.status != 0 {
			return "answer cut short", CodeUpstreamDown, false
		}
		return "connection closed", CodeUpstreamDown, false
	case a.status != 0:
		return "unreadable answer", CodeUpstreamDown, false
	}
	return "connection failed", CodeUpstreamDown, false
}
