package tools

import (
	"maps"
	"strings"
)

// What tools of a provider take and their schemas do not tell: bodies of which the
// sandbox wants the form that Directory Insights and associations have elsewhere.
func init() {
	events := func(more map[string]any) func(*bench, map[string]any) {
		return func(_ *bench, v map[string]any) {
			body := map[string]any{"service": []any{"all"}, "start_time": "2026-01-01T00:00:00Z"}
			maps.Copy(body, more)
			v["body"] = body
		}
	}
	associate := func(arg, collection, target, objects string) func(*bench, map[string]any) {
		return func(b *bench, v map[string]any) {
			if arg != "" {
				v[arg] = b.anyIn(collection)
			}
			v["body"] = map[string]any{"op": "add", "type": target, "id": b.anyIn(objects)}
		}
	}
	maps.Copy(sampleFound, map[string]func(*bench, map[string]any){
		"providers_events_query":    events(nil),
		"providers_events_count":    events(nil),
		"providers_events_distinct": events(map[string]any{"field": "event_type"}),
		"providers_events_interval": events(map[string]any{"interval_unit": "d"}),

		"providers_active_directory_associations_change": associate("", "", "user", "users"),
		"providers_gsuite_associations_change":           associate("", "", "user", "users"),
		"providers_application_associations_change":      associate("", "", "user_group", "user_groups"),
		"providers_policy_group_associations_change":     associate("group", "policy_groups", "system", "devices"),
		"providers_device_group_associations_change":     associate("group", "device_groups", "user", "users"),
		"providers_user_group_associations_change":       associate("group", "user_groups", "application", "applications"),

		"providers_syncro_settings_update": func(b *bench, v map[string]any) { // the other way than it is
			now := b.must("providers_syncro_settings_get", `{"integration":"`+b.anyIn("integrations/syncro")+`"}`)
			v["automaticTicketing"] = !strings.Contains(now, `"automaticTicketing":true`)
		},
		"policy_groups_members_change": func(b *bench, v map[string]any) { // in and out, the same policy only once
			v["add"] = []any{b.sandbox.Rows("policies")[5]["name"]}
		},
		// Whoever may enter an organisation already is let out first.
		"administrators_organizations_add": func(b *bench, v map[string]any) {
			b.must("administrators_organizations_remove", `{"administrator":"`+b.anyIn("administrators")+`","organization":"Acme Inc"}`)
		},
	})
}
