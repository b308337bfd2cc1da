package jumpcloud

// Workday is a connection to Workday from which people are imported. Auth tells
// whether its credentials work, never what they are.
type Workday struct {
	WorkdayReport
	Auth       any `json:"auth,omitempty"`
	LastImport any `json:"lastImport,omitempty"`
}

// WorkdayReport is the part of it that is sent and shown alike.
type WorkdayReport struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	ReportURL any    `json:"reportUrl,omitempty"`
}

// Kind is the kind of Workday connections.
func (WorkdayReport) Kind() *Kind { return workdayKind }

var workdayKind = &Kind{
	Type: "workday", Noun: "Workday connection", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/workdays/{id}"),
	Find:  At("GET /api/v2/workdays"),
}

// Worker is a row of the Workday report.
type Worker struct {
	Username   any `json:"username,omitempty"`
	Email      any `json:"email,omitempty"`
	FirstName  any `json:"firstName,omitempty"`
	LastName   any `json:"lastName,omitempty"`
	Attributes any `json:"attributes,omitempty"`
}
