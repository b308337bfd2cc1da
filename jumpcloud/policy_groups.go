package jumpcloud

// PolicyGroup is a group of policies, bound to devices as one.
type PolicyGroup struct {
	ID          string         `json:"id,omitempty"`
	Name        string         `json:"name,omitempty"`
	Description any            `json:"description,omitempty"`
	Email       any            `json:"email,omitempty"`
	Type        string         `json:"type,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// Kind is the kind of policy groups.
func (PolicyGroup) Kind() *Kind { return policyGroupKind }

var policyGroupKind = &Kind{
	Type: "policy_group", Noun: "policy group", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/policygroups/{id}"),
	Find:  At("GET /api/v2/policygroups"),
}
