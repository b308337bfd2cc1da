package auth

// Given are the tools that the file gives to any agent in one organisation, as one
// credential reaches it, under whatever condition: what that credential has to be able
// to do. They stand in the order of the registry.
func (r *Rules) Given(at Place) (out []ToolFact) {
	for _, f := range r.facts {
		for _, a := range r.order {
			if _, why := a.elsewhere(at); why == "" && a.given(f) {
				out = append(out, f)
				break
			}
		}
	}
	return out
}

// given reports whether a line gives the agent a tool, and never does not take it.
func (a *agentRules) given(f ToolFact) bool {
	if a.never[f.Name] != 0 {
		return false
	}
	for _, g := range a.may {
		if g.gives(f) {
			return true
		}
	}
	return false
}
