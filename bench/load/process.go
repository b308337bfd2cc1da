package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is the product, running.
type process struct {
	cmd    *exec.Cmd
	logged map[string]string // fields of its log that start waited for
	tail   *last
	reads  sync.WaitGroup
}

// run starts the product and waits until it has logged these fields.
func run(ctx context.Context, path string, env, args []string, fields ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, path, args...), logged: map[string]string{}, tail: &last{}}
	p.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "JC_") }), env...)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 5 * time.Second
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(errs)
	for len(p.logged) < len(fields) {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			p.end()
			return nil, fmt.Errorf("%v did not start: %s", args, p.tail)
		}
		_, _ = p.tail.Write(line)
		var said map[string]any
		_ = json.Unmarshal(line, &said)
		for _, f := range fields {
			if v, ok := said[f].(string); ok {
				p.logged[f] = v
			}
		}
	}
	p.reads.Go(func() { _, _ = io.Copy(p.tail, lines) })
	return p, nil
}

// end stops the process as an operator would.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.reads.Wait()
	_ = p.cmd.Wait()
}

// memory is a line of the process's status, in bytes: VmRSS is what is resident now,
// VmHWM the most that was.
func (p *process) memory(line string) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), line+":")
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(words[0], 10, 64)
	return n << 10
}

// last keeps the end of a log.
type last struct {
	mu sync.Mutex
	b  []byte
}

func (l *last) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b = append(l.b, p...); len(l.b) > 8<<10 {
		l.b = slices.Clone(l.b[len(l.b)-4<<10:])
	}
	return len(p), nil
}

func (l *last) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.b)
}
