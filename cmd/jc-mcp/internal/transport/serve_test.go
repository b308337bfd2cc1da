package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestShutdownWaitsForChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{})
		_, in := s.session(revision2025, formOnly)
		type result struct {
			name string
			m    []msg
		}
		got := make(chan result, 3)
		for _, c := range []struct {
			tool string
			edit func(*http.Request)
		}{{"read_slow", in}, {"change_slow", in}, {"ask", in}} {
			go func() {
				_, m := s.post(call25(fmt.Sprintf("%q", c.tool), c.tool, `{}`), c.edit)
				got <- result{c.tool, m}
			}()
		}
		synctest.Wait()
		start := time.Now()
		time.AfterFunc(30*time.Second, func() { close(f.release) })
		go func() {
			<-f.stopped
			if took := time.Since(start); took != httpGrace {
				t.Errorf("a read was cancelled after %v", took)
			}
		}()
		if err := s.wait(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if took := time.Since(start); took < 30*time.Second || took > 32*time.Second {
			t.Errorf("took %v", took)
		}
		want := map[string]string{"read_slow": "cancelled", "change_slow": "done, read back", "ask": "refused"}
		for range 3 {
			r := <-got
			if len(r.m) == 0 || r.m[len(r.m)-1].texts(t) != want[r.name] {
				t.Errorf("%s: %v", r.name, r.m)
			}
		}
		if f.finished.Load() != 1 || f.ended.Load() != 1 {
			t.Errorf("changes %d, cancelled reads %d", f.finished.Load(), f.ended.Load())
		}
	})
}

func TestShutdownGivesUpInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{})
		go func() {
			q, _ := http.NewRequest(http.MethodPost, s.url, strings.NewReader(call26("1", "change_slow", `{}`)))
			setHeaders(q, call26("1", "change_slow", `{}`))
			if r, err := s.c.Do(q); err == nil {
				r.Body.Close()
			}
		}()
		<-f.started
		start := time.Now()
		if err := s.wait(); !errors.Is(err, errUnfinished) || time.Since(start) != httpGrace+finishWithin {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		close(f.release)
	})
}

// TestShutdownUnderLoad counts changes on both sides while the server stops:
// each one that was made is one that its caller was told of.
func TestShutdownUnderLoad(t *testing.T) {
	f := newFake()
	s := startHTTP(t, f, Options{})
	var told atomic.Int64
	var wg sync.WaitGroup
	warm := make(chan struct{}, 1<<16)
	for w := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				body := call26(fmt.Sprint(w*1_000_000+i), "change_quick", `{}`)
				q, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				q.GetBody = nil // a lost connection must not send the call again
				setHeaders(q, body)
				r, err := s.c.Do(q)
				if err != nil {
					return // the server is gone
				}
				b, err := io.ReadAll(r.Body)
				r.Body.Close()
				if err == nil && bytes.Contains(b, []byte(`"text":"done"`)) {
					told.Add(1)
				}
				select {
				case warm <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 200 {
		within(t, warm, "load")
	}
	if err := s.wait(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	wg.Wait()
	if f.finished.Load() != told.Load() || told.Load() < 200 {
		t.Errorf("%d changes made, %d told", f.finished.Load(), told.Load())
	}
	t.Logf("%d changes, none lost", told.Load())
}

func TestServeFailsWithItsListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := New(newFake(), Options{}).Serve(t.Context(), l); err == nil {
		t.Error("served on a closed listener")
	}
}

func TestSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		serveOn(t, newFake(), Options{Hosts: []string{"jc.test"}}, p)
		dial := func() net.Conn {
			a, b := net.Pipe()
			p.conns <- b
			return a
		}
		header := "POST /mcp HTTP/1.1\r\nHost: jc.test\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
		for name, c := range map[string]struct {
			sent  string
			after time.Duration
		}{"a header that never ends": {header, 10 * time.Second}, "a body that never ends": {header + "\r\n{", 30 * time.Second}} {
			conn := dial()
			start := time.Now()
			io.WriteString(conn, c.sent)
			io.Copy(io.Discard, conn)
			if took := time.Since(start); took < c.after || took > c.after+2*time.Second {
				t.Errorf("%s: held for %v", name, took)
			}
			conn.Close()
		}
	})
}

func TestLogsHoldNoContent(t *testing.T) {
	var mu sync.Mutex
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return logged.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	f := newFake()
	s := startHTTP(t, f, Options{Log: log})
	w := startStdio(t, f, Options{Log: log})
	for _, tool := range []string{"echo", "panic", "hunter2-tool"} {
		s.post(call26("1", tool, `{"password":"hunter2"}`), nil)
		w.send(call26("1", tool, `{"password":"hunter2"}`))
		w.recv()
	}
	w.send(`{"jsonrpc":"2.0","id":1,"method":"ping","hunter2`, `{"jsonrpc":"2.0","id":1,"method":"ping","Method":"hunter2"}`)
	w.recv()
	w.recv()
	s.post(call26("1", "echo", `{}`), func(q *http.Request) { q.Header.Set("Origin", "https://hunter2") })
	s.post(call26("1", "echo", `{}`), func(q *http.Request) { q.Header.Set("Mcp-Name", "hunter2") })
	w.rest()
	mu.Lock()
	defer mu.Unlock()
	if got := logged.String(); strings.Contains(got, "hunter2") || strings.Contains(got, "must not be shown") {
		t.Errorf("the log holds what a caller sent:\n%s", got)
	} else if !strings.Contains(got, "refused a request") || !strings.Contains(got, "panicked") {
		t.Errorf("the log lacks what happened:\n%s", got)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
