package jumpcloud

// Providers keep their customers, contracts and tickets in a system for
// professional services automation (PSA). Three of them can be integrated; each
// integration is read by its id, which the list of the provider gives.

// ProviderIntegration is an integration as the provider's list gives it.
type ProviderIntegration struct {
	IntegrationID string `json:"integrationId,omitempty"`
	Type          string `json:"type,omitempty"`
}

// AutotaskIntegration is how a provider is connected to Autotask.
type AutotaskIntegration struct {
	ID                  string `json:"id,omitempty"`
	Username            string `json:"username,omitempty"`
	IsMSPAuthConfigured *bool  `json:"isMspAuthConfigured,omitempty"`
}

// Kind is the kind of Autotask integrations.
func (AutotaskIntegration) Kind() *Kind { return autotaskKind }

// ConnectWiseIntegration is how a provider is connected to ConnectWise.
type ConnectWiseIntegration struct {
	ID                  string `json:"id,omitempty"`
	CompanyID           string `json:"companyId,omitempty"`
	URL                 string `json:"url,omitempty"`
	IsMSPAuthConfigured *bool  `json:"isMspAuthConfigured,omitempty"`
}

// Kind is the kind of ConnectWise integrations.
func (ConnectWiseIntegration) Kind() *Kind { return connectWiseKind }

// SyncroIntegration is how a provider is connected to Syncro.
type SyncroIntegration struct {
	ID                  string `json:"id,omitempty"`
	Subdomain           string `json:"subdomain,omitempty"`
	IsMSPAuthConfigured *bool  `json:"isMspAuthConfigured,omitempty"`
}

// Kind is the kind of Syncro integrations.
func (SyncroIntegration) Kind() *Kind { return syncroKind }

var (
	autotaskKind    = integrationKind("autotask", "Autotask", "username")
	connectWiseKind = integrationKind("connectwise", "ConnectWise", "companyId")
	syncroKind      = integrationKind("syncro", "Syncro", "subdomain")
)

// integrationKind: the answer to a create calls the id integrationId, all others id.
func integrationKind(slug, brand, label string) *Kind {
	return &Kind{
		Type: slug + "_integration", Noun: brand + " integration", ID: "integrationId", Label: label,
		Get: At("GET /api/v2/integrations/" + slug + "/{id}"),
	}
}

// AutotaskAlert is how an alert becomes a ticket in Autotask.
type AutotaskAlert struct {
	AlertID             string `json:"alertId,omitempty"`
	ID                  any    `json:"id,omitempty"`
	DisplayName         string `json:"displayName,omitempty"`
	Category            any    `json:"category,omitempty"`
	Description         any    `json:"description,omitempty"`
	ShouldCreateTickets *bool  `json:"shouldCreateTickets,omitempty"`
	DueDays             any    `json:"dueDays,omitempty"`
	Priority            any    `json:"priority,omitempty"`
	Source              any    `json:"source,omitempty"`
	Status              any    `json:"status,omitempty"`
	Destination         any    `json:"destination,omitempty"`
	Queue               any    `json:"queue,omitempty"`
	Resource            any    `json:"resource,omitempty"`
}

// Kind is the kind of alerts for Autotask, inside a provider.
func (AutotaskAlert) Kind() *Kind { return autotaskAlertKind }

// ConnectWiseAlert is how an alert becomes a ticket in ConnectWise.
type ConnectWiseAlert struct {
	AlertID             string `json:"alertId,omitempty"`
	ID                  any    `json:"id,omitempty"`
	DisplayName         string `json:"displayName,omitempty"`
	Category            any    `json:"category,omitempty"`
	Description         any    `json:"description,omitempty"`
	ShouldCreateTickets *bool  `json:"shouldCreateTickets,omitempty"`
	DueDays             any    `json:"dueDays,omitempty"`
	Priority            any    `json:"priority,omitempty"`
	Source              any    `json:"source,omitempty"`
}

// Kind is the kind of alerts for ConnectWise, inside a provider.
func (ConnectWiseAlert) Kind() *Kind { return connectWiseAlertKind }

// SyncroAlert is how an alert becomes a ticket in Syncro.
type SyncroAlert struct {
	AlertID             string `json:"alertId,omitempty"`
	ID                  any    `json:"id,omitempty"`
	DisplayName         string `json:"displayName,omitempty"`
	Category            any    `json:"category,omitempty"`
	Description         any    `json:"description,omitempty"`
	ShouldCreateTickets *bool  `json:"shouldCreateTickets,omitempty"`
	DueDays             any    `json:"dueDays,omitempty"`
	Priority            any    `json:"priority,omitempty"`
	ProblemType         any    `json:"problemType,omitempty"`
	Status              any    `json:"status,omitempty"`
	UserID              any    `json:"userId,omitempty"`
	Username            any    `json:"username,omitempty"`
}

// Kind is the kind of alerts for Syncro, inside a provider.
func (SyncroAlert) Kind() *Kind { return syncroAlertKind }

var (
	autotaskAlertKind    = ticketAlertKind("autotask", "Autotask")
	connectWiseAlertKind = ticketAlertKind("connectwise", "ConnectWise")
	syncroAlertKind      = ticketAlertKind("syncro", "Syncro")
)

func ticketAlertKind(slug, brand string) *Kind {
	return &Kind{
		Type: slug + "_alert", Noun: brand + " alert", ID: "alertId",
		Names: []Name{{Field: "displayName"}},
		Find:  At("GET /api/v2/providers/{provider}/integrations/" + slug + "/alerts/configuration"),
	}
}

// TicketAlert is an alert that can open tickets.
type TicketAlert struct {
	ID          any    `json:"id,omitempty"`
	Name        string `json:"name,omitempty"`
	Category    any    `json:"category,omitempty"`
	Description any    `json:"description,omitempty"`
}

// TicketOption is a field of tickets with the values that it takes.
type TicketOption struct {
	Name   string `json:"name,omitempty"`
	Values []any  `json:"values,omitempty"`
}

// TicketOptions are the same for Autotask, with who tickets can be given to.
type TicketOptions struct {
	Options   []any `json:"options,omitempty"`
	Resources []any `json:"resources,omitempty"`
}

// PSARecord is a company or an addition of a PSA system, or a type of company.
type PSARecord struct {
	ID   any    `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// PSAContract is a contract or agreement with a company.
type PSAContract struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	CompanyID any    `json:"companyId,omitempty"`
}

// PSAService is a service in a contract.
type PSAService struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"name,omitempty"`
	ContractID any    `json:"contractId,omitempty"`
}

// PSAMapping binds an organisation to a company of the PSA system, and to what it
// is billed by there: a contract and service in Autotask, an agreement and
// addition in ConnectWise.
type PSAMapping struct {
	Organization     map[string]any `json:"organization,omitempty"`
	Company          map[string]any `json:"company,omitempty"`
	Contract         map[string]any `json:"contract,omitempty"`
	Service          map[string]any `json:"service,omitempty"`
	Agreement        map[string]any `json:"agreement,omitempty"`
	Addition         map[string]any `json:"addition,omitempty"`
	LastSyncStatus   any            `json:"lastSyncStatus,omitempty"`
	LastSyncDateTime any            `json:"lastSyncDateTime,omitempty"`
}

// PSASettings are those of an integration. Syncro has no company types.
type PSASettings struct {
	AutomaticTicketing *bool `json:"automaticTicketing,omitempty"`
	CompanyTypeIDs     []any `json:"companyTypeIds,omitempty"`
}

// PSASyncError is what went wrong when billing was synchronised.
type PSASyncError struct {
	Timestamp any `json:"timestamp,omitempty"`
	ErrorType any `json:"errorType,omitempty"`
	Message   any `json:"message,omitempty"`
	OrgID     any `json:"orgId,omitempty"`
}
