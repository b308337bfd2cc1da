package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const product = "github.com/jc-mcp/jc-mcp/cmd/jc-mcp"

// rig is the sandbox, the server before it, whoever vouches for callers, and these.
type rig struct {
	dir, path string
	issuer    *issuer
	sandbox   *process
	server    *process
	callers   []*caller
	mix       []job
	profile   string       // beginning of the names of profiles; "" makes none
	http      *http.Client // for what is not measured
}

// start builds the product and starts all that a run needs.
func start(ctx context.Context, callers int, mix []job, profile string) (_ *rig, err error) {
	r := &rig{mix: mix, profile: profile, http: &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.dir, err = os.MkdirTemp("", "jc-mcp-load-"); err != nil {
		return nil, err
	}
	if err = r.build(ctx); err != nil {
		return nil, err
	}
	if r.issuer, err = newIssuer(); err != nil {
		return nil, err
	}
	for i := range callers {
		c := &caller{agent: fmt.Sprintf("agent-%03d", i), took: map[string][]time.Duration{}}
		if c.token, err = r.issuer.token(c.agent); err != nil {
			return nil, err
		}
		r.callers = append(r.callers, c)
	}
	if r.sandbox, err = run(ctx, r.path, nil, []string{"sandbox", "--addr", "127.0.0.1:0"}, "url"); err != nil {
		return nil, err
	}
	if err = r.directory(ctx); err != nil {
		return nil, err
	}
	if err = os.WriteFile(filepath.Join(r.dir, "grants.yaml"), r.grants(), 0o600); err != nil {
		return nil, err
	}
	if r.server, err = r.serve(ctx, r.sandbox.logged["url"], "server"); err != nil {
		return nil, err
	}
	for _, c := range r.callers {
		c.prepare(host(r.server.logged["url"]), mix)
		if c.served, err = dial(ctx, host(r.server.logged["url"])); err != nil {
			return nil, err
		}
		if c.plain, err = dial(ctx, host(r.sandbox.logged["url"])); err != nil {
			return nil, err
		}
	}
	return r, r.record(ctx)
}

// build makes the binary from the module that the current folder is in.
func (r *rig) build(ctx context.Context) error {
	r.path = filepath.Join(r.dir, "jc-mcp")
	if runtime.GOOS == "windows" {
		r.path += ".exe"
	}
	args := []string{"build", "-buildvcs=false", "-o", r.path}
	if r.profile != "" {
		list, err := r.overlay(ctx)
		if err != nil {
			return err
		}
		args = append(args, "-overlay", list)
	}
	out, err := exec.CommandContext(ctx, "go", append(args, product)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the product does not build: %w\n%s", err, out)
	}
	return nil
}

// grants is a grant file with an agent for each caller, and quotas that are never met.
func (r *rig) grants() []byte {
	var b strings.Builder
	b.WriteString("version: 1\nceiling: {objects_per_call: 25, writes_per_minute: 1000000, writes_per_day: 1000000}\nagents:\n")
	for _, c := range r.callers {
		fmt.Fprintf(&b, "  %s:\n    who: [{issuer: %q, subject: %s}]\n    may:\n      - read: [users, user_groups]\n"+
			"      - do: [user_groups_members_change]\n        at_most: {per_call: 5, per_hour: 1000000}\n", c.agent, r.issuer.URL, c.agent)
	}
	return []byte(b.String())
}

// serve starts the server over HTTP as an operator would, with a folder of its own.
func (r *rig) serve(ctx context.Context, upstream, name string) (*process, error) {
	dir := filepath.Join(r.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	var profile []string
	if r.profile != "" && name == "server" {
		profile = []string{"LOAD_PROFILE=" + r.profile + name}
	}
	return run(ctx, r.path, append(profile, "JC_CONSOLE_URL="+upstream, "JC_API_KEY=sandbox-key", "JC_GRANTS="+filepath.Join(r.dir, "grants.yaml"),
		"JC_AUDIT_LOG="+filepath.Join(dir, "audit"), "JC_STATE_DIR="+filepath.Join(dir, "state"),
		"JC_OAUTH_ISSUER="+r.issuer.URL, "JC_OAUTH_AUDIENCE="+audience),
		[]string{"http", "--addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, "url", "ops")
}

// host is the host and port of a URL.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// close ends all that was started.
func (r *rig) close() {
	for _, c := range r.callers {
		for _, l := range []*line{c.served, c.plain} {
			if l != nil {
				_ = l.conn.Close()
			}
		}
	}
	for _, p := range []*process{r.server, r.sandbox} {
		if p != nil {
			p.end()
		}
	}
	if r.issuer != nil {
		r.issuer.Close()
	}
	r.http.CloseIdleConnections()
	if r.dir != "" {
		_ = os.RemoveAll(r.dir)
	}
}

// warm has each caller do the whole mix, both ways.
func (r *rig) warm(ctx context.Context) error {
	for _, c := range r.callers {
		for range 2 * len(r.mix) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.call(c); err != nil {
				return err
			}
		}
		for range r.mix {
			if err := r.bare(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rig) peak() int64 { return r.server.memory("VmHWM") }

// look is what the server's ops port says of it.
type look struct {
	cpu, upstream, goroutines, descriptors, heap, resident float64
}

// look reads the metrics of the server.
func (r *rig) look(ctx context.Context) (l look, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.server.logged["ops"]+"/metrics", nil)
	if err != nil {
		return l, err
	}
	resp, err := r.http.Do(q)
	if err != nil {
		return l, err
	}
	defer resp.Body.Close()
	into := map[string]*float64{"process_cpu_seconds_total": &l.cpu, "jc_mcp_upstream_requests_total": &l.upstream, "go_goroutines": &l.goroutines,
		"process_open_fds": &l.descriptors, "go_memstats_next_gc_bytes": &l.heap, "process_resident_memory_bytes": &l.resident}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text := lines.Text()
		at, ok := into[text[:max(0, strings.IndexAny(text, "{ "))]]
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(text[strings.LastIndexByte(text, ' ')+1:], 64)
		if err != nil {
			return l, fmt.Errorf("/metrics: %w", err)
		}
		*at += n
	}
	return l, lines.Err()
}

// judge ends the server and compares what it answered with what the sandbox holds and
// what the audit says.
func (r *rig) judge(ctx context.Context, out io.Writer) error {
	changes := 0
	for _, c := range r.callers {
		changes += c.changes
	}
	if err := r.profileEnd(); err != nil {
		return err
	}
	r.server.end()
	var intents, results, lines int
	files, err := filepath.Glob(filepath.Join(r.dir, "server", "audit*"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".heads") || strings.HasSuffix(name, ".d") {
			continue
		}
		if err := eachLine(name, func(phase, risk, outcome string) {
			lines++
			switch {
			case risk != "change":
			case phase == "intent":
				intents++
			case phase == "result" && strings.HasPrefix(outcome, "done"):
				results++
			}
		}); err != nil {
			return err
		}
	}
	verify := exec.CommandContext(ctx, r.path, "audit", "verify", filepath.Join(r.dir, "server", "audit"))
	verify.Env = append(os.Environ(), "JC_STATE_DIR="+filepath.Join(r.dir, "server", "state"))
	said, err := verify.CombinedOutput()
	if err != nil {
		return fmt.Errorf("the audit does not verify: %w\n%s", err, said)
	}
	fmt.Fprintf(out, "%d changes answered done and read back; %d audit lines, of changes %d before and %d after; the audit verifies\n", changes, lines, intents, results)
	if intents != changes || results != changes {
		return fmt.Errorf("%d changes, %d lines before and %d after", changes, intents, results)
	}
	return nil
}

// eachLine reads an audit file.
func eachLine(name string, see func(phase, risk, outcome string)) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l struct{ Phase, Risk, Outcome string }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("a line of the audit is broken: %w", err)
		}
		see(l.Phase, l.Risk, l.Outcome)
	}
	return lines.Err()
}
