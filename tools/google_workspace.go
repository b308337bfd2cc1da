package tools

import (
	"slices"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type googleWorkspaceEdit struct {
	directory[jc.GoogleWorkspace]
	Name             string                  `json:"name,omitempty" jsonschema:"minLength=1"`
	GroupsEnabled    *bool                   `json:"groupsEnabled,omitempty"`
	DefaultDomain    jc.Ref[jc.GoogleDomain] `json:"default_domain,omitzero" api:"defaultDomain"`
	LockoutAction    string                  `json:"userLockoutAction,omitempty" jsonschema:"enum=suspend,enum=maintain"`
	ExpirationAction string                  `json:"userPasswordExpirationAction,omitempty" jsonschema:"enum=suspend,enum=maintain,enum=remove_access"`
}

// Body names the default domain as the API wants it.
func (*googleWorkspaceEdit) Body(body map[string]any) error {
	defaultDomain(body)
	return nil
}

type googleDomainNew struct {
	directory[jc.GoogleWorkspace]
	Domain string `json:"domain" in:"query" jsonschema:"required,minLength=1"`
}

func (d googleDomainNew) adds() string { return d.Domain }

type googleRuleNew struct {
	directory[jc.GoogleWorkspace]
	BuiltIn   string `json:"builtIn" jsonschema:"required,enum=user_home_addresses,enum=user_work_addresses,enum=user_other_addresses,enum=user_home_phone_numbers,enum=user_mobile_phone_numbers,enum=user_other_phone_numbers,enum=user_work_phone_numbers,enum=user_work_fax_phone_numbers,enum=user_work_mobile_phone_numbers,enum=user_manager,enum=user_alternate_email,enum=user_primary_organization_cost_center,enum=user_primary_organization_department,enum=user_primary_organization_description,enum=user_primary_organization_employee_id,enum=user_primary_organization_title,enum=user_status,enum=user_password"`
	Direction string `json:"direction,omitempty" jsonschema:"enum=export,enum=import"`
}

type googleImportFind struct {
	directory[jc.GoogleWorkspace]
	Query string `json:"query,omitempty" in:"query" jsonschema:"description=Google's own search\\, such as givenName:Ada."`
}

type googleSchedule struct {
	directory[jc.GoogleWorkspace]
	Schedule string `json:"schedule" in:"path" jsonschema:"required,minLength=1"`
}

const (
	googleImportAt       = "/api/v2/gsuites/{directory}/import"
	googleSchedulesAt    = googleImportAt + "/schedules"
	googleSchedulesShown = "google_workspace_import_schedules_list shows what is there"
)

// googlePages is how Google pages: 500 users is the most that it gives at once.
var googlePages = ByToken("pageToken", "nextPageToken", "maxResults", 500)

var googleWorkspace = Set{"google_workspace", "Google Workspace integrations."}.Of(slices.Concat(
	syncedBasics[jc.GoogleWorkspace, googleWorkspaceEdit](googleWorkspaces),
	syncedGraph[jc.GoogleWorkspace](googleWorkspaces),
	directoryDomains[jc.GoogleWorkspace, jc.GoogleDomain, googleDomainNew](googleWorkspaces),
	translationRules[jc.GoogleWorkspace, jc.GoogleTranslationRule, googleRuleNew](googleWorkspaces),
	[]*Tool{
		List[googleImportFind, jc.GoogleUser]("google_workspace_import_users_list", "GET "+googleImportAt+"/users",
			"List the users in Google Workspace who can be imported.", googlePages, Columns("primaryEmail", "givenName", "familyName")),
		List[googleImportFind, jc.ImportUser]("google_workspace_import_preview_list", "GET "+googleImportAt+"/jumpcloudusers",
			"Preview an import from Google Workspace: its users as the JumpCloud users they would become.", googlePages,
			Columns("email", "firstname", "lastname", "department", "jobTitle")),
		List[directory[jc.GoogleWorkspace], Raw]("google_workspace_import_schedules_list", "GET "+googleSchedulesAt,
			"List the scheduled imports from Google Workspace.", Untyped()),
		Create[directory[jc.GoogleWorkspace], Raw]("google_workspace_import_schedules_create", "POST "+googleSchedulesAt,
			"Schedule an import of users from Google Workspace.", Untyped()),
		Change[googleSchedule, Raw]("google_workspace_import_schedules_update", "PATCH "+googleSchedulesAt+"/{schedule}",
			"Change a scheduled import from Google Workspace.", Untyped(), NoReadBack(googleSchedulesShown)),
		Delete[googleSchedule]("google_workspace_import_schedules_delete", "DELETE "+googleSchedulesAt+"/{schedule}",
			"Delete a scheduled import from Google Workspace. It no longer runs.", Untyped(), NoReadBack(googleSchedulesShown)),
	})...)
