package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that should come at once. It is long: the
// machine may have other work for all of its processors.
const patience = time.Minute

// process is the product, running.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *record // every byte of stdout
	errs  *record // every byte of stderr
	gone  chan struct{}
	code  int  // once gone is closed
	dead  bool // killed on purpose
}

// start runs the product with these arguments and nothing of ours in its
// environment but env (NAME=value). At the end of the test it is ended
// gracefully, if the test has not done so, and what it wrote is checked.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, args...), out: newRecord(), errs: newRecord(), gone: make(chan struct{})}
	p.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "JC_") }), env...)
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p.out, p.errs, patience
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := p.cmd.Wait()
		p.code = p.cmd.ProcessState.ExitCode()
		if err != nil && p.code == 0 {
			p.code = -1
		}
		p.out.Close()
		p.errs.Close()
		close(p.gone)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s\nstderr of %q:\n%s", p.cmd.ProcessState, args, p.errs)
		}
	})
	return p
}

// exit waits for the end and gives the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.gone:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.gone
		p.t.Errorf("%q did not end within %v", p.cmd.Args[1:], patience)
	}
	return p.code
}

// kill ends the process without a chance to do anything.
func (p *process) kill() {
	p.t.Helper()
	p.dead = true
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	<-p.gone
}

// stop ends the process as its kind is ended: stdio by closing its input, the
// others by a signal.
func (p *process) stop() {
	p.t.Helper()
	_ = p.stdin.Close()
	if p.dead {
		return
	}
	if len(p.cmd.Args) > 1 && p.cmd.Args[1] != "stdio" {
		p.terminate()
	}
	if code := p.exit(); code != 0 && (runtime.GOOS != "windows" || p.cmd.Args[1] == "stdio") {
		p.t.Errorf("%q ended with %d", p.cmd.Args[1:], code)
	}
	p.onlyRPC()
}

// terminate asks the process to end. Windows has no such signal.
func (p *process) terminate() {
	p.t.Helper()
	signal := os.Signal(syscall.SIGTERM)
	if runtime.GOOS == "windows" {
		signal = os.Kill
	}
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// onlyRPC checks that stdout is JSON-RPC, one message a line, and nothing else.
func (p *process) onlyRPC() {
	p.t.Helper()
	text := p.out.String()
	if text != "" && !strings.HasSuffix(text, "\n") {
		p.t.Errorf("stdout ends in the middle of a line: %.200q", text[strings.LastIndexByte(text, '\n')+1:])
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if text == "" {
			break
		}
		var m struct {
			JSONRPC string          `json:"jsonrpc"`
			ID      json.RawMessage `json:"id"`
			Method  string          `json:"method"`
			Result  json.RawMessage `json:"result"`
			Error   json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.JSONRPC != "2.0" || m.Method == "" && (m.Result == nil) == (m.Error == nil) {
			p.t.Errorf("stdout has a line that is not JSON-RPC: %.200q", line)
		}
	}
}

// logged waits for a line of JSON on stderr with this field, and gives its value.
func (p *process) logged(field string) string {
	p.t.Helper()
	lines := p.errs.reader()
	defer lines.Close()
	found := make(chan string, 1)
	go func() {
		defer close(found)
		for d := json.NewDecoder(lines); ; {
			var m map[string]any
			if d.Decode(&m) != nil {
				return
			}
			if s, ok := m[field].(string); ok {
				found <- s
				return
			}
		}
	}()
	select {
	case s, ok := <-found:
		if ok {
			return s
		}
	case <-time.After(patience):
	}
	p.t.Fatalf("no line with %q on stderr:\n%s", field, p.errs)
	return ""
}

// serveHTTP starts the HTTP server on a free port and gives its URL.
func serveHTTP(t *testing.T, env []string, args ...string) (*process, string) {
	t.Helper()
	p := start(t, env, append([]string{"http", "--addr", "127.0.0.1:0"}, args...)...)
	return p, p.logged("url")
}

// record keeps what is written to it; readers see all of it from the start.
type record struct {
	mu     sync.Mutex
	more   *sync.Cond
	b      []byte
	closed bool
}

func newRecord() *record {
	r := &record{}
	r.more = sync.NewCond(&r.mu)
	return r
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b = append(r.b, p...)
	r.more.Broadcast()
	return len(p), nil
}

// Close tells readers that nothing more comes.
func (r *record) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.more.Broadcast()
	return nil
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(bytes.Clone(r.b))
}

func (r *record) reader() io.ReadCloser { return &recordReader{of: r} }

type recordReader struct {
	of     *record
	at     int
	closed bool
}

func (r *recordReader) Read(p []byte) (int, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	for r.at == len(r.of.b) && !r.of.closed && !r.closed {
		r.of.more.Wait()
	}
	if r.closed || r.at == len(r.of.b) {
		return 0, io.EOF
	}
	n := copy(p, r.of.b[r.at:])
	r.at += n
	return n, nil
}

func (r *recordReader) Close() error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.closed = true
	r.of.more.Broadcast()
	return nil
}
