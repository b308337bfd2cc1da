package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type provider struct {
	Provider jc.Ref[jc.Provider] `json:"provider" in:"path" jsonschema:"required"`
}

// sortedIgnoringCase is what two lists of a provider take beside sort.
type sortedIgnoringCase struct {
	provider
	SortIgnoreCase []string `json:"sortIgnoreCase,omitempty" in:"query" rare:"true"`
}

type providerAdministratorNew struct {
	provider
	Email             string `json:"email" jsonschema:"required,format=email"`
	Firstname         string `json:"firstname,omitempty"`
	Lastname          string `json:"lastname,omitempty"`
	RoleName          string `json:"roleName,omitempty" jsonschema:"description=Or role."`
	Role              string `json:"role,omitempty" jsonschema:"description=Its id."`
	EnableMultiFactor *bool  `json:"enableMultiFactor,omitempty"`
	APIKeyAllowed     *bool  `json:"apiKeyAllowed,omitempty" rare:"true"`
	BindNoOrgs        *bool  `json:"bindNoOrgs,omitempty" rare:"true"`
}

type providerAdministrator struct {
	provider
	Administrator jc.Ref[jc.ProviderAdministrator] `json:"administrator" in:"path" jsonschema:"required"`
}

type providerOrganizationNew struct {
	provider
	Name           string `json:"name" jsonschema:"required,minLength=1"`
	MaxSystemUsers *int   `json:"maxSystemUsers,omitempty" jsonschema:"minimum=0"`
}

type providerOrganizationEdit struct {
	provider
	Organization   jc.Ref[jc.ProviderOrganization] `json:"organization" in:"path" jsonschema:"required"`
	Name           string                          `json:"name,omitempty" jsonschema:"minLength=1"`
	MaxSystemUsers *int                            `json:"maxSystemUsers,omitempty" jsonschema:"minimum=0"`
}

type providerInvoice struct {
	provider
	Invoice string `json:"invoice" in:"path" jsonschema:"required"`
}

type providerPolicyTemplate struct {
	provider
	Template jc.Ref[jc.ProviderPolicyTemplate] `json:"template" in:"path" jsonschema:"required"`
}

type providerPolicyGroupTemplate struct {
	provider
	Template jc.Ref[jc.ProviderPolicyGroupTemplate] `json:"template" in:"path" jsonschema:"required"`
}

const (
	providerAt         = "/api/v2/providers/{provider}"
	providerTemplateAt = providerAt + "/policygrouptemplates/{template}"
)

var caseColumns = Columns("caseNumber", "subject", "status", "date", "organization")

var providers = Set{"providers", "Managed service providers: their organisations, cases and billing."}.Of(
	List[None, Raw]("providers_list", "GET /api/v2/providers",
		"List the managed service providers (MSP) that the credential reaches.", Untyped()),
	Get[provider, jc.Provider]("providers_get", "GET "+providerAt,
		"Show one managed service provider (MSP)."),
	Change[provider, Raw]("providers_update", "PUT "+providerAt,
		"Change the name, contact or settings of a provider.", Untyped()),
	List[sortedIgnoringCase, jc.ProviderAdministrator]("providers_administrators_list", "GET "+providerAt+"/administrators",
		"Find the administrators of a provider, with role and multi-factor.", Columns("email", "roleName", "enableMultiFactor", "suspended", "organizationAccessTotal")),
	Create[providerAdministratorNew, jc.ProviderAdministrator]("providers_administrators_create", "POST "+providerAt+"/administrators",
		"Create an administrator of a provider (MSP).", Grave),
	Delete[providerAdministrator]("providers_administrators_delete", "DELETE "+providerAt+"/administrators/{administrator}",
		"Delete an administrator of a provider, who can no longer sign in.", ReadIn("GET "+providerAt+"/administrators", "id")),
	List[sortedIgnoringCase, jc.ProviderOrganization]("providers_organizations_list", "GET "+providerAt+"/organizations",
		"Find the organisations (tenants, customers) that a provider manages.", Columns("name", "maxSystemUsers")),
	Create[providerOrganizationNew, jc.ProviderOrganization]("providers_organizations_create", "POST "+providerAt+"/organizations",
		"Create an organisation (tenant) under a provider."),
	Change[providerOrganizationEdit, jc.ProviderOrganization]("providers_organizations_update", "PUT "+providerAt+"/organizations/{organization}",
		"Rename an organisation of a provider or limit its users.", Merge, ReadIn("GET "+providerAt+"/organizations", "id")),
	List[provider, jc.SupportCase]("providers_cases_list", "GET "+providerAt+"/cases",
		"List the support cases and feature requests of a provider's organisations.", Takes("limit", "skip", "sort", "filter"), caseColumns),
	Get[None, jc.SupportCaseOptions]("providers_cases_options_get", "GET /api/v2/cases/metadata",
		"Show which types, products, severities and statuses support cases can have."),
	Get[provider, jc.ProviderBilling]("providers_billing_get", "GET "+providerAt+"/billing/details",
		"Show the licences and products that a provider has bought and uses."),
	Download[provider]("providers_contract_download", "GET "+providerAt+"/billing/contract", "application/pdf",
		"Download the billing contract of a provider as PDF."),
	List[provider, jc.ProviderInvoice]("providers_invoices_list", "GET "+providerAt+"/invoices",
		"List the invoices (bills) of a provider.", Takes("limit", "skip", "sort", "filter"),
		Columns("id", "dueDate", "status", "amountBilled", "amountRemaining", "currency")),
	Download[providerInvoice]("providers_invoices_download", "GET "+providerAt+"/invoices/{invoice}", "application/pdf",
		"Download one invoice of a provider as PDF."),
	List[provider, jc.ProviderPolicyTemplate]("providers_policy_templates_list", "GET "+providerAt+"/configuredpolicytemplates",
		"Find the configured policy templates of a provider.", Takes("limit", "skip", "sort", "filter"), Columns("name", "policyTemplateId")),
	Get[providerPolicyTemplate, jc.ProviderPolicyTemplate]("providers_policy_templates_get", "GET "+providerAt+"/configuredpolicytemplates/{template}",
		"Show one configured policy template of a provider with its values."),
	List[provider, jc.ProviderPolicyGroupTemplate]("providers_policy_group_templates_list", "GET "+providerAt+"/policygrouptemplates",
		"Find the policy group templates of a provider.", Columns("name", "description")),
	Get[providerPolicyGroupTemplate, jc.ProviderPolicyGroupTemplate]("providers_policy_group_templates_get", "GET "+providerTemplateAt,
		"Show one policy group template of a provider."),
	Delete[providerPolicyGroupTemplate]("providers_policy_group_templates_delete", "DELETE "+providerTemplateAt,
		"Delete a policy group template of a provider."),
	List[providerPolicyGroupTemplate, jc.ProviderPolicyGroupMember]("providers_template_policies_list", "GET "+providerTemplateAt+"/members",
		"List the policies in a policy group template of a provider.", Takes("limit", "skip", "sort", "filter"), Columns("name", "policyTemplateId")),
)

// providersEvents is the record of what happened over all organisations of a
// provider. How the bodies differ from those of Directory Insights is not published.
var providersEvents = Set{Name: "providers"}.Of(
	ReadPost[provider, Raw]("providers_events_query", "POST "+providerAt+"/directoryinsights/events",
		"Show Directory Insights events (audit log) over all organisations of a provider.", Untyped()),
	ReadPost[provider, Raw]("providers_events_count", "POST "+providerAt+"/directoryinsights/events/count",
		"Count Directory Insights events over all organisations of a provider.", Untyped()),
	ReadPost[provider, Raw]("providers_events_distinct", "POST "+providerAt+"/directoryinsights/events/distinct",
		"List the distinct values of a field of a provider's Directory Insights events.", Untyped()),
	ReadPost[provider, Raw]("providers_events_interval", "POST "+providerAt+"/directoryinsights/events/interval",
		"Count a provider's Directory Insights events by time interval.", Untyped()),
)

// What a provider shares with its organisations. Objects are named by id: they lie
// in the provider or in any of its organisations.
type (
	providerDirectory struct {
		provider
		Directory string `json:"active_directory" in:"path" jsonschema:"required"`
	}
	providerGSuite struct {
		provider
		GSuite string `json:"gsuite" in:"path" jsonschema:"required"`
	}
	providerApplication struct {
		provider
		Application string `json:"application" in:"path" jsonschema:"required"`
	}
	providerGroup struct {
		provider
		Group string `json:"group" in:"path" jsonschema:"required"`
	}
)

var providersShared = Set{Name: "providers"}.Of(
	List[provider, Raw]("providers_active_directories_list", "GET "+providerAt+"/activedirectories",
		"List the Active Directories of a provider.", Untyped()),
	List[provider, Raw]("providers_gsuites_list", "GET "+providerAt+"/g_suites",
		"List the Google Workspace accounts (G Suite) of a provider.", Untyped()),
	List[provider, Raw]("providers_applications_list", "GET "+providerAt+"/applications",
		"List the SSO applications of a provider.", Untyped()),
	providerBonds[providerDirectory]("active_directory", "/activedirectories/{active_directory}", "an Active Directory"),
	providerBonds[providerGSuite]("gsuite", "/g_suites/{gsuite}", "a Google Workspace account"),
	providerBonds[providerApplication]("application", "/applications/{application}", "an application"),
	providerBondChange[providerDirectory]("active_directory", "/activedirectories/{active_directory}", "an Active Directory"),
	providerBondChange[providerGSuite]("gsuite", "/g_suites/{gsuite}", "a Google Workspace account"),
	providerBondChange[providerApplication]("application", "/applications/{application}", "an application"),
	providerBondChange[providerGroup]("policy_group", "/policygroups/{group}", "a policy group"),
	providerBondChange[providerGroup]("device_group", "/systemgroups/{group}", "a device group"),
	providerBondChange[providerGroup]("user_group", "/usergroups/{group}", "a user group"),
)

func providerBonds[In any](word, at, noun string) *Tool {
	return List[In, Raw]("providers_"+word+"_associations_list", "GET "+providerAt+at+"/associations",
		"List what "+noun+" of a provider is associated with.", Untyped())
}

func providerBondChange[In any](word, at, noun string) *Tool {
	return Create[In, Raw]("providers_"+word+"_associations_change", "POST "+providerAt+at+"/associations",
		"Associate "+noun+" of a provider with an object, or end it.", Untyped(), Idempotent,
		NoReadBack("whether it is associated now is not read back"))
}
