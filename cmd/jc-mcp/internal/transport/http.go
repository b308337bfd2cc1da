package transport

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// endpoint is the path that MCP is served at.
const endpoint = "/mcp"

// readWithin is how long a client may take to send a body.
const readWithin = 30 * time.Second

// Handler serves MCP at /mcp, behind the check of Host and Origin; elsewhere
// there is nothing (404), unless Options.Wrap adds it. [Transport.Serve] is the
// same with timeouts and an end that waits for changes in flight.
func (t *Transport) Handler() http.Handler { return t.handler }

func (t *Transport) newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(endpoint, t.serveMCP)
	var h http.Handler = mux
	if t.opt.Wrap != nil {
		h = t.opt.Wrap(h)
	}
	return patient(t.guard(h))
}

// patient bounds how long a request's body may take. The bound also holds for a
// request that is refused, because net/http reads the rest of its body; net/http
// takes it away at the end of the body, so that a call may last.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w) // writers that know no deadline have none
		_ = rc.SetWriteDeadline(time.Time{})
		if r.ContentLength != 0 {
			_ = rc.SetReadDeadline(time.Now().Add(readWithin))
		}
		next.ServeHTTP(w, r)
	})
}

func (t *Transport) serveMCP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		t.post(w, r)
	case http.MethodGet, http.MethodDelete:
		t.sessionOnly(w, r)
	default:
		allow := "POST, GET, DELETE"
		if t.opt.Replicated {
			allow = "POST"
		}
		notAllowed(w, allow)
	}
}

// sessionOnly answers GET and DELETE: both belong to a session, and 2026-07-28
// has none.
func (t *Transport) sessionOnly(w http.ResponseWriter, r *http.Request) {
	version, id := r.Header.Get(mcp.HeaderProtocolVersion), r.Header.Get(mcp.HeaderSessionID)
	if mcp.IsModernProtocol(version) || id == "" || t.opt.Replicated {
		notAllowed(w, "POST")
		return
	}
	e := t.sessions.enter(id, t.opt.Caller(r.Context()))
	if e == nil {
		http.Error(w, "no such session", http.StatusNotFound)
		return
	}
	defer t.sessions.leave(e)
	if r.Method == http.MethodDelete {
		t.sessions.end(e)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	t.get(w, r, e)
}

// get holds the stream that a 2025 client may open for messages outside of any
// request. There are none today; what belongs to a call goes on the call's own.
func (t *Transport) get(w http.ResponseWriter, r *http.Request, e *session) {
	if a := r.Header.Get("Accept"); a != "" && !strings.Contains(a, "text/event-stream") && !strings.Contains(a, "*/*") {
		http.Error(w, "the stream is text/event-stream", http.StatusNotAcceptable)
		return
	}
	if !t.sessions.streaming(e, true) {
		http.Error(w, "the session has a stream already", http.StatusConflict)
		return
	}
	defer t.sessions.streaming(e, false)
	if t.listens.take(r.Context()) != nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many streams are open", http.StatusServiceUnavailable)
		return
	}
	defer t.listens.give()
	out := newStream(w)
	out.open()
	_ = t.hold(r.Context(), out, t.lifeOf(r.Context()).ending, e.ended) // however it ends, the stream is over
}

func notAllowed(w http.ResponseWriter, allow string) {
	w.Header().Set("Allow", allow)
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
}

// post answers one message.
func (t *Transport) post(w http.ResponseWriter, r *http.Request) {
	body, ok := t.readBody(w, r)
	if !ok {
		return
	}
	m, bad := parse(body)
	if bad == nil {
		bad = checkHeaders(r.Header, m)
	}
	switch {
	case bad != nil:
		t.refused("http", bad)
		writeJSON(w, http.StatusBadRequest, reply{err: bad}.encode(m.id))
	case isModernPost(r.Header, m):
		t.postModern(w, r, m)
	case m.method == "initialize" && m.id != nil:
		t.postInitialize(w, r, m)
	default:
		t.postSession(w, r, m)
	}
}

// readBody reads at most MaxBody bytes, and a body that says it is longer not at all.
func (t *Transport) readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "the body must be application/json", http.StatusUnsupportedMediaType)
		return nil, false
	}
	if r.ContentLength > t.opt.MaxBody {
		t.tooLarge(w)
		return nil, false
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, t.opt.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		t.tooLarge(w)
		return nil, false
	case err != nil && !errors.Is(err, io.EOF):
		w.Header().Set("Connection", "close")
		http.Error(w, "the body could not be read", http.StatusBadRequest)
		return nil, false
	}
	return buf.Bytes(), true
}

func (t *Transport) tooLarge(w http.ResponseWriter) {
	w.Header().Set("Connection", "close") // the rest of the body is not read
	writeJSON(w, http.StatusRequestEntityTooLarge, reply{err: invalid("the body is too large")}.encode(nil))
}

// postModern answers a message of the stateless revision. The id of a session,
// should one be sent, means nothing here.
func (t *Transport) postModern(w http.ResponseWriter, r *http.Request, m *message) {
	switch {
	case m.method == "":
		writeJSON(w, http.StatusBadRequest, reply{err: invalid("there are no questions to answer in " + revision2026)}.encode(m.id))
	case m.id == nil:
		w.WriteHeader(http.StatusAccepted)
	default:
		t.answer(w, r, m, newPeer())
	}
}

// postInitialize answers initialize and opens the session when it succeeded.
func (t *Transport) postInitialize(w http.ResponseWriter, r *http.Request, m *message) {
	p := newPeer()
	p.introduce(negotiate(text(m.param("protocolVersion"))), m.param("capabilities"))
	out := newStream(w)
	re := t.newExchange(m, p, out, nil).run(r.Context())
	if re.err == nil && !t.opt.Replicated {
		w.Header().Set(mcp.HeaderSessionID, t.sessions.open(p, t.opt.Caller(r.Context())).id)
	}
	out.finish(re.status(false), re.encode(m.id))
}

// postSession answers a message of a 2025 client within its session.
func (t *Transport) postSession(w http.ResponseWriter, r *http.Request, m *message) {
	id := r.Header.Get(mcp.HeaderSessionID)
	if id == "" && t.opt.Replicated {
		t.postAlone(w, r, m)
		return
	}
	if id == "" {
		why := invalid("send initialize first and then its " + mcp.HeaderSessionID + ", or state " + mcp.MetaKeyProtocolVersion + " in _meta")
		writeJSON(w, http.StatusBadRequest, reply{err: why}.encode(m.id))
		return
	}
	e := t.sessions.enter(id, t.opt.Caller(r.Context()))
	if e == nil {
		writeJSON(w, http.StatusNotFound, reply{err: invalid("no such session: send initialize again")}.encode(m.id))
		return
	}
	defer t.sessions.leave(e)
	switch {
	case m.method == "":
		e.deliver(m)
		w.WriteHeader(http.StatusAccepted)
	case m.id == nil:
		if m.method == "notifications/cancelled" {
			e.cancel(m)
		}
		w.WriteHeader(http.StatusAccepted)
	default:
		t.answer(w, r, m, e.peer)
	}
}

// postAlone answers a message of a 2025 client that has no session, because any
// replica may get its next one. What it declared at initialize is not known here,
// so it is asked nothing; closing the connection cancels a call.
func (t *Transport) postAlone(w http.ResponseWriter, r *http.Request, m *message) {
	switch {
	case m.method == "":
		writeJSON(w, http.StatusBadRequest, reply{err: invalid("there are no questions to answer without a session")}.encode(m.id))
	case m.id == nil:
		w.WriteHeader(http.StatusAccepted)
	default:
		p := newPeer()
		p.introduce(cmp.Or(r.Header.Get(mcp.HeaderProtocolVersion), revision06), nil)
		t.answer(w, r, m, p)
	}
}

// answer runs one request. A client that closes the connection cancels it, in
// every revision: streams cannot be resumed here, so nobody would read the
// answer. A change that was already sent finishes all the same.
func (t *Transport) answer(w http.ResponseWriter, r *http.Request, m *message, p *peer) {
	if t.challenged(w, r, m) {
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	d := t.lifeOf(r.Context())
	end := d.tie(cancel)
	defer end.loose()
	out := newStream(w)
	abandon := func(cause error) {
		if errors.Is(cause, errCancelled) {
			out.close()
		}
		cancel(cause)
	}
	key := m.key()
	if !p.begin(key, abandon) {
		writeJSON(w, http.StatusBadRequest, reply{err: invalid("the id is in use")}.encode(nil))
		return
	}
	x := t.newExchange(m, p, out, d.ending)
	x.header, x.end = r.Header, end
	re := x.run(ctx)
	p.end(key)
	out.finish(re.status(x.modern), re.encode(m.id))
}
