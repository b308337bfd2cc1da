package tools

import (
	"maps"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type policyTemplate struct {
	Template jc.Ref[jc.PolicyTemplate] `json:"template" in:"path" jsonschema:"required"`
}

var policyTemplates = Set{"policy_templates", "Templates from which policies are made."}.Of(
	List[None, jc.PolicyTemplate]("policy_templates_list", "GET /api/v2/policytemplates",
		"Find templates to make policies from.", Columns("name", "displayName", "osMetaFamily")),
	shaped(Get[policyTemplate, jc.PolicyTemplate]("policy_templates_get", "GET /api/v2/policytemplates/{template}",
		"Show one policy template with the fields that a policy of it sets."), policyTemplateShown),
)

// policyTemplateShown keeps of a template's fields what filling them needs.
func policyTemplateShown(row jc.Row) jc.Row {
	out := maps.Clone(row)
	var fields []any
	for _, f := range rowsIn(row["configFields"]) {
		shown := fieldShown(f)
		if o, ok := f["displayOptions"]; ok {
			shown["displayOptions"] = o // the choices of a select
		}
		fields = append(fields, shown)
	}
	if fields != nil {
		out["configFields"] = fields
	}
	return out
}
