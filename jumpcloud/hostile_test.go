package jumpcloud

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestHostileUpstream: whatever comes over the wire ends in a clear error, soon
// and in little memory.
func TestHostileUpstream(t *testing.T) {
	var bomb bytes.Buffer
	gz := gzip.NewWriter(&bomb)
	for range 200 {
		_, _ = gz.Write(bytes.Repeat([]byte("0"), 1<<20))
	}
	gz.Close()
	var written atomic.Int64
	raw := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, s)
				conn.Close()
			}
		}
	}
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		code    Code
		cause   string
	}{
		{"400 MB", func(w http.ResponseWriter, r *http.Request) {
			chunk := bytes.Repeat([]byte(" "), 1<<20)
			for range 400 {
				n, err := w.Write(chunk)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		}, CodeTooLarge, "answer too large"},
		{"gzip bomb", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		}, CodeTooLarge, "answer too large"},
		{"not gzip", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, `{"id":"1"}`)
		}, CodeUpstreamDown, "unreadable answer"},
		{"hang", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, CodeTimeout, "no answer in time"},
		{"slow drip", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
		}, CodeTimeout, "no answer in time"},
		{"reset", func(w http.ResponseWriter, r *http.Request) { abort(w, true) }, CodeUpstreamDown, "connection reset"},
		{"closed", func(w http.ResponseWriter, r *http.Request) { abort(w, false) }, CodeUpstreamDown, "connection closed"},
		{"cut", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"id":"1"}`)
		}, CodeUpstreamDown, "answer cut short"},
		{"cut, but whole on the wire", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{"id":"1"`) }, CodeUpstreamDown, "not JSON"},
		{"HTML", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "\n<!DOCTYPE html><title>Sign in</title>")
		}, CodeUpstreamDown, "HTML instead of JSON"},
		{"no HTTP", raw("SSH-2.0-OpenSSH_9.6\r\n"), CodeUpstreamDown, "connection failed"},
		{"a status that is none", raw("HTTP/1.1 999999 X\r\n\r\n"), CodeUpstreamDown, "connection failed"},
		{"endless header", raw("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 1<<20)), CodeUpstreamDown, "connection failed"},
		{"bad chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), CodeUpstreamDown, "unreadable answer"},
		{"huge Retry-After", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "1000000000000000000")
			w.WriteHeader(429)
		}, CodeRateLimited, "held back until then"},
		{"deep", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 200_000)) }, CodeUpstreamDown, "not JSON"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			up := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then does a server see that its client has left
				tc.handler(w, r)
			})
			c := dialled(t, up.URL, func(cfg *Config) {
				cfg.Attempts = 2
				cfg.Budget = 3 * time.Second // the hour of Retry-After is 3.6 s here
				cfg.pace.attempt = 250 * time.Millisecond
				switch tc.code { // the others must not fail for want of a quick machine
				case CodeTimeout:
				case CodeRateLimited:
					cfg.pace.attempt = cfg.Budget
				default:
					cfg.pace.attempt, cfg.Budget = 20*time.Second, 40*time.Second
				}
			})
			defer c.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := c.Do(context.Background(), read)
			runtime.ReadMemStats(&after)
			e := asError(t, err)
			if e == nil || e.Code != tc.code || e.Cause != tc.cause || e.Outcome != NotDone {
				t.Errorf("got %+v", e)
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 100 {
				t.Errorf("%d MiB allocated", mb)
			}
			_, err = c.Do(context.Background(), create)
			if e := asError(t, err); e == nil || e.Outcome == NotDone && tc.code != CodeRateLimited {
				t.Errorf("after a write: %+v", e)
			}
		})
	}
	if mb := written.Load() >> 20; mb > 64 {
		t.Errorf("%d MiB of the large answers were taken", mb)
	}
}

// TestLimitIsExact: an answer of just the limit is taken.
func TestLimitIsExact(t *testing.T) {
	for _, over := range []int{0, 1} {
		body := `"` + strings.Repeat("a", 1000-2+over) + `"`
		c, _ := scripted(t, func(cfg *Config) { cfg.MaxBody = 1000 }, status(200, body))
		_, err := c.Do(context.Background(), read)
		if IsCode(err, CodeTooLarge) != (over == 1) {
			t.Errorf("%d bytes: %v", len(body), err)
		}
	}
}

func TestSaid(t *testing.T) {
	long := strings.Repeat("ä", 300)
	for body, want := range map[string]string{
		`{"message":"No such user","code":5}`:                                       "No such user",
		`{"error":"Unauthorized"}`:                                                  "Unauthorized",
		`{"error":{"message":"inner"}}`:                                             "inner",
		`{"message":"bad","details":[{"description":"field x"},"plain",{"a":1},7]}`: "bad; field x; plain",
		`{"message":"same","error":"same"}`:                                         "same",
		`{"message":"<html>proxy</html>"}`:                                          "",
		`<html>x</html>`:                                                            "",
		``:                                                                          "",
		`[]`:                                                                        "",
		`plain`:                                                                     "",
		`{"message":7}`:                                                             "",
		`{"message":"a\u0000b\u001b[31mc\u202ed\u200be\udb40\udc41f\n\n g"}`: "ab[31mcdef g",
		`{"message":"` + long + `"}`:                                         long[:2*200],
		`{"message":"two words"}`:                                            "two words",
	} {
		if got := said([]byte(body)); got != want {
			t.Errorf("%.60s: %q, want %q", body, got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	e := &Error{Code: CodeForbidden, Endpoint: At("GET /api/v2/usergroups/{group}"), Status: 403, Message: "their words", Cause: "x"}
	if got := e.Error(); got != "GET /api/v2/usergroups/{group}: forbidden, JumpCloud answered 403, x" {
		t.Error(got)
	}
	e = &Error{Code: CodeOutcomeUnknown, Outcome: Unknown}
	if got := e.Error(); got != "outcome_unknown; it may have been done" {
		t.Error(got)
	}
	if !IsCode(fmt.Errorf("wrapped: %w", e), CodeOutcomeUnknown) || IsCode(io.EOF, CodeInternal) || IsCode(nil, CodeInternal) {
		t.Error("IsCode")
	}
	if NotSent.String() != "not sent" || NotDone.String() != "not done" || Unknown.String() != "unknown" {
		t.Error("outcomes are misnamed")
	}
}
