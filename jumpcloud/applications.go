package jumpcloud

// Application is an SSO application. config carries certificates and logo
// pictures: single fields are worth reading, the whole is large.
type Application struct {
	ID                 string         `json:"_id,omitempty"`
	Name               string         `json:"name,omitempty"` // of the template it was made from
	DisplayName        string         `json:"displayName,omitempty"`
	DisplayLabel       string         `json:"displayLabel,omitempty"` // what people see; may be empty
	Description        any            `json:"description,omitempty"`
	Active             *bool          `json:"active,omitempty"`
	Beta               *bool          `json:"beta,omitempty"`
	Color              any            `json:"color,omitempty"`
	SSO                map[string]any `json:"sso,omitempty"`
	SSOURL             any            `json:"ssoUrl,omitempty"`
	LearnMore          any            `json:"learnMore,omitempty"`
	ParentApp          any            `json:"parentApp,omitempty"`
	Created            any            `json:"created,omitempty"`
	Organization       any            `json:"organization,omitempty"`
	Config             map[string]any `json:"config,omitempty"`
	DatabaseAttributes any            `json:"databaseAttributes,omitempty"`
	Logo               any            `json:"logo,omitempty"`
}

// Kind is the kind of applications.
func (Application) Kind() *Kind { return applicationKind }

var applicationKind = &Kind{
	Type: "application", Noun: "application", ID: "_id",
	Names: []Name{{"displayLabel", true}, {"displayName", true}, {"name", true}},
	Get:   At("GET /api/applications/{id}"),
	Find:  At("GET /api/applications"),
	Facts: []Fact{
		{Name: "type", Needs: []string{"sso"}, Of: func(r Row) (any, bool) { return r.At("sso.type") }},
		{Name: "certificate_expires", Needs: []string{"sso"}, Of: func(r Row) (any, bool) { return r.At("sso.idpCertExpirationAt") }},
		{Name: "hidden", Needs: []string{"sso"}, Flag: "hidden", Exception: true, Of: boolFact("sso.hidden")},
		{Name: "inactive", Needs: []string{"active"}, Flag: "inactive", Exception: true, Of: notFact("active")},
	},
	State: func(r Row) string {
		if on, known := r.Bool("active"); known && !on {
			return "inactive"
		}
		return ""
	},
}

// notFact is the opposite of a boolean field.
func notFact(field string) func(Row) (any, bool) {
	return func(r Row) (any, bool) { b, known := r.Bool(field); return !b, known }
}

// Access is a user or user group that reaches an application, with the paths
// that lead there. Via is not sent by the API: it is made from the paths.
type Access struct {
	Reached
	Via any `json:"via,omitempty"`
}

// Association is a connection as the API sends it, with what it leads to
// (id and type of To) beside it.
type Association struct {
	Connection
	ID   string `json:"id,omitempty"`
	Type string `json:"type,omitempty"`
}
