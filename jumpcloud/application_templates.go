package jumpcloud

// ApplicationTemplate is a connector from which applications are made.
type ApplicationTemplate struct {
	ID           string         `json:"_id,omitempty"`
	Name         string         `json:"name,omitempty"` // goes into the name of an application
	DisplayName  string         `json:"displayName,omitempty"`
	DisplayLabel any            `json:"displayLabel,omitempty"`
	Active       *bool          `json:"active,omitempty"`
	Beta         *bool          `json:"beta,omitempty"`
	Status       any            `json:"status,omitempty"` // end_of_life, end_of_support, beta
	IsConfigured *bool          `json:"isConfigured,omitempty"`
	Keywords     []any          `json:"keywords,omitempty"`
	SSO          map[string]any `json:"sso,omitempty"`
	SSOURL       any            `json:"ssoUrl,omitempty"`
	OIDC         any            `json:"oidc,omitempty"`
	JIT          any            `json:"jit,omitempty"`
	Provision    any            `json:"provision,omitempty"`
	LearnMore    any            `json:"learnMore,omitempty"`
	Color        any            `json:"color,omitempty"`
	Config       map[string]any `json:"config,omitempty"`
	Logo         any            `json:"logo,omitempty"`
	Test         any            `json:"test,omitempty"`
}

// Kind is the kind of application templates.
func (ApplicationTemplate) Kind() *Kind { return applicationTemplateKind }

var applicationTemplateKind = &Kind{
	Type: "application_template", Noun: "application template", ID: "_id",
	Names: []Name{{"name", true}, {"displayName", true}},
	Get:   At("GET /api/application-templates/{id}"),
	Find:  At("GET /api/application-templates"),
	Facts: []Fact{
		{Name: "type", Needs: []string{"sso"}, Of: func(r Row) (any, bool) { return r.At("sso.type") }},
		{Name: "provisioning", Needs: []string{"provision"}, Of: func(r Row) (any, bool) { return r.At("provision.type") }},
	},
}
