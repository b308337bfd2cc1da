package sandbox

import "fmt"

type seededTemplate struct{ name, display, family, field, kind string }

func seededTemplates() []seededTemplate {
	return []seededTemplate{
		{"lock_screen_windows", "Lock Screen", "windows", "timeout", "number"},
		{"lock_screen_darwin", "Lock Screen", "darwin", "timeout", "number"},
		{"disk_encryption_windows", "BitLocker Full Disk Encryption", "windows", "encryptAllDrives", "checkbox"},
		{"disk_encryption_darwin", "FileVault 2", "darwin", "bypassCount", "number"},
		{"disable_usb_windows", "Disable USB Storage", "windows", "readOnly", "checkbox"},
		{"os_patch_windows", "Automatic Windows Updates", "windows", "deferralDays", "number"},
		{"os_patch_darwin", "Automatic macOS Updates", "darwin", "deferralDays", "number"},
		{"os_patch_ubuntu", "Automatic Ubuntu Updates", "linux", "deferralDays", "number"},
		{"ssh_root_linux", "Disable Root SSH", "linux", "apply", "checkbox"},
		{"firewall_windows", "Windows Firewall", "windows", "profile", "select"},
		{"firewall_darwin", "Application Firewall", "darwin", "stealth", "checkbox"},
		{"kiosk_linux", "Kiosk Session", "linux", "url", "text"},
		{"wifi_darwin", "WiFi Configuration", "darwin", "ssid", "text"},
		{"guest_account_darwin", "Disable Guest Account", "darwin", "apply", "checkbox"},
	}
}

func (o *Org) seedPolicies() {
	for i, t := range seededTemplates() {
		o.templates.add(map[string]any{
			"id": o.id("policy_template", i), "name": t.name, "displayName": t.display, "osMetaFamily": t.family,
			"description": "Sets " + t.display + " on " + t.family + " devices.", "activation": "Takes effect at once",
			"behavior": "Returns to the default when removed", "state": "", "deliveryTypes": []any{"agent"},
			"osRestrictions": []any{map[string]any{"osName": t.family, "earliestVersion": "10"}},
			"configFields": []any{map[string]any{"id": o.id("config_field", i), "name": t.field, "label": t.field,
				"displayType": t.kind, "position": 0, "readOnly": false, "required": true, "sensitive": false}},
		})
	}
	groups := map[string]string{"windows": "Windows", "darwin": "Macs", "linux": "Linux"}
	for i, t := range o.templates.order[:12] {
		family := text(t.m["osMetaFamily"])
		name := fmt.Sprintf("%s (%s)", t.m["displayName"], family)
		target := groups[family]
		if t.m["name"] == "kiosk_linux" {
			name, target = "Kiosk session", "Kiosks"
		}
		field := t.m["configFields"].([]any)[0].(map[string]any)["id"]
		values := []any{map[string]any{"configFieldID": field, "sensitive": false, "value": []any{15}}}
		d := o.policies.add(newPolicy(o.id("policy", i), name, "", t.m, values))
		o.graph.newBond(node{"policy", d.id}, node{"system_group", o.deviceGroups.find("name", target).id}, nil)
	}
}
