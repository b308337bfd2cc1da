package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/conformance"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

// conformanceCommand is hidden: it serves nobody but the conformance suite.
func (s *shell) conformanceCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use:    "conformance",
		Short:  "Serve the fixtures of the MCP conformance suite",
		Hidden: true,
		Long: `Serves the tools, prompts and resources that the MCP conformance suite looks for,
on the transport of this program and on loopback. It reads no credential and
reaches nothing; none of this program's own tools is there. The address is logged.`,
		Example: `  jc-mcp conformance --addr 127.0.0.1:3931
  conformance server --url http://127.0.0.1:3931/mcp --requirements 2026-07-28`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.read(cmd, logging)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			l, err := listen(ctx, addr, "its fixtures are for a suite on this machine")
			if err != nil {
				return err
			}
			log := s.logger(c)
			t := transport.New(conformance.New(), transport.Options{
				Name: "jc-mcp-conformance", Version: buildVersion(), Log: log, TaskAfter: conformance.TaskAfter,
			})
			log.InfoContext(ctx, "serving the fixtures", "url", "http://"+l.Addr().String()+"/mcp")
			err = t.Serve(ctx, l)
			log.InfoContext(context.WithoutCancel(ctx), "stopped")
			return err
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "loopback address and port to listen on")
	addFlags(cmd, logging)
	return cmd
}
