package jumpcloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is an upstream in memory that answers one step a request, the last one
// for ever, and tells the client's trace what a real connection would.
type script struct {
	mu    sync.Mutex
	steps []step
	seen  []sighting
}

type sighting struct {
	at     time.Time
	method string
	url    string
	header http.Header
	body   string
}

type step func(r *http.Request) (*http.Response, error)

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	s.mu.Lock()
	do := s.steps[min(len(s.seen), len(s.steps)-1)]
	s.seen = append(s.seen, sighting{time.Now(), r.Method, r.URL.String(), r.Header.Clone(), string(body)})
	s.mu.Unlock()
	return do(r)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

func traced(r *http.Request, wrote bool) {
	t := httptrace.ContextClientTrace(r.Context())
	t.GetConn("x")
	if wrote {
		t.GotConn(httptrace.GotConnInfo{})
		t.WroteHeaders()
	}
}

// status answers; kv are header names and values.
func status(code int, body string, kv ...string) step {
	return func(r *http.Request) (*http.Response, error) {
		traced(r, true)
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(kv); i += 2 {
			h.Set(kv[i], kv[i+1])
		}
		return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1}, nil
	}
}

// refused never gets a connection.
func refused(r *http.Request) (*http.Response, error) {
	traced(r, false)
	return nil, syscall.ECONNREFUSED
}

// reset breaks after the request was written.
func reset(r *http.Request) (*http.Response, error) {
	traced(r, true)
	return nil, syscall.ECONNRESET
}

// mute breaks on a transport that reports nothing.
func mute(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }

// hang takes the request and never answers.
func hang(r *http.Request) (*http.Response, error) {
	traced(r, true)
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// slow answers after d, whatever the caller does, unless the request is cancelled.
func slow(d time.Duration, then step) step {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := then(r)
		select {
		case <-time.After(d):
			return resp, err
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// cut breaks in the middle of the body.
func cut(code int, body string) step {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := status(code, body)(r)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), broken{}))
		return resp, err
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func consoleAt(base string) Hosts {
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	return Hosts{Console: u, Insights: u, OAuth: u}
}

// scripted is a client over a script.
func scripted(t testing.TB, change func(*Config), steps ...step) (*Client, *script) {
	t.Helper()
	s := &script{steps: steps}
	cfg := Config{Hosts: consoleAt("https://console.test"), Transport: s}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// dialled is a client over real connections to a server on loopback.
func dialled(t testing.TB, base string, change func(*Config)) *Client {
	t.Helper()
	tr, err := NewTransport(TransportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Hosts: consoleAt(base), Transport: tr, pace: pace{base: time.Millisecond, cap: 5 * time.Millisecond, second: time.Millisecond, margin: time.Millisecond}}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

var (
	read   = Request{Endpoint: At("GET /api/v2/usergroups")}
	create = Request{Endpoint: At("POST /api/v2/usergroups"), Effect: Once, Body: map[string]string{"name": "n"}}
	put    = Request{Endpoint: At("PUT /api/v2/usergroups/{id}"), Effect: Idempotent, Params: map[string]string{"id": "g1"}, Body: map[string]string{"name": "n"}}
	remove = Request{Endpoint: At("DELETE /api/v2/usergroups/{id}"), Effect: Idempotent, Params: map[string]string{"id": "g1"}}
)

func asError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%T is not an *Error: %v", err, err)
	}
	return e
}
