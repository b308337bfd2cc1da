package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// bench is a desk over a sandbox of its own, with what went by.
type bench struct {
	t       *testing.T
	desk    *Desk
	sandbox *sandbox.Org
	audit   *syncBuffer
	wire    *wire
	ctx     context.Context
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// wire notes the requests that go by, and can answer in the sandbox's place.
type wire struct {
	next   http.RoundTripper
	mu     sync.Mutex
	seen   []string
	answer func(*http.Request) (*http.Response, error)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.seen = append(w.seen, r.Method+" "+r.URL.Path)
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		if resp, err := answer(r); resp != nil || err != nil {
			return resp, err
		}
	}
	return w.next.RoundTrip(r)
}

// writes are the requests that could have changed something.
func (w *wire) writes() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if method, path, _ := strings.Cut(s, " "); method != "GET" && !readPost(jc.Endpoint{Method: method, Path: path}) {
			out = append(out, s)
		}
	}
	return out
}

func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = nil
}

func newBench(t *testing.T, o sandbox.Options, more ...func(*Options)) *bench {
	t.Helper()
	org, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, sandbox: org, audit: &syncBuffer{}, wire: &wire{next: org.Transport()}}
	hosts, err := jc.RegionHosts("us")
	if err != nil {
		t.Fatal(err)
	}
	signed := auth.Pinned(auth.APIKey(auth.Value("sandbox-key")), b.wire, hosts.Console, hosts.Insights)
	client, err := jc.New(jc.Config{Hosts: hosts, Transport: signed, Scope: "test", Fenced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	sealer, err := auth.NewSealer(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Tools: All(), Selection: Selection{Surface: FullSurface}, Client: client,
		Grants: auth.AllowAll{Confirm: auth.ConfirmNever}, Audit: auth.NewAudit(b.audit), Sealer: sealer,
		Region: "us", Sandbox: true,
	}
	for _, f := range more {
		f(&opts)
	}
	if b.desk, err = New(opts); err != nil {
		t.Fatal(err)
	}
	b.ctx = auth.With(t.Context(), auth.Principal{Agent: "test", Name: "stdio"})
	return b
}

// call makes a call and gives the answer as a model would read it.
func (b *bench) call(tool, args string) (string, Answer) {
	a := b.desk.Call(b.ctx, Call{Tool: tool, Arguments: json.RawMessage(args)})
	return strings.Join(a.Text, "\n"), a
}

// must makes a call that has to succeed.
func (b *bench) must(tool, args string) string {
	b.t.Helper()
	text, a := b.call(tool, args)
	if a.IsError || a.Ask != nil {
		b.t.Fatalf("%s %s: %s", tool, args, text)
	}
	return text
}

// sandboxOptions are those of most tests.
var sandboxOptions = sandbox.Options{}
