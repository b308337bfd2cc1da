package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// psa is one of the systems for professional services automation (PSA): billing
// and tickets of a provider's customers. All have the same operations under paths
// of their own.
type psa struct{ slug, brand string }

var (
	autotask    = psa{"autotask", "Autotask"}
	connectWise = psa{"connectwise", "ConnectWise"}
	syncro      = psa{"syncro", "Syncro"}
)

func (p psa) name(rest string) string { return "providers_" + p.slug + "_" + rest }

// at is an operation on the integration itself, of is one of the provider's.
func (p psa) at(method, rest string) string {
	return method + " /api/v2/integrations/" + p.slug + "/{integration}" + rest
}

func (p psa) of(method, rest string) string {
	return method + " " + providerAt + "/integrations/" + p.slug + rest
}

// integration is the input that names one.
type integration[K jc.Named] struct {
	Integration jc.Ref[K] `json:"integration" in:"path" jsonschema:"required"`
}

// psaIntegration are the tools of an integration as such: K is what it is, New and
// Edit what a create and an update take.
func psaIntegration[K jc.Named, New, Edit any](p psa) []*Tool {
	return []*Tool{
		Create[New, K](p.name("create"), p.of("POST", ""),
			"Connect a provider to "+p.brand+" (PSA ticketing and billing)."),
		Get[integration[K], K](p.name("get"), p.at("GET", ""),
			"Show how a provider is connected to "+p.brand+"."),
		Change[Edit, K](p.name("update"), p.at("PATCH", ""),
			"Change the credentials of "+article(p.brand)+" integration."),
		Delete[integration[K]](p.name("delete"), p.at("DELETE", ""),
			"Delete "+article(p.brand)+" integration. Billing and tickets no longer go there."),
		List[integration[K], jc.PSARecord](p.name("companies_list"), p.at("GET", "/companies"),
			"List the companies (customers) in "+p.brand+".", Columns("name", "id")),
		Get[integration[K], jc.PSASettings](p.name("settings_get"), p.at("GET", "/settings"),
			"Show the settings of "+article(p.brand)+" integration, such as automatic ticketing."),
	}
}

// psaBilling are the tools that bind organisations to what they are billed by.
func psaBilling[K jc.Named, Mappings, Settings any](p psa, columns ...string) []*Tool {
	return []*Tool{
		List[integration[K], jc.PSAMapping](p.name("mappings_list"), p.at("GET", "/mappings"),
			"List which organisation is mapped to which company in "+p.brand+".",
			Columns(append([]string{"organization.name", "company.name"}, columns...)...)),
		Change[Mappings, None](p.name("mappings_change"), p.at("PATCH", "/mappings"),
			"Map organisations to companies in "+p.brand+" for billing, or end it.", Once,
			NoReadBack(p.name("mappings_list")+" shows the mappings")),
		Change[Settings, jc.PSASettings](p.name("settings_update"), p.at("PATCH", "/settings"),
			"Change the settings of "+article(p.brand)+" integration, such as automatic ticketing."),
	}
}

// psaTickets are the tools for alerts that open tickets; Alert is how one is set.
func psaTickets[Alert jc.Named, Edit any](p psa, columns ...string) []*Tool {
	const list = "/alerts/configuration"
	return []*Tool{
		List[provider, Alert](p.name("alerts_list"), p.of("GET", list),
			"List which alerts open tickets in "+p.brand+".", Takes(), Columns(append([]string{"displayName", "shouldCreateTickets"}, columns...)...)),
		Change[Edit, Alert](p.name("alerts_update"), p.of("PUT", "/alerts/{alert}/configuration"),
			"Set whether and how an alert opens tickets in "+p.brand+". What is not given stays.", Merge, ReadIn(p.of("GET", list), "alertId")),
	}
}

// psaCompanyTypes lists those of the two that have them.
func psaCompanyTypes[K jc.Named](p psa) *Tool {
	return List[integration[K], jc.PSARecord](p.name("company_types_list"), p.at("GET", "/companytypes"),
		"List the types of company in "+p.brand+".", Takes(), Columns("name", "id"))
}

const ticketOptions = "/alerts/configuration/options"

// psaTicketOptions lists the values that tickets of ConnectWise and Syncro take.
func psaTicketOptions(p psa) *Tool {
	return List[provider, jc.TicketOption](p.name("alert_options_list"), p.of("GET", ticketOptions),
		"List the priorities, statuses and other values for tickets in "+p.brand+".", Takes(), Columns("name", "values"))
}

type (
	autotaskRef    = integration[jc.AutotaskIntegration]
	connectWiseRef = integration[jc.ConnectWiseIntegration]
	syncroRef      = integration[jc.SyncroIntegration]
)

type connectWiseAgreement struct {
	connectWiseRef
	Agreement string `json:"agreement" in:"path" jsonschema:"required"`
}

type integrationErrors struct {
	Type        string `json:"type" in:"path" jsonschema:"required,enum=autotask,enum=connectwise,enum=syncro"`
	Integration string `json:"integration" in:"path" jsonschema:"required"`
}

var providersIntegrations = Set{Name: "providers"}.Of(
	List[provider, jc.ProviderIntegration]("providers_integrations_list", "GET "+providerAt+"/integrations",
		"List the PSA integrations of a provider (Autotask, ConnectWise, Syncro), with their ids.",
		Takes("limit", "skip", "sort", "filter"), Columns("type", "integrationId")),
	List[integrationErrors, jc.PSASyncError]("providers_integrations_errors_list", "GET /api/v2/integrations/{type}/{integration}/errors",
		"List what recently failed when a PSA integration synchronised.", Takes(), Columns("timestamp", "errorType", "message", "orgId")),
	List[provider, jc.TicketAlert]("providers_ticketing_alerts_list", "GET "+providerAt+"/integrations/ticketing/alerts",
		"List the alerts that can open tickets in a provider's PSA.", Takes(), Columns("name", "category", "description")),
)

var (
	providersAutotaskIntegration = Set{Name: "providers"}.Of(psaIntegration[jc.AutotaskIntegration, autotaskNew, autotaskEdit](autotask)...)
	providersAutotaskBilling     = Set{Name: "providers"}.Of(psaBilling[jc.AutotaskIntegration, autotaskMappings, autotaskSettings](autotask, "contract.name", "service.name", "lastSyncStatus")...)
	providersAutotaskTickets     = Set{Name: "providers"}.Of(psaTickets[jc.AutotaskAlert, autotaskAlertEdit](autotask, "priority.name", "destination", "dueDays")...)

	providersConnectWiseIntegration = Set{Name: "providers"}.Of(psaIntegration[jc.ConnectWiseIntegration, connectWiseNew, connectWiseEdit](connectWise)...)
	providersConnectWiseBilling     = Set{Name: "providers"}.Of(psaBilling[jc.ConnectWiseIntegration, connectWiseMappings, connectWiseSettings](connectWise, "agreement.name", "addition.name", "lastSyncStatus")...)
	providersConnectWiseTickets     = Set{Name: "providers"}.Of(psaTickets[jc.ConnectWiseAlert, connectWiseAlertEdit](connectWise, "priority.name", "dueDays")...)

	providersSyncroIntegration = Set{Name: "providers"}.Of(psaIntegration[jc.SyncroIntegration, syncroNew, syncroEdit](syncro)...)
	providersSyncroBilling     = Set{Name: "providers"}.Of(psaBilling[jc.SyncroIntegration, syncroMappings, syncroSettings](syncro)...)
	providersSyncroTickets     = Set{Name: "providers"}.Of(psaTickets[jc.SyncroAlert, syncroAlertEdit](syncro, "priority", "problemType", "dueDays")...)
)

// providersPSA is what only some of them have.
var providersPSA = Set{Name: "providers"}.Of(
	psaCompanyTypes[jc.AutotaskIntegration](autotask),
	psaCompanyTypes[jc.ConnectWiseIntegration](connectWise),
	psaTicketOptions(connectWise),
	psaTicketOptions(syncro),
	Get[provider, jc.TicketOptions](autotask.name("alert_options_get"), autotask.of("GET", ticketOptions),
		"Show the queues, priorities, statuses and resources for tickets in Autotask."),
	List[autotaskRef, jc.PSAContract](autotask.name("contracts_list"), autotask.at("GET", "/contracts"),
		"List the contracts with companies in Autotask.", Columns("name", "id", "companyId")),
	List[autotaskRef, jc.TicketOption](autotask.name("contract_fields_list"), autotask.at("GET", "/contracts/fields"),
		"List the fields of Autotask contracts with the values they take.", Takes(), Columns("name", "values")),
	List[autotaskRef, jc.PSAService](autotask.name("contract_services_list"), autotask.at("GET", "/contracts/services"),
		"List the services in Autotask contracts.", Columns("name", "id", "contractId")),
	List[connectWiseRef, jc.PSAContract](connectWise.name("agreements_list"), connectWise.at("GET", "/agreements"),
		"List the agreements with companies in ConnectWise.", Columns("name", "id", "companyId")),
	List[connectWiseAgreement, jc.PSARecord](connectWise.name("additions_list"), connectWise.at("GET", "/agreements/{agreement}/additions"),
		"List the additions of a ConnectWise agreement.", Columns("name", "id")),
	List[syncroRef, jc.TicketOption](syncro.name("billing_options_list"), syncro.at("GET", "/billing_mapping_configuration_options"),
		"List the schedules and line items that Syncro mappings can bill by.", Columns("name", "values")),
)
