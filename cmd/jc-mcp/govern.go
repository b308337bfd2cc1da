package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/ops"
	"github.com/jc-mcp/jc-mcp/tools"
)

// objectsPerCall is how many objects one call of a server may change where no grant
// file says another number.
const objectsPerCall = 25

// governed is what servers have beside what jc-mcp call has: grants, people, a state
// directory that they share, and an audit whose heads are signed.
type governed struct {
	dir     *state.Dir      // nil where there is none
	grants  *auth.GrantFile // nil without a grant file
	notices *state.Notifier // nil where nobody is told
	audit   *auth.AuditLog
	orgs    *orgsFile // nil without a file of organisations
	page    string    // address of the approvals page; "" where there is none
}

// govern opens what a server is governed by; dir is nil where there is none.
func govern(ctx context.Context, c *config, dir *state.Dir, log *slog.Logger, errs io.Writer) (g *governed, err error) {
	g = &governed{dir: dir}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	if g.audit, err = serverAudit(c, g.dir, errs); err != nil {
		return g, err
	}
	unknown, err := g.audit.Start(ctx, auth.Line{Say: "jc-mcp " + buildVersion() + " starts"})
	if err != nil {
		log.ErrorContext(ctx, "the audit log cannot be written: changes are refused", "file", c.auditLog)
		err = nil
	}
	if len(unknown) > 0 {
		log.WarnContext(ctx, "changes were under way when a server was killed; whether they happened is not known: jc-mcp audit show", "changes", len(unknown))
	}
	if c.grants == "" {
		return g, nil
	}
	o := auth.GrantFileOptions{Path: c.grants, LastGood: filepath.Join(g.dir.Path(), lastGoodName), Known: namesNow{c.grantNames(), c}, Told: g.told(log, c.watch)}
	o.Meter = g.dir.Meter()
	if g.grants, err = auth.OpenGrants(o); err != nil {
		return g, usagef("%v", err)
	}
	g.notices = state.NewNotifier(g.grants.Rules().Notify(), func(err error) {
		log.Error("people could not be told of a request", "why", err.Error())
	})
	return g, nil
}

// serverAudit opens the audit of a server: in the file that the configuration names,
// with signed heads, else on stderr.
func serverAudit(c *config, dir *state.Dir, errs io.Writer) (*auth.AuditLog, error) {
	o := auth.AuditOptions{}
	if dir != nil {
		o.KeyDir, o.Heads = dir.Path(), errs
	}
	if c.auditLog == "" {
		o.KeyDir, o.Heads = "", nil // the stream is kept elsewhere already
		return auth.NewAuditLog(errs, o)
	}
	a, err := auth.OpenAuditLog(c.auditLog, o)
	if err != nil {
		return nil, usagef("JC_AUDIT_LOG, --audit-log: %v", err)
	}
	return a, nil
}

// told writes down what became of the grant file.
func (g *governed) told(log *slog.Logger, watch *ops.Instruments) func(auth.GrantEvent) {
	return func(e auth.GrantEvent) {
		watch.GrantsReload(e.Err)
		line := auth.Line{Phase: auth.PhaseReload, Version: e.To, Say: "grants in force: version " + e.To}
		switch {
		case e.Err != nil:
			log.Error("the grant file has a mistake: the rules did not change", "why", e.Err.Error())
			line.Say = "the grant file has a mistake: the rules did not change"
		case e.From != "":
			log.Info("the grants changed", "from", e.From, "to", e.To, "changes", strings.Join(e.Changes, "; "))
			line.Say = fmt.Sprintf("the grants changed from version %s to %s", e.From, e.To)
		default:
			log.Info("grants", "version", e.To)
		}
		if err := g.audit.Write(context.Background(), line); err != nil {
			log.Error("the audit line of a reload could not be written")
		}
	}
}

// options adds to a desk's options what it is governed by.
func (g *governed) options(o *tools.Options, c *config) error {
	o.Audit, o.Stale = g.audit, g.stale
	o.Grants = auth.AllowAll{Confirm: c.confirm, Ceiling: objectsPerCall}
	o.People.Dir = g.dir
	o.People.Page = func() string { return g.page } // known before the first call, and not yet now
	if g.dir != nil {
		sealer, err := g.dir.Sealer()
		if err != nil {
			return err
		}
		o.Sealer = sealer
	}
	var err error
	if o.Replicas, err = g.replicas(); err != nil {
		return err
	}
	if g.grants != nil {
		o.Grants = g.grants
		o.People.Approvers = func() []auth.Approver { return g.grants.Rules().Approvers() }
		o.People.Tell = g.notices.Tell
	}
	return nil
}

// stale says which files are not in force as they are; "" when all are.
func (g *governed) stale() string {
	why := []string{g.orgs.Stale()}
	if g.grants != nil {
		why = append(why, g.grants.Stale())
	}
	return strings.Join(slices.DeleteFunc(why, func(s string) bool { return s == "" }), "; ")
}

// policy is what decides in one organisation. alone says that it is the only one there is.
func (g *governed) policy(l link, without auth.Policy, alone bool) auth.Policy {
	if g.grants == nil {
		return without
	}
	var members auth.Members
	if l.client != nil {
		members = tools.NewMembership(l.client)
	}
	return g.grants.In(auth.Place{Org: l.name, Credential: l.credential, Alone: alone}, members)
}

// orgsOf says which organisations a caller has: those of its grant, or all where there
// is no grant file.
func (g *governed) orgsOf(c *config) tools.OrgsOf {
	if g == nil || g.grants == nil {
		return nil
	}
	return func(p auth.Principal) map[string]string {
		orgs, said := g.grants.Rules().OrgsOf(p.Agent)
		if known := c.now().known; !said && len(known) == 1 {
			return map[string]string{known[0].name: ""}
		}
		return orgs
	}
}

// local is who a caller of this process is, by the word that grants know him by.
func (g *governed) local(word, name string) (auth.Principal, error) {
	if g.grants == nil {
		return auth.Principal{Agent: "local", Name: name}, nil
	}
	p, known := g.grants.AgentOf(word)
	if !known {
		return p, usagef("the grant file gives nothing to the local caller %q: give an agent who: [{local: %s}], or set --agent", word, word)
	}
	return p, nil
}

// watch follows the grant file until ctx ends.
func (g *governed) watch(ctx context.Context) {
	if g.grants != nil {
		g.grants.Watch(ctx, nil)
	}
}

// Close tells what has still to be told, and ends the audit.
func (g *governed) Close() {
	if g.notices != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		g.notices.Close(ctx)
	}
	if g.audit != nil {
		_ = errors.Join(g.audit.Write(context.Background(), auth.Line{Phase: auth.PhaseStop, Say: "jc-mcp stops"}), g.audit.Close())
	}
}
