package jumpcloud

// Policy is a set of settings that devices are held to. Values holds what is
// set, ConfigFields what can be; lists give neither.
type Policy struct {
	ID           string         `json:"id,omitempty"`
	Name         string         `json:"name,omitempty"`
	Notes        any            `json:"notes,omitempty"`
	Template     map[string]any `json:"template,omitempty"`
	Values       []any          `json:"values,omitempty"`
	ConfigFields []any          `json:"configFields,omitempty"`
}

// Kind is the kind of policies.
func (Policy) Kind() *Kind { return policyKind }

var policyKind = &Kind{
	Type: "policy", Noun: "policy", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/policies/{id}"),
	Find:  At("GET /api/v2/policies"),
	Facts: []Fact{
		{Name: "os", Needs: []string{"template"}, Of: func(r Row) (any, bool) { return r.At("template.osMetaFamily") }},
		{Name: "template_name", Needs: []string{"template"}, Of: func(r Row) (any, bool) { return r.At("template.name") }},
	},
}

// PolicyTemplate is what a policy is made from. Its fields come with get only.
type PolicyTemplate struct {
	ID             string `json:"id,omitempty"`
	Name           string `json:"name,omitempty"`
	DisplayName    string `json:"displayName,omitempty"`
	Description    any    `json:"description,omitempty"`
	OSMetaFamily   string `json:"osMetaFamily,omitempty"`
	Activation     any    `json:"activation,omitempty"`
	Alert          any    `json:"alert,omitempty"`
	Behavior       any    `json:"behavior,omitempty"`
	DeliveryTypes  any    `json:"deliveryTypes,omitempty"`
	OSRestrictions any    `json:"osRestrictions,omitempty"`
	Reference      any    `json:"reference,omitempty"`
	State          any    `json:"state,omitempty"`
	ConfigFields   []any  `json:"configFields,omitempty"`
}

// Kind is the kind of policy templates.
func (PolicyTemplate) Kind() *Kind { return policyTemplateKind }

var policyTemplateKind = &Kind{
	Type: "policy_template", Noun: "policy template", ID: "id",
	Names: []Name{{Field: "name"}, {Field: "displayName"}},
	Get:   At("GET /api/v2/policytemplates/{id}"),
	Find:  At("GET /api/v2/policytemplates"),
}
