package auth

import (
	"maps"
	"slices"
)

// Fields are those of a toolset's objects that p may see; see [Policy]. As soon as one
// line of an agent names fields of a toolset, only named ones are seen: those of all
// lines that name some and hold at this hour, together. A line that names none adds
// none, whatever it grants. Somebody unknown sees no field.
func (e *Enforcer) Fields(p Principal, toolset string) (fields []string, narrowed bool) {
	f := e.rules.Load()
	rules, ok := f.agents[p.Agent]
	if !ok {
		return nil, true
	}
	seen := map[string]bool{}
	for _, g := range rules.may {
		list, names := g.fields[toolset]
		if !names {
			continue
		}
		narrowed = true
		if g.when != nil && !g.when.at(e.o.Now()) {
			continue
		}
		for _, name := range list {
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), narrowed
}

// FieldsRule cites the first line that names fields of a toolset for p; "" for none.
func (e *Enforcer) FieldsRule(p Principal, toolset string) string {
	f := e.rules.Load()
	rules, ok := f.agents[p.Agent]
	if !ok {
		return f.name
	}
	for _, g := range rules.may {
		if _, names := g.fields[toolset]; names {
			return g.rule
		}
	}
	return ""
}
