package transport

import (
	"bufio"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

func TestHTTP2025(t *testing.T) {
	s := startHTTP(t, newFake(), Options{})
	for _, version := range []string{revision2025, revision06} {
		id, in := s.session(version, `{}`)
		if status, _ := s.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, in); status != 202 {
			t.Errorf("initialized: %d", status)
		}
		status, m := s.post(call25("1", "echo", `{"user":"ada"}`), in)
		if status != 200 || m[0].texts(t) != `{"user":"ada"}` || strings.Contains(m[0].raw, "resultType") {
			t.Errorf("call: %d %v", status, m)
		}
		if status, m = s.post(call25("2", "nope", `{}`), in); status != 200 || m[0].code() != -32602 {
			t.Errorf("unknown tool: %d %v", status, m)
		}
		if status, m = s.post(call25("2", "echo", `{}`), func(q *http.Request) { in(q); q.Header.Set("Mcp-Protocol-Version", "2024-11-05") }); status != 400 {
			t.Errorf("a revision that is not served: %d %v", status, m)
		}
		if status, _ = s.post(call25("2", "echo", `{}`), func(q *http.Request) { in(q); q.Header.Del("Mcp-Protocol-Version") }); status != 200 {
			t.Errorf("no revision: %d", status)
		}
		r := s.do(http.MethodDelete, "", in)
		r.Body.Close()
		if r.StatusCode != 204 {
			t.Errorf("DELETE: %d", r.StatusCode)
		}
		if status, m = s.post(call25("3", "echo", `{}`), in); status != 404 || m[0].code() != -32600 {
			t.Errorf("after DELETE: %d %v", status, m)
		}
		if len(id) < 22 {
			t.Errorf("a short session id: %q", id)
		}
	}
	if status, m := s.post(call25("1", "echo", `{}`), nil); status != 400 || !strings.Contains(m[0].raw, "initialize first") {
		t.Errorf("no session: %d %v", status, m)
	}
	r := s.do(http.MethodPost, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":[]}`, nil)
	r.Body.Close()
	if r.Header.Get("Mcp-Session-Id") != "" || s.tr.sessions.count() != 0 {
		t.Error("a session for an initialize that failed")
	}
}

func TestHTTPCancel2025(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{})
		_, in := s.session(revision2025, `{}`)
		_, other := s.session(revision2025, `{}`)
		type answer struct {
			status int
			m      []msg
		}
		done := make(chan answer, 1)
		go func() {
			status, m := s.post(call25("1", "read_slow", `{}`), in)
			done <- answer{status, m}
		}()
		<-f.started
		cancel := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
		s.post(cancel, other)
		synctest.Wait()
		if f.ended.Load() != 0 {
			t.Error("cancelled from another session")
		}
		if status, _ := s.post(cancel, in); status != 202 {
			t.Errorf("cancel: %d", status)
		}
		if a := <-done; f.ended.Load() != 1 || len(a.m) != 0 {
			t.Errorf("ended %d, answer %v", f.ended.Load(), a)
		}
		go s.post(call25("2", "read_slow", `{}`), in)
		<-f.started
		r := s.do(http.MethodDelete, "", in)
		r.Body.Close()
		synctest.Wait()
		if f.ended.Load() != 2 {
			t.Error("DELETE left a call running")
		}
	})
}

func TestSessionsAgeWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{})
		_, in := s.session(revision2025, `{}`)
		_, busy := s.session(revision2025, `{}`)
		ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
		done := make(chan int, 1)
		go func() { st, _ := s.post(call25("7", "change_slow", `{}`), busy); done <- st }()
		<-f.started
		for range 3 {
			<-time.After(9 * time.Minute)
			if status, _ := s.post(ping, in); status != 200 {
				t.Fatalf("used every 9 minutes: %d", status)
			}
		}
		<-time.After(10*time.Minute + time.Second)
		if status, _ := s.post(ping, in); status != 404 {
			t.Errorf("idle for 10 minutes: %d", status)
		}
		close(f.release)
		if st := <-done; st != 200 {
			t.Errorf("a session in use: %d", st)
		}
		if status, _ := s.post(ping, busy); status != 200 {
			t.Errorf("right after: %d", status)
		}
		<-time.After(11 * time.Minute)
		if n := s.tr.sessions.count(); n != 0 {
			t.Errorf("%d sessions left", n)
		}
	})
}

func TestGETStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startPipes(t, newFake(), Options{})
		_, in := s.session(revision2025, `{}`)
		r := s.do(http.MethodGet, "", in)
		defer r.Body.Close()
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/event-stream" || r.Header.Get("X-Accel-Buffering") != "no" {
			t.Fatalf("%d %v", r.StatusCode, r.Header)
		}
		again := s.do(http.MethodGet, "", in)
		again.Body.Close()
		if again.StatusCode != http.StatusConflict {
			t.Errorf("a second stream: %d", again.StatusCode)
		}
		b := bufio.NewReader(r.Body)
		start := time.Now()
		if l, err := b.ReadString('\n'); err != nil || l != ": keep-alive\n" || time.Since(start) != 15*time.Second {
			t.Errorf("%q %v after %v", l, err, time.Since(start))
		}
		end := make(chan error, 1)
		go func() { _, err := io.Copy(io.Discard, b); end <- err }()
		<-time.After(time.Hour) // an open stream keeps the session
		d := s.do(http.MethodDelete, "", in)
		d.Body.Close()
		if err := <-end; err != nil || d.StatusCode != 204 {
			t.Errorf("DELETE %d, stream %v", d.StatusCode, err)
		}
	})
}

func TestAThousandSessionsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startPipes(t, newFake(), Options{})
		var kept []weak.Pointer[session]
		round := func() {
			for range 1000 {
				s.session(revision2025, `{"elicitation":{}}`)
			}
			s.tr.sessions.mu.Lock()
			for _, e := range s.tr.sessions.all {
				kept = append(kept, weak.Make(e))
			}
			s.tr.sessions.mu.Unlock()
			<-time.After(11 * time.Minute)
			if n := s.tr.sessions.count(); n != 0 {
				t.Fatalf("%d sessions left", n)
			}
		}
		round()
		goroutines := runtime.NumGoroutine()
		round()
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > goroutines+100 { // the count is the process's: a leak would be a thousand
			t.Errorf("%d goroutines, then %d", goroutines, n)
		}
		runtime.GC()
		runtime.GC()
		held := 0
		for _, p := range kept {
			if p.Value() != nil {
				held++
			}
		}
		if held > 10 || len(kept) != 2000 { // some may still be on a stack
			t.Errorf("%d of %d sessions are still in memory", held, len(kept))
		}
	})
}

func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := newSessions(time.Minute)
		first := all.open(newPeer(), "")
		<-time.After(time.Second)
		kept := all.enter(all.open(newPeer(), "").id, "")
		for range maxSessions {
			<-time.After(time.Millisecond)
			all.open(newPeer(), "")
		}
		if n := all.count(); n != maxSessions {
			t.Errorf("%d sessions", n)
		}
		if all.enter(first.id, "") != nil {
			t.Error("the one idle for longest is still there")
		}
		if all.enter(kept.id, "") == nil {
			t.Error("one in use went")
		}
		for _, e := range all.all {
			e.timer.Stop()
		}
	})
}
