package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

const sandboxKey = "sandbox-key"

// binary is the product, built.
type binary struct{ dir, path string }

func build(ctx context.Context, root string) (*binary, error) {
	dir, err := os.MkdirTemp("", "jc-mcp-bench-")
	if err != nil {
		return nil, err
	}
	b := &binary{dir: dir, path: filepath.Join(dir, "jc-mcp")}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", b.path, "./cmd/jc-mcp")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		b.remove()
		return nil, fmt.Errorf("the product does not build: %w\n%s", err, out)
	}
	return b, nil
}

func (b *binary) remove() { _ = os.RemoveAll(b.dir) }

// rig is a sandbox of one size with a proxy before it, and the truth about it.
type rig struct {
	b       *binary
	users   int
	twin    *sandbox.Org // the same organisation in this process, for truth
	truth   *truth
	sandbox *exec.Cmd
	home    string // the sandbox's own address
	proxy   *proxy
	bare    *http.Client
	core    []string // names of the tools of the core surface
	all     map[string]*listedTool
	count   func(string) int
	largest answer // of all that were read
	silent  []string
}

func (b *binary) rig(ctx context.Context, users int) (_ *rig, err error) {
	r := &rig{b: b, users: users, bare: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.count, err = counter(); err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	if r.twin, err = sandbox.New(sandbox.Options{Users: users, Now: now}); err != nil {
		return nil, err
	}
	r.truth = newTruth(r.twin.Snapshot())
	if err = r.startSandbox(ctx, now); err != nil {
		return nil, err
	}
	if r.proxy, err = startProxy(ctx, r.home); err != nil {
		return nil, err
	}
	return r, r.readTools(ctx)
}

// startSandbox starts the organisation as a process of its own and waits for its address.
func (r *rig) startSandbox(ctx context.Context, now time.Time) error {
	r.sandbox = exec.CommandContext(ctx, r.b.path, "sandbox", "--addr", "127.0.0.1:0",
		"--users", fmt.Sprint(r.users), "--now", now.Format(time.RFC3339))
	r.sandbox.Env = environment()
	logs, err := r.sandbox.StderrPipe()
	if err != nil {
		return err
	}
	if err := r.sandbox.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var line struct{ URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.URL != "" {
			r.home = line.URL
			go func() { _, _ = io.Copy(io.Discard, logs) }()
			return nil
		}
	}
	return errors.New("the sandbox did not say its address")
}

// environment is ours without anything that configures the product.
func environment(more ...string) []string {
	own := slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "JC_") || strings.HasPrefix(s, "XDG_STATE_HOME=")
	})
	return append(append(own, "XDG_STATE_HOME="+filepath.Join(os.TempDir(), "jc-mcp-bench")), more...)
}

// close ends what this rig started.
func (r *rig) close() {
	if r.proxy != nil {
		r.proxy.close()
	}
	if r.sandbox != nil && r.sandbox.Process != nil {
		_ = r.sandbox.Process.Kill()
		_ = r.sandbox.Wait()
	}
	r.bare.CloseIdleConnections()
}

// fetch asks the sandbox itself, past the proxy and the product.
func (r *rig) fetch(ctx context.Context, path string) (any, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.home+path, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("x-api-key", sandboxKey)
	resp, err := r.bare.Do(q)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var v any
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return v, nil
}

// fetchAll walks a v2 list with a bare client.
func (r *rig) fetchAll(ctx context.Context, path string) (out []map[string]any, err error) {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	for {
		v, err := r.fetch(ctx, fmt.Sprintf("%s%slimit=100&skip=%d", path, sep, len(out)))
		if err != nil {
			return nil, err
		}
		page, _ := v.([]any)
		if m, ok := v.(map[string]any); ok {
			page, _ = m["results"].([]any)
		}
		for _, e := range page {
			if m, ok := e.(map[string]any); ok {
				out = append(out, m)
			}
		}
		if len(page) < 100 {
			return out, nil
		}
	}
}
