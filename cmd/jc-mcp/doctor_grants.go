package main

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// grants reads the grant file, and says what approvals are worth where the agent could
// be the same user of the operating system: no program can tell whether he is.
func (e *examination) grants(_ context.Context, s *sheet) {
	if e.config.grants == "" {
		s.ok("grants", "none: every caller has all tools (JC_GRANTS names a file)")
		return
	}
	rules, err := readGrantFile(e.config.grants, e.config.grantNames())
	if err != nil {
		s.fix("grants", "%v", err)
		e.lastGood(s)
		return
	}
	s.ok("grants", "%s, version %s: %d agents, %d approvers", rules.Name(), rules.Version(), len(rules.Agents()), len(rules.Approvers()))
	for _, w := range rules.Warnings() {
		s.note("grants", "line %d: %s", w.Line, w.Text)
	}
	if _, known := rules.AgentOf(e.config.agent); !known {
		s.note("grants", "nobody has who: [{local: %s}]: jc-mcp stdio will not start (--agent)", e.config.agent)
		return // all come over HTTP
	}
	s.note("same user", "a program that runs as this OS user can change the grant file, the state directory and the audit, and read the credential; "+
		"it cannot sign for an approver, nor read secrets sent to one. Run the server as another user where agents run programs")
}

// lastGood says what a server would do with a grant file that has a mistake.
func (e *examination) lastGood(s *sheet) {
	dir, there, err := state.Look(e.config.stateDir)
	if err != nil {
		return // the line about the directory says it
	}
	good := false
	if there {
		data, err := os.ReadFile(filepath.Join(dir, lastGoodName))
		if err == nil {
			_, err = auth.ParseGrants(e.config.grants, data, e.config.grantNames())
		}
		good = err == nil
	}
	if good {
		s.note("grants", "a server would start with its last good copy of the file, and answer reads only")
		return
	}
	s.note("grants", "there is no last good copy of the file, so a server would not start")
}

// people looks at those who approve, and how they hear of a request.
func (e *examination) people(_ context.Context, s *sheet) {
	if e.config.grants == "" {
		return
	}
	rules, err := readGrantFile(e.config.grants, e.config.grantNames())
	if err != nil {
		return // the line about the grants says it
	}
	approvers, bad := rules.Approvers(), 0
	for _, a := range approvers {
		if a.Key == "" && a.Subject != "" {
			continue // by tokens
		}
		if _, err := state.ParsePublic(a.Key); err != nil {
			bad++
			s.fix("approvers", "the key of %s is none: %v (jc-mcp approver init makes one)", a.Name, err)
		}
	}
	if len(approvers) > 0 && bad == 0 {
		s.ok("approvers", "%d, each with a good key", len(approvers))
	}
	notify := rules.Notify()
	switch {
	case len(notify.Command) > 0:
		if _, err := exec.LookPath(notify.Command[0]); err != nil {
			s.fix("notify", "the command %s is not there or cannot be run: nobody hears of requests", notify.Command[0])
			return
		}
		s.ok("notify", "%s is run for each request", notify.Command[0])
	case notify.Webhook != "":
		u, err := url.Parse(notify.Webhook)
		if err != nil || u.Hostname() == "" {
			s.fix("notify", "the webhook is no address")
			return
		}
		s.ok("notify", "%s hears of each request (nothing was sent to it now)", u.Host) // the rest may be secret
	case len(approvers) > 0:
		s.note("notify", "approvers are told of requests by nobody: notify in the grant file names a command or a webhook")
	}
}
