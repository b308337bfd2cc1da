package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// sandboxGrace is how long requests may go on once the sandbox stops.
const sandboxGrace = 2 * time.Second

// sandboxFlags are the flags as they are typed.
type sandboxFlags struct {
	addr          string
	users         int
	seed          uint64
	now           string
	traps, faults []string
}

func (s *shell) sandboxCommand() *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the organisation in memory over HTTP",
		Long: `Serves an organisation that lives in memory, with JumpCloud's API, over HTTP on
this machine: for trying things out, for tests, and for other clients of the API.
It is the same at each start; changes last while it runs. The address and the
credentials it takes are logged.

Traps, ways in which live organisations surprise (--trap NAME):
` + listed(sandbox.Traps()) + `
Faults, each hitting that part of the requests (--fault NAME=P, P from 0 to 1):
` + listed(sandbox.Faults()),
		Example: `  jc-mcp sandbox
  jc-mcp sandbox --users 2000 --seed 7 --now 2026-01-31T12:00:00Z
  jc-mcp sandbox --trap no-retry-after --fault 429=0.1 --fault slow=0.05
  JC_CONSOLE_URL=http://127.0.0.1:8090 JC_API_KEY=sandbox-key jc-mcp call users_list`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.read(cmd, logging)
			if err != nil {
				return err
			}
			o, err := f.options()
			if err != nil {
				return err
			}
			org, err := sandbox.New(o)
			if err != nil {
				return usagef("%s", strings.TrimPrefix(err.Error(), "sandbox: "))
			}
			return serveSandbox(cmd.Context(), s.logger(c), org, o, f.addr)
		},
	}
	cmd.Flags().StringVar(&f.addr, "addr", "127.0.0.1:8090", "loopback address and port to listen on")
	cmd.Flags().IntVar(&f.users, "users", 120, "how many people it has")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "which organisation; the same seed gives the same one")
	cmd.Flags().StringVar(&f.now, "now", "", "the time it starts at, RFC 3339 (default: now, cut to the hour)")
	cmd.Flags().StringArrayVar(&f.traps, "trap", nil, "switch a trap on; can be given again")
	cmd.Flags().StringArrayVar(&f.faults, "fault", nil, "NAME=P, a fault and how often; can be given again")
	addFlags(cmd, logging)
	return cmd
}

func listed(names []string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "  %-18s %s\n", n, sandbox.Describe(n))
	}
	return b.String()
}

// options checks what was typed.
func (f *sandboxFlags) options() (sandbox.Options, error) {
	o := sandbox.Options{
		Users: f.users, Seed: f.seed, Traps: f.traps, Faults: map[string]float64{},
		APIKey: sandboxKey, ClientID: "sandbox-client", ClientSecret: "sandbox-secret",
	}
	if f.users < 1 || f.seed < 1 {
		return o, usagef("--users and --seed start at 1")
	}
	if f.now != "" {
		var err error
		if o.Now, err = time.Parse(time.RFC3339, f.now); err != nil {
			return o, usagef("--now %q: a time is RFC 3339, such as 2026-01-31T12:00:00Z", f.now)
		}
	}
	for _, name := range f.traps {
		if !slices.Contains(sandbox.Traps(), name) {
			return o, unknown("trap", name, sandbox.Traps())
		}
	}
	for _, word := range f.faults {
		name, text, _ := strings.Cut(word, "=")
		if !slices.Contains(sandbox.Faults(), name) {
			return o, unknown("fault", name, sandbox.Faults())
		}
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || !(p >= 0 && p <= 1) {
			return o, usagef("--fault %q: it is NAME=P with P from 0 to 1, such as %s=0.1", word, name)
		}
		o.Faults[name] = p
	}
	return o, nil
}

// serveSandbox serves until ctx ends.
func serveSandbox(ctx context.Context, log *slog.Logger, org *sandbox.Org, o sandbox.Options, addr string) error {
	l, err := listen(ctx, addr, "its key is known to everybody")
	if err != nil {
		return err
	}
	requests, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	srv := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveUntil(requests, org, w, r) }),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	url := "http://" + l.Addr().String()
	log.InfoContext(ctx, "serving the sandbox", "url", url, "api_key", o.APIKey, "client_id", o.ClientID,
		"client_secret", o.ClientSecret, "try", "JC_CONSOLE_URL="+url+" JC_API_KEY="+o.APIKey+" jc-mcp call users_list")
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), sandboxGrace)
	defer cancel()
	defer context.AfterFunc(grace, stop)() // a request that hangs by design hangs no longer
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	log.InfoContext(ctx, "stopped")
	return nil
}

// serveUntil ends the request with its client or with the server, whichever is first.
func serveUntil(stop context.Context, org *sandbox.Org, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(stop, cancel)()
	org.ServeHTTP(w, r.WithContext(ctx))
}
