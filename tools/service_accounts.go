package tools

type serviceAccount struct {
	Account string `json:"service_account" in:"path" jsonschema:"required,minLength=1"`
}

type serviceAccountAuth struct {
	serviceAccount
	Auth string `json:"auth_config" in:"path" jsonschema:"required,minLength=1"`
}

var serviceAccounts = Set{"service_accounts", "Service accounts for the API."}.Of(
	List[None, Raw]("service_accounts_list", "GET /api/v2/service-accounts",
		"List the service accounts that programs use the API with.", Untyped(), Takes("limit", "skip", "sort", "filter")),
	Get[serviceAccount, Raw]("service_accounts_get", "GET /api/v2/service-accounts/{service_account}",
		"Show one service account with its role and credentials' dates.", Untyped()),
	Secret[None]("service_accounts_create", "POST /api/v2/service-accounts",
		"Create an API service account; its client secret or API key is made with it.", Untyped("name", "roleId", "authConfig")),
	Delete[serviceAccount]("service_accounts_delete", "DELETE /api/v2/service-accounts/{service_account}",
		"Delete a service account. Programs that use it can no longer sign in.", Untyped()),
	Secret[serviceAccount]("service_accounts_credentials_create", "POST /api/v2/service-accounts/{service_account}/auth-config",
		"Make a new client secret or API key for a service account (rotation).", Untyped("authType", "apiKeyConfig")),
	Delete[serviceAccountAuth]("service_accounts_credentials_delete", "DELETE /api/v2/service-accounts/{service_account}/auth-config/{auth_config}",
		"Delete a client secret or API key of a service account. Programs using it stop working.", Untyped(),
		NoReadBack("the API does not show single credentials")),
)
