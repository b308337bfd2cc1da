package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// EnforcerOptions are what rules are applied with; each may be nil.
type EnforcerOptions struct {
	// Members answers for `only`; without it no one is a member of anything. When it
	// is [Names] too, `protect` knows objects by all their names.
	Members Members
	// Meter counts for quotas; without it they are counted in this process.
	Meter Meter
	// Now gives the time.
	Now func() time.Time
}

// Enforcer applies rules: the [Policy] of a grant file.
type Enforcer struct {
	o     EnforcerOptions
	rules *atomic.Pointer[inForce] // shared by its views; see [Enforcer.In]
	at    Place
}

// inForce are rules, and whether they stand in for others that could not be read.
type inForce struct {
	*Rules
	readsOnly string // why only reads go on; "" when all does
}

var _ Policy = (*Enforcer)(nil)

// Enforce makes the policy of rules.
func Enforce(r *Rules, o EnforcerOptions) *Enforcer {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Meter == nil {
		o.Meter = NewMeter(o.Now)
	}
	e := &Enforcer{o: o, rules: &atomic.Pointer[inForce]{}}
	e.rules.Store(&inForce{Rules: r})
	return e
}

// Rules are those in force now.
func (e *Enforcer) Rules() *Rules { return e.rules.Load().Rules }

// AgentOf is [Rules.AgentOf] of the rules in force.
func (e *Enforcer) AgentOf(local string) (Principal, bool) { return e.Rules().AgentOf(local) }

// AgentOfToken is [Rules.AgentOfToken] of the rules in force.
func (e *Enforcer) AgentOfToken(bearer string) (Principal, bool) {
	return e.Rules().AgentOfToken(bearer)
}

// Decide is the one decision, for list, call and step; see [Policy]. The order:
// never, only reads while the file is bad, protect, the ceiling, and then the lines of
// may as they stand in the file: the first that gives the tool and whose at_most
// per_call, when and only fit, wins, and its approve applies. Hourly and daily quotas
// do not choose a line; Spend charges them to the one that won.
func (e *Enforcer) Decide(ctx context.Context, p Principal, a Action) Decision {
	d, _ := e.rules.Load().decide(ctx, p, a, e.circumstances())
	return d
}

func (e *Enforcer) circumstances() circumstances {
	return circumstances{now: e.o.Now(), members: e.o.Members, at: e.at}
}

// circumstances are what a decision depends on beside rules and action.
type circumstances struct {
	now     time.Time
	members Members
	at      Place
	tell    func(line int, verdict string) // hears of each station of the decision; may be nil
}

func (c *circumstances) told(line int, verdict, why string) {
	if c.tell != nil {
		c.tell(line, verdict+why)
	}
}

// asSuch reports whether only the use of the tool is asked for.
func (a Action) asSuch() bool {
	return a.Targets == nil && (a.Risk == Read || a.Objects == 0)
}

// decide is the smaller of what the file gives the agent and of what the caller's token
// allows. It also gives the line that won; nil for tools that carry others.
func (f *inForce) decide(ctx context.Context, p Principal, a Action, c circumstances) (Decision, *grant) {
	d, g := f.granted(ctx, p.Agent, a, c)
	if d = p.Scopes.narrow(a, d); d.Lacks != "" {
		c.told(0, "refuses: ", d.Reason)
		return d, nil
	}
	return d, g
}

// granted is what the file gives an agent.
func (f *inForce) granted(ctx context.Context, agent string, a Action, c circumstances) (Decision, *grant) {
	r := f.Rules
	no := func(line int, format string, args ...any) (Decision, *grant) {
		d := Decision{Reason: fmt.Sprintf(format, args...), Rule: r.rule(line), Version: r.version}
		c.told(line, "refuses: ", d.Reason)
		return d, nil
	}
	rules, ok := r.agents[agent]
	if !ok {
		return no(0, "there is no agent %s in it", cut(agent))
	}
	if line, why := rules.elsewhere(c.at); why != "" {
		return no(line, "%s", why)
	}
	fact, ok := r.tools[a.Tool]
	if !ok || fact.Toolset != a.Toolset || fact.Risk != a.Risk {
		return no(0, "%s is not a tool it knows", cut(a.Tool))
	}
	if line := rules.never[a.Tool]; line != 0 {
		return no(line, "never %s", a.Tool)
	}
	if a.Toolset == carriers { // what they find and carry is decided as the tool that it is
		if !rules.some {
			return no(rules.line, "%s may nothing", agent)
		}
		return Decision{Allow: true, Rule: rules.rule, Version: r.version}, nil
	}
	if a.Risk != Read {
		if f.readsOnly != "" {
			return no(0, "%s", f.readsOnly)
		}
		if line, why := r.forbids(ctx, a, c); why != "" {
			return no(line, "%s", why)
		}
	}
	fact.Grave = fact.Grave || a.Grave // what a call sets can make it grave
	return f.permit(ctx, rules, fact, a, c, no)
}

// carriers is the toolset of the tools that find and call the others.
const carriers = "api"

// permit looks for the line that allows.
func (f *inForce) permit(ctx context.Context, rules *agentRules, fact ToolFact, a Action, c circumstances, no func(int, string, ...any) (Decision, *grant)) (Decision, *grant) {
	refusedLine, refused := 0, ""
	for _, g := range rules.may {
		if !g.gives(fact) {
			continue
		}
		if why := g.misfit(ctx, a, &c); why != "" {
			c.told(g.line, "gives it, but not here: ", why)
			if refused == "" {
				refusedLine, refused = g.line, why
			}
			continue
		}
		d := Decision{Allow: true, Rule: g.rule, Version: f.version, Approval: g.asks(fact)}
		if d.Approval != NoApproval {
			d.Wait = g.wait
		}
		d.WantsReason = g.wantsReason(a.Risk)
		d.Narrowed = a.Risk == Read && a.asSuch() && !rules.free(ctx, fact, a, c)
		c.told(g.line, "allows", "")
		return d, g
	}
	if refused != "" {
		return no(refusedLine, "%s", refused)
	}
	if fact.named() {
		return no(rules.line, "%s is not granted %s, which needs its own name under do", rules.name, a.Tool)
	}
	return no(rules.line, "%s is not granted %s", rules.name, a.Tool)
}

// free reports whether a line gives a read whatever it shows.
func (a *agentRules) free(ctx context.Context, fact ToolFact, read Action, c circumstances) bool {
	return slices.ContainsFunc(a.may, func(g *grant) bool {
		return g.gives(fact) && !g.onlyReads && g.misfit(ctx, read, &c) == ""
	})
}

// forbids: what no grant can allow. Only for what is no read.
func (r *Rules) forbids(ctx context.Context, a Action, c circumstances) (line int, why string) {
	for _, t := range a.Targets {
		for _, s := range r.protect {
			if why := s.protects(ctx, t, c.members); why != "" {
				return s.line, why
			}
		}
	}
	if n := r.ceiling.ObjectsPerCall; a.Objects > n {
		return r.ceilingAt, fmt.Sprintf("%d objects in one call are over the ceiling of %d", a.Objects, n)
	}
	return 0, ""
}

// protects says why a target must not be changed; "" when it may.
func (s scope) protects(ctx context.Context, t Target, m Members) string {
	if !s.holds(t) {
		return ""
	}
	protected := t.called() + " is protected: no agent changes it"
	if s.names(t, true) {
		return protected
	}
	known, ok := m.(Names)
	if !ok || t.ID == "" {
		if t.Name == "" {
			return "it is not known whether " + t.called() + " is protected"
		}
		return ""
	}
	names, err := known.Names(ctx, t)
	if err != nil {
		return "it could not be found out whether " + t.called() + " is protected"
	}
	for _, n := range names {
		if s.names(Target{Type: t.Type, Name: n}, true) {
			return protected
		}
	}
	return ""
}

// misfit says why a line that gives the tool does not give it here and now; "" when it does.
func (g *grant) misfit(ctx context.Context, a Action, c *circumstances) string {
	if g.when != nil && !g.when.at(c.now) {
		return "only " + g.when.String() + "; it is " + strings.ToLower(c.now.In(g.when.zone).Format("Mon 15:04")) + " there"
	}
	if a.Risk != Read && g.perCall > 0 && a.Objects > g.perCall {
		return fmt.Sprintf("at most %d objects a call, not %d", g.perCall, a.Objects)
	}
	if len(g.only) == 0 || a.asSuch() || a.Risk == Read && !g.onlyReads {
		return ""
	}
	return g.outside(ctx, a, c)
}
