package tools

import (
	"maps"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type settingsOf struct {
	Organization jc.Ref[jc.Organization] `json:"organization,omitzero" in:"query" api:"organizationObjectId" rare:"true"`
}

// settingsIn names the organisation in the body of a change.
type settingsIn struct {
	Organization jc.Ref[jc.Organization] `json:"organization,omitzero" api:"organizationObjectId" rare:"true"`
}

type passwordSync struct {
	settingsIn
	Enabled bool `json:"enabled" jsonschema:"required"`
}

type signInEdit struct {
	settingsIn
	Settings []signInSetting `json:"settings" jsonschema:"required,minItems=1"`
}

type signInSetting struct {
	OSFamily          string `json:"osFamily" jsonschema:"required,enum=WINDOWS,enum=MACOS,enum=UNKNOWN"`
	Enabled           *bool  `json:"enabled,omitempty"`
	DefaultPermission string `json:"defaultPermission,omitempty" jsonschema:"enum=STANDARD,enum=ADMIN"`
}

type deviceStats struct {
	device
	settingsOf
}

var devicesSettings = Set{Name: "devices"}.Of(
	Get[settingsOf, jc.PasswordSync]("devices_password_sync_get", "GET /api/v2/devices/settings/defaultpasswordsync",
		"Show whether new devices sync the JumpCloud password by default."),
	Change[passwordSync, jc.PasswordSync]("devices_password_sync_update", "PUT /api/v2/devices/settings/defaultpasswordsync",
		"Set whether new devices sync the JumpCloud password by default.", ReadWith("organizationObjectId")),
	Get[settingsOf, jc.SignInSettings]("devices_sign_in_get", "GET /api/v2/devices/settings/signinwithjumpcloud",
		"Show the Sign in with JumpCloud settings of device login windows."),
	Change[signInEdit, jc.SignInSettings]("devices_sign_in_update", "PUT /api/v2/devices/settings/signinwithjumpcloud",
		"Set Sign in with JumpCloud for device login windows; settings lists every operating system.", ReadWith("organizationObjectId")),
	Get[None, Raw]("devices_ssao_get", "GET /api/v2/devices/settings/ssao",
		"Show the SSAO settings of devices in the organisation.", Untyped()),
	Change[None, Raw]("devices_ssao_update", "PUT /api/v2/devices/settings/ssao",
		"Change the SSAO settings of devices in the organisation.", Untyped()),
	Get[deviceStats, jc.PolicyStats]("devices_policy_stats_get", "GET /api/v2/systems/{device}/aggregated-policy-stats",
		"Count the policies of a device: succeeded, failed, pending, unsupported."),
	List[device, jc.DeviceSoftware]("devices_software_list", "GET /api/v2/systems/{device}/softwareappstatuses",
		"List the software apps assigned to a device and whether each is installed.", Takes("limit", "skip", "sort", "filter"),
		Rows(shownSoftware), Columns("displayName", "state", "version", "timestamp", "details")),
	Secret[device]("devices_fde_key_get", "GET /api/v2/systems/{device}/fdekey",
		"Read the disk encryption recovery key (FileVault, BitLocker) of a device."),
	Act[device, Raw]("devices_transfer", "POST /api/v2/systems/{device}/transfer",
		"Move a device to another organisation. It leaves this one, with its groups and policies.",
		Untyped(), Selects("organization"), Destroy, NoReadBack("the device moves when it next connects; devices_get then no longer finds it here")),
)

// shownSoftware joins the app and its status into one row.
func shownSoftware(row jc.Row) jc.Row {
	out := jc.Row{}
	if status, ok := row["status"].(map[string]any); ok {
		maps.Copy(out, only(status, "state", "version", "details", "timestamp", "code"))
	} else if status := rowsIn(row["status"]); len(status) > 0 { // as a list it is published, too
		maps.Copy(out, only(status[0], "state", "version", "details", "timestamp", "code"))
	}
	if app, ok := row["app"].(map[string]any); ok {
		maps.Copy(out, only(app, "id", "displayName"))
	}
	return out
}
