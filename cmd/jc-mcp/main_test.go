package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "jc-mcp-test-")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("XDG_STATE_HOME", dir) // not the state of whoever runs the tests
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// soon bounds every wait for something that should come at once: the machine may have
// other work.
const soon = time.Minute

// testShell is a shell that gives the store 10 s for an answer.
func testShell(environ []string, in io.Reader, out, errs io.Writer) *shell {
	s := newShell(environ, in, out, errs)
	s.patience = 100
	return s
}

// result is what a command line came to.
type result struct {
	code     int
	out, err string
}

// jcmcp runs a command line with an environment of its own. stdin is empty.
func jcmcp(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	return jcmcpIn(t, "", environ, args...)
}

func jcmcpIn(t *testing.T, stdin string, environ []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon) // what should be refused and serves instead
	defer cancel()
	var out, errs buffer
	code := testShell(environ, strings.NewReader(stdin), &out, &errs).run(ctx, args)
	return result{code, out.String(), errs.String()}
}

// want fails the test unless the code is that and the text, stdout and stderr, holds all words.
func (r result) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("%q is missing\nstdout: %s\nstderr: %s", w, r.out, r.err)
		}
	}
}

// person runs a command line as somebody at a terminal who types this.
func person(ctx context.Context, typed io.Reader, args ...string) result {
	var out, errs buffer
	s := testShell(nil, typed, &out, &errs)
	s.terminal = func(any) bool { return true }
	code := s.run(ctx, args)
	return result{code, out.String(), errs.String()}
}

// buffer may be read while it is written to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
