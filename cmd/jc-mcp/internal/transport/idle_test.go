package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// serveVariable makes the test binary serve, so that client and server need not
// share the files of one process.
const serveVariable = "JC_MCP_TRANSPORT_SERVE"

// serveAlone serves until stdin ends: over HTTP, whose address it prints first,
// or on stdio as one of the servers that are compared.
func serveAlone() {
	switch os.Getenv(serveVariable) {
	case serveOursAlone:
		serveOurs(1, os.Stdin, os.Stdout)
		return
	case serveTheirsAlone:
		serveTheirs(1, os.Stdin, os.Stdout)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	fmt.Println(l.Addr())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	_ = New(newFake(), Options{}).Serve(ctx, l)
}

// startAlone starts a server of its own process and gives its address.
func startAlone(t *testing.T) (addr string, pid int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"=1")
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
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), cmd.Process.Pid
}

// speak sends a request on a bare connection and gives the status of the answer.
func speak(c net.Conn) (int, error) {
	body := list26("1")
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, err
}

// TestIdleConnections opens 10,000 connections, or as many as the limit of open
// files allows, some silent and some between two requests, and calls beside them.
func TestIdleConnections(t *testing.T) {
	wanted := 10_000
	if raceDetector || testing.Short() {
		wanted = 1000
	}
	addr, pid := startAlone(t)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	start := time.Now()
	for len(conns) < wanted {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break // the limit of open files
		}
		conns = append(conns, c)
		if len(conns)%10 == 0 {
			if status, err := speak(c); status != 200 {
				t.Fatalf("connection %d: %d %v", len(conns), status, err)
			}
		}
	}
	most := len(conns)
	if most < wanted { // leave some to call with
		for _, c := range conns[most-most/10:] {
			c.Close()
		}
		conns = conns[:most-most/10]
		t.Logf("the limit of open files allows %d connections of %d", most, wanted)
	}
	opened := time.Since(start)
	if most < 500 {
		t.Fatalf("only %d connections", most)
	}
	fresh, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	took := time.Hour // the shortest of some: the machine may have other work
	for range 10 {
		asked := time.Now()
		if status, err := speak(fresh); status != 200 {
			t.Fatalf("a new connection beside %d idle ones: %d %v", len(conns), status, err)
		}
		if took = min(took, time.Since(asked)); took < 2*time.Second {
			break
		}
	}
	for _, i := range []int{9, len(conns)/20*10 - 1} {
		if status, err := speak(conns[i]); status != 200 {
			t.Errorf("idle connection %d speaks again: %d %v", i, status, err)
		}
	}
	t.Logf("%d idle connections, opened in %v, a list beside them in %v, %s", len(conns), opened.Round(time.Millisecond), took.Round(time.Microsecond), memoryOf(pid))
	if took > 2*time.Second {
		t.Errorf("a list beside idle connections took %v", took)
	}
}

// memoryOf is what the system says a process holds, where it says so.
func memoryOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "memory unknown"
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "VmRSS:") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return "memory unknown"
}
