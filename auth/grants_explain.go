package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Explanation is a decision and how it came about, with nothing asked of JumpCloud.
type Explanation struct {
	Decision
	// Steps are the lines that were looked at, in order: "line 14 gives it, but not here: …".
	Steps []string
	// Provided is what was taken for true because only the directory knows it ("user
	// jdoe is a member of user groups Contractors"). A real call finds it out.
	Provided []string
	// Orgs are the organisations that the agent has, in words; "" where its grant names none.
	Orgs string
	// Counts are the quotas that a change counts against.
	Counts []string
}

// Explain decides as [Enforcer.Decide] would for p at that time, without asking anything:
// that a target is a member of a group is taken for true, and said, as is that it is
// protected under no other name than the one given.
func (r *Rules) Explain(p Principal, a Action, at time.Time) Explanation {
	a.Targets = slices.Clone(a.Targets)
	for i := range a.Targets {
		if a.Targets[i].ID == "" {
			a.Targets[i].ID = "?" // a real call knows it
		}
	}
	var x Explanation
	c := circumstances{now: at, members: presumed{&x}, tell: func(line int, verdict string) {
		if strings.HasPrefix(verdict, "gives it, but") {
			x.Provided = nil // what that line took for true
		}
		text := r.name + " " + verdict
		if line > 0 {
			text = fmt.Sprintf("line %d %s", line, verdict)
		}
		x.Steps = append(x.Steps, text)
	}}
	dec, won := (&inForce{Rules: r}).decide(context.Background(), p, a, c)
	x.Decision = dec
	if rules := r.agents[p.Agent]; rules != nil {
		x.Orgs = rules.reached()
	}
	if !dec.Allow {
		x.Provided = nil
		return x
	}
	if dec.Narrowed {
		x.Provided = append(x.Provided, "only what the line narrows it to is shown; all else is not there")
	}
	if dec.WantsReason {
		x.Provided = append(x.Provided, "the call gives a reason")
	}
	if a.Risk == Read || won == nil {
		return x
	}
	for _, t := range a.Targets {
		for _, s := range r.protect {
			if s.holds(t) {
				x.Provided = append(x.Provided, t.called()+" is not one of the protected "+s.String()+" under another name")
			}
		}
	}
	for _, q := range r.charges(p.Agent, won) {
		x.Counts = append(x.Counts, fmt.Sprintf(q.what, q.Limit))
	}
	return x
}

// presumed says yes to every membership and writes it down.
type presumed struct{ into *Explanation }

func (p presumed) Member(context.Context, string, string, Target) (bool, error) { return true, nil }

func (p presumed) note(s scope, t Target) {
	p.into.Provided = append(p.into.Provided, t.called()+" is a member of "+s.String())
}

// ArgumentTarget is what an argument of a tool most likely names, where its name says
// so: for explanations that may ask nothing. Calls use what was really found.
func ArgumentTarget(toolset, argument, value string) (t Target, ok bool) {
	t.Name = value
	word := strings.TrimSuffix(argument, "s")
	switch {
	case word == "device":
		t.Type = "system"
	case word == "group" && membersOf[toolset] != "", word == "group" && toolset == "policy_groups":
		t.Type = kindsOf[toolset][0]
	case (argument == "add" || argument == "remove") && membersOf[toolset] != "":
		t.Type = kindsOf[membersOf[toolset]][0]
	default:
		for _, kinds := range kindsOf {
			if slices.Contains(kinds, word) || word == "policie" && slices.Contains(kinds, "policy") {
				t.Type = kinds[0]
			}
		}
	}
	return t, t.Type != ""
}
