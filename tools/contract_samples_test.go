package tools

import (
	"encoding/json"
	"regexp"
	"strings"
)

// furtherCalls reach operations that neither the least nor all arguments come to.
var furtherCalls = map[string][]func(*bench) string{
	"commands_results_list": {literally(`{"search":"disk","limit":5}`)},
	"users_activate": {func(b *bench) string {
		b.must("users_create", `{"username":"staged.one","email":"staged.one@acme.example","activate":false}`)
		return `{"user":"staged.one"}`
	}},
	"users_bulk_update": {func(b *bench) string { // more than go out one by one
		var names []string
		for _, u := range b.sandbox.Rows("users")[:30] {
			names = append(names, u["username"].(string))
		}
		raw, _ := json.Marshal(map[string]any{"users": names, "department": "Reorganised"})
		return string(raw)
	}},
	"devices_lock":          {literally(`{"device":"MBP-031","pin":"123456"}`), literally(`{"device":"PX-001"}`)},
	"devices_erase":         {literally(`{"device":"MBP-031","pin":"123456"}`), literally(`{"device":"PX-001"}`)},
	"devices_restart":       {literally(`{"device":"MBP-031"}`), literally(`{"device":"PX-001"}`)},
	"devices_shutdown":      {literally(`{"device":"MBP-031"}`)},
	"policies_results_list": {literally(`{"device":"LT-042"}`)},
	"commands_run":          {literally(`{"script":"echo a","device_group":"Kiosks","wait":5}`)},
}

// further are those, and a call for each table of System Insights.
func further(x *Tool) []func(*bench) string {
	out := furtherCalls[x.Name]
	if x.Name == "system_insights_query" {
		for _, e := range x.Operations {
			out = append(out, literally(`{"table":"`+e.Path[strings.LastIndexByte(e.Path, '/')+1:]+`","limit":1}`))
		}
	}
	return out
}

func literally(args string) func(*bench) string { return func(*bench) string { return args } }

var anyID = regexp.MustCompile(`[0-9a-f]{24}`)

// sampleFixes are those of single tools.
var sampleFixes = map[string]func(v map[string]any, all bool){
	"api_read":    carrying("ip_lists_list", map[string]any{"limit": 3}),
	"api_change":  carrying("user_groups_create", map[string]any{"name": "Carried"}),
	"api_destroy": carrying("user_groups_delete", map[string]any{"group": "Contractors"}),
	"user_groups_members_change": func(v map[string]any, all bool) {
		v["add"] = []any{"maria.silva"}
		if all {
			v["remove"] = []any{"ada.king"}
		}
	},
	"device_groups_members_change": func(v map[string]any, all bool) {
		v["group"], v["add"] = "Kiosks", []any{"LT-042"}
		delete(v, "remove")
	},
	"ldap_servers_update": func(v map[string]any, _ bool) { v["userLockoutAction"] = "remove" },
	"commands_results_list": func(v map[string]any, all bool) {
		if all { // of one command, without a condition: the path of its own
			for name := range v {
				if name != "command" && name != "limit" {
					delete(v, name)
				}
			}
		}
	},
	"changes_list": func(v map[string]any, all bool) {
		if all {
			v["since"] = "2h"
		}
	},
	"access_requests_create": func(v map[string]any, _ bool) { v["expiry"] = "2h" },
	"access_requests_update": func(v map[string]any, all bool) { v["expiry"] = "3h"; whichRequest(v, all) },
	"access_requests_revoke": whichRequest,
	"commands_run": func(v map[string]any, all bool) {
		clear(v)
		v["command"], v["devices"], v["wait"] = "Disk usage", []any{"build-01"}, 5
	},
	"devices_lock": sampleDevice, "devices_erase": sampleDevice, "devices_restart": sampleDevice, "devices_shutdown": sampleDevice,
	"apple_mdm_devices_get": appleDevice, "apple_mdm_devices_unenrol": appleDevice, "apple_mdm_clear_activation_lock": appleDevice,
	"apple_mdm_refresh_activation_lock": appleDevice, "apple_mdm_refresh_os_updates": appleDevice, "apple_mdm_schedule_os_update": appleDevice,
	"google_emm_devices_get": func(v map[string]any, _ bool) { v["device"] = "PX-001" },
	"system_insights_query":  func(v map[string]any, _ bool) { v["table"] = "uptime" },
	"users_get":              noFields, "devices_get": noFields, "user_groups_get": noFields,
	"users_create":   func(v map[string]any, _ bool) { delete(v, "state") },
	"users_activate": func(v map[string]any, _ bool) { delete(v, "email") },
	"users_unlock":   func(v map[string]any, _ bool) { v["user"] = "ben.kurz" },
	"users_reset_mfa": func(v map[string]any, all bool) {
		if all {
			v["exclusion_until"] = "2h"
			delete(v, "exclusion_days")
		}
	},
	"users_suspend": func(v map[string]any, all bool) {
		if all {
			v["at"] = "2h"
		}
	},
	"users_bulk_update": func(v map[string]any, all bool) {
		if !all {
			v["department"] = "Legal"
		} else {
			v["manager"] = "ada.king"
		}
	},
	"users_offboard": func(v map[string]any, all bool) {
		delete(v, "plan")
		delete(v, "pin")
		if all {
			v["manager"] = "ada.king"
		}
	},
	"commands_trigger": func(v map[string]any, _ bool) { v["trigger"] = "rotate-logs" },
	"policies_create":  policyValues,
	"policies_update":  policyValues,
	"ip_lists_create":  func(v map[string]any, _ bool) { v["ips"] = []any{"192.0.2.0/24"} },
	"ip_lists_update": func(v map[string]any, all bool) {
		if all {
			v["ips"] = []any{"192.0.2.0/24"}
		}
	},
	"administrators_organizations_list": func(v map[string]any, _ bool) { delete(v, "filter") }, // it takes the names of organisations
	"insights_query":                    oneWindow, "insights_count": oneWindow, "insights_distinct": oneWindow, "insights_interval": oneWindow,
}

// carrying is a call of a carrier.
func carrying(tool string, args map[string]any) func(map[string]any, bool) {
	return func(v map[string]any, _ bool) { v["tool"], v["arguments"] = tool, args }
}

// policyValues: fields are those of the template. The description wants a list,
// which a JSON list in the text gives; a bare value is what other clients send.
func policyValues(v map[string]any, all bool) {
	delete(v, "values")
	if all {
		v["values"] = []any{map[string]any{"configFieldID": "timeout", "value": "[20]"}}
	}
}

func noFields(v map[string]any, _ bool) { delete(v, "fields") }

// oneWindow: last stands for start and end.
func oneWindow(v map[string]any, all bool) {
	if all {
		v["last"] = "24h"
		delete(v, "start_time")
		delete(v, "end_time")
		delete(v, "exact_match") // beside search the API takes one
		v["filter"] = "success=false"
		if _, ok := v["field"]; ok {
			v["field"] = "event_type"
		}
		if _, ok := v["timezone"]; ok {
			v["timezone"] = "+0100"
		}
		if _, ok := v["interval_unit"]; ok {
			delete(v, "interval_unit")
			delete(v, "interval_value")
		}
	}
}

// whichRequest: either the request or its user and device.
func whichRequest(v map[string]any, all bool) {
	delete(v, "request")
	v["user"], v["device"] = "ada.king", "LT-042"
}

// sampleDevice takes orders through its agent, without a PIN.
func sampleDevice(v map[string]any, _ bool) {
	v["device"] = "LT-042"
	delete(v, "pin")
}

func appleDevice(v map[string]any, _ bool) { v["device"] = "MBP-031" }

// sampleCollections are the sandbox's collections by graph type.
var sampleCollections = map[string]string{
	"user": "users", "system": "devices", "user_group": "user_groups", "system_group": "device_groups",
	"application": "applications", "application_template": "application_templates", "command": "commands", "command_result": "command_results",
	"policy": "policies", "policy_template": "policy_templates", "software_app": "software_apps", "ip_list": "ip_lists",
	"ldap_server": "ldap_servers", "radius_server": "radius_servers", "active_directory": "active_directories",
	"apple_mdm": "apple_mdms", "google_enterprise": "emm_enterprises",
	"organization": "organizations", "access_request": "access_requests",
	"alert_rule": "healthmonitoring/rules", "approval_flow": "approvalflows", "approval_request": "approvalflowrequest",
	"authentication_policy":   "authn/policies",
	"password_manager_device": "passwordmanager/devices", "password_manager_item": "passwordmanageritems",
	"policy_group": "policy_groups", "idp_routing_policy": "identity-provider/policies",
	"provider": "providers", "provider_administrator": "providers/{}/administrators", "provider_organization": "providers/{}/organizations",
	"configured_policy_template": "providers/{}/configuredpolicytemplates", "policy_group_template": "providers/{}/policygrouptemplates",
	"autotask_integration": "integrations/autotask", "connectwise_integration": "integrations/connectwise", "syncro_integration": "integrations/syncro",
	"autotask_alert":    "providers/{}/integrations/autotask/alerts/configuration",
	"connectwise_alert": "providers/{}/integrations/connectwise/alerts/configuration",
	"syncro_alert":      "providers/{}/integrations/syncro/alerts/configuration",
}

// samplePlain are the sandbox's collections of objects that arguments name by plain
// ids, by argument or by toolset and argument. "{}" stands for the first owner.
var samplePlain = map[string]string{
	"administrator":              "administrators",
	"providers.active_directory": "active_directories", "providers.gsuite": "g_suites", "providers.application": "applications",
	"providers.invoice": "providers/{}/invoices", "providers.integration": "integrations/autotask",
	"providers.agreement": "integrations/connectwise/{}/agreements",
}
