package transport

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestEndLetsChangesFinish is that the end of the server cancels reads after the
// grace, lets changes go on that would heed a cancel, and cancels those that take
// too long while there is time to answer. Each accepted call gets its answer.
func TestEndLetsChangesFinish(t *testing.T) {
	calls := map[string]struct {
		text   string
		within time.Duration // after the end
	}{
		"read_slow": {"cancelled", 0},
		"long_walk": {"3 pages", 30 * time.Second},
		"ask_late":  {"needs_approval", changesWithin},
	}
	check := func(t *testing.T, name string, m msg, grace, took time.Duration) {
		t.Helper()
		c := calls[name]
		limit := grace + c.within
		if name == "long_walk" {
			limit = c.within
		}
		if m.texts(t) != c.text || took != limit {
			t.Errorf("%s: %s after %v, want %q after %v", name, m.raw, took, c.text, limit)
		}
	}
	t.Run("http", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			s := startPipes(t, f, Options{})
			type answer struct {
				name string
				m    []msg
				at   time.Time
			}
			got := make(chan answer, len(calls))
			for name := range calls {
				go func() {
					_, m := s.post(call26(fmt.Sprintf("%q", name), name, `{}`), nil)
					got <- answer{name, m, time.Now()}
				}()
			}
			synctest.Wait()
			begin := time.Now()
			if err := s.wait(); err != nil {
				t.Errorf("Serve: %v", err)
			}
			for range calls {
				a := <-got
				if len(a.m) != 1 {
					t.Fatalf("%s: no answer", a.name)
				}
				check(t, a.name, a.m[0], httpGrace, a.at.Sub(begin))
			}
		})
	})
	for name, end := range map[string]func(*wire){"stdin ends": func(w *wire) { w.in.Close() }, "asked to stop": func(w *wire) { w.stop() }} {
		t.Run("stdio, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := startStdio(t, newFake(), Options{})
				for name := range calls {
					w.send(call26(fmt.Sprintf("%q", name), name, `{}`))
				}
				synctest.Wait()
				begin := time.Now()
				end(w)
				for range calls {
					m := w.recv()
					check(t, string(m.ID[1:len(m.ID)-1]), m, stdioGrace, time.Since(begin))
				}
				if err := <-w.done; err != nil {
					t.Errorf("Stdio: %v", err)
				}
			})
		})
	}
}

// A change that waited in vain for its turn says that nothing was done.
func TestEndTurnsAwayWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := startPipes(t, f, Options{Inflight: 1})
		first, second := make(chan []msg, 1), make(chan []msg, 1)
		post := func(id string, to chan []msg) {
			_, m := s.post(call26(id, "change_slow", `{}`), nil)
			to <- m
		}
		go post("1", first)
		<-f.started
		go post("2", second)
		synctest.Wait()
		time.AfterFunc(20*time.Second, func() { close(f.release) })
		if err := s.wait(); err != nil {
			t.Errorf("Serve: %v", err)
		}
		if m := <-first; m[0].texts(t) != "done, read back" {
			t.Errorf("the first: %s", m[0].raw)
		}
		if m := <-second; m[0].Error == nil || m[0].Error.Message != "the server is stopping; nothing was done" || f.finished.Load() != 1 {
			t.Errorf("the second: %s, %d changes", m[0].raw, f.finished.Load())
		}
	})
}
