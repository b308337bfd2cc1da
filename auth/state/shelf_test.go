package state

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/jc-mcp/jc-mcp/auth"
)

// storeVar has the tests run over the store at this address.
const storeVar = "STATE_TEST_STORE"

// patient has a store take so many times as long as it may, 20 s for an answer: the
// machine of the tests may have other work.
const patient = 200

// seals are the seal keys of all replicas of a test.
func seals() []auth.Secret {
	return []auth.Secret{auth.Secret(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)))}
}

// openDir is Open, or OpenShared where the tests run over a store: directories of one
// path share.
func openDir(path string) (*Dir, *Store, error) {
	if os.Getenv(storeVar) == "" {
		d, err := Open(path)
		return d, nil, err
	}
	s, err := Connect(StoreOptions{URL: os.Getenv(storeVar), SealKeys: seals(), prefix: hashed(filepath.Clean(path)) + ":", Slow: patient})
	if err != nil {
		return nil, nil, err
	}
	d, err := OpenShared(path, s)
	return d, s, err
}

// another is one more process's view of a directory.
func another(t testing.TB, path string) *Dir {
	t.Helper()
	d, s, err := openDir(path)
	must(t, err)
	if s != nil {
		t.Cleanup(func() { must(t, s.Close()) })
	}
	return d
}

func filesOnly(t testing.TB) {
	t.Helper()
	if os.Getenv(storeVar) != "" {
		t.Skip("it is about files")
	}
}

// lay puts bytes where the shelf has others, as somebody could who may write there.
func (d *Dir) lay(name string, data []byte) error {
	old, err := d.shelf.read(name)
	if err != nil {
		old = nil
	}
	ok, err := d.shelf.swap(name, old, append([]byte{}, data...), d.now().Add(time.Hour))
	if err == nil && !ok {
		err = errors.New("it moved")
	}
	return err
}

func (d *Dir) overwrite(name string, v any) error {
	data, err := encode(name, v)
	if err != nil {
		return err
	}
	return d.lay(name, data)
}

func (d *Dir) runNow() string {
	run, _ := d.shelf.run()
	return run
}

// startRedis starts a real server, on a port of its own and with data in a folder of
// its own, and ends it with the test.
func startRedis(t testing.TB) *realRedis {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI_COMPLETE") == "1" {
			t.Fatal("there is no redis-server")
		}
		t.Skip("there is no redis-server")
	}
	r := &realRedis{port: freePort(t), dir: memory(t)}
	r.start(t)
	t.Cleanup(func() { r.kill(t) })
	return r
}

// freePort is one that no connection gets as its own end: it has to stay free while
// nobody listens on it.
func freePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			must(t, l.Close())
			return port
		}
	}
	t.Fatal("there is no free port")
	return ""
}

type realRedis struct {
	port, dir string
	args      []string // more of them
	cmd       *exec.Cmd
	ended     chan struct{}
}

func (r *realRedis) url() string { return "redis://127.0.0.1:" + r.port }

func (r *realRedis) start(t testing.TB) {
	t.Helper()
	r.launch(t)
	s, err := Connect(StoreOptions{URL: r.url()})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; <-tick.C {
		err := s.Ping(background())
		select {
		case <-r.ended: // somebody else had the port
			r.launch(t)
			err = errors.New("redis-server ends at once")
		default:
		}
		if err == nil {
			return
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func (r *realRedis) launch(t testing.TB) {
	t.Helper()
	cmd, ended := exec.Command("redis-server", append([]string{"--port", r.port, "--bind", "127.0.0.1", "--dir", r.dir, "--save", "", "--daemonize", "no"}, r.args...)...), make(chan struct{})
	must(t, cmd.Start()) // what it says goes nowhere
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	r.cmd, r.ended = cmd, ended
}

// kill is kill -9.
func (r *realRedis) kill(t testing.TB) {
	t.Helper()
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill()
	<-r.ended
	r.cmd = nil
}

// The tests of this package hold for a store as they do for files: they are run again
// over miniredis, and over a real server where there is one.
func TestAllOverAStore(t *testing.T) {
	if os.Getenv(storeVar) != "" {
		t.Skip("this is that run")
	}
	for _, kind := range []string{"miniredis", "redis-server"} {
		t.Run(kind, func(t *testing.T) {
			url := ""
			if kind == "miniredis" {
				m := miniredis.RunT(t)
				url = "redis://" + m.Addr()
			} else {
				url = startRedis(t).url()
			}
			ctx, cancel := context.WithTimeout(background(), 5*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.v", "-test.skip=^(TestAllOverAStore|TestReplicas.*|TestStore.*|Fuzz.*|Benchmark.*)$")
			cmd.Env = append(os.Environ(), storeVar+"="+url)
			out, err := cmd.CombinedOutput()
			ran := bytes.Count(out, []byte("\n--- PASS: "))
			t.Logf("%d tests passed over %s, %d are about files alone", ran, kind, bytes.Count(out, []byte("\n--- SKIP: ")))
			if err != nil || ran < 30 {
				t.Errorf("%v\n%s", err, badLines(string(out)))
			}
		})
	}
}

// badLines leaves out what went well.
func badLines(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "=== ") && !strings.Contains(line, "--- PASS") && !strings.Contains(line, "--- SKIP") {
			b.WriteString(line)
		}
	}
	text := b.String()
	return text[max(0, len(text)-8000):]
}

// everything is all that the store holds of these keys, in any form.
func (s *Store) everything(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	keys, err := s.client.Keys(background(), s.prefix+"*").Result()
	must(t, err)
	for _, k := range keys {
		data, err := s.client.Dump(background(), k).Result()
		if err != nil {
			data, err = s.client.Get(background(), k).Result() // miniredis dumps strings alone
		}
		if err == nil {
			b.WriteString(k + "=" + data + "\n")
		}
	}
	return b.Bytes()
}
