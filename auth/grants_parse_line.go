package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds of wait.
const (
	minWait = time.Minute
	maxWait = maxSealTTL
)

// line reads one line of may.
func (p *grantParser) line(a *agentRules, n *yaml.Node) {
	g := &grant{
		line: n.Line, rule: p.r.rule(n.Line), reads: map[string]bool{}, writes: map[string]bool{},
		named: map[string]bool{}, globbed: map[string]bool{}, fields: map[string][]string{},
	}
	before := len(p.errs)
	has := p.fields(n, "a line of may", map[string]func(*yaml.Node){
		"read":    func(n *yaml.Node) { g.read = p.toolsetList(n, "read", g.reads) },
		"write":   func(n *yaml.Node) { g.write = p.toolsetList(n, "write", g.writes) },
		"do":      func(n *yaml.Node) { g.do = p.doList(n, g) },
		"fields":  func(n *yaml.Node) { p.fieldList(n, g) },
		"only":    func(n *yaml.Node) { g.only = p.scopes(n, "only") },
		"reads":   func(n *yaml.Node) { p.yes(n, "reads", &g.onlyReads) },
		"reason":  func(n *yaml.Node) { p.yes(n, "reason", &g.reason) },
		"at_most": func(n *yaml.Node) { p.atMost(n, g) },
		"when":    func(n *yaml.Node) { g.when = p.when(n) },
		"approve": func(n *yaml.Node) {
			s, _ := p.text(n, "approve")
			i := slices.Index(approvals[:], s)
			if i < 0 {
				p.unknown(n, "value of approve", s, approvals[:])
				return
			}
			g.approve, g.approveSaid = Approval(i), true
		},
		"wait": func(n *yaml.Node) {
			d, err := time.ParseDuration(n.Value)
			if n.Kind != yaml.ScalarNode || err != nil || d < minWait || d > maxWait {
				p.fail(n, "wait is a time from 1m to 24h, such as 30m")
				return
			}
			g.wait = d
		},
	})
	switch {
	case len(p.errs) > before: // one error of a line is enough
	case !has["read"] && !has["write"] && !has["do"]:
		p.fail(n, "this line grants nothing: it needs read, write or do")
	case has["reads"] && !has["only"]:
		p.fail(n, "reads says that only narrows reads as well, and there is no only")
	case has["reason"] && !has["write"] && !has["do"]:
		p.fail(n, "reason asks why something is changed, and this line only reads")
	case has["wait"] && has["approve"] && g.approve == NoApproval:
		p.fail(n, "there is nobody to wait for: approve is none")
	}
	g.key = g.identity()
	a.may = append(a.may, g)
}

// identity is the same for two lines that say the same, wherever they stand: moving a
// line in the file gives no new quota.
func (g *grant) identity() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %v %d %d %d %v %v", g.read, g.write, g.do, scopeTexts(g.only), g.onlyReads, g.perCall, g.perHour, g.perDay, g.approveSaid, g.approve)
	if g.when != nil {
		fmt.Fprintf(h, " %q", g.when.text)
	}
	if g.reason {
		fmt.Fprint(h, " reason")
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func scopeTexts(scopes []scope) (out []string) {
	for _, s := range scopes {
		out = append(out, s.String())
	}
	return out
}

// toolsetList reads toolsets, by name or glob.
func (p *grantParser) toolsetList(n *yaml.Node, what string, into map[string]bool) []string {
	return p.words(n, what, func(e *yaml.Node, w string) {
		hit := false
		for _, t := range p.toolsets {
			if t == w || isGlob(w) && toolGlob(w, t) {
				into[t], hit = true, true
			}
		}
		if !hit {
			p.unknown(e, "toolset", w, p.toolsets)
		}
	})
}

// doList reads tools: a name gives the tool whatever its risk, a glob gives reads and changes.
func (p *grantParser) doList(n *yaml.Node, g *grant) []string {
	return p.words(n, "do", func(e *yaml.Node, w string) {
		for _, tool := range p.tools(e, w) {
			switch {
			case !isGlob(w):
				g.named[tool] = true
			case !p.r.tools[tool].named():
				g.globbed[tool] = true
			}
		}
	})
}

// tools are those that a name or a glob means; none is an error.
func (p *grantParser) tools(n *yaml.Node, word string) (out []string) {
	if !isGlob(word) {
		if _, ok := p.r.tools[word]; ok {
			return []string{word}
		}
		p.unknown(n, "tool", word, p.toolNames)
		return nil
	}
	if _, err := path.Match(word, ""); err != nil {
		p.fail(n, "%q is not a glob of tool names", cut(word))
		return nil
	}
	for _, name := range p.toolNames {
		if toolGlob(word, name) {
			out = append(out, name)
		}
	}
	if out == nil {
		p.fail(n, "no tool is called %q", cut(word))
	}
	return out
}

var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]{0,79}$`)

func (p *grantParser) fieldList(n *yaml.Node, g *grant) {
	p.each(n, "fields", func(toolset string, k, v *yaml.Node) {
		if !slices.Contains(p.toolsets, toolset) {
			p.unknown(k, "toolset", toolset, p.toolsets)
			return
		}
		g.fields[toolset] = p.words(v, "the fields of "+toolset, func(e *yaml.Node, w string) {
			if !fieldName.MatchString(w) {
				p.fail(e, "%q is no name of a field", cut(w))
			}
		})
	})
}

func (p *grantParser) atMost(n *yaml.Node, g *grant) {
	has := p.fields(n, "at_most", map[string]func(*yaml.Node){
		"per_call": func(n *yaml.Node) { p.number(n, "per_call", &g.perCall) },
		"per_hour": func(n *yaml.Node) { p.number(n, "per_hour", &g.perHour) },
		"per_day":  func(n *yaml.Node) { p.number(n, "per_day", &g.perDay) },
	})
	if len(has) == 0 && n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		p.fail(n, "at_most says how many: per_call, per_hour, per_day")
	}
}

func (p *grantParser) when(n *yaml.Node) *hours {
	h := &hours{days: [7]bool{true, true, true, true, true, true, true}, to: 24 * 60, zone: time.UTC}
	var parts []string
	read := func(what string, into func(string) error) func(*yaml.Node) {
		return func(n *yaml.Node) {
			s, ok := p.text(n, what)
			if !ok {
				return
			}
			if err := into(strings.TrimSpace(s)); err != nil {
				p.fail(n, "%v", err)
			}
			parts = append(parts, s)
		}
	}
	has := p.fields(n, "when", map[string]func(*yaml.Node){
		"days":  read("days", func(s string) (err error) { h.days, err = parseDays(s); return err }),
		"hours": read("hours", func(s string) (err error) { h.from, h.to, err = parseHours(s); return err }),
		"zone":  read("zone", func(s string) (err error) { h.zone, err = parseZone(s); return err }),
	})
	if n.Kind == yaml.MappingNode && (!has["zone"] || !has["days"] && !has["hours"]) {
		p.fail(n, "when has days or hours or both, and the zone of their clock (such as Europe/Berlin)")
	}
	h.text = strings.Join(parts, " ")
	return h
}
