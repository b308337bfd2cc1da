package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// What the three PSA integrations take: credentials, mappings, settings, tickets.

type autotaskNew struct {
	provider
	Username string `json:"username" jsonschema:"required"`
	Secret   string `json:"secret" jsonschema:"required"`
}

type autotaskEdit struct {
	autotaskRef
	Username string `json:"username,omitempty"`
	Secret   string `json:"secret,omitempty"`
}

type connectWiseNew struct {
	provider
	CompanyID  string `json:"companyId" jsonschema:"required"`
	URL        string `json:"url" jsonschema:"required"`
	PublicKey  string `json:"publicKey" jsonschema:"required"`
	PrivateKey string `json:"privateKey" jsonschema:"required"`
}

type connectWiseEdit struct {
	connectWiseRef
	CompanyID  string `json:"companyId,omitempty"`
	URL        string `json:"url,omitempty"`
	PublicKey  string `json:"publicKey,omitempty"`
	PrivateKey string `json:"privateKey,omitempty"`
}

type syncroNew struct {
	provider
	Subdomain string `json:"subdomain" jsonschema:"required"`
	APIToken  string `json:"apiToken" jsonschema:"required"`
}

type syncroEdit struct {
	syncroRef
	Subdomain string `json:"subdomain,omitempty"`
	APIToken  string `json:"apiToken,omitempty"`
}

// psaMapping is what every mapping has. The API wants id and name of the
// organisation; people give either.
type psaMapping struct {
	Organization jc.Ref[jc.Organization] `json:"organization" jsonschema:"required"`
	Company      psaNamed                `json:"company" jsonschema:"required"`
	Delete       *bool                   `json:"delete,omitempty"`
}

type psaNamed struct {
	ID   string `json:"id" jsonschema:"required"`
	Name string `json:"name" jsonschema:"required"`
}

type psaPart struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type autotaskMapping struct {
	psaMapping
	Contract *psaPart         `json:"contract,omitempty"`
	Service  *autotaskService `json:"service,omitempty"`
}

type autotaskService struct {
	psaPart
	NonBillableUsers *int `json:"nonBillableUsers,omitempty"`
}

type connectWiseMapping struct {
	psaMapping
	Agreement *psaPart `json:"agreement,omitempty"`
	Addition  *psaPart `json:"addition,omitempty"`
}

type syncroMapping struct {
	psaMapping
	Billing *syncroBilling `json:"billingConfigurations,omitempty"`
}

type syncroBilling struct {
	Fields *syncroBillingFields `json:"fields,omitempty"`
}

type syncroBillingFields struct {
	LineItemID   *syncroNumber `json:"line_item_id,omitempty"`
	LineItemName *syncroText   `json:"line_item_name,omitempty"`
	ScheduleID   *syncroNumber `json:"schedule_id,omitempty"`
	ScheduleName *syncroText   `json:"schedule_name,omitempty"`
}

type syncroNumber struct {
	Kind        string   `json:"kind,omitempty"`
	NumberValue *float64 `json:"numberValue,omitempty"`
}

type syncroText struct {
	Kind        string `json:"kind,omitempty"`
	StringValue string `json:"stringValue,omitempty"`
}

type autotaskMappings struct {
	autotaskRef
	Data []autotaskMapping `json:"data" jsonschema:"required,minItems=1"`
}

type connectWiseMappings struct {
	connectWiseRef
	Data []connectWiseMapping `json:"data" jsonschema:"required,minItems=1"`
}

type syncroMappings struct {
	syncroRef
	Data []syncroMapping `json:"data" jsonschema:"required,minItems=1"`
}

// Body gives each organisation with its name.
func (m *autotaskMappings) Body(body map[string]any) error {
	for i, x := range rowsIn(body["data"]) {
		x["organization"] = m.Data[i].whole()
	}
	return nil
}

// Body gives each organisation with its name.
func (m *connectWiseMappings) Body(body map[string]any) error {
	for i, x := range rowsIn(body["data"]) {
		x["organization"] = m.Data[i].whole()
	}
	return nil
}

// Body gives each organisation with its name.
func (m *syncroMappings) Body(body map[string]any) error {
	for i, x := range rowsIn(body["data"]) {
		x["organization"] = m.Data[i].whole()
	}
	return nil
}

func (m psaMapping) whole() map[string]any {
	o := m.Organization.Found()
	return map[string]any{"id": o.ID, "name": o.Name}
}

type autotaskSettings struct {
	autotaskRef
	AutomaticTicketing *bool `json:"automaticTicketing,omitempty"`
	CompanyTypeIDs     []int `json:"companyTypeIds,omitzero" jsonschema:"maxItems=150,description=The whole list."`
}

type connectWiseSettings struct {
	connectWiseRef
	AutomaticTicketing *bool `json:"automaticTicketing,omitempty"`
	CompanyTypeIDs     []int `json:"companyTypeIds,omitzero" jsonschema:"maxItems=150,description=The whole list."`
}

type syncroSettings struct {
	syncroRef
	AutomaticTicketing *bool `json:"automaticTicketing" jsonschema:"required"`
}

// psaChoice is one of the values that the options of alerts list.
type psaChoice struct {
	ID   *int   `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type psaResource struct {
	psaChoice
	Role *psaChoice `json:"role,omitempty"`
}

type autotaskAlertEdit struct {
	provider
	Alert               jc.Ref[jc.AutotaskAlert] `json:"alert" in:"path" jsonschema:"required"`
	ShouldCreateTickets *bool                    `json:"shouldCreateTickets,omitempty"`
	Destination         string                   `json:"destination,omitempty" jsonschema:"enum=queue,enum=resource"`
	DueDays             *int                     `json:"dueDays,omitempty"`
	Priority            *psaChoice               `json:"priority,omitempty"`
	Status              *psaChoice               `json:"status,omitempty"`
	Queue               *psaChoice               `json:"queue,omitempty"`
	Resource            *psaResource             `json:"resource,omitempty"`
	Source              *psaChoice               `json:"source,omitempty" rare:"true"`
}

type connectWiseAlertEdit struct {
	provider
	Alert               jc.Ref[jc.ConnectWiseAlert] `json:"alert" in:"path" jsonschema:"required"`
	ShouldCreateTickets *bool                       `json:"shouldCreateTickets,omitempty"`
	DueDays             *int                        `json:"dueDays,omitempty"`
	Priority            *psaChoice                  `json:"priority,omitempty"`
	Source              *psaChoice                  `json:"source,omitempty" rare:"true"`
}

type syncroAlertEdit struct {
	provider
	Alert               jc.Ref[jc.SyncroAlert] `json:"alert" in:"path" jsonschema:"required"`
	ShouldCreateTickets *bool                  `json:"shouldCreateTickets,omitempty"`
	ProblemType         string                 `json:"problemType,omitempty"`
	DueDays             *int                   `json:"dueDays,omitempty"`
	Priority            *string                `json:"priority,omitempty"`
	Status              *string                `json:"status,omitempty"`
	UserID              *int                   `json:"userId,omitempty" rare:"true"`
	Username            *string                `json:"username,omitempty"`
}
