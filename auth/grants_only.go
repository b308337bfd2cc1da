package auth

import (
	"context"
	"strings"
)

// outside says which target of a is not within `only`; "" when all are.
//
// A scope speaks of the objects of its own toolset, by name, and for groups of their
// members too. For a tool of that very toolset, such as one that puts a user into a
// group, the groups decide and the members that come with them are free; for every
// other tool they must be members now. Targets that no scope speaks of are
// free beside one that a scope does speak of; a call with none of these is outside,
// for nothing is known of it.
func (g *grant) outside(ctx context.Context, a Action, c *circumstances) string {
	spoken := false
	for _, s := range g.only {
		own := s.toolset == a.Toolset
		for _, t := range a.Targets {
			switch {
			case s.holds(t):
				spoken = true
				if !s.names(t, foldsCase[s.toolset]) {
					return "only " + s.String() + ", and not " + t.called()
				}
			case s.groups(t) && !own:
				spoken = true
				if why := s.member(ctx, t, c); why != "" {
					return "only members of " + s.String() + why
				}
			}
		}
	}
	if !spoken {
		return "only " + strings.Join(scopeTexts(g.only), ", ") + ", and it is not known whether this is among them"
	}
	return ""
}

// member says why t is no member of the scope's groups; "" when it is one.
func (s scope) member(ctx context.Context, t Target, c *circumstances) string {
	if t.ID == "" {
		return ", and it is not known whether " + t.called() + " is one"
	}
	if c.members == nil {
		return ", and it cannot be found out whether " + t.called() + " is one"
	}
	if p, ok := c.members.(presumed); ok {
		p.note(s, t)
	}
	var failed error
	for _, p := range s.patterns {
		switch in, err := c.members.Member(ctx, s.toolset, p, t); {
		case err != nil:
			failed = err
		case in:
			return ""
		}
	}
	if failed != nil {
		return ", and it could not be found out whether " + t.called() + " is one"
	}
	return ", and " + t.called() + " is none"
}
