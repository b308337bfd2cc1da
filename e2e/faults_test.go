package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// elsewhere is where redirects lead.
const elsewhere = "/elsewhere"

// fault is one way in which a request goes wrong.
type fault struct {
	name     string
	perMille int
	// when: "before" or "after" the work is done, "late" some time after the
	// answer, "refuse" and "unsent" when it certainly is not done.
	when string
	// only limits it to "writes", requests that change something, or to "reads".
	only  string
	reply reply
}

func answers(status int, body string, kv ...string) reply {
	r := reply{status: status, body: body, header: map[string]string{"Content-Type": "application/json"}}
	for i := 0; i < len(kv); i += 2 {
		r.header[kv[i]] = kv[i+1]
	}
	return r
}

const (
	sorry = `{"code":13,"message":"internal","status":"INTERNAL"}`
	page5 = "<html><body>bad gateway</body></html>"
)

// allFaults in per mille of the requests.
func allFaults() []fault {
	return []fault{
		{"429", 12, "refuse", "", answers(429, `{"message":"slow down"}`)},
		{"429 Retry-After 4", 8, "refuse", "", answers(429, `{"message":"slow down"}`, "Retry-After", "4")},
		{"429 Retry-After 0", 4, "refuse", "", answers(429, "", "Retry-After", "0")},
		{"429 Retry-After 90", 1, "refuse", "", answers(429, "", "Retry-After", "90")},
		{"403", 2, "refuse", "writes", answers(403, `{"message":"your role does not allow this"}`)},
		{"500 before", 8, "before", "", answers(500, sorry)},
		{"500 after", 10, "after", "", answers(500, sorry)},
		{"502 HTML before", 5, "before", "", answers(502, page5, "Content-Type", "text/html")},
		{"502 HTML after", 8, "after", "", answers(502, page5, "Content-Type", "text/html")},
		{"503 Retry-After before", 5, "before", "", answers(503, sorry, "Retry-After", "2")},
		{"504 after", 5, "after", "", answers(504, "")},
		{"refused", 6, "unsent", "", reply{broken: "refused"}},
		{"reset before", 8, "before", "", reply{broken: "reset"}},
		{"reset after", 10, "after", "", reply{broken: "reset"}},
		{"reset late", 6, "late", "writes", reply{broken: "reset"}},
		{"closed before", 5, "before", "", reply{broken: "closed"}},
		{"closed after", 8, "after", "", reply{broken: "closed"}},
		{"cut after", 10, "after", "", reply{broken: "cut"}},
		{"cut JSON after", 6, "after", "", reply{broken: "cut JSON"}},
		{"empty after", 4, "after", "", answers(200, "")},
		{"hang before", 3, "before", "", reply{broken: "hang"}},
		{"hang after", 4, "after", "", reply{broken: "hang"}},
		{"redirect before", 3, "before", "", answers(302, "", "Location", elsewhere)},
		{"redirect after", 4, "after", "", answers(307, "", "Location", elsewhere)},
		{"HTML 200 before", 3, "before", "", answers(200, "<html>sign in</html>", "Content-Type", "text/html")},
		{"HTML 200 after", 3, "after", "", answers(200, "<html>sign in</html>")},
		{"wrong shape", 3, "after", "", answers(200, `{"unexpected":{"a":1}}`)},
		{"error in a 200", 3, "before", "reads", answers(200, `{"error":{"message":"try later"},"details":[]}`)},
		{"success, done late", 6, "late", "writes", reply{}},
		{"success, never done", 4, "before", "writes", reply{}},
	}
}

// chance picks the fault of a request, or none: the same one for the n-th time
// of the same request, whatever the order in which requests come.
func (u *upstream) chance(op operation, key string) *fault {
	if !u.faulty {
		return nil
	}
	n := int(hashOf(strconv.FormatUint(u.seed, 10), key, strconv.Itoa(u.seen[key])) % 1000)
	for i := range u.faults {
		f := &u.faults[i]
		if n -= f.perMille; n < 0 {
			if f.only == "writes" && op.effect == "" || f.only == "reads" && op.effect != "" {
				return nil
			}
			return f
		}
	}
	return nil
}

// spoil does the work of an operation as the fault lets it, and answers as the fault does.
func (u *upstream) spoil(f *fault, op operation) reply {
	out := f.reply
	if op.effect != "" && f.when != "refuse" && f.when != "unsent" {
		u.maybe[op.effect]++
	}
	switch f.when {
	case "late":
		u.late.Add(1)
		time.AfterFunc(3*time.Second, func() {
			defer u.late.Done()
			u.mu.Lock()
			defer u.mu.Unlock()
			op.run()
		})
	case "after":
		full := op.run()
		if strings.HasPrefix(out.broken, "cut") { // half of what would have been said
			out.status, out.header = full.status, full.header
			if full.body == "" {
				out.status, full.body = 200, `{"ok":true}`
			}
			out.body = full.body[:len(full.body)/2]
			if out.broken == "cut JSON" { // it ends as if that were all
				out.broken = ""
			}
		}
	}
	if out.status == 0 && out.broken == "" {
		u.promised[op.effect] = true
		return op.promise
	}
	return out
}

// memory carries requests to the upstream without a network, in virtual time. It
// tells the client's trace what a real connection would.
type memory struct{ u *upstream }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GetConn(r.URL.Host)
	arrives := time.Duration(hashOf(r.URL.Path, string(body))%40) * time.Millisecond
	out := m.u.answer(r, body)
	if out.broken == "refused" {
		return nil, syscall.ECONNREFUSED
	}
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteHeaders()
	if out.broken == "hang" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	select { // what has arrived is done even if the client has left
	case <-time.After(arrives):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	switch out.broken {
	case "reset":
		return nil, syscall.ECONNRESET
	case "closed":
		return nil, io.EOF
	}
	resp := &http.Response{StatusCode: out.status, Header: http.Header{}, Request: r, ProtoMajor: 1, ProtoMinor: 1}
	for k, v := range out.header {
		resp.Header.Set(k, v)
	}
	var text io.Reader = strings.NewReader(out.body)
	if out.broken == "cut" {
		text = io.MultiReader(text, broken{})
	}
	resp.Body = io.NopCloser(text)
	return resp, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// ServeHTTP carries requests over real connections.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	out := u.answer(r, body)
	for k, v := range out.header {
		w.Header().Set(k, v)
	}
	switch out.broken {
	case "hang":
		<-r.Context().Done()
	case "reset", "closed":
		abort(w, out.broken == "reset")
	case "cut":
		w.Header().Set("Content-Length", fmt.Sprint(len(out.body)+20))
		w.WriteHeader(out.status)
		_, _ = io.WriteString(w, out.body)
	default:
		w.WriteHeader(out.status)
		_, _ = io.WriteString(w, out.body)
	}
}

// abort ends the connection without an answer.
func abort(w http.ResponseWriter, reset bool) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
