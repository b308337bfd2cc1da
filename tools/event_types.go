package tools

// An eventService's entry in the catalogue. Which services exist is published;
// the types of events are those seen in public code or written by the sandbox,
// so there are others.
type eventCatalogEntry struct {
	Service string      `json:"service"`
	About   string      `json:"about"`
	Types   []eventType `json:"types,omitempty"`
}

type eventType struct {
	Type  string `json:"type"`
	About string `json:"about"`
}

// eventCatalog is in the order of the services' names.
var eventCatalog = []eventCatalogEntry{
	{"access_management", "Temporary rights and access reviews.", []eventType{
		{"access_request_create", "temporary administrator rights were given"},
		{"access_request_update", "their end or remarks were changed"},
		{"access_request_revoke", "they were taken back before their end"},
		{"access_request_expire", "they ended by time"},
	}},
	{"alerts", "Alerts of health monitoring.", nil},
	{"asset_management", "Hardware and accessories in the inventory.", nil},
	{"directory", "Sign-ins to portal and console, and every change of the directory.", []eventType{
		{"user_login_attempt", "sign-in to the user portal, good or bad"},
		{"admin_login_attempt", "sign-in to the console, good or bad"},
		{"user_lockout", "a user was locked after too many failures"},
		{"user_unlocked", "a lock was lifted"},
		{"user_create", "a user was made"},
		{"user_update", "attributes of a user were changed"},
		{"user_delete", "a user was deleted"},
		{"user_activated", "a user may sign in"},
		{"user_suspended", "a user may no longer sign in"},
		{"user_mfa_reset", "a second factor has to be enrolled again"},
		{"user_password_expired", "a password was made to expire"},
		{"association_change", "a member or an access was added or removed"},
		{"group_create", "a group was made"},
		{"group_update", "a group was changed"},
		{"group_delete", "a group was deleted"},
		{"application_create", "an application was made"},
		{"application_update", "an application was changed"},
		{"application_delete", "an application was deleted"},
		{"policy_create", "a policy was made"},
		{"policy_update", "a policy was changed"},
		{"policy_delete", "a policy was deleted"},
		{"command_create", "a command was saved"},
		{"command_update", "a command was changed"},
		{"command_delete", "a command was deleted"},
		{"command_run", "a command was started"},
		{"command_cancel", "a waiting command was called off"},
		{"command_result_delete", "a result was deleted"},
		{"iplist_create", "a list of addresses was made"},
		{"iplist_update", "a list of addresses was changed"},
		{"iplist_delete", "a list of addresses was deleted"},
		{"ldap_server_update", "settings of cloud LDAP were changed"},
		{"organization_update", "settings of the organisation were changed"},
	}},
	{"ldap", "Cloud LDAP.", []eventType{
		{"ldap_bind", "a sign-in over LDAP"},
		{"ldap_srch", "a search over LDAP; described as ldap_search in places"},
	}},
	{"mdm", "Device management of Apple, Android and Windows.", nil},
	{"notifications", "Messages sent.", nil},
	{"object_storage", "Files kept by the organisation.", nil},
	{"password_manager", "The password manager.", nil},
	{"radius", "Wi-Fi and VPN.", []eventType{
		{"radius_auth", "a sign-in over RADIUS"},
	}},
	{"reports", "Reports made and read.", nil},
	{"saas_app_management", "Software as a service in use.", nil},
	{"software", "Software that is installed on devices.", []eventType{
		{"software_add", "a software application was added"},
		{"software_update", "it was changed"},
		{"software_remove", "it was removed"},
	}},
	{"sso", "Single sign-on.", []eventType{
		{"sso_auth", "a sign-in to an application"},
	}},
	{"systems", "Devices and their agent.", []eventType{
		{"login_attempt", "a sign-in to a device, good or bad"},
		{"system_update", "a device was changed"},
		{"system_delete", "a device was removed from management"},
		{"system_lock", "a lock was ordered"},
		{"system_restart", "a restart was ordered"},
		{"system_shutdown", "a shutdown was ordered"},
		{"system_erase", "an erasure was ordered"},
		{"system_fde_key_decrypt", "somebody read a disk recovery key"},
	}},
}
