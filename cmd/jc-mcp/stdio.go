package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

func (s *shell) stdioCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stdio",
		Short: "Serve MCP over stdin and stdout",
		Long: `Serves one MCP client over stdin and stdout, until stdin ends or the process is
asked to stop (SIGINT, SIGTERM); a change that is in flight finishes first. MCP
clients such as Claude start this themselves. Log and audit lines go to stderr.`,
		Example: `  JC_API_KEY_FILE=~/.jc-key jc-mcp stdio
  jc-mcp stdio --sandbox
  jc-mcp stdio --toolsets users,devices --read-only
  claude mcp add jumpcloud -e JC_API_KEY_FILE=$HOME/.jc-key -- jc-mcp stdio`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.serve(cmd, func(ctx context.Context, v *service) error {
				v.log.InfoContext(ctx, "serving MCP on stdin and stdout", "tools", len(v.server.Tools()))
				if s.terminal(s.in) {
					v.log.InfoContext(ctx, "stdin is a terminal: this waits for an MCP client's JSON-RPC; people use jc-mcp call")
				}
				who, err := v.local(v.agent, "stdio")
				if err != nil {
					return err
				}
				v.ops.Ready()
				return transport.New(v.server, v.options()).Stdio(auth.With(ctx, who), s.in, s.out)
			})
		},
	}
	addFlags(cmd, connecting, surface, selecting, guarding, governing, operating, logging)
	return cmd
}
