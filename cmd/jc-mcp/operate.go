package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/ops"
)

// operation is how a server is run: what watches it, and how it ends.
type operation struct {
	addr   string        // of the ops port; "" is none
	traces string        // where traces are sent; "" is nowhere
	drain  time.Duration // served on after the signal to stop
}

const maxDrain = 5 * time.Minute

// operateSettings are the rows of operation.
func operateSettings() []setting {
	return []setting{
		{env: "JC_OPS_ADDR", flag: "ops-addr", group: operating, help: "address and port for /livez, /readyz and /metrics, apart from MCP; nothing there is secret (default none)",
			read: func(c *config, v string) error {
				if _, _, err := net.SplitHostPort(v); err != nil {
					return errors.New("it is an address such as :9090 or 127.0.0.1:9090")
				}
				c.operation.addr = v
				return nil
			}},
		{env: "JC_OTLP_ENDPOINT", flag: "otlp-endpoint", group: operating, help: "collector that traces are sent to (OpenTelemetry, OTLP over HTTP), such as http://collector:4318 (default none)",
			read: func(c *config, v string) error { c.operation.traces = v; return ops.CheckTraces(v) }},
		{env: "JC_DRAIN", flag: "drain", group: remote, def: "0s", help: "how long to serve on after the signal to stop, not ready, so that balancers notice",
			read: func(c *config, v string) (err error) {
				if c.operation.drain, err = time.ParseDuration(v); err != nil || c.operation.drain < 0 || c.operation.drain > maxDrain {
					return fmt.Errorf("it is a time such as 5s, at most %s", maxDrain)
				}
				return nil
			}},
	}
}

// instruments are what the server is watched with; nil where nobody looks.
func (o *operation) instruments(log *slog.Logger) (*ops.Instruments, error) {
	if o.addr == "" && o.traces == "" {
		return nil, nil
	}
	return ops.New(ops.Options{Version: buildVersion(), Traces: o.traces, Log: log})
}

// watched lets the instruments look at what the server is governed by.
func (g *governed) watched(in *ops.Instruments, orgs *orgsFile) {
	s := ops.Sources{Audit: g.audit.Health, AuditFailures: g.audit.Failures}
	if dir := g.dir; dir != nil {
		s.Stops = func() (int, error) { stops, err := dir.Stops(); return len(stops), err }
		if dir.Shared() {
			s.Store = func() error { return dir.Reachable(context.Background()) }
		}
		s.Waiting = func() (int, error) { waiting, err := dir.Pending(); return len(waiting), err }
	}
	if g.grants != nil {
		s.Stale = func() bool { return g.grants.Stale() != "" }
	}
	if orgs != nil {
		s.StaleOrgs = func() bool { return orgs.Stale() != "" }
	}
	in.Watch(s)
}

// operate opens the ops port, where there is one. end closes it.
func (o *operation) operate(ctx context.Context, in *ops.Instruments, log *slog.Logger) (s *ops.Server, end func(), err error) {
	if o.addr == "" {
		return nil, func() {}, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.addr)
	if err != nil {
		return nil, nil, fmt.Errorf("ops port: %w", err)
	}
	s = ops.NewServer(in, log)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // while changes finish it is still asked
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			log.ErrorContext(ctx, "the ops port is closed", "why", err.Error())
		}
	})
	log.InfoContext(ctx, "serving /livez, /readyz and /metrics", "ops", "http://"+l.Addr().String())
	return s, func() { stop(); running.Wait() }, nil
}

// draining gives the context to serve under. When ctx ends the server says that it is
// not ready, serves on for as long as is configured, and only then stops. end has to
// be called when nothing is served any more.
func (v *service) draining(ctx context.Context) (serving context.Context, end func()) {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var waiting sync.WaitGroup
	waiting.Go(func() {
		defer stop()
		select {
		case <-serving.Done():
			return
		case <-ctx.Done():
		}
		v.ops.Drain()
		v.log.InfoContext(ctx, "asked to stop: not ready any more; changes that are under way finish", "drain", v.conf.operation.drain.String())
		select {
		case <-serving.Done():
		case <-time.After(v.conf.operation.drain):
		}
	})
	return serving, func() { stop(); waiting.Wait() }
}

func (s *shell) healthcheckCommand() *cobra.Command {
	var addr string
	var live bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a server on this machine whether it is ready",
		Long: `Asks the ops port of a server on this machine (--ops-addr, JC_OPS_ADDR) whether it
is ready, or with --live whether it is alive, and says so in one line: for probes in
an image that has no shell.

Exit code 0: it is; 1: it is not, or nothing answers; 2: there is no address.`,
		Example: `  jc-mcp healthcheck --ops-addr :9090
  JC_OPS_ADDR=:9090 jc-mcp healthcheck --live`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if addr == "" {
				addr = s.getenv("JC_OPS_ADDR")
			}
			if addr == "" {
				return usagef("there is no ops port to ask: set --ops-addr or JC_OPS_ADDR as the server has it")
			}
			if _, _, err := net.SplitHostPort(addr); err != nil {
				return usagef("--ops-addr %q: it is an address such as :9090 or 127.0.0.1:9090", addr)
			}
			word, err := ops.Probe(cmd.Context(), addr, live)
			if err != nil {
				return err
			}
			fmt.Fprintln(s.out, visible(word))
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "ops-addr", "", "address of the server's ops port [JC_OPS_ADDR]")
	cmd.Flags().BoolVar(&live, "live", false, "ask whether it is alive, not whether it is ready")
	return cmd
}
