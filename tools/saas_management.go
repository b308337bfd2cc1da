package tools

// saasApplication is an application that people were seen to use, which is not an
// SSO application.
type saasApplication struct {
	Application string `json:"saas_application" in:"path" jsonschema:"required,minLength=1"`
}

type saasAccount struct {
	saasApplication
	Account string `json:"saas_account" in:"path" jsonschema:"required,minLength=1"`
}

type saasUsage struct {
	saasApplication
	Days *int `json:"days,omitempty" in:"query" api:"day_count" jsonschema:"minimum=1"`
}

type saasCatalogApplication struct {
	Application string `json:"catalog_application" in:"path" jsonschema:"required,minLength=1"`
}

const (
	saasApplications  = "/api/v2/saas-management/applications"
	saasApplicationAt = saasApplications + "/{saas_application}"
	saasAccountAt     = saasApplicationAt + "/accounts/{saas_account}"
)

var saasManagement = Set{"saas_management", "Software as a service in use, and its licences."}.Of(
	List[None, Raw]("saas_management_applications_list", "GET "+saasApplications,
		"List SaaS applications that were discovered in use (shadow IT).", Untyped(), Takes("limit", "skip", "filter", "sort")),
	Get[saasApplication, Raw]("saas_management_applications_get", "GET "+saasApplicationAt,
		"Show one SaaS application in use.", Untyped()),
	Create[None, Raw]("saas_management_applications_create", "POST "+saasApplications,
		"Add a SaaS application from the catalogue to what is tracked.", Untyped("catalog_app_id", "status", "access_restriction")),
	Change[saasApplication, Raw]("saas_management_applications_update", "PUT "+saasApplicationAt,
		"Approve, restrict or block a SaaS application. What body leaves out may be cleared.", Untyped("status", "access_restriction")),
	Delete[saasApplication]("saas_management_applications_delete", "DELETE "+saasApplicationAt,
		"Delete a SaaS application from what is tracked, with its accounts.", Untyped()),
	List[saasApplication, Raw]("saas_management_accounts_list", "GET "+saasApplicationAt+"/accounts",
		"List the accounts that people have in a SaaS application.", Untyped()),
	Get[saasAccount, Raw]("saas_management_accounts_get", "GET "+saasAccountAt,
		"Show one account in a SaaS application.", Untyped()),
	Delete[saasAccount]("saas_management_accounts_delete", "DELETE "+saasAccountAt,
		"Delete an account from what is tracked of a SaaS application.", Untyped()),
	List[saasUsage, Raw]("saas_management_usage_list", "GET "+saasApplicationAt+"/usage",
		"List how a SaaS application was used in the last days.", Untyped()),
	List[None, Raw]("saas_management_licenses_list", "GET /api/v2/saas-management/application-licenses",
		"List licences of SaaS applications: seats and cost.", Untyped()),
	List[saasApplication, Raw]("saas_management_applications_licenses_list", "GET /api/v2/saas-management/application-licenses/{saas_application}",
		"List the licences of one SaaS application.", Untyped()),
	List[None, Raw]("saas_management_catalog_list", "GET /api/v2/saas-management/application-catalog",
		"List the catalogue of SaaS applications that can be tracked.", Untyped()),
	Get[saasCatalogApplication, Raw]("saas_management_catalog_get", "GET /api/v2/saas-management/application-catalog/{catalog_application}",
		"Show one SaaS application of the catalogue.", Untyped()),
)
