package transport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// subject is one server under load: round makes one request with an id and waits
// for the answer. It is safe for as many callers as dial was told.
type subject interface {
	round(caller int, body string) error
}

// onStdio is a client of a server on pipes: callers share the pipe, answers find
// their caller by id.
type onStdio struct {
	mu  sync.Mutex
	in  io.Writer
	got []chan bool
}

// dialStdio serves on pipes in memory.
func dialStdio(t *testing.T, callers int, serve func(in io.ReadCloser, out io.WriteCloser)) subject {
	t.Helper()
	ir, iw := io.Pipe()
	or, ow := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() { serve(ir, ow); ow.Close() })
	return onPipes(t, callers, iw, or, func() { ir.Close(); or.Close(); running.Wait() })
}

// dialProcess serves in a process of its own, on the pipes of the system.
func dialProcess(t *testing.T, callers int, which string) subject {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"="+which)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return onPipes(t, callers, in, out, func() { _ = cmd.Wait() })
}

// onPipes reads what comes from the server, and ends it with the test.
func onPipes(t *testing.T, callers int, in io.WriteCloser, out io.Reader, end func()) subject {
	t.Helper()
	s := &onStdio{in: in}
	for range callers {
		s.got = append(s.got, make(chan bool, 1))
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		defer func() {
			for _, c := range s.got {
				close(c) // who still waits, waits in vain
			}
		}()
		lines := bufio.NewReaderSize(out, 1<<20) // each answer fits
		for {
			line, err := lines.ReadSlice('\n')
			if err != nil {
				return
			}
			s.deliver(line)
		}
	})
	t.Cleanup(func() { in.Close(); end(); reading.Wait() })
	return s
}

// deliver reads the id, which stands before the result in what both servers write.
func (s *onStdio) deliver(line []byte) {
	i := bytes.Index(line, []byte(`"id":`))
	if i < 0 {
		s.got[0] <- false
		return
	}
	n := 0
	for _, c := range line[i+5:] {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	s.got[n%len(s.got)] <- !bytes.Contains(line, []byte(`"error":`))
}

func (s *onStdio) round(caller int, body string) error {
	s.mu.Lock()
	_, err := io.WriteString(s.in, body+"\n")
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if !<-s.got[caller] {
		return errors.New("an error was answered")
	}
	return nil
}

// onHTTP is a client with a connection for each caller.
type onHTTP struct {
	host  string
	conns []net.Conn
	read  []*bufio.Reader
}

func dialHTTP(t *testing.T, callers int, url string) subject {
	t.Helper()
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	s := &onHTTP{host: host}
	for range callers {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		s.conns = append(s.conns, c)
		s.read = append(s.read, bufio.NewReader(c))
	}
	return s
}

func (s *onHTTP) round(caller int, body string) error {
	method, name := "tools/list", ""
	if strings.Contains(body, `"tools/call"`) {
		method, name = "tools/call", "Mcp-Name: tool_000\r\n"
	}
	_, err := fmt.Fprintf(s.conns[caller], "POST /mcp HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"+
		"Mcp-Protocol-Version: 2026-07-28\r\nMcp-Method: %s\r\n%sContent-Length: %d\r\n\r\n%s", s.host, method, name, len(body), body)
	if err != nil {
		return err
	}
	r, err := http.ReadResponse(s.read[caller], nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %w", r.StatusCode, err)
	}
	return nil
}

// rate makes requests for a while and gives how many a second were answered.
func rate(t *testing.T, s subject, callers int, body func(id int) string, d time.Duration) float64 {
	t.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for c := range callers {
		wg.Go(func() {
			for i := c; time.Since(start) < d; i += callers {
				if err := s.round(c, body(i)); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}
