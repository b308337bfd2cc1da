package tools

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Surface is how much of the tools is listed.
type Surface string

// The surfaces.
const (
	// CoreSurface lists the tools that people use most.
	CoreSurface Surface = "core"
	// FullSurface lists all.
	FullSurface Surface = "full"
	// MicroSurface lists only what finds and calls the others.
	MicroSurface Surface = "micro"
)

// Surfaces are the known ones.
func Surfaces() []string {
	return []string{string(CoreSurface), string(FullSurface), string(MicroSurface)}
}

// Selection narrows what is listed and can be called. The zero value is the core surface.
type Selection struct {
	Surface  Surface
	Toolsets []string // names of toolsets; empty is all
	Tools    []string // globs of tool names, "!glob" denies; empty is all
	ReadOnly bool
}

// pick gives the selected tools. Naming toolsets or tools selects from all
// declared ones, not from core alone; a name or glob that meets nothing is an error.
func (s Selection) pick(all []*Tool) ([]*Tool, error) {
	if s.Surface == "" {
		s.Surface = CoreSurface
	}
	if !slices.Contains(Surfaces(), string(s.Surface)) {
		return nil, fmt.Errorf("unknown surface %q; known: %s", s.Surface, strings.Join(Surfaces(), ", "))
	}
	if err := s.check(all); err != nil {
		return nil, err
	}
	named := len(s.Toolsets) > 0 || slices.ContainsFunc(s.Tools, func(g string) bool { return !strings.HasPrefix(g, "!") })
	var out []*Tool
	for _, t := range all {
		switch {
		case s.ReadOnly && t.Risk != auth.Read:
		case s.Surface == MicroSurface: // what is named narrows what these reach
			if t.Toolset == "api" {
				out = append(out, t)
			}
		case
			len(s.Toolsets) > 0 && !slices.Contains(s.Toolsets, t.Toolset),
			!s.globbed(t.Name),
			!named && s.Surface == CoreSurface && !t.Core:
		default:
			out = append(out, t)
		}
	}
	return out, nil
}

// reachable are the tools that can be called at all: the selected ones, and where
// carriers are among them, every tool that the narrowing leaves.
func (s Selection) reachable(all []*Tool) ([]*Tool, error) {
	picked, err := s.pick(all)
	if err != nil || !slices.ContainsFunc(picked, func(t *Tool) bool { return t.carries != nil }) {
		return picked, err
	}
	s.Surface = FullSurface
	return s.pick(all)
}

func (s Selection) check(all []*Tool) error {
	for _, name := range s.Toolsets {
		if _, ok := Toolsets[name]; !ok {
			return UnknownWord("toolset", name, slices.Sorted(maps.Keys(Toolsets)))
		}
	}
	for _, g := range s.Tools {
		bare := strings.TrimPrefix(g, "!")
		if _, err := path.Match(bare, ""); err != nil {
			return fmt.Errorf("%q is not a glob of tool names", g)
		}
		if !slices.ContainsFunc(all, func(t *Tool) bool { ok, _ := path.Match(bare, t.Name); return ok }) {
			names := make([]string, len(all))
			for i, t := range all {
				names[i] = t.Name
			}
			slices.Sort(names)
			return UnknownWord("tool", bare, names)
		}
	}
	return nil
}

// globbed: the last word is with the denials.
func (s Selection) globbed(name string) bool {
	allowed, positive := false, false
	for _, g := range s.Tools {
		bare, deny := strings.CutPrefix(g, "!")
		hit, _ := path.Match(bare, name)
		if deny && hit {
			return false
		}
		positive = positive || !deny
		allowed = allowed || !deny && hit
	}
	return allowed || !positive
}

// manyKnown is how many tools a refusal names; more scroll the hint away.
const manyKnown = 80

// UnknownWord is the refusal of a word, of the kind that what says: the nearest known one,
// and all that are known, or where these are too many, as of tools, what lists them.
func UnknownWord(what, word string, known []string) error {
	hint := ""
	if near := schemas.Nearest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	if what == "tool" && len(known) > manyKnown {
		return fmt.Errorf("unknown tool %q; %sjc-mcp tools --surface full lists all %d, jc-mcp search finds them by words", word, hint, len(known))
	}
	return fmt.Errorf("unknown %s %q; %sknown: %s", what, word, hint, strings.Join(known, ", "))
}

// Check refuses declarations that do not fit: each with its own reason, two of one name, a toolset-less tool.
func Check(all []*Tool) error {
	seen := map[string]bool{}
	for _, t := range all {
		switch {
		case t.err != nil:
			return t.err
		case t.Toolset == "":
			return fmt.Errorf("tool %s belongs to no toolset", t.Name)
		case seen[t.Name]:
			return fmt.Errorf("two tools are called %s", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}
