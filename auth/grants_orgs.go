package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// orgGrant is an organisation that an agent has, and with which credential.
type orgGrant struct {
	name, credential string // credential "" is the standard one
	line             int
}

func (g orgGrant) String() string {
	if g.credential == "" {
		return g.name
	}
	return g.name + " with credential " + g.credential
}

// OrgNames may be implemented by a [Registry]: the organisations that a grant file may
// name, with the names of their other credentials. ok false is any.
type OrgNames interface {
	Orgs() (names map[string][]string, ok bool)
}

// orgs reads the organisations of an agent: names, or a mapping that says with which
// credential.
func (p *grantParser) orgs(a *agentRules, n *yaml.Node) {
	a.orgsAt = n.Line
	if n.Kind == yaml.MappingNode && len(n.Content) > 0 {
		p.each(n, "orgs", func(name string, k, v *yaml.Node) {
			g := orgGrant{name: name, line: k.Line}
			p.fields(v, "orgs of agent "+a.name, map[string]func(*yaml.Node){
				"credential": func(n *yaml.Node) { g.credential, _ = p.text(n, "credential") },
			})
			p.orgGrant(a, k, g)
		})
		return
	}
	for _, name := range p.words(n, "orgs", nil) {
		p.orgGrant(a, n, orgGrant{name: name, line: n.Line})
	}
}

func (p *grantParser) orgGrant(a *agentRules, at *yaml.Node, g orgGrant) {
	if known, ok := p.orgNames(); ok {
		credentials, there := known[g.name]
		switch {
		case len(known) == 0:
			p.fail(at, "organisation %q: this server has no file of organisations (--orgs), so none has a name", cut(g.name))
			return
		case !there:
			p.unknown(at, "organisation", g.name, slices.Collect(maps.Keys(known)))
			return
		case g.credential != "" && len(credentials) == 0:
			p.fail(at, "organisation %s has no other credential than its own: leave credential %q out", g.name, cut(g.credential))
			return
		case g.credential != "" && !slices.Contains(credentials, g.credential):
			p.unknown(at, "credential of "+g.name, g.credential, credentials)
			return
		}
	}
	a.orgs = append(a.orgs, g)
}

// orgNames are the organisations that there are, as the registry knows them.
func (p *grantParser) orgNames() (map[string][]string, bool) {
	if p.orgRegistry == nil {
		return nil, false
	}
	return p.orgRegistry.Orgs()
}

// OrgsOf are the organisations that an agent has, by name, and with which credential
// ("" is the standard one); said is false where its grant names none.
func (r *Rules) OrgsOf(agent string) (orgs map[string]string, said bool) {
	a := r.agents[agent]
	if a == nil || a.orgsAt == 0 {
		return nil, false
	}
	orgs = map[string]string{}
	for _, g := range a.orgs {
		orgs[g.name] = g.credential
	}
	return orgs, true
}

// Place is one organisation of several, as one credential reaches it. The zero value
// is the only one there is, which has no name.
type Place struct {
	Org, Credential string
	// Alone says that it is the only one: agents whose grant names none have it.
	Alone bool
}

// In is the same policy, reloads included, in one organisation: members are asked of
// m, and quotas are counted for that organisation alone. Agents that do not have the
// organisation, or have it with another credential, are refused.
func (e *Enforcer) In(at Place, m Members) *Enforcer {
	o := e.o
	o.Members = m
	if at.Org != "" {
		o.Meter = meterOf{o.Meter, "org/" + at.Org + "/"}
	}
	return &Enforcer{o: o, rules: e.rules, at: at}
}

// meterOf counts apart from other organisations. Credentials of one organisation
// share: a ceiling holds for what is done to it, whoever does it.
type meterOf struct {
	Meter
	prefix string
}

func (m meterOf) Add(ctx context.Context, n int, quotas ...Quota) (*Full, error) {
	return m.Meter.Add(ctx, n, m.own(quotas)...)
}

func (m meterOf) Back(ctx context.Context, n int, quotas ...Quota) {
	m.Meter.Back(ctx, n, m.own(quotas)...)
}

func (m meterOf) own(quotas []Quota) []Quota {
	out := slices.Clone(quotas)
	for i := range out {
		out[i].Key = m.prefix + out[i].Key
	}
	return out
}

// elsewhere says why an agent may do nothing in an organisation; "" when it may.
func (a *agentRules) elsewhere(at Place) (line int, why string) {
	if at.Org == "" {
		return 0, ""
	}
	if a.orgsAt == 0 {
		if at.Alone && at.Credential == "" {
			return 0, ""
		}
		return a.line, fmt.Sprintf("%s is granted no organisation (orgs)", a.name)
	}
	for _, g := range a.orgs {
		if g.name != at.Org {
			continue
		}
		if g.credential != at.Credential {
			return g.line, fmt.Sprintf("%s has organisation %s with another credential", a.name, at.Org)
		}
		return 0, ""
	}
	return a.orgsAt, fmt.Sprintf("%s is not granted organisation %s", a.name, at.Org)
}

// reached are the organisations of an agent in words; "" where its grant names none.
func (a *agentRules) reached() string {
	parts := make([]string, len(a.orgs))
	for i, g := range a.orgs {
		parts[i] = g.String()
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// diffOrgs says which organisations an agent gains and loses.
func (r *Rules) diffOrgs(before *agentRules, a *agentRules) (out []string) {
	now, was := a.reached(), before.reached()
	switch {
	case now == was:
	case was == "":
		out = append(out, fmt.Sprintf("%s works in %s from now on, and nowhere else", a.name, now))
	case now == "":
		out = append(out, fmt.Sprintf("%s names no organisation now, before %s", a.name, was))
	default:
		out = append(out, fmt.Sprintf("%s works in %s now, before in %s", a.name, now, was))
	}
	return out
}

// warnOrgs: where there are several, an agent that names none has none.
func (r *Rules) warnOrgs(a *agentRules) (out []Warning) {
	if r.manyOrgs && a.orgsAt == 0 && a.some {
		out = append(out, Warning{a.line, a.name + " names no organisation, and there are several: it may nothing; write orgs: […]"})
	}
	return out
}
