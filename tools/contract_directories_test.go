package tools

import (
	"fmt"
	"maps"
	"strings"
)

// What tools of cloud directories and small toolsets take and their schemas do not
// tell.
func init() {
	maps.Copy(sampleCollections, map[string]string{
		"g_suite": "g_suites", "office_365": "office_365s",
		"g_suite_domain": "gsuites/{}/domains", "office_365_domain": "office365s/{}/domains",
		"g_suite_translation_rule": "gsuites/{}/translationrules", "office_365_translation_rule": "office365s/{}/translationrules",
		"active_directory_agent": "activedirectories/{}/agents", "samba_domain": "ldapservers/{}/sambadomains",
		"workday": "workdays",
	})
	maps.Copy(sampleBodies, map[string]string{
		"active_directory_translation_rules_create":  `{"source":"costCenter","destination":"department"}`,
		"active_directory_translation_rules_update":  `{"source":"costCenter","destination":"department"}`,
		"active_directory_translation_rules_change":  `{"insertTranslationRules":[{"source":"costCenter","destination":"department"}]}`,
		"active_directory_translation_rules_preview": `{"translationRules":[{"source":"costCenter","destination":"department"}]}`,
	})
	// There can be one Duo account, which the sample of its creation takes away.
	account := func(b *bench) string {
		if id := b.anyIn("duo/accounts"); id != "" {
			return id
		}
		return anyID.FindString(b.must("duo_accounts_create", `{}`))
	}
	sampleMade["duo_account"] = account
	sampleMade["duo_application"] = func(b *bench) string {
		at := "duo/accounts/" + account(b) + "/applications"
		if b.anyIn(at) == "" {
			b.must("duo_applications_create", fmt.Sprintf(`{"account":%q,"name":"Sample Duo","apiHost":"api.example","integrationKey":"DI1","secretKey":"s"}`, account(b)))
		}
		return b.anyIn(at)
	}
	picture := "R0lGODlhAQABAAAAACwAAAAAAQABAAA="
	maps.Copy(sampleFixes, map[string]func(map[string]any, bool){
		"applications_logo_set": func(v map[string]any, _ bool) { v["image"] = picture },
		"ip_lists_replace":      func(v map[string]any, _ bool) { v["ips"] = []any{"192.0.2.0/24"} },
		// the sandbox takes every filter for one of JumpCloud's own form
		"office365_import_users_list": func(v map[string]any, all bool) {
			if all {
				v["graph_filter"] = "surname:eq:King"
			}
		},
		"applications_import_users_list": func(v map[string]any, all bool) {
			if all {
				v["search_users"] = "email:ne:nobody"
			}
		},
	})
	mail := func(b *bench, v map[string]any) { v["email_type"] = b.sandbox.Rows("customemails")[0]["type"] }
	maps.Copy(sampleFound, map[string]func(*bench, map[string]any){
		"custom_emails_get": mail, "custom_emails_update": mail, "custom_emails_delete": mail,
		"duo_accounts_create": func(b *bench, _ map[string]any) { // there can be one
			b.must("duo_accounts_delete", fmt.Sprintf(`{"account":%q}`, account(b)))
		},
		"workday_import_results_list": func(b *bench, v map[string]any) {
			text := b.must("workday_import", `{"workday":"HR Workday","users":[{"username":"new.hire","email":"new.hire@acme.example"}]}`)
			_, job, _ := strings.Cut(text, "job ")
			v["job"] = anyID.FindString(job)
		},
	})
}
