package state

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jc-mcp/jc-mcp/auth"
)

// helperVar makes the test binary another process that uses a state directory.
const helperVar = "STATE_TEST_HELPER"

func TestMain(m *testing.M) {
	if what := os.Getenv(helperVar); what != "" {
		helper(what)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// processes runs n of them at once; all start their work when all are ready. It gives
// the lines that each one said.
func processes(t *testing.T, n int, what string, args ...string) [][]string {
	t.Helper()
	out := make([][]string, n)
	starts := make([]io.WriteCloser, n)
	cmds := make([]*exec.Cmd, n)
	outs := make([]*bufio.Reader, n)
	for i := range n {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), helperVar+"="+what, "GOMAXPROCS=2")
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		must(t, err)
		stdout, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		cmds[i], starts[i], outs[i] = cmd, in, bufio.NewReader(stdout)
	}
	for i := range n {
		if line, err := outs[i].ReadString('\n'); line != "ready\n" {
			t.Fatalf("process %d said %q (%v)", i, line, err)
		}
	}
	for i := range n {
		must(t, starts[i].Close())
	}
	for i := range n {
		rest, err := io.ReadAll(outs[i])
		must(t, err)
		must(t, cmds[i].Wait())
		out[i] = strings.Fields(string(rest))
	}
	return out
}

// helper is the other process: its first argument is the directory.
func helper(what string) {
	d, _, err := openDir(os.Args[1])
	check(err)
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until all are ready
	ctx := background()
	var mu sync.Mutex
	say := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(words...)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			switch what {
			case "meter":
				for range 15 {
					ok, err := counted(d, "writes", 2, time.Hour, 200)
					check(err)
					say(ok)
				}
			case "once":
				for i := range 10 {
					ok, err := d.UseOnce(fmt.Sprint("id ", i), time.Now().Add(time.Hour))
					check(err)
					say(ok)
				}
			case "seal":
				s, err := d.Sealer()
				check(err)
				say(s.Open(os.Args[2], []byte("bound")) == nil)
			case "master":
				key, err := d.Master()
				check(err)
				say(fmt.Sprintf("%x", key))
			case "take":
				r, _, err := d.Ask(ctx, plan())
				check(err)
				_, err = d.Take(ctx, r, []auth.Approver{{Name: "it-lead", Key: os.Args[2], May: []string{"*"}}})
				say(err == nil)
			case "ask":
				r, _, err := d.Ask(ctx, plan())
				check(err)
				say(r.Code)
			case "journal":
				for range 30 {
					check(d.Record(ctx, Change{ID: rand.Text(), At: time.Now(), Say: "x"}))
				}
			case "limit":
				say(limitHelper(d))
			case "refused":
				stopped, err := d.Refused(ctx, "helpdesk")
				check(err)
				say(stopped)
			}
		})
	}
	wg.Wait()
	if what == "stop" {
		_, err := d.Stop("", "", "a test")
		check(err)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// words counts them over all processes.
func words(out [][]string) map[string]int {
	n := map[string]int{}
	for _, list := range out {
		for _, w := range list {
			n[w]++
		}
	}
	return n
}

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func open(t testing.TB) (*Dir, *clock) {
	t.Helper()
	d := another(t, memory(t)+"/state [1]")
	c := &clock{t: time.Now().UTC().Truncate(time.Microsecond)}
	d.now = c.now
	return d, c
}

// memory is a folder on no disk, where there is such a thing: the tests wait for a
// disk thousands of times.
func memory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "jc-mcp-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func plan() Request {
	sum := sha256.Sum256([]byte("the sealed plan"))
	return Request{
		Agent: "helpdesk", Principal: "stdio", Tool: "users_reset_mfa", Risk: "destroy",
		Question: "Reset the MFA of <Ada> & Grace\u2028. This cannot be undone here.",
		Before:   map[string]any{"mfa": "on", "count": 12345678901234567}, After: map[string]any{"mfa": nil},
		Targets: []auth.Target{{Type: "user", ID: "5f", Name: "ada"}, {Type: "user", ID: "60", Name: "grace"}},
		Bound:   sum[:],
	}
}

func key(t testing.TB, name string) *Key {
	t.Helper()
	k, err := NewKey(name)
	must(t, err)
	return k
}

func approver(k *Key, may ...string) auth.Approver {
	return auth.Approver{Name: k.Name(), Key: k.Public(), May: may}
}

// approved asks for r and has it approved.
func approved(t testing.TB, d *Dir, r Request, k *Key) Request {
	t.Helper()
	r, _, err := d.Ask(background(), r)
	must(t, err)
	e, err := d.Entry(r.Code)
	must(t, err)
	must(t, d.Approve(background(), e.Request, k))
	return r
}

// everything is all bytes of the directory.
func everything(t testing.TB, d *Dir) []byte {
	t.Helper()
	var b bytes.Buffer
	walk(t, d, func(path string, _ os.FileInfo) {
		data, err := os.ReadFile(path)
		must(t, err)
		b.Write(data)
	})
	if d.store != nil {
		b.Write(d.store.everything(t))
	}
	return b.Bytes()
}
