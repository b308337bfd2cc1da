package tools

import (
	"fmt"
	"maps"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// sampleMade are objects that have to be made before they can be named, by graph type.
var sampleMade = map[string]func(*bench) string{}

func init() {
	sampleMade["ssh_key"] = func(b *bench) string {
		b.must("users_ssh_keys_create", fmt.Sprintf(`{"user":%q,"name":"Sample key","public_key":"ssh-ed25519 AAAA"}`, b.sample(jc.User{}.Kind())))
		return "Sample key"
	}
	sampleCollections["push_endpoint"] = "push_endpoints"
	sampleCollections["google_enrollment_token"] = "google-emm/enterprises/{}/enrollment-tokens"
	sampleBodies["users_password_set"] = `{"password":"Correct-Horse-9"}`
	phone := func(b *bench, v map[string]any) { v["user"] = b.sandbox.Rows("push_endpoints")[0]["user"] }
	maps.Copy(sampleFound, map[string]func(*bench, map[string]any){
		"push_verification_endpoints_get": phone, "push_verification_endpoints_update": phone,
		"push_verification_endpoints_delete": phone, "push_verification_send": phone,
		"user_groups_suggestions_apply":   func(b *bench, v map[string]any) { b.suggested("user_groups", "users", v) },
		"device_groups_suggestions_apply": func(b *bench, v map[string]any) { b.suggested("device_groups", "devices", v) },
		"bulk_users_results_list": func(b *bench, v map[string]any) {
			_, job, _ := strings.Cut(b.must("bulk_users_unlock", `{"users":["ada.king"]}`), "job ")
			v["job"] = anyID.FindString(job)
		},
		"bulk_users_states_delete": func(b *bench, v map[string]any) {
			b.must("users_suspend", fmt.Sprintf(`{"user":"ada.king","at":%q}`, time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339)))
			v["job"] = b.sandbox.Rows("user_states")[0]["scheduledJobId"]
		},
	})
	for _, name := range []string{"apple_mdm_clear_passcode", "apple_mdm_clear_restrictions_password", "apple_mdm_lost_mode", "apple_mdm_lock_generated_pin",
		"apple_mdm_lock_pin_get", "apple_mdm_recovery_lock_password_get", "apple_mdm_recovery_lock_get", "apple_mdm_lock_state_get", "apple_mdm_background_tasks_list"} {
		sampleFixes[name] = appleDevice
	}
	for _, name := range []string{"google_emm_lost_mode_start", "google_emm_lost_mode_stop", "google_emm_reset_password", "google_emm_device_policy_get"} {
		sampleFixes[name] = func(v map[string]any, _ bool) { v["device"] = "PX-001" }
	}
	maps.Copy(sampleFixes, map[string]func(map[string]any, bool){
		"administrators_update": func(v map[string]any, all bool) {
			if all {
				v["lastWhatsNewChecked"] = "2026-01-31"
			}
		},
		"devices_sign_in_update": func(v map[string]any, _ bool) {
			v["settings"] = []any{map[string]any{"osFamily": "WINDOWS", "enabled": false, "defaultPermission": "ADMIN"}}
		},
	})
}

// suggested makes a group whose members are reviewed, and finds whom it suggests.
func (b *bench) suggested(set, members string, v map[string]any) {
	b.must(set+"_create", `{"name":"Sample reviewed","membershipMethod":"DYNAMIC_REVIEW_REQUIRED"}`)
	id := anyID.FindString(b.must(set+"_suggestions_list", `{"group":"Sample reviewed","fields":"id","limit":1}`))
	v["group"], v[members] = "Sample reviewed", []any{id}
}
