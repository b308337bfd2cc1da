package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testNow = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

// rig is an organisation and a client that knows its key.
type rig struct {
	t   *testing.T
	org *Org
}

func newRig(t *testing.T, opt Options) *rig {
	t.Helper()
	if opt.Now.IsZero() {
		opt.Now = testNow
	}
	o, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t, o}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body []byte
}

// do sends one request; body may be nil, a string or a value to marshal.
func (g *rig) do(method, path string, body any, headers ...string) answer {
	g.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			g.t.Fatal(err)
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(g.t.Context(), method, "http://sandbox"+path, r)
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("x-api-key", "sandbox-key")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := g.org.Transport().RoundTrip(req)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatalf("%s %s: body: %v", method, path, err)
	}
	return answer{res, b}
}

// want does a request, checks its status and decodes the body.
func want[T any](g *rig, status int, method, path string, body any, headers ...string) T {
	g.t.Helper()
	a := g.do(method, path, body, headers...)
	if a.StatusCode != status {
		g.t.Fatalf("%s %s: status %d, want %d: %.300s", method, path, a.StatusCode, status, a.body)
	}
	var v T
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &v); err != nil {
			g.t.Fatalf("%s %s: %v in %.300s", method, path, err, a.body)
		}
	}
	return v
}

type object = map[string]any

// v1list is the envelope of v1.
type v1list struct {
	Results    []object
	TotalCount int
}

func (g *rig) user(name string) string   { return g.find("users", "username", name, "_id") }
func (g *rig) device(name string) string { return g.find("devices", "hostname", name, "_id") }
func (g *rig) group(name string) string  { return g.find("user_groups", "name", name, "id") }
func (g *rig) app(name string) string    { return g.find("applications", "displayLabel", name, "_id") }

// find reads ground truth.
func (g *rig) find(collection, field, value, id string) string {
	g.t.Helper()
	for _, m := range g.org.Rows(collection) {
		if m[field] == value {
			return m[id].(string)
		}
	}
	g.t.Fatalf("no %s with %s=%s", collection, field, value)
	return ""
}

func names(rows []object, field string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i], _ = r[field].(string)
	}
	return out
}
