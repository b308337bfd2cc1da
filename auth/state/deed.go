package state

import (
	"fmt"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Answered is the audit line of what a person did about a request: he approved it
// ([auth.PhaseApproved]), refused it ([auth.PhaseDeclined]), or was shown the secrets
// that its call brought ([auth.PhaseShown]). Where is how, such as "on the page".
func (e Entry) Answered(phase, approver, where string) auth.Line {
	did := map[string]string{auth.PhaseApproved: "approved", auth.PhaseDeclined: "refused", auth.PhaseShown: "was shown the secrets of"}[phase]
	return auth.Line{
		Phase: phase, Say: fmt.Sprintf("%s %s request %s %s", approver, did, e.Code, where),
		Agent: e.Agent, Principal: e.Principal, Approver: approver, Request: e.Code, Tool: e.Tool, Risk: e.Risk, Targets: e.Targets,
	}
}

// Thrown is the audit line of the kill switch: who threw it, or lifted it, and how.
func (s Stop) Thrown(who, how string, lifted bool) auth.Line {
	did, what := "stopped", "all changes"
	if lifted {
		did = "resumed"
	}
	switch {
	case s.Agent != "":
		what = "the changes of agent " + s.Agent
	case s.Tool != "":
		what = "the tool " + s.Tool
	}
	return auth.Line{Phase: auth.PhaseSwitch, Say: fmt.Sprintf("%s %s %s %s", who, did, what, how), Agent: s.Agent, Tool: s.Tool, Reason: s.Why}
}
