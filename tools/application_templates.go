package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type applicationTemplate struct {
	Template jc.Ref[jc.ApplicationTemplate] `json:"template" in:"path" jsonschema:"required"`
}

var applicationTemplates = Set{"application_templates", "Connectors from which SSO applications are made."}.Of(
	List[None, jc.ApplicationTemplate]("application_templates_list", "GET /api/application-templates",
		"Find connectors to make SSO applications from.", Columns("name", "displayName", "type")),
	Get[applicationTemplate, jc.ApplicationTemplate]("application_templates_get", "GET /api/application-templates/{template}",
		"Show one connector with the settings an application of it needs."),
)
