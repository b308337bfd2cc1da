package tools

var privilegedAccess = Set{"privileged_access", "Privileged access management."}.Of(
	Get[None, Raw]("privileged_access_status_get", "GET /api/v2/privileged-access/status",
		"Show whether privileged access management (PAM, password vault) is active.", Untyped()),
	Secret[None]("privileged_access_activate", "POST /api/v2/privileged-access/activate",
		"Activate privileged access management (PAM) and make its integration token.", Untyped()),
	Act[None, Raw]("privileged_access_activation_finish", "POST /api/v2/privileged-access/pam/activation/finalize",
		"Finish the activation of privileged access management (PAM).", Untyped(), NoReadBack("the API took it; privileged_access_status_get shows the state")),
	Change[None, Raw]("privileged_access_settings_update", "PUT /api/v2/privileged-access/tenant-settings",
		"Change the settings of privileged access management, its SCIM credentials too.", Untyped(), NoReadBack("the API does not show these settings")),
)
