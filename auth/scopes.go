package auth

import (
	"slices"
	"strings"
)

// The scopes of a token. Reading takes jc:read or, within its toolset, a
// jc:change:<toolset>; a change takes the jc:change of its toolset; destroy and reveal
// take jc:destroy and the jc:change of their toolset, so that neither word alone
// lets an agent erase in a corner that it has no business in.
const (
	ScopeRead    = "jc:read"
	ScopeDestroy = "jc:destroy"
	scopeChange  = "jc:change:"
)

// ScopeChange is the scope of changes in a toolset.
func ScopeChange(toolset string) string { return scopeChange + toolset }

// Scopes are what a token allows at most, beside what the grant file does. The zero
// value limits nothing: a caller that has no token of an issuer. They are comparable.
type Scopes struct {
	limited bool
	words   string // " jc:read jc:change:users ": sorted, each once
}

// ParseScopes reads the scopes of a token: those of this server, parted by spaces.
// What other servers know is left out. A token without any allows nothing.
func ParseScopes(text string) Scopes {
	var mine []string
	for _, w := range strings.Fields(text) {
		if w == ScopeRead || w == ScopeDestroy || strings.HasPrefix(w, scopeChange) {
			mine = append(mine, w)
		}
	}
	slices.Sort(mine)
	return Scopes{limited: true, words: " " + strings.Join(slices.Compact(mine), " ") + " "}
}

// Limit reports whether they limit anything.
func (s Scopes) Limit() bool { return s.limited }

// String gives the scopes, parted by spaces; "" for none and for no limit.
func (s Scopes) String() string { return strings.TrimSpace(s.words) }

func (s Scopes) has(scope string) bool { return strings.Contains(s.words, " "+scope+" ") }

// needs are the scopes of an action, all of which it takes.
func (a Action) needs() []string {
	switch a.Risk {
	case Read:
		return []string{ScopeRead}
	case Change:
		return []string{ScopeChange(a.Toolset)}
	default:
		return []string{ScopeChange(a.Toolset), ScopeDestroy}
	}
}

// missing are all the scopes that an action needs, when the token has not all of them.
func (s Scopes) missing(a Action) []string {
	switch {
	case !s.limited, a.Risk == Read && s.has(ScopeChange(a.Toolset)):
		return nil
	case a.Toolset == carriers: // what they carry is asked for as the tool that it is
		if s.carries(a.Risk) {
			return nil
		}
		return a.needs()
	}
	need := a.needs()
	if !slices.ContainsFunc(need, func(w string) bool { return !s.has(w) }) {
		return nil
	}
	return need
}

// narrow takes away from a decision what the scopes do not allow.
func (s Scopes) narrow(a Action, d Decision) Decision {
	need := s.missing(a)
	if !d.Allow || need == nil {
		return d
	}
	lacks := strings.Join(need, " ")
	return Decision{Reason: "it takes the scope " + lacks, Rule: "the caller's token", Version: d.Version, Lacks: lacks}
}

// carries reports whether there is any tool of that risk that they allow.
func (s Scopes) carries(r Risk) bool {
	changes := strings.Contains(s.words, " "+scopeChange)
	switch r {
	case Read:
		return changes || s.has(ScopeRead)
	case Change:
		return changes
	default:
		return changes && s.has(ScopeDestroy)
	}
}
