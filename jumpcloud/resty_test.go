package jumpcloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Seventeen things that resty v2 or net/http do by default and that a client
// with such a key must not do. Each is tested on our client, not on resty.

const secret = "SECRET-API-KEY"

// signed puts the credential on, as auth does: only for the host it is meant for.
type signed struct {
	host string
	next http.RoundTripper
}

func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != s.host {
		return nil, errors.New("not our host")
	}
	r = r.Clone(r.Context())
	r.Header.Set("x-api-key", secret)
	r.Header.Set("Authorization", "Bearer "+secret)
	return s.next.RoundTrip(r)
}

func (s signed) CloseIdleConnections() { s.next.(*http.Transport).CloseIdleConnections() }

func withKey(base string) func(*Config) {
	return func(cfg *Config) { cfg.Transport = signed{strings.TrimPrefix(base, "http://"), cfg.Transport} }
}

// 1, 2, 3: credentials and bodies do not follow a redirect, to another host, to
// another port, or from https to http.
func TestPitfallRedirects(t *testing.T) {
	var stolen atomic.Int32
	steal := func(http.ResponseWriter, *http.Request) { stolen.Add(1) }
	otherPort, otherHost := serve(t, steal), serveOn(t, "127.0.0.2:0", steal)
	for _, target := range []string{otherPort.URL, otherHost.URL, "//" + otherPort.Listener.Addr().String() + "/x", "http://%zz", "/api/v2/elsewhere"} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			for _, req := range []Request{read, create, put} {
				var hits atomic.Int32
				up := serve(t, func(w http.ResponseWriter, r *http.Request) {
					hits.Add(1)
					w.Header().Set("Location", target)
					w.WriteHeader(code)
				})
				c := dialled(t, up.URL, withKey(up.URL))
				_, err := c.Do(context.Background(), req)
				e := asError(t, err)
				if e == nil || e.Cause != "redirect" || hits.Load() != 1 || stolen.Load() != 0 {
					t.Fatalf("%d to %s on %s: %v, hits %d, stolen %d", code, target, req.Endpoint, err, hits.Load(), stolen.Load())
				}
				c.Close()
				up.Close()
			}
		}
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, otherPort.URL, http.StatusFound) }))
	defer secure.Close()
	c := dialled(t, secure.URL, func(cfg *Config) { cfg.Transport = secure.Client().Transport })
	if _, err := c.Do(context.Background(), read); asError(t, err) == nil || stolen.Load() != 0 {
		t.Errorf("https to http: %v, stolen %d", err, stolen.Load())
	}
}

// 4: an answer that is lost does not make a create happen twice.
func TestPitfallDuplicatedWrite(t *testing.T) {
	var created atomic.Int32
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		created.Add(1)
		abort(w, true)
	})
	_, err := dialled(t, up.URL, nil).Do(context.Background(), create)
	if e := asError(t, err); created.Load() != 1 || e.Outcome != Unknown {
		t.Errorf("created %d times, %v", created.Load(), err)
	}
}

// 5: Retry-After is obeyed, and not cut down to a maximum.
func TestPitfallRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, status(429, "", "Retry-After", "40"), status(200, ok))
		if _, err := c.Do(context.Background(), read); err != nil {
			t.Fatal(err)
		}
		if gap := s.seen[1].at.Sub(s.seen[0].at); gap < 40*time.Second {
			t.Errorf("waited %v", gap)
		}
	})
}

// 6: the time limit is for the whole call, not for each attempt.
func TestPitfallTimeoutPerAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(t, nil, hang)
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := c.Do(ctx, read)
		if d := time.Since(start); asError(t, err) == nil || d > 200*time.Millisecond {
			t.Errorf("%v after %v", err, d)
		}
	})
}

// 7: the body is the same on each attempt.
func TestPitfallEmptyBodyOnRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, nil, status(503, ""), status(503, ""), reset, status(200, ok))
		if _, err := c.Do(context.Background(), put); err != nil {
			t.Fatal(err)
		}
		for i, seen := range s.seen {
			if seen.body != `{"name":"n"}` || seen.header.Get("Content-Type") != "application/json" {
				t.Errorf("attempt %d sent %q as %q", i, seen.body, seen.header.Get("Content-Type"))
			}
		}
		stream := put
		stream.Body = strings.NewReader("x")
		if _, err := c.Do(context.Background(), stream); asError(t, err) == nil || s.count() != 4 {
			t.Errorf("a stream was taken for a body: %v", err)
		}
	})
}

// 8: an answer that is no answer is an error, never an empty result.
func TestPitfallSilentlyEmpty(t *testing.T) {
	for name, answer := range map[string]step{
		"login page":    status(200, "<html>sign in</html>", "Content-Type", "text/html"),
		"empty":         status(200, ""),
		"no content":    status(204, ""),
		"not modified":  status(304, ""),
		"wrong shape":   status(200, `{"error":"not found"}`),
		"null":          status(200, `null`),
		"cut":           cut(200, `{"id":"1"`),
		"trailing":      status(200, `{"id":"1"}{"id":"2"}`),
		"duplicate key": status(200, `{"id":"1","id":"2"}`),
		"case variant":  status(200, `{"id":"1","ID":"2"}`),
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := scripted(t, nil, answer)
			var v thing
			resp, err := c.Do(context.Background(), read)
			if err == nil {
				err = resp.Decode(&v)
			}
			if e := asError(t, err); e == nil || e.Code != CodeUpstreamDown {
				t.Errorf("%s: %v, %+v", name, err, v)
			}
		})
	}
	c, _ := scripted(t, nil, status(200, `{"id":"1"}`, "Content-Type", "text/plain"))
	resp, err := c.Do(context.Background(), read)
	var v thing
	if err != nil || resp.Decode(&v) != nil || v.ID != "1" {
		t.Errorf("JSON as text: %v %+v", err, v)
	}
}

// 9, 10: nothing is written to stderr, and no error shows a URL, a query, a host or a body.
func TestPitfallLeaks(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = stderr }()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	closed.Close()
	var texts []string
	for _, first := range []step{nil, reset, hang, status(500, `{"message":"no"}`), status(200, "<html>"), mute} {
		for _, req := range []Request{read, create} {
			req.Query = url.Values{"filter": {"email:$eq:alice@example.com"}, "token": {secret}}
			if req.Body != nil {
				req.Body = map[string]string{"password": "hunter2"}
			}
			c := dialled(t, "http://"+address, func(cfg *Config) {
				cfg.Attempts = 2
				cfg.pace.attempt = 20 * time.Millisecond
				if first != nil {
					cfg.Transport = &script{steps: []step{first}}
				}
			})
			_, err := c.Do(context.Background(), req)
			e := asError(t, err)
			if e == nil {
				t.Fatal("no error")
			}
			texts = append(texts, err.Error(), fmt.Sprintf("%+v", *e))
		}
	}
	w.Close()
	printed, _ := io.ReadAll(r)
	if len(printed) > 0 {
		t.Errorf("printed %q", printed)
	}
	for _, text := range texts {
		for _, word := range []string{secret, "alice", "hunter2", "127.0.0.1", "http:", "filter", address, "dial tcp", "Get \""} {
			if strings.Contains(text, word) {
				t.Errorf("%q shows %q", text, word)
			}
		}
	}
}

// 11: a proxy named by the environment gets nothing. net/http reads the
// environment once a process, so that this needs one of its own.
func TestPitfallProxyFromEnvironment(t *testing.T) {
	if os.Getenv("JUMPCLOUD_TEST_CHILD") == "1" {
		dialled := func(tr *http.Transport) (addr string) {
			tr.DialContext = func(_ context.Context, _, a string) (net.Conn, error) {
				addr = a
				return nil, errors.New("no network")
			}
			_, _ = tr.RoundTrip(httptest.NewRequest("GET", "https://console.test/", nil))
			return addr
		}
		ours, err := NewTransport(TransportOptions{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("ours=%s default=%s\n", dialled(ours), dialled(http.DefaultTransport.(*http.Transport).Clone()))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestPitfallProxyFromEnvironment$")
	cmd.Env = append(os.Environ(), "JUMPCLOUD_TEST_CHILD=1", "HTTPS_PROXY=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "NO_PROXY=", "no_proxy=")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("ours=console.test:443 default=127.0.0.1:9")) {
		t.Errorf("%s %v", out, err)
	}
}

// 12: no value reaches another path.
func TestPitfallPathParameters(t *testing.T) {
	c, s := scripted(t, nil, status(200, ok))
	req := Request{Endpoint: At("DELETE /api/systemusers/{id}/sshkeys/{other}"), Effect: Idempotent}
	for _, id := range append(hostile(), "../systemusers/OTHER", "a/b", "a%2fb", "a\r\nX-Evil: 1") {
		req.Params = map[string]string{"id": id, "other": "k"}
		_, err := c.Do(context.Background(), req)
		if e := asError(t, err); e == nil || e.Code != CodeInvalidArgument || e.Outcome != NotSent {
			t.Errorf("%q: %v", id, err)
		}
	}
	if s.count() != 0 {
		t.Errorf("%d requests were sent", s.count())
	}
	req.Params = map[string]string{"id": "{other}", "other": "INJECTED"}
	if _, err := c.Do(context.Background(), req); err != nil || s.seen[0].url != "https://console.test/api/systemusers/%7Bother%7D/sshkeys/INJECTED" {
		t.Errorf("%v, sent to %s", err, s.seen[0].url)
	}
}

// 13: no cookie comes back.
func TestPitfallCookies(t *testing.T) {
	var cookies atomic.Int32
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			cookies.Add(1)
		}
		http.SetCookie(w, &http.Cookie{Name: "_xsrf", Value: "SESSION-OF-AGENT-A", Path: "/"})
		_, _ = io.WriteString(w, ok)
	})
	c := dialled(t, up.URL, nil)
	for range 3 {
		if _, err := c.Do(context.Background(), read); err != nil {
			t.Fatal(err)
		}
	}
	if cookies.Load() != 0 {
		t.Error("cookies are kept")
	}
}

// 15: answers that are thrown away are closed. (14, the size limit, is in hostile_test.go.)
func TestPitfallLeakedBodies(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(503)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 100_000))
	})
	c := dialled(t, up.URL, nil)
	before := runtime.NumGoroutine()
	for range 25 {
		_, _ = c.Do(context.Background(), read)
	}
	if up.opened.Load() != 1 {
		t.Errorf("%d connections for 125 requests in a row", up.opened.Load())
	}
	if now := runtime.NumGoroutine(); now > before+10 {
		t.Errorf("goroutines %d -> %d", before, now)
	}
}

// 16: net/http does not replay a create on a reused connection, and the header
// that would make it do so cannot be set.
func TestPitfallReplay(t *testing.T) {
	var posts atomic.Int32
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == "POST" {
			posts.Add(1)
			abort(w, false)
			return
		}
		_, _ = io.WriteString(w, ok)
	})
	c := dialled(t, up.URL, nil)
	if _, err := c.Do(context.Background(), read); err != nil { // leaves a connection to reuse
		t.Fatal(err)
	}
	_, err := c.Do(context.Background(), create)
	if e := asError(t, err); e.Outcome != Unknown || posts.Load() != 1 {
		t.Errorf("posted %d times: %+v", posts.Load(), *e)
	}
	for _, name := range []string{"Idempotency-Key", "x-idempotency-key", "X-API-KEY", "authorization", "x-org-id", "Cookie", "accept-encoding"} {
		req := create
		req.Header = http.Header{name: {"k1"}}
		_, err := c.Do(context.Background(), req)
		if e := asError(t, err); e == nil || e.Code != CodeInternal || e.Outcome != NotSent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if posts.Load() != 1 {
		t.Errorf("posted %d times", posts.Load())
	}
}

// 17: one client serves many goroutines (with -race), connections are reused,
// big integers stay exact (decode_test.go), and a deadline inside a wait does
// not hide why it waited.
func TestPitfallSharedClient(t *testing.T) {
	up := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"id":%q}`, r.URL.Query().Get("i"))
	})
	c := dialled(t, up.URL, func(cfg *Config) { cfg.OrgID = "org1" })
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 50 {
				want, req := fmt.Sprint(g, "-", i), read
				req.Query = url.Values{"i": {want}}
				var v thing
				resp, err := c.Do(WithAgent(context.Background(), fmt.Sprint(g%4)), req)
				if err == nil {
					err = resp.Decode(&v)
				}
				if err != nil || v.ID != want {
					t.Errorf("got %q for %q, %v", v.ID, want, err)
				}
			}
		})
	}
	wg.Wait()
	if n := up.opened.Load(); n > 64 { // a dial that lost the race against a returned connection is kept as a spare
		t.Errorf("%d connections for 800 requests, 16 at a time", n)
	}
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(t, nil, status(429, `{"message":"too many"}`))
		ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
		defer cancel()
		_, err := c.Do(ctx, read)
		if e := asError(t, err); e.Code != CodeRateLimited || e.Status != 429 || e.Message != "too many" {
			t.Errorf("%+v", *e)
		}
	})
}
