package test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// TestStartsAsRendered runs the server of this repository with the arguments, settings
// and files of a rendered pod, on ports of loopback: it becomes ready, has the metrics
// that are there from the start, and ends cleanly at SIGTERM.
func TestStartsAsRendered(t *testing.T) {
	server := tool(t, "JC_MCP_BIN", "")
	objects := render(t, "sandbox", "--set", "drainSeconds=0")
	root := t.TempDir()
	for _, m := range list(container(t, objects), "volumeMounts") {
		if err := os.MkdirAll(filepath.Join(root, text(m, "mountPath")), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "etc/jc-mcp/grants/grants.yaml"), smallGrants(t), 0o600); err != nil {
		t.Fatal(err)
	}
	ops := freePort(t)
	env := []string{"XDG_STATE_HOME=" + filepath.Join(root, "state")}
	for name, value := range environment(t, objects) {
		switch {
		case value == ":9090":
			value = ops
		case strings.HasPrefix(value, "/"):
			value = filepath.Join(root, value)
		}
		env = append(env, name+"="+value)
	}
	var args []string
	for _, a := range list(container(t, objects), "args") {
		args = append(args, strings.Replace(a.(string), ":8080", ":0", 1))
	}

	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, server, args...)
	cmd.Env = env
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for lines := bufio.NewScanner(io.TeeReader(stderr, &log)); lines.Scan() && !strings.Contains(lines.Text(), "serving MCP"); {
	}
	if !strings.Contains(log.String(), "serving MCP") {
		t.Fatalf("it does not serve:\n%s%v", log.String(), cmd.Wait())
	}
	ended := make(chan error, 1)
	go func() {
		_, _ = io.Copy(io.Discard, stderr) // Wait closes the pipe: all is read before
		ended <- cmd.Wait()
	}()

	health := exec.CommandContext(ctx, server, "healthcheck")
	health.Env = env
	if out, err := health.CombinedOutput(); err != nil {
		t.Errorf("healthcheck: %v: %s", err, out)
	}
	metrics := get(ctx, t, "http://"+ops+"/metrics")
	for _, name := range []string{"jc_mcp_calls_in_flight", "jc_mcp_audit_up", "jc_mcp_grants_stale", "jc_mcp_breaker_state"} {
		if !strings.Contains(metrics, "\n"+name) {
			t.Errorf("there is no metric %s", name)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// smallGrants is the grant file of ci/small.yaml, as its ConfigMap holds it.
func smallGrants(t *testing.T) []byte {
	t.Helper()
	grants := text(one(t, render(t, "small"), "ConfigMap"), "data", "grants.yaml")
	if err := yaml.Unmarshal([]byte(grants), new(map[string]any)); err != nil || grants == "" {
		t.Fatalf("no grants: %v", err)
	}
	return []byte(grants)
}

// freePort is an address of loopback that nothing listens on, and that no connection
// gets as its own end before the server listens there.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(12_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("there is no free port")
	return ""
}

func get(ctx context.Context, t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, res.Status, err)
	}
	return string(body)
}
