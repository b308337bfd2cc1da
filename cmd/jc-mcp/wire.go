package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
	"github.com/jc-mcp/jc-mcp/tools"
)

// unset is what every call answers while there is no credential.
const unset = "No JumpCloud credential is configured, so nothing was sent. The operator has to start the server with JC_API_KEY, " +
	"or with JC_CLIENT_ID and JC_CLIENT_SECRET, in its environment; --sandbox tries it out without JumpCloud"

// sandboxKey is the key that the embedded organisation takes; it opens nothing else.
const sandboxKey = "sandbox-key"

// wired is a configuration brought to life.
type wired struct {
	desk      *tools.Desk
	client    *jc.Client // nil without a credential
	*governed            // nil but for servers
	close     []func()
}

// Close ends what was opened, the last first.
func (w *wired) Close() {
	for i := len(w.close) - 1; i >= 0; i-- {
		w.close[i]()
	}
}

// wire makes the desk that a configuration asks for. audit, when not nil, takes
// the audit lines in place of the stream or file that the configuration names.
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
	if w.client, err = connect(c, dir); err != nil {
		return nil, err
	}
	if w.client != nil {
		w.close = append(w.close, w.client.Close)
	}
	o := tools.Options{Client: w.client, Audit: audit, Log: log}
	switch {
	case server:
		if w.governed, err = govern(ctx, c, dir, w.client, log, errs); err != nil {
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
	w.desk, err = newDesk(c, o)
	return w, err
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
		return nil, nil, usagef("audit log: %v", err)
	}
	return audit, func() { _ = closer.Close() }, nil
}

// newDesk puts the desk together. What it can refuse is the selection: all
// declarations are checked before.
func newDesk(c *config, o tools.Options) (*tools.Desk, error) {
	o.Tools = tools.All()
	if err := tools.Check(o.Tools); err != nil {
		return nil, err
	}
	if o.Sealer == nil {
		sealer, err := auth.NewSealer(nil, nil)
		if err != nil {
			return nil, err
		}
		o.Sealer = sealer
	}
	if o.Grants == nil {
		o.Grants = auth.AllowAll{Confirm: c.confirm}
	}
	o.Selection, o.Unset = c.selection, unset
	o.Region, o.Sandbox = c.region, c.sandbox
	o.Structured, o.ExportDir = c.structured, c.exportDir
	desk, err := tools.New(o)
	return desk, asUsage(err)
}

// connect makes the one client that everything goes through; nil without a credential.
// What it sends is paced with all who share dir, unless that is nil.
func connect(c *config, dir *state.Dir) (*jc.Client, error) {
	cred, err := c.credential()
	if err != nil || cred == nil {
		return nil, asUsage(err)
	}
	cfg := jc.Config{
		Hosts: c.hosts, OrgID: c.org, Renew: cred.Renew, Scope: cred.Scope() + "/" + c.org,
		UserAgent: "jc-mcp/" + buildVersion(), Fenced: true,
	}
	if c.sandbox {
		org, err := sandbox.New(sandbox.Options{APIKey: sandboxKey})
		if err != nil {
			return nil, err
		}
		cfg.Transport = auth.Pinned(cred, org.Transport(), c.hosts.Console, c.hosts.Insights)
	} else {
		cfg.Transport = auth.Pinned(cred, c.transport, c.hosts.Console, c.hosts.Insights)
	}
	if dir != nil && !c.sandbox { // each sandbox is its own
		cfg.Limiter = dir.Limiter(cfg.Scope, c.sharing.rate)
	}
	client, err := jc.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return client, nil
}

// credential is what the configuration signs requests with; nil when nothing is set.
func (c *config) credential() (auth.Credential, error) {
	switch {
	case c.sandbox:
		return auth.APIKey(auth.Value(sandboxKey)), nil
	case c.apiKey != nil:
		return auth.APIKey(c.apiKey), nil
	case c.clientID != "":
		return auth.ServiceAccount{
			ClientID: c.clientID, Secrets: c.secrets, TokenURL: c.hosts.OAuth.String(), Transport: c.transport,
		}.Credential()
	}
	return nil, nil
}

// logger writes JSON lines to stderr.
func (s *shell) logger(c *config) *slog.Logger {
	return slog.New(slog.NewJSONHandler(s.err, &slog.HandlerOptions{Level: c.logLevel}))
}
