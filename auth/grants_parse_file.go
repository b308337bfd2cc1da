package auth

import (
	"fmt"
	"net"
	"net/url"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// top reads the whole file.
func (p *grantParser) top(root *yaml.Node) {
	has := p.fields(root, "a grant file", map[string]func(*yaml.Node){
		"version": func(n *yaml.Node) {
			if n.Kind != yaml.ScalarNode || n.Value != "1" {
				p.fail(n, "version is 1: this server reads no other")
			}
		},
		"ceiling": p.ceiling,
		"protect": func(n *yaml.Node) { p.r.protect = p.scopes(n, "protect") },
		"agents":  p.agents,
		"approvers": func(n *yaml.Node) {
			p.each(n, "approvers", p.approver)
		},
		"notify": p.notify,
	})
	for _, key := range []string{"version", "agents"} {
		if !has[key] {
			p.fail(root, "%s is missing", key)
		}
	}
}

func (p *grantParser) ceiling(n *yaml.Node) {
	c := &p.r.ceiling
	p.r.ceilingAt = n.Line
	p.fields(n, "ceiling", map[string]func(*yaml.Node){
		"objects_per_call":  func(n *yaml.Node) { p.number(n, "objects_per_call", &c.ObjectsPerCall) },
		"writes_per_minute": func(n *yaml.Node) { p.number(n, "writes_per_minute", &c.WritesPerMinute) },
		"writes_per_day":    func(n *yaml.Node) { p.number(n, "writes_per_day", &c.WritesPerDay) },
	})
}

// scopes reads names by toolset: of `only` and of `protect`.
func (p *grantParser) scopes(n *yaml.Node, what string) (out []scope) {
	p.each(n, what, func(toolset string, k, v *yaml.Node) {
		if _, ok := kindsOf[toolset]; !ok {
			known := make([]string, 0, len(kindsOf))
			for name := range kindsOf {
				known = append(known, name)
			}
			p.unknown(k, "toolset for "+what, toolset, known)
			return
		}
		out = append(out, scope{toolset, p.words(v, "the names under "+toolset, nil), k.Line})
	})
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.fail(n, "%s is empty: leave it out, or name something", what)
	}
	return out
}

var agentName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$`)

func (p *grantParser) agents(n *yaml.Node) {
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.fail(n, "there is no agent")
	}
	p.each(n, "agents", func(name string, k, v *yaml.Node) {
		if !agentName.MatchString(name) {
			p.fail(k, "the name of an agent is up to 64 letters, digits and _ . @ -: not %q", cut(name))
			return
		}
		a := &agentRules{name: name, line: k.Line, rule: p.r.rule(k.Line), never: map[string]int{}}
		p.fields(v, "agent "+name, map[string]func(*yaml.Node){
			"who": func(n *yaml.Node) {
				p.items(n, "who", func(e *yaml.Node) { p.who(a, e) })
			},
			"orgs": func(n *yaml.Node) { p.orgs(a, n) },
			"may": func(n *yaml.Node) {
				p.items(n, "may", func(e *yaml.Node) { p.line(a, e) })
			},
			"never": func(n *yaml.Node) {
				a.fines = p.words(n, "never", func(e *yaml.Node, w string) {
					for _, tool := range p.tools(e, w) {
						a.never[tool] = e.Line
					}
				})
			},
		})
		if len(a.who) == 0 {
			p.fail(k, "agent %s has no who: nobody could be it; write who: [{local: stdio}], [{token_sha256: …}], [{issuer: …, subject: …}] or [{san: …}]", name)
		}
		p.r.agents[name] = a
		p.r.order = append(p.r.order, a)
	})
}

func (p *grantParser) approver(name string, k, v *yaml.Node) {
	a := Approver{Name: name, line: k.Line}
	if !agentName.MatchString(name) {
		p.fail(k, "the name of an approver is up to 64 letters, digits and _ . @ -: not %q", cut(name))
		return
	}
	has := p.fields(v, "approver "+name, map[string]func(*yaml.Node){
		"key": func(n *yaml.Node) {
			a.Key, _ = p.text(n, "key")
		},
		"may": func(n *yaml.Node) {
			a.May = p.words(n, "may", func(e *yaml.Node, w string) { p.tools(e, w) })
		},
		"issuer":  func(n *yaml.Node) { p.claim(n, "issuer", &a.Issuer) },
		"subject": func(n *yaml.Node) { p.claim(n, "subject", &a.Subject) },
	})
	if has["issuer"] != has["subject"] {
		p.fail(k, "issuer and subject of an approver belong together: the claims of tokens whose agents act for him")
	}
	if !has["key"] || !has["may"] {
		p.fail(k, "an approver has a key (jc-mcp approver init prints it) and a list may of tools")
	}
	p.r.approvers = append(p.r.approvers, a)
}

func (p *grantParser) notify(n *yaml.Node) {
	has := p.fields(n, "notify", map[string]func(*yaml.Node){
		"command": func(n *yaml.Node) {
			p.items(n, "command", func(e *yaml.Node) {
				if s, ok := p.text(e, "a word of command"); ok { // the same argument may stand twice
					p.r.notify.Command = append(p.r.notify.Command, s)
				}
			})
		},
		"webhook": func(n *yaml.Node) {
			s, ok := p.text(n, "webhook")
			if !ok {
				return
			}
			if err := checkWebhook(s); err != nil {
				p.fail(n, "%v", err)
				return
			}
			p.r.notify.Webhook = s
		},
	})
	if len(has) != 1 {
		p.fail(n, "notify is a command or a webhook")
	}
}

// checkWebhook: what is told leaves the machine over TLS or not at all.
func checkWebhook(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("webhook is a URL: https://host/path, with no user in it")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && loopback {
		return nil
	}
	return fmt.Errorf("webhook is https, or http on loopback")
}

// between checks what only the whole file shows: two that would be the same.
func (p *grantParser) between() {
	seen := map[caller]string{}
	for _, a := range p.r.order {
		for _, c := range a.who {
			line := c.line
			c.line = 0
			if other, twice := seen[c]; twice {
				p.fail(&yaml.Node{Line: line}, "%s is agent %s already", c, other)
			}
			seen[c] = a.name
		}
		a.some = p.anything(a)
	}
	keys, persons := map[string]string{}, map[[2]string]string{}
	for _, a := range p.r.approvers {
		if other, twice := persons[[2]string{a.Issuer, a.Subject}]; twice && a.Subject != "" {
			p.fail(&yaml.Node{Line: a.line}, "approvers %s and %s have the same subject: then other-human means nothing", other, a.Name)
		}
		persons[[2]string{a.Issuer, a.Subject}] = a.Name
		if other, twice := keys[a.Key]; twice {
			p.fail(&yaml.Node{Line: a.line}, "approvers %s and %s have the same key: then other-human means nothing", other, a.Name)
		}
		keys[a.Key] = a.Name
	}
}

// anything reports whether the agent has any tool at all, whatever the hour.
func (p *grantParser) anything(a *agentRules) bool {
	for _, f := range p.r.facts {
		if a.never[f.Name] != 0 {
			continue
		}
		for _, g := range a.may {
			if g.gives(f) {
				return true
			}
		}
	}
	return false
}
