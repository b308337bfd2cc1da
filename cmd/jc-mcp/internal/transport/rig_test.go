package transport

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/tools"
)

// meta26 is what every request of the stateless revision carries.
func meta26(capabilities string) string {
	return `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},` +
		`"io.modelcontextprotocol/clientCapabilities":` + capabilities + `}`
}

// call26 is a tools/call of the stateless revision; id is JSON.
func call26(id, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":%q,"arguments":%s,%s}}`,
		id, tool, arguments, meta26(`{}`))
}

// call25 is a tools/call of a client with a session.
func call25(id, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, id, tool, arguments)
}

// request is any request of the given revision; params is the inside of an object.
func request(version, id, method, params string) string {
	if version == revision2026 {
		params = strings.TrimSuffix(params+","+meta26(`{}`), ",")
		params = strings.TrimPrefix(params, ",")
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s}}`, id, method, params)
}

func initialize(version, capabilities string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":%q,"capabilities":%s,"clientInfo":{"name":"t","version":"1"}}}`,
		version, capabilities)
}

// msg is a message as a test reads it.
type msg struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
	raw string
}

func decode(t *testing.T, b []byte) msg {
	t.Helper()
	var m msg
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("not JSON: %v: %q", err, b)
	}
	m.raw = string(b)
	return m
}

// texts gives the text blocks of a tool's result.
func (m msg) texts(t *testing.T) string {
	t.Helper()
	var r struct {
		Content []struct{ Type, Text string }
	}
	if err := json.Unmarshal(m.Result, &r); err != nil {
		t.Fatalf("no result: %s", m.raw)
	}
	var s []string
	for _, c := range r.Content {
		s = append(s, c.Text)
	}
	return strings.Join(s, "|")
}

func (m msg) code() int {
	if m.Error == nil {
		return 0
	}
	return m.Error.Code
}

// wire is a client on the pipes of Stdio.
type wire struct {
	t    *testing.T
	in   *io.PipeWriter
	out  *bufio.Reader
	outr *io.PipeReader
	stop context.CancelFunc
	done chan error
}

func startStdio(t *testing.T, f tools.Server, o Options) *wire {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ir, iw := io.Pipe()
	or, ow := io.Pipe()
	w := &wire{t: t, in: iw, out: bufio.NewReader(or), outr: or, stop: stop, done: make(chan error, 1)}
	go func() {
		err := New(f, o).Stdio(ctx, ir, ow)
		ow.Close()
		w.done <- err
	}()
	t.Cleanup(func() { stop(); iw.Close(); or.Close() })
	return w
}

func (w *wire) send(lines ...string) {
	w.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(w.in, l+"\n"); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *wire) recv() msg {
	w.t.Helper()
	b, err := w.out.ReadBytes('\n')
	if err != nil {
		w.t.Fatalf("no message: %v", err)
	}
	return decode(w.t, b)
}

// rest closes the input and gives every message that still came.
func (w *wire) rest() []msg {
	w.t.Helper()
	w.in.Close()
	var all []msg
	for {
		b, err := w.out.ReadBytes('\n')
		if err != nil {
			break
		}
		all = append(all, decode(w.t, b))
	}
	if err := <-w.done; err != nil {
		w.t.Errorf("Stdio: %v", err)
	}
	return all
}

// site is a server on a loopback port.
type site struct {
	t    *testing.T
	tr   *Transport
	url  string
	stop context.CancelFunc
	done chan error
	c    *http.Client
}

func startHTTP(t *testing.T, f tools.Server, o Options) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, f, o, l)
	s.url = "http://" + l.Addr().String() + "/mcp"
	return s
}

func serveOn(t *testing.T, f tools.Server, o Options, l net.Listener) *site {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &site{t: t, tr: New(f, o), stop: stop, done: make(chan error, 1)}
	s.c = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	go func() { s.done <- s.tr.Serve(ctx, l) }()
	t.Cleanup(func() {
		s.c.CloseIdleConnections()
		stop()
		<-s.done
	})
	return s
}

// wait ends the server and gives what Serve returned.
func (s *site) wait() error {
	s.stop()
	s.c.CloseIdleConnections() // net/http waits 5 s for connections that never spoke
	err := <-s.done
	s.done <- nil // for the cleanup
	return err
}

// do sends a request with the headers that its body calls for, changed by edit.
func (s *site) do(method, body string, edit func(*http.Request)) *http.Response {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	setHeaders(q, body)
	if edit != nil {
		edit(q)
	}
	r, err := s.c.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func setHeaders(q *http.Request, body string) {
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Accept", "application/json, text/event-stream")
	var m struct {
		Method string
		Params struct {
			Name, URI, TaskID string
			Meta              map[string]any `json:"_meta"`
		}
	}
	_ = json.Unmarshal([]byte(body), &m)
	if v, ok := m.Params.Meta["io.modelcontextprotocol/protocolVersion"].(string); ok {
		q.Header.Set("Mcp-Protocol-Version", v)
		q.Header.Set("Mcp-Method", m.Method)
		if name := cmp.Or(m.Params.Name, m.Params.URI, m.Params.TaskID); name != "" {
			q.Header.Set("Mcp-Name", name)
		}
	}
}

// post sends body and gives the status and the messages of the answer.
func (s *site) post(body string, edit func(*http.Request)) (int, []msg) {
	s.t.Helper()
	r := s.do(http.MethodPost, body, edit)
	defer r.Body.Close()
	return r.StatusCode, messages(s.t, r)
}

// messages reads an answer, be it JSON or events.
func messages(t *testing.T, r *http.Response) (all []msg) {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			all = append(all, decode(t, b))
		}
		return all
	}
	for l := range strings.Lines(string(b)) {
		if d, ok := strings.CutPrefix(l, "data: "); ok {
			all = append(all, decode(t, []byte(d)))
		}
	}
	return all
}

// event reads the next message of an open stream.
func event(t *testing.T, r *bufio.Reader) msg {
	t.Helper()
	for {
		l, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("no event: %v", err)
		}
		if d, ok := strings.CutPrefix(l, "data: "); ok {
			return decode(t, []byte(d))
		}
	}
}

// session opens a session and gives an edit that names it.
func (s *site) session(version, capabilities string) (string, func(*http.Request)) {
	s.t.Helper()
	r := s.do(http.MethodPost, initialize(version, capabilities), nil)
	defer r.Body.Close()
	m := messages(s.t, r)
	id := r.Header.Get("Mcp-Session-Id")
	if r.StatusCode != 200 || len(m) != 1 || m[0].Error != nil || id == "" {
		s.t.Fatalf("initialize: %d %v, session %q", r.StatusCode, m, id)
	}
	return id, func(q *http.Request) {
		q.Header.Set("Mcp-Session-Id", id)
		q.Header.Set("Mcp-Protocol-Version", version)
	}
}

// pipes is a listener whose connections are pairs of net.Pipe, for synctest.
type pipes struct {
	conns chan net.Conn
	gone  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), gone: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.gone) }); return nil }
func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// startPipes is startHTTP in memory.
func startPipes(t *testing.T, f tools.Server, o Options) *site {
	t.Helper()
	p := newPipes()
	o.Hosts = append(o.Hosts, "jc.test")
	s := serveOn(t, f, o, p)
	s.url = "http://jc.test/mcp"
	s.c.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		a, b := net.Pipe()
		select {
		case p.conns <- b:
			return a, nil
		case <-p.gone:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	return s
}

// pass lets time go by; in a synctest bubble it takes none.
func pass(d time.Duration) { <-time.After(d) }

// within fails a test that waits for something that does not come.
func within[T any](t *testing.T, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatalf("%s did not come", what)
	}
	return v
}
