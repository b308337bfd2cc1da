package main

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/ops"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

// service is what the two commands that serve MCP share.
type service struct {
	*wired
	log   *slog.Logger
	agent string // the word that grants know the caller on stdio by
	conf  *config
	ops   *ops.Server // nil without an ops port
}

func (v *service) options() transport.Options {
	return transport.Options{Name: "jc-mcp", Version: buildVersion(), Log: v.log}
}

// serve configures the server, says at start what must be said, and runs it.
func (s *shell) serve(cmd *cobra.Command, run func(context.Context, *service) error) error {
	ctx := cmd.Context()
	c, err := s.load(ctx, cmd)
	if err != nil {
		return err
	}
	log := s.logger(c)
	if c.watch, err = c.operation.instruments(log); err != nil {
		return asUsage(err)
	}
	defer func() {
		if err := c.watch.Close(); err != nil {
			log.WarnContext(ctx, err.Error())
		}
	}()
	w, err := wire(ctx, c, log, nil, s.err, true)
	if err != nil {
		return err
	}
	defer w.Close()
	orgs := s.followed(c, w, log)
	w.watched(c.watch, orgs)
	port, closePort, err := c.operation.operate(ctx, c.watch, log)
	if err != nil {
		return err
	}
	defer closePort()
	warn(ctx, c, log)
	if c.orgsFile == "" && w.links[0].client == nil {
		log.WarnContext(ctx, "no credential is set: tools are listed, and every call says how to set one")
	}
	if len(w.server.Tools()) == 0 {
		log.WarnContext(ctx, "no tool is left by what --surface, --toolsets, --tools and --read-only select")
	}
	watching, end := context.WithCancel(context.WithoutCancel(ctx)) // for as long as calls are answered
	var watch sync.WaitGroup
	watch.Go(func() { w.watch(watching) })
	watch.Go(func() { orgs.watch(watching) })
	err = run(ctx, &service{w, log, c.agent, c, port})
	end()
	watch.Wait()
	log.InfoContext(ctx, "stopped")
	return err
}

// listen opens a port on loopback. Other addresses are refused: whoever can
// reach the port can use it.
func listen(ctx context.Context, addr, why string) (net.Listener, error) {
	local, err := loopbackAddress(addr)
	if err != nil {
		return nil, err
	}
	if !local {
		return nil, usagef("--addr %q is not on loopback (127.0.0.1, ::1, localhost): %s", addr, why)
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}
