package jumpcloud

// AuthenticationPolicy is a conditional access rule: who may sign in where, under
// which conditions, and what is asked of them.
type AuthenticationPolicy struct {
	ID          string         `json:"id,omitempty"`
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description,omitempty"`
	Disabled    *bool          `json:"disabled,omitempty"`
	Type        string         `json:"type,omitempty"`
	Effect      map[string]any `json:"effect,omitempty"`
	Conditions  map[string]any `json:"conditions,omitempty"`
	Targets     map[string]any `json:"targets,omitempty"`
}

// Kind is the kind of conditional access rules.
func (AuthenticationPolicy) Kind() *Kind { return authenticationPolicyKind }

var authenticationPolicyKind = &Kind{
	Type: "authentication_policy", Noun: "conditional access policy", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/authn/policies/{id}"),
	Find:  At("GET /api/v2/authn/policies"),
}
