package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

const (
	// doctorWait bounds what is asked of JumpCloud.
	doctorWait = 20 * time.Second
	// maxSkew is what a clock may be off: times that agents give (an elevation for
	// an hour) are reckoned on this machine.
	maxSkew = 2 * time.Minute
)

func (s *shell) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration and the connection to JumpCloud",
		Long: `Checks with the flags and environment of the server whether it would work: the
credential, what JumpCloud says to it, the clock, the audit log, the tools, the
grants. Each line is ok, says what to do (fix), or what to know (note). It changes nothing, and prints no secret.

Exit code 0: all is ok; 1: something is not; 2: a setting is wrong.`,
		Example: `  jc-mcp doctor
  JC_API_KEY_FILE=~/.jc-key jc-mcp doctor --region eu
  jc-mcp doctor --sandbox`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			e := &examination{shell: s, config: c}
			for _, check := range []func(context.Context){e.configuration, e.secrets, e.connection, e.audit, e.tools, e.confirm, e.grants, e.store} {
				check(cmd.Context())
			}
			if e.failed {
				return errSaid
			}
			return nil
		},
	}
	addFlags(cmd, connecting, surface, selecting, guarding, governing, logging)
	return cmd
}

// examination prints a line for each check.
type examination struct {
	*shell
	config *config
	failed bool
}

func (e *examination) ok(what, format string, args ...any) { e.line("ok", what, format, args) }

func (e *examination) fix(what, format string, args ...any) {
	e.failed = true
	e.line("fix", what, format, args)
}

// note says what is neither wrong nor in order.
func (e *examination) note(what, format string, args ...any) { e.line("note", what, format, args) }

func (e *examination) line(mark, what, format string, args []any) {
	fmt.Fprintf(e.out, "%-4s %-14s %s\n", mark, what, visible(fmt.Sprintf(format, args...)))
}

func (e *examination) configuration(context.Context) {
	c := e.config
	org := "organisation of the credential"
	if c.org != "" {
		org = "organisation " + c.org
	}
	switch {
	case c.sandbox:
		e.ok("configuration", "sandbox (in memory), region %s", c.region)
	case c.apiKey != nil:
		e.ok("configuration", "API key, region %s, %s, %s", c.region, org, c.hosts.Console.Host)
	case c.clientID != "":
		e.ok("configuration", "service account with %d secret(s), region %s, %s, %s", len(c.secrets), c.region, org, c.hosts.Console.Host)
	default:
		e.fix("configuration", "no credential: set JC_API_KEY, or JC_CLIENT_ID and JC_CLIENT_SECRET, or use --sandbox")
	}
}

// secrets reads every secret, those that commands print too.
func (e *examination) secrets(ctx context.Context) {
	sources := e.config.secrets
	if e.config.apiKey != nil {
		sources = []auth.Source{e.config.apiKey}
	}
	if len(sources) == 0 {
		return
	}
	for _, src := range sources {
		warning, err := auth.Check(ctx, src)
		switch {
		case err != nil:
			e.fix("secret", "%v", err)
			return
		case warning != "":
			e.fix("secret", "%s", warning)
			return
		}
	}
	e.ok("secret", "readable")
}

// connection asks JumpCloud for the organisation, and looks at its clock.
func (e *examination) connection(ctx context.Context) {
	client, err := connect(e.config, nil)
	if err != nil {
		e.fix("connection", "%v", err)
		return
	}
	if client == nil {
		return
	}
	defer client.Close()
	organizations := jc.At("GET /api/organizations")
	ctx, cancel := context.WithTimeout(jc.WithFence(ctx, organizations), doctorWait)
	defer cancel()
	start := time.Now()
	resp, err := client.Do(ctx, jc.Request{Endpoint: organizations, Query: url.Values{"limit": {"1"}, "fields": {"displayName"}}})
	took := time.Since(start)
	if err != nil {
		e.refused(err)
		return
	}
	name := "its name cannot be read"
	if rows, err := jc.ReadRows(resp); err == nil && len(rows.Rows) > 0 {
		name = rows.Rows[0].Text("displayName")
	}
	e.ok("connection", "JumpCloud accepts the credential; organisation %s; %d ms", name, took.Milliseconds())
	e.clock(resp.Header, start.Add(took/2))
}

// refused says what to do about the error that JumpCloud, or the way to it, gave.
func (e *examination) refused(err error) {
	var api *jc.Error
	if !errors.As(err, &api) {
		e.fix("connection", "%v", err)
		return
	}
	switch api.Code {
	case jc.CodeForbidden:
		e.ok("connection", "JumpCloud accepts the credential; its role may not read the organisation's name")
	case jc.CodeUnauthorized:
		e.fix("connection", "the credential is not accepted at %s: it is wrong, expired, or of another region (--region %s)",
			e.config.hosts.Console.Host, strings.Join(jc.Regions(), ", "))
	case jc.CodeInvalidArgument, jc.CodeNotFound:
		e.fix("connection", "%v; is the organisation's id right (--org)?", api)
	default:
		e.fix("connection", "%v; can this machine reach %s, or does it need JC_PROXY or JC_CA_FILE?", api, e.config.hosts.Console.Host)
	}
}

// clock compares this machine's clock with the Date of an answer that came at here.
func (e *examination) clock(h http.Header, here time.Time) {
	there, err := http.ParseTime(h.Get("Date"))
	if err != nil { // not sent: nothing to compare
		return
	}
	skew := here.Sub(there).Round(time.Second)
	if skew.Abs() > maxSkew {
		e.fix("clock", "this machine is %s off from JumpCloud: set its clock", skew)
		return
	}
	e.ok("clock", "within %s of JumpCloud's", maxSkew)
}

func (e *examination) audit(context.Context) {
	if e.config.auditLog == "" {
		e.ok("audit", "lines go to stderr (JC_AUDIT_LOG names a file)")
		return
	}
	_, end, err := openAudit(e.config, e.err)
	if err != nil {
		e.fix("audit", "%v: nothing would be changed without it", err)
		return
	}
	end()
	e.ok("audit", "lines are added to %s", e.config.auditLog)
}

func (e *examination) tools(context.Context) {
	desk, err := newDesk(e.config, tools.Options{})
	if err != nil {
		e.fix("tools", "%v", err)
		return
	}
	sets := map[string]bool{}
	for _, t := range desk.Tools() {
		sets[t.Toolset] = true
	}
	if len(sets) == 0 {
		e.fix("tools", "none are selected: widen --surface, --toolsets, --tools or --read-only")
		return
	}
	e.ok("tools", "%d tools of %d toolsets are listed", len(desk.Tools()), len(sets))
}

func (e *examination) confirm(context.Context) {
	if e.config.confirm == auth.ConfirmNever {
		e.ok("confirm", "never: nobody is asked before agents delete, erase, run code or reveal")
		return
	}
	e.ok("confirm", "%s: a client that can ask (elicitation) is needed for these, or jc-mcp call on a terminal", e.config.confirm)
}

// grants reads the grant file, and says what approvals are worth where the agent could
// be the same user of the operating system: no program can tell whether he is.
func (e *examination) grants(context.Context) {
	if e.config.grants == "" {
		e.ok("grants", "none: every caller has all tools (JC_GRANTS names a file)")
		return
	}
	rules, err := readGrantFile(e.config.grants)
	if err != nil {
		e.fix("grants", "%v", err)
		return
	}
	e.ok("grants", "%s, version %s: %d agents, %d approvers", rules.Name(), rules.Version(), len(rules.Agents()), len(rules.Approvers()))
	for _, w := range rules.Warnings() {
		e.note("grants", "line %d: %s", w.Line, w.Text)
	}
	if _, known := rules.AgentOf(e.config.agent); !known {
		e.note("grants", "nobody has who: [{local: %s}]: jc-mcp stdio will not start (--agent)", e.config.agent)
		return // all come over HTTP
	}
	e.note("same user", "a program that runs as this OS user can change the grant file, the state directory and the audit, and read the credential; "+
		"it cannot sign for an approver, nor read secrets sent to one. Run the server as another user where agents run programs")
}
