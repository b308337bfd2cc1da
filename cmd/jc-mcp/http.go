package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

func (s *shell) httpCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:   "http",
		Short: "Serve MCP over streamable HTTP on this machine",
		Long: `Serves MCP over streamable HTTP at /mcp, to clients on this machine: callers are
not yet told apart, so only a loopback address is taken. Port 0 picks a free port;
the address is logged. It ends on SIGINT and SIGTERM; a change that is in flight
finishes first.`,
		Example: `  JC_API_KEY_FILE=~/.jc-key jc-mcp http
  jc-mcp http --sandbox --addr 127.0.0.1:0
  npx @modelcontextprotocol/inspector --cli http://127.0.0.1:8080/mcp --method tools/list`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.serve(cmd, func(ctx context.Context, v *service) error {
				l, err := listen(ctx, addr, "there is no sign-in for remote callers yet, and whoever reaches this server uses its credential")
				if err != nil {
					return err
				}
				o := v.options()
				o.Wrap = v.signedIn
				o.Caller = func(ctx context.Context) string {
					who, _ := auth.From(ctx)
					return who.String()
				}
				v.log.InfoContext(ctx, "serving MCP", "url", "http://"+l.Addr().String()+"/mcp", "tools", len(v.desk.Tools()))
				return transport.New(v.desk, o).Serve(ctx, l)
			})
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "loopback address and port to listen on")
	addFlags(cmd, connecting, surface, selecting, guarding, governing, logging)
	return cmd
}

// localCaller names everybody who got past the guard: programs of this machine.
func localCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := auth.With(r.Context(), auth.Principal{Agent: "local", Name: "http"})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
