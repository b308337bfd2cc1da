package jumpcloud

// Organization is an organisation with its settings, as its own read gives it.
type Organization struct {
	ID                   string         `json:"_id,omitempty"`
	DisplayName          string         `json:"displayName,omitempty"`
	LogoURL              any            `json:"logoUrl,omitempty"`
	Created              any            `json:"created,omitempty"`
	Settings             map[string]any `json:"settings,omitempty"`
	Entitlement          any            `json:"entitlement,omitempty"`
	CustomEmailSettings  any            `json:"customEmailSettings,omitempty"`
	Provider             any            `json:"provider,omitempty"`
	AccessRestriction    any            `json:"accessRestriction,omitempty"`
	AccountsReceivable   any            `json:"accountsReceivable,omitempty"`
	HasCreditCard        *bool          `json:"hasCreditCard,omitempty"`
	HasStripeCustomerID  *bool          `json:"hasStripeCustomerId,omitempty"`
	LastEstimate         any            `json:"lastEstimateCalculationTimeStamp,omitempty"`
	LastSync             any            `json:"lastSfdcSyncStatus,omitempty"`
	TotalBillingEstimate any            `json:"totalBillingEstimate,omitempty"`
}

// Kind is the kind of organisations.
func (Organization) Kind() *Kind { return organizationKind }

// OrganizationEntry is an organisation as lists and searches give it.
type OrganizationEntry struct {
	ID          string `json:"_id,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	LogoURL     any    `json:"logoUrl,omitempty"`
}

// Kind is the kind of organisations.
func (OrganizationEntry) Kind() *Kind { return organizationKind }

var organizationKind = &Kind{
	Type: "organization", Noun: "organisation", ID: "_id",
	Names: []Name{{"displayName", true}},
	Get:   At("GET /api/organizations/{id}"),
	Find:  At("POST /api/search/organizations"),
}
