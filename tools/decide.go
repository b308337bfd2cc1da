package tools

import (
	"context"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// One function of the grants decides for the list, the call and each step. What it
// is asked is made here, from the declaration and the resolved targets.

// asSuch decides on the use of a tool, whatever it is used on. Nothing is looked up
// for that, so there is nothing to cancel.
func (d *Desk) asSuch(who auth.Principal, t *Tool) auth.Decision {
	return d.o.Grants.Decide(context.Background(), who, t.action())
}

// action is what a grant decides on for the step: the use of its tool, which is grave
// where it sets what makes it so.
func (s *Step) action() auth.Action {
	a := s.Tool.action()
	a.Grave = a.Grave || s.acts() && len(s.grave()) > 0
	return a
}

// grave are the fields that the step sets, on one object or on any of a list, and that
// make it grave.
func (s *Step) grave() (set []string) {
	many, _ := s.Request.Body.([]any)
	for _, f := range s.Tool.GraveWith {
		_, there := s.After[f]
		if there || slices.ContainsFunc(many, func(one any) bool { m, _ := one.(map[string]any); _, there := m[f]; return there }) {
			set = append(set, f)
		}
	}
	return set
}

// acts reports whether the step would change something.
func (s *Step) acts() bool { return s.Skip == "" && s.read == nil }

// changes is how many objects a step changes. Where it has several targets the last
// one is what the others are put into, or run, unless each of them is changed: a job
// over many, or a body that names them all.
func (s *Step) changes() int {
	n := len(s.Targets)
	if n > 1 && !s.Each && s.Tool.selects == "" {
		n--
	}
	return max(1, n)
}

// changedBy is how many objects the steps change.
func changedBy(steps []*Step) (n int) {
	for _, s := range steps {
		if s.acts() {
			n += s.changes()
		}
	}
	return n
}

// all are the steps of a plan.
func (p *Plan) all() []*Step {
	out := make([]*Step, len(p.Steps))
	for i := range p.Steps {
		out[i] = &p.Steps[i]
	}
	return out
}

// decide asks the grant for every step as its own tool, and takes the strictest approval.
func (d *Desk) decide(ctx context.Context, who auth.Principal, p *Plan) auth.Decision {
	n := changedBy(p.all())
	if p.Objects > 0 {
		n = p.Objects
	}
	all := auth.Decision{Allow: true}
	for _, s := range p.all() {
		a := s.action()
		a.Targets, a.Objects = append([]auth.Target{}, s.Targets...), n // never nil: that would ask for the tool as such
		if s.narrowed && len(s.Targets) == 0 {                          // it is asked of nothing, and leaves out what is not granted
			a.Targets = nil
		}
		dec := d.o.Grants.Decide(ctx, who, a)
		if !dec.Allow {
			if set := s.grave(); a.Grave && len(set) > 0 {
				dec.Reason += " where a call sets " + joinNames(set)
			}
			return dec
		}
		if s.Skip != "" { // nothing is sent, so nobody is asked
			dec.Approval = auth.NoApproval
		}
		dec.Approval = max(dec.Approval, all.Approval)
		dec.WantsReason = dec.WantsReason && s.Skip == "" || all.WantsReason
		all = dec
	}
	return all
}

// denied is the refusal of a grant, in words that keep an agent from blaming JumpCloud.
func denied(dec auth.Decision) error {
	return &citing{&Refusal{jc.CodeDenied, "denied by this server (" + dec.Rule + ": " + dec.Reason + "), not by JumpCloud. Repeating will not help"}, dec.Rule}
}

// charge is what a plan has taken from quotas, by tool.
type charge struct {
	tool *Tool
	back func()
}

type charges []charge

// spend charges the quotas for all that a plan would change, once for each tool.
// When one of them does not suffice nothing stays charged.
func (d *Desk) spend(ctx context.Context, who auth.Principal, p *Plan) (charges, auth.Decision) {
	var out charges
	for _, s := range p.all() {
		if !s.acts() || slices.ContainsFunc(out, func(c charge) bool { return c.tool == s.Tool }) {
			continue
		}
		var mine []*Step
		a := s.action()
		a.Targets = []auth.Target{}
		for _, other := range p.all() {
			if other.acts() && other.Tool == s.Tool {
				mine = append(mine, other)
				a.Grave = a.Grave || other.action().Grave
				a.Targets = append(a.Targets, other.Targets...)
			}
		}
		a.Objects = changedBy(mine)
		back, dec := d.o.Grants.Spend(ctx, who, a)
		if !dec.Allow {
			for _, c := range out {
				c.back()
			}
			return nil, dec
		}
		out = append(out, charge{s.Tool, back})
	}
	return out, auth.Decision{Allow: true}
}

// settle gives back what was charged for tools none of whose steps did anything.
func (c charges) settle(results []Result) {
	for _, x := range c {
		if !slices.ContainsFunc(results, func(r Result) bool { return r.Step.Tool == x.tool && r.Step.acts() && !r.nothing() }) {
			x.back()
		}
	}
}

// nothing reports whether it is certain that the step changed nothing.
func (r *Result) nothing() bool {
	return r.Outcome == NotSent || r.Outcome == NoEffect || r.Outcome == Failed
}
