package auth

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Warning is something in a grant file that is allowed and most likely not meant.
type Warning struct {
	Line int
	Text string
}

// Warnings are what a file that was read should be looked at for, by line.
func (r *Rules) Warnings() (out []Warning) {
	for _, a := range r.order {
		switch {
		case !a.some:
			out = append(out, Warning{a.line, a.name + " may nothing"})
		case len(a.may) > 0:
			out = append(out, r.warnLines(a)...)
		}
		out = append(out, r.warnOrgs(a)...)
	}
	out = append(out, r.warnApprovers()...)
	slices.SortStableFunc(out, func(x, y Warning) int { return x.Line - y.Line })
	return out
}

// warnLines looks at the lines of an agent.
func (r *Rules) warnLines(a *agentRules) (out []Warning) {
	free := map[string]int{} // tools that an earlier line gives with no condition -> its line
	for _, g := range a.may {
		gives, reached, changes, dangers := 0, 0, 0, []string(nil)
		for _, f := range r.facts {
			if !g.gives(f) || a.never[f.Name] != 0 {
				continue
			}
			if gives++; free[f.Name] == 0 {
				reached++
			}
			if f.Risk != Read {
				changes++
			}
			if f.named() && g.asks(f) < HumanApproval {
				dangers = append(dangers, f.Name)
			}
			if g.conditions(f) == "" && free[f.Name] == 0 {
				free[f.Name] = g.line
			}
		}
		warn := func(format string, args ...any) { out = append(out, Warning{g.line, fmt.Sprintf(format, args...)}) }
		switch {
		case gives == 0 && len(a.never) > 0 && !r.globsDanger(g):
			warn("this line grants nothing: never takes all of it away")
		case gives == 0:
			warn("this line grants nothing: a glob never reaches tools that destroy or reveal, name them")
		case reached == 0 && len(g.fields) == 0:
			warn("this line grants nothing: lines above it give all of it without a condition")
		}
		if dangers != nil {
			warn("%s without a person: %s", strings.Join(dangers, ", "), "destroys or reveals with approve "+g.approve.String())
		}
		if changes == 0 && gives > 0 {
			if g.perCall+g.perHour+g.perDay > 0 {
				warn("at_most counts changes, and this line grants none")
			}
			if len(g.only) > 0 && !g.onlyReads {
				warn("only narrows changes, and this line grants none: add reads: true to narrow reads")
			}
		}
		if g.wait > 0 && !r.asksAnyone(g) {
			warn("wait says nothing: nobody is asked")
		}
	}
	return append(out, r.warnFields(a)...)
}

// globsDanger reports whether a glob of the line meets only what globs do not reach.
func (r *Rules) globsDanger(g *grant) bool {
	return slices.ContainsFunc(g.do, func(p string) bool {
		return isGlob(p) && slices.ContainsFunc(r.facts, func(f ToolFact) bool { return f.named() && toolGlob(p, f.Name) })
	})
}

func (r *Rules) asksAnyone(g *grant) bool {
	return slices.ContainsFunc(r.facts, func(f ToolFact) bool { return g.gives(f) && g.asks(f) != NoApproval })
}

// warnFields: a line that names fields binds those that name none.
func (r *Rules) warnFields(a *agentRules) (out []Warning) {
	named := map[string]int{}
	for _, g := range a.may {
		for toolset := range g.fields {
			if named[toolset] == 0 {
				named[toolset] = g.line
			}
		}
	}
	for _, g := range a.may {
		for toolset, line := range named {
			if _, names := g.fields[toolset]; !names && (g.reads[toolset] || g.writes[toolset]) {
				out = append(out, Warning{g.line, fmt.Sprintf("this line names no fields of %s and line %d does: only those are seen", toolset, line)})
			}
		}
	}
	return out
}

// warnApprovers: requests that nobody can agree to, and approvers with nothing to do.
func (r *Rules) warnApprovers() (out []Warning) {
	asked := map[string]bool{}
	for _, a := range r.order {
		for _, g := range a.may {
			var alone []string
			for _, f := range r.facts {
				if !g.gives(f) || a.never[f.Name] != 0 || g.asks(f) < HumanApproval {
					continue
				}
				asked[f.Name] = true
				if !slices.ContainsFunc(r.approvers, func(p Approver) bool { return p.MayApprove(f.Name) }) {
					alone = append(alone, f.Name)
				}
			}
			if alone != nil {
				out = append(out, Warning{g.line, "no approver may agree to " + strings.Join(alone, ", ") + ": it will never run"})
			}
		}
	}
	for _, p := range r.approvers {
		if !slices.ContainsFunc(slices.Sorted(maps.Keys(asked)), p.MayApprove) {
			out = append(out, Warning{p.line, p.Name + " approves nothing: no agent needs a person for what he may agree to"})
		}
	}
	return out
}

// describeTools names tools: a whole kind of a toolset in one word.
func describeTools(list, all []ToolFact) string {
	type kind struct {
		toolset string
		risk    Risk
	}
	total, mine, order := map[kind]int{}, map[kind][]string{}, []kind(nil)
	for _, f := range all {
		total[kind{f.Toolset, f.Risk}]++
	}
	for _, f := range list {
		k := kind{f.Toolset, f.Risk}
		if mine[k] == nil {
			order = append(order, k)
		}
		mine[k] = append(mine[k], f.Name)
	}
	plural := [...]string{"reads", "changes", "all that destroys", "all that reveals"}
	whole, parts := map[Risk][]string{}, []string(nil)
	for _, k := range order {
		if n := len(mine[k]); n > 2 && n == total[k] {
			whole[k.risk] = append(whole[k.risk], k.toolset)
		}
	}
	for risk := Read; risk <= Reveal; risk++ {
		if sets := whole[risk]; sets != nil {
			slices.Sort(sets)
			parts = append(parts, plural[risk]+" of "+strings.Join(sets, ", "))
		}
	}
	var names []string
	for _, k := range order {
		if n := len(mine[k]); n <= 2 || n != total[k] {
			names = append(names, mine[k]...)
		}
	}
	slices.Sort(names)
	return strings.Join(append(parts, names...), ", ")
}

func sortedKeys(maps ...map[string]string) (out []string) {
	for _, m := range maps {
		for k := range m {
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	slices.Sort(out)
	return out
}
