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
			for _, check := range []func(context.Context){e.organizations, e.audit, e.tools, e.confirm, e.grants, e.store} {
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

// organizations looks at each organisation, with each credential that it has.
func (e *examination) organizations(ctx context.Context) {
	for i := range e.config.organizations {
		o := &e.config.organizations[i]
		links, err := e.config.connect(o, nil)
		if err != nil {
			e.fix("configuration", "%s%v", o.prefix(), err)
			continue
		}
		for j, l := range links {
			x := &orgExamination{e, o, o.credentials[j]}
			x.configuration()
			x.secrets(ctx)
			x.connection(ctx, l.client)
		}
		closeLinks(links)
	}
}

// orgExamination looks at one organisation, as one credential reaches it.
type orgExamination struct {
	*examination
	org  *organization
	cred credential
}

// called names the organisation before a line, where it has a name.
func (e *orgExamination) called() string {
	switch {
	case e.org.name == "":
		return ""
	case e.cred.name != "":
		return e.org.name + ", credential " + e.cred.name + ": "
	}
	return e.org.name + ": "
}

func (e *orgExamination) configuration() {
	o, at := e.org, e.called()
	org := "organisation of the credential"
	if o.id != "" {
		org = "organisation " + o.id
	}
	switch {
	case o.sandbox != nil:
		e.ok("configuration", "%ssandbox (in memory), region %s", at, o.region)
	case e.cred.APIKey != nil:
		e.ok("configuration", "%sAPI key, region %s, %s, %s", at, o.region, org, o.hosts.Console.Host)
	case e.cred.ClientID != "":
		e.ok("configuration", "%sservice account with %d secret(s), region %s, %s, %s", at, len(e.cred.Secrets), o.region, org, o.hosts.Console.Host)
	default:
		e.fix("configuration", "no credential: set JC_API_KEY, or JC_CLIENT_ID and JC_CLIENT_SECRET, or use --sandbox")
	}
}

// secrets reads every secret, those that commands print too.
func (e *orgExamination) secrets(ctx context.Context) {
	if !e.cred.Given() || e.org.sandbox != nil {
		return
	}
	for _, src := range e.cred.Sources() {
		warning, err := auth.Check(ctx, src)
		switch {
		case err != nil:
			e.fix("secret", "%s%v", e.called(), err)
			return
		case warning != "":
			e.fix("secret", "%s%s", e.called(), warning)
			return
		}
	}
	e.ok("secret", "%sreadable", e.called())
}

// connection asks JumpCloud for the organisation, and looks at its clock.
func (e *orgExamination) connection(ctx context.Context, client *jc.Client) {
	if client == nil {
		return
	}
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
	e.ok("connection", "%sJumpCloud accepts the credential; organisation %s; %d ms", e.called(), name, took.Milliseconds())
	e.clock(resp.Header, start.Add(took/2))
}

// refused says what to do about the error that JumpCloud, or the way to it, gave.
func (e *orgExamination) refused(err error) {
	var api *jc.Error
	at, host := e.called(), e.org.hosts.Console.Host
	if !errors.As(err, &api) {
		e.fix("connection", "%s%v", at, err)
		return
	}
	region, id := "--region", "--org"
	if e.org.name != "" {
		region, id = "region", "id" // in the file
	}
	switch api.Code {
	case jc.CodeForbidden:
		e.ok("connection", "%sJumpCloud accepts the credential; its role may not read the organisation's name", at)
	case jc.CodeUnauthorized:
		e.fix("connection", "%sthe credential is not accepted at %s: it is wrong, expired, or of another region (%s %s)",
			at, host, region, strings.Join(jc.Regions(), ", "))
	case jc.CodeInvalidArgument, jc.CodeNotFound:
		e.fix("connection", "%s%v; is the organisation's id right (%s)?", at, api, id)
	default:
		e.fix("connection", "%s%v; can this machine reach %s, or does it need JC_PROXY or JC_CA_FILE?", at, api, host)
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
	list, err := selected(e.config)
	if err != nil {
		e.fix("tools", "%v", err)
		return
	}
	sets := map[string]bool{}
	for _, t := range list {
		sets[t.Toolset] = true
	}
	if len(sets) == 0 {
		e.fix("tools", "none are selected: widen --surface, --toolsets, --tools or --read-only")
		return
	}
	e.ok("tools", "%d tools of %d toolsets are listed", len(list), len(sets))
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
	rules, err := readGrantFile(e.config.grants, e.config.grantNames())
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
