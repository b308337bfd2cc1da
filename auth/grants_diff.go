package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Diff says who gains and loses what with these rules where old were in force, a
// sentence a line; none when nothing differs. Against nil, everything is gained.
func (r *Rules) Diff(old *Rules) (out []string) {
	if old == nil {
		old = &Rules{agents: map[string]*agentRules{}, ceiling: Ceiling{ObjectsPerCall: r.ceiling.ObjectsPerCall}}
	}
	for _, a := range r.order {
		if old.agents[a.name] == nil {
			out = append(out, fmt.Sprintf("%s is new (%s)", a.name, a.callers()))
		}
	}
	for _, a := range old.order {
		if r.agents[a.name] == nil {
			out = append(out, fmt.Sprintf("%s is gone, and loses everything", a.name))
		}
	}
	for _, a := range r.order {
		out = append(out, r.diffAgent(old, a)...)
	}
	return append(out, r.diffRest(old)...)
}

func (a *agentRules) callers() string {
	var parts []string
	for _, c := range a.who {
		parts = append(parts, c.String())
	}
	return strings.Join(parts, ", ")
}

// allowed is how an agent has a tool: the conditions of the lines that give it, "" for
// none; ok is false when it does not have it.
func (r *Rules) allowed(agent string, f ToolFact) (how string, ok bool) {
	a := r.agents[agent]
	if a == nil || a.never[f.Name] != 0 || r.tools[f.Name] != f || f.Toolset == carriers {
		return "", false
	}
	var ways []string
	for _, g := range a.may {
		if !g.gives(f) {
			continue
		}
		way := g.conditions(f)
		if !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
		if ok = true; way == "" {
			break // no line after it is ever reached
		}
	}
	if slices.Equal(ways, []string{""}) {
		return "", ok
	}
	for i, w := range ways {
		if w == "" {
			ways[i] = "freely"
		}
	}
	return strings.Join(ways, "; or "), ok
}

func (r *Rules) diffAgent(old *Rules, a *agentRules) (out []string) {
	groups, order := map[string][]ToolFact{}, []string{}
	facts := slices.Clone(r.facts)
	for _, f := range old.facts {
		if r.tools[f.Name] != f {
			facts = append(facts, f)
		}
	}
	for _, f := range facts {
		now, has := r.allowed(a.name, f)
		was, had := old.allowed(a.name, f)
		text := ""
		switch {
		case has && !had:
			text = "gains %s" + inBrackets(now)
		case had && !has:
			text = "loses %s"
		case has && now != was:
			text = "has %s now " + orFreely(now) + ", before " + orFreely(was)
		default:
			continue
		}
		if groups[text] == nil {
			order = append(order, text)
		}
		groups[text] = append(groups[text], f)
	}
	slices.SortStableFunc(order, func(x, y string) int { return strings.Compare(x[:4], y[:4]) }) // gains, has, loses
	for _, text := range order {
		out = append(out, a.name+" "+strings.Replace(text, "%s", describeTools(groups[text], facts), 1))
	}
	return append(out, r.diffFields(old, a)...)
}

func (r *Rules) diffFields(old *Rules, a *agentRules) (out []string) {
	before := old.agents[a.name]
	if before == nil {
		before = &agentRules{}
	} else if now, was := a.callers(), before.callers(); now != was {
		out = append(out, fmt.Sprintf("%s is %s now, before %s", a.name, now, was))
	}
	out = append(out, r.diffOrgs(before, a)...)
	now, was := a.shown(), before.shown()
	for _, toolset := range sortedKeys(now, was) {
		switch n, had := now[toolset], was[toolset]; {
		case n == had:
		case n == "":
			out = append(out, fmt.Sprintf("%s sees all fields of %s now, before %s", a.name, toolset, had))
		case had == "":
			out = append(out, fmt.Sprintf("%s sees of %s only %s", a.name, toolset, n))
		default:
			out = append(out, fmt.Sprintf("%s sees of %s now %s, before %s", a.name, toolset, n, had))
		}
	}
	return out
}

// shown are the fields that an agent is narrowed to, by toolset.
func (a *agentRules) shown() map[string]string {
	out := map[string]string{}
	for _, g := range a.may {
		for toolset, list := range g.fields {
			text := strings.Join(list, " ")
			if g.when != nil {
				text += " (" + g.when.String() + ")"
			}
			if out[toolset] != "" {
				text = out[toolset] + ", " + text
			}
			out[toolset] = text
		}
	}
	return out
}

// diffRest is what concerns no single agent.
func (r *Rules) diffRest(old *Rules) (out []string) {
	for _, q := range []struct {
		what     string
		now, was int
	}{
		{"objects a call", r.ceiling.ObjectsPerCall, old.ceiling.ObjectsPerCall},
		{"objects a minute", r.ceiling.WritesPerMinute, old.ceiling.WritesPerMinute},
		{"objects a day", r.ceiling.WritesPerDay, old.ceiling.WritesPerDay},
	} {
		if q.now != q.was {
			out = append(out, fmt.Sprintf("the ceiling of %s is %s now, before %s", q.what, orNone(q.now), orNone(q.was)))
		}
	}
	out = append(out, diffSets("protected", protectedNames(r), protectedNames(old))...)
	out = append(out, diffSets("approver", approverTexts(r), approverTexts(old))...)
	if r.notify.Webhook != old.notify.Webhook || !slices.Equal(r.notify.Command, old.notify.Command) {
		out = append(out, "notify is another one")
	}
	return out
}

func diffSets(what string, now, was []string) (out []string) {
	for _, n := range now {
		if !slices.Contains(was, n) {
			out = append(out, what+" from now on: "+n)
		}
	}
	for _, w := range was {
		if !slices.Contains(now, w) {
			out = append(out, what+" no longer: "+w)
		}
	}
	return out
}

func protectedNames(r *Rules) (out []string) {
	for _, s := range r.protect {
		for _, p := range s.patterns {
			out = append(out, scope{toolset: s.toolset, patterns: []string{p}}.String())
		}
	}
	return out
}

func approverTexts(r *Rules) (out []string) {
	for _, a := range r.approvers {
		text := fmt.Sprintf("%s, key %s, for %s", a.Name, cut(a.Key), strings.Join(a.May, ", "))
		if a.Subject != "" {
			text += ", subject " + cut(a.Subject) + " at " + cut(a.Issuer)
		}
		out = append(out, text)
	}
	return out
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func orFreely(s string) string {
	if s == "" {
		return "freely"
	}
	return "with " + s
}

func orNone(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}
