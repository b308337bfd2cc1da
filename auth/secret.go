package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	hiddenSecret  = "[secret]"
	maxSecret     = 64 << 10         // bytes; a key or secret is far shorter, a wrong file often longer
	commandLimit  = 10 * time.Second // a password manager that asks nobody answers well within this
	failureMemory = 2 * time.Second  // how long a failure is repeated instead of tried again
)

// Secret is a key, password or token. Every usual way of printing it gives
// "[secret]"; the text itself comes from Reveal alone.
//
// Being a string it has three holes that Go leaves open: fmt cannot call methods
// on unexported fields (so keep a *Secret there), fmt prints the raw text for %p
// and a misplaced %w, and encoding/json writes string map keys as they are.
type Secret string

// Reveal gives the text. Call it only where the secret is put on the wire.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (Secret) String() string { return hiddenSecret }

// GoString hides the text from %#v.
func (Secret) GoString() string { return hiddenSecret }

// Format hides the text from every verb that asks a Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenSecret) }

// MarshalJSON hides the text.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hiddenSecret + `"`), nil }

// MarshalText hides the text from YAML, XML and the like.
func (Secret) MarshalText() ([]byte, error) { return []byte(hiddenSecret), nil }

// LogValue hides the text from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hiddenSecret) }

// Source is where a secret comes from. Both methods are safe for concurrent use.
type Source interface {
	// Get gives the secret; it is read once and then kept.
	Get(ctx context.Context) (Secret, error)
	// Reload reads again. On an error the old secret stays in place.
	Reload(ctx context.Context) (changed bool, err error)
}

// sourceError is a text of ours about a source: it never holds any of the secret,
// a command line or what a command printed.
type sourceError string

func (e sourceError) Error() string { return string(e) }

// source is the one implementation: Value, File and Command differ in read.
type source struct {
	id     string // fingerprint of kind and place, for Credential.Scope
	place  string // of kind and place too, the same in every process; see Login.Lasting
	words  string // what is printed for it
	path   string // only for a file
	costly bool   // to read it runs a command
	read   func(context.Context) (Secret, error)
	held   atomic.Pointer[Secret]

	turn   chan struct{} // holds one element: whoever sent it reads; waiting can be given up
	failed error         // guarded by turn
	until  time.Time     // failed is repeated until then
}

func newSource(kind, place string, read func(context.Context) (Secret, error)) *source {
	return &source{
		id:    fingerprint("source", kind, place),
		place: lasting(kind, place),
		words: "secret from " + kind,
		read:  read,
		turn:  make(chan struct{}, 1),
	}
}

// Value is a secret given as text.
func Value(s string) Source {
	return newSource("a value", s, func(context.Context) (Secret, error) { return cleanSecret([]byte(s)) })
}

// File is a secret in a file; blanks and line ends around it are dropped. A file
// that is empty, over 64 KiB or holds several lines is refused when it is read.
func File(path string) Source {
	s := newSource("a file", path, func(context.Context) (Secret, error) { return readSecretFile(path) })
	s.path = path
	return s
}

// Command is a secret printed by a command line, run by sh -c (cmd /C on Windows)
// with no input, for at most 10 seconds. What it writes to stderr is dropped.
func Command(line string) Source {
	s := newSource("a command", line, func(ctx context.Context) (Secret, error) { return runSecretCommand(ctx, line, commandLimit) })
	s.costly = true
	return s
}

// Costly reports whether a command runs when a source is read.
func Costly(src Source) bool {
	s, ok := src.(*source)
	return ok && s.costly
}

// Format prints what kind of source it is, and nothing of it.
func (s *source) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.words) }

func (s *source) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *source) Get(ctx context.Context) (Secret, error) {
	if v := s.held.Load(); v != nil {
		return *v, nil
	}
	if err := s.take(ctx); err != nil {
		return "", err
	}
	defer func() { <-s.turn }()
	if v := s.held.Load(); v != nil {
		return *v, nil
	}
	v, err := s.readNow(ctx)
	if err != nil {
		return "", err
	}
	s.held.Store(&v)
	return v, nil
}

// readNow reads, or repeats a failure of a moment ago. The caller has the turn.
func (s *source) readNow(ctx context.Context) (Secret, error) {
	if time.Now().Before(s.until) {
		return "", s.failed
	}
	v, err := s.read(ctx)
	if err != nil && ctx.Err() == nil { // a caller that gave up says nothing about the source
		s.failed, s.until = err, time.Now().Add(failureMemory)
	}
	return v, err
}

func (s *source) Reload(ctx context.Context) (bool, error) {
	if err := s.take(ctx); err != nil {
		return false, err
	}
	defer func() { <-s.turn }()
	v, err := s.readNow(ctx)
	if err != nil {
		return false, err
	}
	was := s.held.Swap(&v)
	return was == nil || *was != v, nil
}

// Check reads the secret, so that a wrong setting is found at start. The warning,
// when there is one, names a file that every user of the machine can read.
func Check(ctx context.Context, src Source) (warning string, err error) {
	if s, ok := src.(*source); ok && s.path != "" && runtime.GOOS != "windows" {
		if info, err := os.Stat(s.path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 {
			warning = fmt.Sprintf("every user of this machine can read the secret file %q: chmod 600 it", s.path)
		}
	}
	_, err = src.Get(ctx)
	return warning, err
}

// Lookup finds the source that the environment names: NAME holds the secret itself,
// NAME_FILE a path, NAME_CMD a command line. An empty variable counts as not set;
// found is false when none is. More than one of them is an error that names them.
func Lookup(getenv func(string) string, name string) (src Source, found bool, err error) {
	var set []string
	for _, n := range []string{name, name + "_FILE", name + "_CMD"} {
		if getenv(n) != "" {
			set = append(set, n)
		}
	}
	if len(set) == 0 {
		return nil, false, nil
	}
	if len(set) > 1 {
		return nil, false, fmt.Errorf("%s are set: set only one of them", strings.Join(set, " and "))
	}
	text := getenv(set[0])
	if strings.TrimSpace(text) == "" {
		return nil, false, fmt.Errorf("%s is set, but blank", set[0])
	}
	switch set[0] {
	case name + "_FILE":
		return File(text), true, nil
	case name + "_CMD":
		return Command(text), true, nil
	}
	if _, err := cleanSecret([]byte(text)); err != nil {
		return nil, false, fmt.Errorf("%s: %w", name, err)
	}
	return Value(text), true, nil
}

// cleanSecret takes off what editors and shells add and refuses what cannot be one
// secret; the checks keep a wrong file from being sent as a header.
func cleanSecret(b []byte) (Secret, error) {
	if len(b) > maxSecret {
		return "", sourceError("the secret is longer than 64 KiB: is it the right one?")
	}
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))
	if len(b) == 0 {
		return "", sourceError("the secret is empty")
	}
	if !printable(string(b)) {
		return "", sourceError("the secret holds more than one line, or is not plain UTF-8 text")
	}
	return Secret(b), nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func readSecretFile(path string) (Secret, error) {
	why := func(err error) error {
		text := "it cannot be read"
		switch {
		case errors.Is(err, fs.ErrNotExist):
			text = "there is no such file"
		case errors.Is(err, fs.ErrPermission):
			text = "this user may not read it"
		case errors.As(err, new(sourceError)):
			text = err.Error()
		}
		return sourceError(fmt.Sprintf("secret file %q: %s", path, text))
	}
	f, err := os.Open(path)
	if err != nil {
		return "", why(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return "", why(sourceError("it is a folder"))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", why(err)
	}
	v, err := cleanSecret(b)
	if err != nil {
		return "", why(err)
	}
	return v, nil
}

// secretOutput keeps what a command prints up to the limit and then breaks its pipe.
type secretOutput struct {
	buf  bytes.Buffer
	over bool
}

func (o *secretOutput) Write(p []byte) (int, error) {
	if o.over = o.over || o.buf.Len()+len(p) > maxSecret; o.over {
		return 0, io.ErrShortWrite
	}
	return o.buf.Write(p)
}

func runSecretCommand(ctx context.Context, line string, limit time.Duration) (Secret, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := shellCommand(limited, line)
	var out secretOutput
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second // a grandchild that keeps the pipe open does not hold us
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case limited.Err() != nil:
		return "", sourceError(fmt.Sprintf("the command that prints the secret took longer than %v", limit))
	case out.over:
		return "", sourceError("the command that prints the secret printed more than 64 KiB")
	case errors.As(err, &exit):
		return "", sourceError(fmt.Sprintf("the command that prints the secret failed (exit code %d); run it by hand to see why", exit.ExitCode()))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // that one: done, but it left a daemon that holds the pipe
		return "", sourceError("the command that prints the secret could not be run")
	}
	v, err := cleanSecret(out.buf.Bytes())
	if err != nil {
		return "", sourceError("the command that prints the secret: " + err.Error())
	}
	return v, nil
}
