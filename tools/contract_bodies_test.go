package tools

import "testing"

// sampleBodies are bodies of untyped operations that the sandbox refuses without
// the fields that were seen in use.
var sampleBodies = map[string]string{
	"assets_accessories_create": `{"fields":{"Name":"Sample monitor"}}`,
	"assets_accessories_update": `{"fields":{"Name":"Sample monitor"}}`,
	"assets_devices_create":     `{"fields":{"Name":"Sample laptop"}}`,
	"assets_devices_update":     `{"fields":{"Name":"Sample laptop"}}`,
	"assets_locations_create":   `{"fields":{"Name":"Sample office"}}`,
	"assets_locations_update":   `{"fields":{"Name":"Sample office"}}`,

	"alerts_status_update":       `{"status":"ACKNOWLEDGED","remark":"Sample remark"}`,
	"alerts_notes_create":        `{"alertNote":"Sample note"}`,
	"alerts_rules_create":        `{"rule":{"name":"Sample rule","conditions":[]}}`,
	"alerts_rules_update":        `{"rule":{"name":"Sample rule"}}`,
	"alerts_rules_status_update": `{"status":"DISABLED"}`,

	"reports_custom_create":    `{"reportView":{"name":"Sample report"}}`,
	"reports_custom_update":    `{"reportView":{"name":"Sample report"}}`,
	"reports_builder_create":   `{"customReport":{"name":"Sample report"}}`,
	"reports_builder_update":   `{"customReport":{"name":"Sample report"}}`,
	"reports_scheduled_create": `{"scheduledReport":{"name":"Sample report"}}`,
	"reports_scheduled_update": `{"scheduledReport":{"name":"Sample report"}}`,

	"saved_views_create": `{"name":"Sample view","source":"users","columns":["email"],"isDefault":false,"shared":true}`,
}

// sampleFound are arguments that are found in the sandbox in a way of their own.
var sampleFound = map[string]func(b *bench, v map[string]any){
	"reports_download": func(b *bench, v map[string]any) {
		report := b.sandbox.Rows("reports")[0]
		v["report"], v["artifact"] = report["id"], report["artifacts"].([]any)[0].(map[string]any)["id"]
	},
	"alerts_rules_associations_change": func(b *bench, v map[string]any) { // the first rule watches the first group
		v["group"], v["op"] = b.sandbox.Rows("device_groups")[0]["id"], "remove"
	},
	"assets_managed_device_get": func(b *bench, v map[string]any) {
		v["device"] = b.sandbox.Rows("assets/devices")[0]["jcSystemId"]
	},
	"saas_management_applications_licenses_list": func(b *bench, v map[string]any) {
		v["saas_application"] = b.anyIn("saas-management/applications")
	},
}

// withRoom gives a tool that downloads files a folder for those that are too long
// to be shown.
func withRoom(t *testing.T, x *Tool) func(*Options) {
	return func(o *Options) {
		if x.Name == "reports_download" || x.Name == "logos_get" {
			o.ExportDir = t.TempDir()
		}
		if x.Toolset == "changes" {
			keepsChanges(t)(o)
		}
	}
}
