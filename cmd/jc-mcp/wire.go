package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	"github.com/jc-mcp/jc-mcp/tools"
)

// unset is what every call answers while there is no credential.
const unset = "No JumpCloud credential is configured, so nothing was sent. The operator has to start the server with JC_API_KEY, " +
	"or with JC_CLIENT_ID and JC_CLIENT_SECRET, in its environment; --sandbox tries it out without JumpCloud"

// wired is a configuration brought to life.
type wired struct {
	server    serves
	links     []link
	*governed               // nil but for servers
	shared    tools.Options // of all desks
	close     []func()
}

// serves is what callers find: one organisation, or several.
type serves interface {
	tools.Server
	// Tools are those that are served, sorted by name.
	Tools() []*tools.Tool
	// Lacking are the scopes that a call takes, where the caller's token lacks some.
	Lacking(ctx context.Context, name string, arguments json.RawMessage) string
}

// Close ends what was opened, the last first.
func (w *wired) Close() {
	for i := len(w.close) - 1; i >= 0; i-- {
		w.close[i]()
	}
}

// wire makes what a configuration asks for. audit, when not nil, takes the audit lines
// in place of the stream or file that the configuration names.
//
// A server is governed; a person at the command line is not.
func wire(ctx context.Context, c *config, log *slog.Logger, audit auth.Audit, errs io.Writer, server bool) (_ *wired, err error) {
	w := &wired{}
	defer func() {
		if err != nil {
			w.Close()
		}
	}()
	var dir *state.Dir
	if server {
		var end func()
		if dir, end, err = openShared(ctx, c, log); err != nil {
			return nil, err
		}
		w.close = append(w.close, end)
	}
	if w.links, err = c.connectAll(dir, nil); err != nil {
		return nil, err
	}
	w.close = append(w.close, func() { closeLinks(w.links) })
	for _, l := range w.links {
		c.watch.Credential(l.name, l.credential, l.signs)
	}
	o := tools.Options{Audit: audit, Log: log, Observe: c.watch.Calls("")}
	switch {
	case server:
		if w.governed, err = govern(ctx, c, dir, log, errs); err != nil {
			return nil, err
		}
		w.close = append(w.close, w.governed.Close)
		if err := w.options(&o, c); err != nil {
			return nil, err
		}
	case audit == nil:
		var end func()
		if o.Audit, end, err = openAudit(c, errs); err != nil {
			return nil, err
		}
		w.close = append(w.close, end)
	}
	w.server, err = w.desks(c, o)
	return w, err
}

// desks makes what serves: a desk for the only organisation, else one for each that
// callers may have, behind one server.
func (w *wired) desks(c *config, shared tools.Options) (serves, error) {
	shared, err := deskOptions(c, shared)
	if err != nil {
		return nil, err
	}
	w.shared = shared
	places := w.places(c, w.links)
	if c.orgsFile == "" {
		desk, err := tools.New(places[0])
		return desk, asUsage(err)
	}
	o, err := tools.NewOrganizations(shared, places, w.orgsOf(c))
	return o, asUsage(err)
}

// places are the options of a desk for each link.
func (w *wired) places(c *config, links []link) []tools.Options {
	out := make([]tools.Options, len(links))
	for i, l := range links {
		out[i] = w.shared
		p := &out[i]
		p.Org, p.Credential, p.Client, p.At = l.name, l.credential, l.client, l.at()
		p.Region, p.Sandbox, p.Observe = l.region, l.sandbox != nil, c.watch.Calls(l.name)
		if w.governed != nil {
			p.Grants = w.policy(l, w.shared.Grants, len(c.known) < 2)
		}
	}
	return out
}

// warn says at the start what an operator should know of.
func warn(ctx context.Context, c *config, log *slog.Logger) {
	for _, text := range c.warnings {
		log.WarnContext(ctx, text)
	}
	if c.confirm == auth.ConfirmNever {
		log.WarnContext(ctx, "confirm is never: agents may delete, erase, run code and reveal without anybody being asked")
	}
}

func openAudit(c *config, errs io.Writer) (auth.Audit, func(), error) {
	if c.auditLog == "" {
		return auth.NewAudit(errs), func() {}, nil
	}
	audit, closer, err := auth.OpenAudit(c.auditLog)
	if err != nil {
		return nil, nil, usagef("JC_AUDIT_LOG, --audit-log: %v", err)
	}
	return audit, func() { _ = closer.Close() }, nil
}

// deskOptions completes options with what the configuration says for all desks.
func deskOptions(c *config, o tools.Options) (tools.Options, error) {
	o.Tools = tools.All()
	if o.Sealer == nil {
		sealer, err := auth.NewSealer(nil, nil)
		if err != nil {
			return o, err
		}
		o.Sealer = sealer
	}
	if o.Grants == nil {
		o.Grants = auth.AllowAll{Confirm: c.confirm}
	}
	o.Selection, o.Unset = c.selection, unset
	o.Structured, o.ExportDir = c.structured, c.exportDir
	return o, nil
}

// selected are the tools that a configuration serves. It fails on a selection that
// names what does not exist.
func selected(c *config) ([]*tools.Tool, error) {
	o, err := deskOptions(c, tools.Options{})
	if err != nil {
		return nil, err
	}
	desk, err := tools.New(o)
	if err != nil {
		return nil, asUsage(err)
	}
	return desk.Tools(), nil
}

// logger writes JSON lines to stderr.
func (s *shell) logger(c *config) *slog.Logger {
	return slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: c.logLevel}))
}
