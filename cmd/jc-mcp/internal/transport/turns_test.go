package transport

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
)

func TestStdioReadsOnWhileNobodyReadsItsRefusals(t *testing.T) {
	f := newFake()
	close(f.release)
	w := startStdio(t, f, Options{})
	w.send(call26("1", "read_slow", `{}`), "hello", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, call26("2", "change_slow", `{}`),
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	within(t, f.started, "the first call")
	within(t, f.started, "the call after the refusals")
	within(t, f.stopped, "the cancel")
	if rest := w.rest(); len(rest) != 3 {
		t.Errorf("want two refusals and a result: %v", rest)
	}
}

func TestStdioTakesNothingAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{})
		w.send(call26("1", "change_quick", `{}`))
		w.recv()
		w.stop()
		if err := <-w.done; err != nil {
			t.Fatal(err)
		}
		w.send(call26("2", "change_quick", `{}`)) // the read that stayed open takes it
		synctest.Wait()
		if f.finished.Load() != 1 {
			t.Errorf("%d changes", f.finished.Load())
		}
	})
}

// TestStdioKeepsFewGoroutines: a burst needs many, and they do not stay.
func TestStdioKeepsFewGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		w := startStdio(t, f, Options{Inflight: 200})
		synctest.Wait() // it reads
		before := runtime.NumGoroutine()
		for i := range 200 {
			w.send(call26(fmt.Sprint(i), "change_slow", `{}`))
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n < 150 {
			t.Errorf("%d goroutines run 200 calls", n)
		}
		close(f.release)
		for range 200 {
			w.recv()
		}
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n > maxIdle+1 {
			t.Errorf("%d goroutines stay", n)
		}
		w.rest()
	})
}
