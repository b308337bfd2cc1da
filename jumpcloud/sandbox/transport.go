package sandbox

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"syscall"
	"time"
)

const (
	lateness    = 3 * time.Second
	bodyAtMost  = 4 << 20
	serverWords = "sandbox"
)

// request is a request whose body was read.
type request struct {
	r    *http.Request
	body []byte
}

var errBody = errors.New("sandbox: body too large or cut")

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, bodyAtMost+1))
	if err != nil || len(b) > bodyAtMost {
		return nil, errBody
	}
	return b, nil
}

func (rep *reply) headers() http.Header {
	h := rep.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if h.Get("Content-Type") == "" && len(rep.body) > 0 {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	h.Set("Server", serverWords)
	return h
}

// ServeHTTP answers requests for all three hosts (console, insights, token).
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, `{"message":"Payload Too Large"}`, http.StatusRequestEntityTooLarge)
		return
	}
	rep, how := o.serve(&request{r, body})
	switch how {
	case reset:
		resetConnection(w)
	case hang:
		<-r.Context().Done()
		resetConnection(w)
	case late:
		if !waited(r, lateness) {
			return
		}
	}
	for k, v := range rep.headers() {
		w.Header()[k] = v
	}
	if rep.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	w.WriteHeader(rep.status)
	if how == cut {
		_, _ = w.Write(rep.body[:len(rep.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(rep.body)
}

// resetConnection ends the connection with a TCP reset where it can, and
// never returns.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		if tcp, isTCP := conn.(*net.TCPConn); isTCP {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// waited is false when the caller gave up first.
func waited(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// Transport answers requests in the process, without sockets. It obeys the
// request's context and reports to its httptrace hooks as a real transport
// does, so that a client can tell what was written.
func (o *Org) Transport() http.RoundTripper { return transport{o} }

type transport struct{ org *Org }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(ctx)
	traceConnection(trace, r)
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	traceWritten(trace, r)
	served := r.Clone(ctx)
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	rep, how := t.org.serve(&request{served, body})
	switch how {
	case reset:
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	case hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case late:
		if !waited(r, lateness) {
			return nil, ctx.Err()
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if trace != nil && trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	return response(r, rep, how), nil
}

func response(r *http.Request, rep *reply, how ending) *http.Response {
	res := &http.Response{
		Status: strconv.Itoa(rep.status) + " " + http.StatusText(rep.status), StatusCode: rep.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: rep.headers(), Request: r, ContentLength: int64(len(rep.body)),
		Body: io.NopCloser(bytes.NewReader(rep.body)),
	}
	if how == cut {
		half := bytes.NewReader(rep.body[:len(rep.body)/2])
		res.Body = io.NopCloser(io.MultiReader(half, broken{}))
	}
	return res
}

// broken is the end of a body that was cut.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func traceConnection(trace *httptrace.ClientTrace, r *http.Request) {
	if trace == nil {
		return
	}
	if trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if trace.GotConn != nil {
		near, _ := net.Pipe()
		trace.GotConn(httptrace.GotConnInfo{Conn: near, Reused: true})
	}
}

func traceWritten(trace *httptrace.ClientTrace, r *http.Request) {
	if trace == nil {
		return
	}
	if trace.WroteHeaderField != nil {
		for k, v := range r.Header {
			trace.WroteHeaderField(textproto.CanonicalMIMEHeaderKey(k), v)
		}
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}
