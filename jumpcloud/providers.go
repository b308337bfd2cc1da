package jumpcloud

// Provider is a managed service provider. What its list gives beside is not published.
type Provider struct {
	ID                  string `json:"id,omitempty"`
	Name                any    `json:"name,omitempty"`
	DisallowOrgCreation *bool  `json:"disallowOrgCreation,omitempty"`
}

// Kind is the kind of providers.
func (Provider) Kind() *Kind { return providerKind }

var providerKind = &Kind{
	Type: "provider", Noun: "provider", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/providers/{id}"),
	Find:  At("GET /api/v2/providers"),
}

// ProviderAdministrator is somebody who administers a provider.
type ProviderAdministrator struct {
	ID                      string         `json:"id,omitempty"`
	Email                   string         `json:"email,omitempty"`
	Firstname               any            `json:"firstname,omitempty"`
	Lastname                any            `json:"lastname,omitempty"`
	Role                    any            `json:"role,omitempty"`
	RoleName                any            `json:"roleName,omitempty"`
	Roles                   []any          `json:"roles,omitempty"`
	RoleNames               []any          `json:"roleNames,omitempty"`
	EnableMultiFactor       *bool          `json:"enableMultiFactor,omitempty"`
	Registered              *bool          `json:"registered,omitempty"`
	Suspended               *bool          `json:"suspended,omitempty"`
	APIKeyAllowed           *bool          `json:"apiKeyAllowed,omitempty"`
	APIKeySet               *bool          `json:"apiKeySet,omitempty"`
	APIKeyHash              map[string]any `json:"apiKeyHash,omitempty"`
	OrganizationAccessTotal any            `json:"organizationAccessTotal,omitempty"`
}

// Kind is the kind of administrators of a provider, inside it.
func (ProviderAdministrator) Kind() *Kind { return providerAdministratorKind }

var providerAdministratorKind = &Kind{
	Type: "provider_administrator", Noun: "provider administrator", ID: "id",
	Names: []Name{{"email", true}},
	Find:  At("GET /api/v2/providers/{provider}/administrators"),
}

// ProviderOrganization is an organisation that a provider manages.
type ProviderOrganization struct {
	ID             string `json:"id,omitempty"`
	Name           string `json:"name,omitempty"`
	MaxSystemUsers any    `json:"maxSystemUsers,omitempty"`
}

// Kind is the kind of organisations of a provider, inside it.
func (ProviderOrganization) Kind() *Kind { return providerOrganizationKind }

var providerOrganizationKind = &Kind{
	Type: "provider_organization", Noun: "organisation", ID: "id",
	Names: []Name{{Field: "name"}},
	Find:  At("GET /api/v2/providers/{provider}/organizations"),
}

// ProviderBilling is what a provider has bought.
type ProviderBilling struct {
	HasContract      *bool `json:"hasContract,omitempty"`
	ContractType     any   `json:"contractType,omitempty"`
	AssignedLicenses any   `json:"assignedLicenses,omitempty"`
	Products         []any `json:"products,omitempty"`
}

// ProviderInvoice is a bill.
type ProviderInvoice struct {
	ID              string `json:"id,omitempty"`
	DueDate         any    `json:"dueDate,omitempty"`
	Status          any    `json:"status,omitempty"`
	Currency        any    `json:"currency,omitempty"`
	AmountBilled    any    `json:"amountBilled,omitempty"`
	AmountPaid      any    `json:"amountPaid,omitempty"`
	AmountRemaining any    `json:"amountRemaining,omitempty"`
}

// ProviderPolicyTemplate is a policy that a provider has filled in for its organisations.
type ProviderPolicyTemplate struct {
	ID               string `json:"id,omitempty"`
	Name             string `json:"name,omitempty"`
	PolicyTemplateID any    `json:"policyTemplateId,omitempty"`
	Values           any    `json:"values,omitempty"`
}

// Kind is the kind of filled-in policies of a provider, inside it.
func (ProviderPolicyTemplate) Kind() *Kind { return providerPolicyTemplateKind }

var providerPolicyTemplateKind = &Kind{
	Type: "configured_policy_template", Noun: "configured policy template", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/providers/{provider}/configuredpolicytemplates/{id}"),
	Find:  At("GET /api/v2/providers/{provider}/configuredpolicytemplates"),
}

// ProviderPolicyGroupTemplate is a set of those, from which policy groups are made.
type ProviderPolicyGroupTemplate struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name,omitempty"`
	Description any    `json:"description,omitempty"`
	Members     []any  `json:"members,omitempty"`
}

// Kind is the kind of policy group templates of a provider, inside it.
func (ProviderPolicyGroupTemplate) Kind() *Kind { return providerPolicyGroupTemplateKind }

var providerPolicyGroupTemplateKind = &Kind{
	Type: "policy_group_template", Noun: "policy group template", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/providers/{provider}/policygrouptemplates/{id}"),
	Find:  At("GET /api/v2/providers/{provider}/policygrouptemplates"),
}

// ProviderPolicyGroupMember is a filled-in policy in a policy group template.
type ProviderPolicyGroupMember struct {
	ID               string `json:"id,omitempty"`
	Name             string `json:"name,omitempty"`
	PolicyTemplateID any    `json:"policyTemplateId,omitempty"`
}
