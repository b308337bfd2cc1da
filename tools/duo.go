package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type duoAccount struct {
	Account jc.Ref[jc.DuoAccount] `json:"account" in:"path" jsonschema:"required"`
}

type duoApplication struct {
	Application jc.Ref[jc.DuoApplication] `json:"application" in:"path" jsonschema:"required"`
	duoAccount
}

type duoApplicationNew struct {
	duoAccount
	Name           string `json:"name" jsonschema:"required,minLength=1"`
	APIHost        string `json:"apiHost" jsonschema:"required,minLength=1,example=api-1234.duosecurity.com"`
	IntegrationKey string `json:"integrationKey" jsonschema:"required,minLength=1"`
	SecretKey      string `json:"secretKey" jsonschema:"required,minLength=1"`
}

type duoApplicationEdit struct {
	duoApplication
	Name           string `json:"name,omitempty" jsonschema:"minLength=1"`
	APIHost        string `json:"apiHost,omitempty" jsonschema:"minLength=1"`
	IntegrationKey string `json:"integrationKey,omitempty" jsonschema:"minLength=1"`
	SecretKey      string `json:"secretKey,omitempty" jsonschema:"minLength=1"`
}

const (
	duoAccountAt     = "/api/v2/duo/accounts/{account}"
	duoApplicationAt = duoAccountAt + "/applications/{application}"
)

var duo = Set{"duo", "Duo accounts and applications."}.Of(
	List[None, jc.DuoAccount]("duo_accounts_list", "GET /api/v2/duo/accounts",
		"List the organisation's Duo account (second factor, MFA).", Takes(), Columns("name", "id")),
	Get[duoAccount, jc.DuoAccount]("duo_accounts_get", "GET "+duoAccountAt,
		"Show one Duo account."),
	Create[None, jc.DuoAccount]("duo_accounts_create", "POST /api/v2/duo/accounts",
		"Register a Duo account for the organisation, which can have one."),
	Delete[duoAccount]("duo_accounts_delete", "DELETE "+duoAccountAt,
		"Delete a Duo account. Users can no longer use Duo as second factor."),
	List[duoAccount, jc.DuoApplication]("duo_applications_list", "GET "+duoAccountAt+"/applications",
		"List the Duo applications of an account.", Takes(), Columns("name", "apiHost", "integrationKey")),
	Get[duoApplication, jc.DuoApplication]("duo_applications_get", "GET "+duoApplicationAt,
		"Show one Duo application, without its secret key."),
	Create[duoApplicationNew, jc.DuoApplication]("duo_applications_create", "POST "+duoAccountAt+"/applications",
		"Create a Duo application with the host and keys that Duo shows."),
	Change[duoApplicationEdit, jc.DuoApplication]("duo_applications_update", "PUT "+duoApplicationAt,
		"Change the name, host or keys of a Duo application. What is not given stays.", Merge, Grave),
	Delete[duoApplication]("duo_applications_delete", "DELETE "+duoApplicationAt,
		"Delete a Duo application. What it protects no longer asks Duo."),
)
