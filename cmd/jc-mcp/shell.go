package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"unicode"

	"golang.org/x/term"
)

// shell is what the program talks to: three streams and the environment.
type shell struct {
	in       io.Reader
	out      io.Writer
	err      *lockedWriter
	environ  map[string]string
	terminal func(stream any) bool // whether a person sits at the other end
	patience int                   // with the store, see state.StoreOptions.Slow; 0 but in tests
}

func newShell(environ []string, in io.Reader, out, errs io.Writer) *shell {
	return &shell{in: in, out: out, err: &lockedWriter{w: errs}, environ: environment(environ), terminal: isTerminal}
}

// lockedWriter lets log lines and audit lines share one stream without mixing.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func isTerminal(stream any) bool {
	if l, ok := stream.(*lockedWriter); ok {
		stream = l.w
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// interactive reports whether a person can be asked: one who sees stderr and types into stdin.
func (s *shell) interactive() bool { return s.terminal(s.in) && s.terminal(s.err) }

// ask puts a question to the person at the terminal; only the word yes, typed out, is a yes.
func (s *shell) ask(ctx context.Context, question string) bool {
	fmt.Fprintf(s.err, "%s\nType yes to go on: ", visible(question))
	typed := make(chan string, 1)
	go func() { // a read of a terminal cannot be given up: at the end of ctx it is left behind
		line, _ := bufio.NewReader(s.in).ReadString('\n')
		typed <- line
	}()
	select {
	case line := <-typed:
		return strings.TrimSpace(line) == "yes"
	case <-ctx.Done():
		fmt.Fprintln(s.err)
		return false
	}
}

// visible takes out what acts on a terminal instead of being seen.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, text)
}

// usageError is a mistake of the one who typed or configured: exit 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// asUsage makes a usage error of err; nil stays nil.
func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err.Error()}
}

// errSaid is a failure that the person has read already: exit 1 and no more words.
var errSaid = errors.New("failed")

// exitCode says err on stderr and gives the code that goes with it.
func (s *shell) exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSaid), errors.Is(err, syscall.EPIPE): // the reader has gone away: jc-mcp tools | head
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintln(s.err, "jc-mcp: "+visible(usage.text))
		return exitUsage
	}
	fmt.Fprintln(s.err, "jc-mcp: "+visible(err.Error()))
	return exitFailed
}
