package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/approvals"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

func (s *shell) httpCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "http",
		Short: "Serve MCP over streamable HTTP on this machine",
		Long: `Serves MCP over streamable HTTP at /mcp, to clients on this machine. Port 0 picks
a free port; the address is logged. It ends on SIGINT and SIGTERM; a change that is
in flight finishes first. Where there is a state directory, people answer what
agents ask for at /approvals, on this machine only.

To be reached from elsewhere it needs a grant file with a token for each agent
(jc-mcp grants token), the names that clients call it by (--host), and TLS: its own
(--tls-cert, --tls-key), or that of a proxy in front of it (--behind-proxy).`,
		Example: `  JC_API_KEY_FILE=~/.jc-key jc-mcp http
  jc-mcp http --sandbox --addr 127.0.0.1:0
  jc-mcp http --addr :8443 --grants grants.yaml --host mcp.example.com --tls-cert cert.pem --tls-key key.pem
  npx @modelcontextprotocol/inspector --cli http://127.0.0.1:8080/mcp --method tools/list`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.serve(cmd, func(ctx context.Context, v *service) error { return v.serveHTTP(ctx, addr) })
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "address and port to listen on; off loopback see above")
	addFlags(cmd, connecting, surface, selecting, guarding, governing, remote, logging)
	return cmd
}

// serveHTTP serves MCP, and the approvals page where it may be.
func (v *service) serveHTTP(ctx context.Context, addr string) error {
	secure, err := v.remote.tls()
	if err != nil {
		return err
	}
	open := false
	if open, err = v.remote.check(addr, v.grants != nil && v.grants.Rules().HasTokens()); err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	scheme := "http://"
	if secure != nil {
		l, scheme = tls.NewListener(l, secure), "https://"
	}
	o := v.options()
	o.Hosts, o.Wrap = v.remote.hosts, v.signedIn
	o.Caller = func(ctx context.Context) string {
		who, _ := auth.From(ctx)
		return who.String()
	}
	base := scheme + l.Addr().String()
	v.log.InfoContext(ctx, "serving MCP", "url", base+"/mcp", "tools", len(v.desk.Tools()))
	if v.dir != nil && !open {
		page := v.approvals()
		o.Wrap = func(next http.Handler) http.Handler { return page.Beside(v.signedIn(next)) }
		v.page = base + approvals.Path
		v.log.InfoContext(ctx, "people answer requests on the approvals page", "page", v.page)
	}
	return transport.New(v.desk, o).Serve(ctx, l)
}

// approvals is the page on which people answer.
func (v *service) approvals() *approvals.Page {
	o := approvals.Options{Dir: v.dir, Audit: v.audit, Log: v.log}
	if v.grants != nil {
		o.Approvers = func() []auth.Approver { return v.grants.Rules().Approvers() }
		o.Agents = func() []string { return v.grants.Rules().Agents() }
	}
	return approvals.New(o)
}

// localCaller names everybody who got past the guard: programs of this machine.
func localCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := auth.With(r.Context(), auth.Principal{Agent: "local", Name: "http"})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
