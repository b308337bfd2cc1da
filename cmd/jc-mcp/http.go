package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"runtime"
	"sync"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/approvals"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

// defaultAddr is where a server on http listens unless told otherwise.
const defaultAddr = "127.0.0.1:8080"

// collectLater is how much a server on http asks for and never touches, so it takes no
// memory: the garbage collector, which waits until what is in use has doubled, counts it
// in. With little in use it would else run many times a second under load.
const collectLater = 24 << 20

func (s *shell) httpCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "http",
		Short: "Serve MCP over streamable HTTP on this machine",
		Long: `Serves MCP over streamable HTTP at /mcp, to clients on this machine. Port 0 picks
a free port; the address is logged. It ends on SIGINT and SIGTERM; a change that is
in flight finishes first (--drain: balancers notice before); a second signal ends it
at once. Where there is a state directory, people answer what agents ask for at
/approvals, on this machine only.

To be reached from elsewhere it needs a grant file whose agents it can know, the names
that clients call it by (--host), and TLS: its own (--tls-cert, --tls-key), or that of
a proxy in front of it (--behind-proxy). An agent comes with a token of the grant file
(jc-mcp grants token), with an OAuth access token (--oauth-issuer, --oauth-audience),
or with a client certificate (--tls-client-ca).`,
		Example: `  JC_API_KEY_FILE=~/.jc-key jc-mcp http
  jc-mcp http --sandbox --addr 127.0.0.1:0
  jc-mcp http --addr :8443 --grants grants.yaml --host mcp.example.com --tls-cert cert.pem --tls-key key.pem
  jc-mcp http --addr :8080 --grants grants.yaml --host mcp.example.com --behind-proxy 10.0.0.0/8 \
    --oauth-issuer https://login.example.com --oauth-audience https://mcp.example.com/mcp
  npx @modelcontextprotocol/inspector --cli http://127.0.0.1:8080/mcp --method tools/list`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			unused := make([]byte, collectLater)
			defer runtime.KeepAlive(unused)
			return s.serve(cmd, func(ctx context.Context, v *service) error { return v.serveHTTP(ctx, addr) })
		},
	}
	cmd.Flags().StringVar(&addr, "addr", defaultAddr, "address and port to listen on; off loopback see above")
	addFlags(cmd, connecting, surface, selecting, guarding, governing, remote, operating, logging)
	return cmd
}

// serveHTTP serves MCP, and the approvals page where it may be.
func (v *service) serveHTTP(ctx context.Context, addr string) error {
	remote := v.conf.remote
	secure, err := remote.tls(v.log)
	if err != nil {
		return err
	}
	ways := auth.Ways{}
	if v.grants != nil {
		ways = v.grants.Rules().Ways()
	}
	open := false
	if open, err = remote.check(addr, v.grants != nil, ways); err != nil {
		return err
	}
	for _, text := range remote.unmet(ways) {
		v.log.WarnContext(ctx, text)
	}
	who, err := callersOf(v.conf, v.grants, v.log)
	if err != nil {
		return err
	}
	var probe sync.WaitGroup
	probe.Go(func() { who.probe(ctx) })
	defer probe.Wait()
	defer who.Close()
	o := v.options()
	o.Hosts = remote.hosts
	if err := v.balanced(&o); err != nil {
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
	o.Caller = func(ctx context.Context) string {
		p, _ := auth.From(ctx)
		return p.Key()
	}
	o.Lacking = func(ctx context.Context, name string, arguments json.RawMessage) string {
		return who.lacking(ctx, v.server.Lacking, name, arguments)
	}
	var beside func(http.Handler) http.Handler
	base := scheme + l.Addr().String()
	if v.dir != nil && !open {
		beside = v.approvals().Beside
		v.page = base + approvals.Path
		v.log.InfoContext(ctx, "people answer requests on the approvals page", "page", v.page)
	}
	o.Wrap = func(next http.Handler) http.Handler { return who.in(next, beside) }
	serving, end := v.draining(ctx)
	defer end()
	t := transport.New(v.server, o)
	v.ops.Ready()
	v.log.InfoContext(ctx, "serving MCP", "url", base+"/mcp", "tools", len(v.server.Tools()))
	return t.Serve(serving, l)
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
