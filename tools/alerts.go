package tools

import (
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type alert struct {
	Alert string `json:"alert" in:"path" jsonschema:"required,minLength=1"`
}

// alertRule raises alerts: a rule of health monitoring.
type alertRule struct {
	Rule jc.Ref[jc.AlertRule] `json:"rule" in:"path" jsonschema:"required"`
}

type alertRuleTemplate struct {
	Template string `json:"rule_template" in:"path" jsonschema:"required,minLength=1"`
}

// alertRuleBonds: rules are bound to nothing but device groups, as far as is published.
type alertRuleBonds struct {
	alertRule
	Targets string `json:"targets" in:"query" jsonschema:"required,enum=system_group"`
}

type alertRuleBondChange struct {
	alertRule
	Group jc.Ref[jc.DeviceGroup] `json:"group" jsonschema:"required"`
	Op    string                 `json:"op" jsonschema:"required,enum=add,enum=remove"`
}

func (a alertRuleBondChange) asked() association {
	return association{Op: a.Op, Type: deviceGroupEnd.Type, Object: jc.RefAny{Object: a.Group.Object}}
}

const (
	alertAt     = "/api/v2/alerts/{alert}"
	alertRules  = "/api/v2/healthmonitoring/rules"
	alertRuleAt = alertRules + "/{rule}"
)

var alerts = Set{"alerts", "Health monitoring: alerts and the rules that raise them."}.Of(slices.Concat(alertsTools, alertsRulesTools)...)

var alertsTools = []*Tool{
	List[None, Raw]("alerts_list", "GET /api/v2/alerts",
		"List alerts of health monitoring, open, acknowledged and resolved.", Untyped(), Takes("limit", "skip", "filter", "sort")),
	Get[alert, Raw]("alerts_get", "GET "+alertAt,
		"Show one alert: what it is about, severity and status.", Untyped()),
	Get[None, Raw]("alerts_stats_get", "GET /api/v2/alerts-stats",
		"Count alerts by status and severity.", Untyped()),
	List[alert, Raw]("alerts_occurrences_list", "GET "+alertAt+"/occurrences",
		"List each time that an alert was raised.", Untyped()),
	Change[alert, Raw]("alerts_status_update", "POST "+alertAt+"/status",
		"Acknowledge, resolve or reopen an alert.", Untyped("status", "remark"), ReadBackAt("GET "+alertAt)),
	Act[None, Raw]("alerts_bulk_update", "POST /api/v2/alerts/bulk-update",
		"Change many alerts at once, for example resolve them.", Untyped(), Selects("alert"), NoReadBack("see alerts_list for what they are now")),
	Delete[alert]("alerts_delete", "DELETE "+alertAt,
		"Delete an alert, with its notes.", Untyped()),
	Act[None, Raw]("alerts_bulk_delete", "POST /api/v2/alerts/bulk-delete",
		"Delete many alerts at once.", Untyped(), Selects("alert"), Destroy, NoReadBack("see alerts_list for what is left")),
	List[alert, Raw]("alerts_notes_list", "GET "+alertAt+"/notes",
		"List the notes that people wrote on an alert.", Untyped()),
	Create[alert, Raw]("alerts_notes_create", "POST "+alertAt+"/notes",
		"Write a note on an alert.", Untyped("alertNote"), NoReadBack("see alerts_notes_list")),
}

var alertsRulesTools = []*Tool{
	List[None, Raw]("alerts_rules_list", "GET "+alertRules,
		"List the health monitoring rules that raise alerts.", Untyped(), Takes("limit", "skip", "filter", "sort")),
	Get[alertRule, Raw]("alerts_rules_get", "GET "+alertRuleAt,
		"Show one health monitoring rule: conditions, severity, status.", Untyped()),
	Get[None, Raw]("alerts_rules_stats_get", "GET "+alertRules+"-stats",
		"Count health monitoring rules by their state.", Untyped()),
	Create[None, Raw]("alerts_rules_create", "POST "+alertRules,
		"Create a health monitoring rule that raises alerts.", Untyped("rule.name", "rule.conditions")),
	Change[alertRule, Raw]("alerts_rules_update", "PATCH "+alertRuleAt,
		"Change a health monitoring rule.", Untyped("rule.name")),
	Change[alertRule, Raw]("alerts_rules_status_update", "PATCH "+alertRuleAt+"/status",
		"Turn a health monitoring rule on or off.", Untyped("status"), ReadBackAt("GET "+alertRuleAt)),
	Delete[alertRule]("alerts_rules_delete", "DELETE "+alertRuleAt,
		"Delete a health monitoring rule. It raises no more alerts.", Untyped()),
	List[None, Raw]("alerts_rule_templates_list", "GET /api/v2/healthmonitoring/ruletemplates",
		"List the templates from which health monitoring rules are made.", Untyped(), Takes("limit", "skip", "filter", "sort")),
	Get[alertRuleTemplate, Raw]("alerts_rule_templates_get", "GET /api/v2/healthmonitoring/ruletemplates/{rule_template}",
		"Show one template of health monitoring rules.", Untyped()),
	asGraph(bonds[alertRuleBonds]("alerts_rules_associations_list", "GET "+alertRuleAt+"/associations",
		"List the device groups that a health monitoring rule is bound to directly.", deviceGroupEnd)),
	asGraph(bondChange[alertRuleBondChange]("alerts_rules_associations_change", "POST "+alertRuleAt+"/associations",
		"Watch a device group with a health monitoring rule, or stop it.", auth.Change)),
	asGraph(reach[alertRule]("alerts_rules_device_groups_list", "GET "+alertRuleAt+"/systemgroups",
		"List the device groups that a health monitoring rule watches.", deviceGroupEnd)),
}

// asGraph marks a connection of which only method and path are published: it is
// taken to have the shape that connections have everywhere else.
func asGraph(t *Tool) *Tool {
	t.untyped = true
	return t
}
