package tools

import (
	"maps"
	"regexp"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type passwordDevice struct {
	Device jc.Ref[jc.PasswordManagerDevice] `json:"device" in:"path" jsonschema:"required"`
}

type passwordAccount struct {
	Account string `json:"account" in:"path" jsonschema:"required,minLength=1,description=User id in the password manager."`
}

type passwordFolder struct {
	Folder string `json:"folder" in:"path" jsonschema:"required,minLength=1"`
}

type passwordFolderGroup struct {
	passwordFolder
	Group string `json:"group" in:"path" jsonschema:"required,minLength=1,description=Group id as the folder lists it."`
}

type passwordFolderAccount struct {
	passwordFolder
	passwordAccount
}

type passwordBackup struct {
	Backup string `json:"backup" in:"path" jsonschema:"required,minLength=1"`
}

type passwordBackupKey struct {
	Key string `json:"backup_key" in:"path" jsonschema:"required,minLength=1"`
}

type passwordRestore struct {
	Restore string `json:"restore" in:"path" jsonschema:"required,minLength=1"`
}

type passwordRules struct {
	Rules string `json:"rules" in:"path" jsonschema:"required,minLength=1,description=Id of the policy."`
}

// passwordTook is what the answer to a change in the password manager means.
const passwordTook = "the password manager took it and does not show what became of it"

const managerAt = "/api/v2/passwordmanager"

var passwordManager = Set{"password_manager", "The password manager: devices, folders, items."}.Of(
	Get[None, Raw]("password_manager_get", "GET /api/v2/password-manager",
		"Show whether the organisation uses the password manager, and how.", Untyped()),
	Get[None, Raw]("password_manager_overview_get", "GET "+managerAt+"/overview",
		"Show the numbers of the password manager: users, items, folders.", Untyped()),
	Delete[None]("password_manager_deactivate", "DELETE "+managerAt,
		"Deactivate the password manager for the whole organisation. Users lose what they keep in it.", Untyped(), NoReadBack(passwordTook)),
	List[None, Raw]("password_manager_versions_list", "GET "+managerAt+"/appversions",
		"List the versions of the password manager app.", Untyped(), Takes()),
	List[None, jc.PasswordManagerDevice]("password_manager_devices_list", "GET "+managerAt+"/devices",
		"List the devices on which the password manager app is set up.", Columns("name", "osName", "appVersion", "updatedAt", "userUuid", "id")),
	Get[passwordDevice, jc.PasswordManagerDevice]("password_manager_devices_get", "GET "+managerAt+"/devices/{device}",
		"Show one device of the password manager app."),
	List[None, Raw]("password_manager_items_list", "GET "+managerAt+"/items",
		"List the items (logins, notes, cards) in the password manager, without their contents.", Untyped()),
	List[None, Raw]("password_manager_users_list", "GET "+managerAt+"/users",
		"List the users of the password manager.", Untyped()),
	Get[passwordAccount, Raw]("password_manager_users_get", "GET "+managerAt+"/users/{account}",
		"Show one user of the password manager.", Untyped()),
	List[passwordAccount, Raw]("password_manager_users_items_list", "GET "+managerAt+"/users/{account}/items",
		"List the items that a user keeps in the password manager, without their contents.", Untyped()),
	List[passwordAccount, Raw]("password_manager_users_folders_list", "GET "+managerAt+"/users/{account}/sharedFolders",
		"List the shared folders that a user of the password manager is in.", Untyped()),
	Act[None, Raw]("password_manager_users_reinvite", "POST "+managerAt+"/users/reinvite",
		"Send the invitation to the password manager again, by e-mail.", Untyped(), NoReadBack("the password manager took it; whether the e-mail arrives is not known")),
	Get[None, Raw]("password_manager_policies_get", "GET "+managerAt+"/company/policies",
		"Show the organisation's policies for the password manager.", Untyped()),
	Change[passwordRules, Raw]("password_manager_policies_update", "PUT "+managerAt+"/company/policies/{rules}",
		"Change the organisation's policies for the password manager.", Untyped(), NoReadBack(passwordTook)),
)

// passwordManagerBackups: a backup holds a user's vault and a key opens it, so
// neither is shown, only what tells one from another.
var passwordManagerBackups = Set{Name: "password_manager"}.Of(
	List[None, Raw]("password_manager_backups_list", "GET "+managerAt+"/backups",
		"List the cloud backups of the password manager.", Untyped(), Rows(plainRow)),
	Secret[passwordBackup]("password_manager_backups_get", "GET "+managerAt+"/backups/{backup}",
		"Read a cloud backup of somebody's password manager.", Untyped()),
	List[None, Raw]("password_manager_backup_keys_list", "GET "+managerAt+"/backup/keys",
		"List the keys of password manager cloud backups, without the keys themselves.", Untyped(), Rows(plainRow)),
	Secret[passwordBackupKey]("password_manager_backup_keys_get", "GET "+managerAt+"/backup/keys/{backup_key}",
		"Read a key that opens password manager cloud backups.", Untyped()),
	Secret[None]("password_manager_backup_keys_create", "POST "+managerAt+"/backup/keys",
		"Create keys for password manager cloud backups.", Untyped()),
	Change[passwordBackupKey, Raw]("password_manager_backup_keys_update", "PUT "+managerAt+"/backup/keys/{backup_key}",
		"Change a key of password manager cloud backups.", Untyped(), NoReadBack("the key is not read back: its answer could hold it")),
	Delete[passwordBackupKey]("password_manager_backup_keys_delete", "DELETE "+managerAt+"/backup/keys/{backup_key}",
		"Delete a key of password manager cloud backups. Backups made with it can no longer be opened.", Untyped()),
	List[None, Raw]("password_manager_restores_list", "GET "+managerAt+"/backup/restores",
		"List the requests to restore a password manager cloud backup.", Untyped(), Rows(plainRow)),
	Change[passwordRestore, Raw]("password_manager_restores_update", "PUT "+managerAt+"/backup/restores/{restore}",
		"Approve or deny a request to restore a password manager backup. Who asked then gets its contents.", Untyped(), Destroy,
		NoReadBack(passwordTook)),
)

var passwordManagerFolders = Set{Name: "password_manager"}.Of(
	List[None, Raw]("password_manager_folders_list", "GET "+managerAt+"/sharedfolders",
		"List the shared folders of the password manager.", Untyped()),
	Get[passwordFolder, Raw]("password_manager_folders_get", "GET "+managerAt+"/sharedfolders/{folder}",
		"Show one shared folder of the password manager.", Untyped()),
	Create[None, Raw]("password_manager_folders_create", "POST "+managerAt+"/sharedfolders",
		"Create a shared folder in the password manager.", Untyped()),
	Change[passwordFolder, Raw]("password_manager_folders_update", "PUT "+managerAt+"/sharedfolders/{folder}",
		"Rename or change a shared folder of the password manager.", Untyped()),
	Delete[None]("password_manager_folders_delete", "DELETE "+managerAt+"/sharedfolders",
		"Delete shared folders of the password manager. Everybody loses the passwords in them.", Untyped(), Selects("folder"), NoReadBack(passwordTook)),
	Act[passwordFolder, Raw]("password_manager_folders_manage", "POST "+managerAt+"/sharedfolders/{folder}/manage",
		"Share a folder of the password manager with users and groups, or stop sharing it.", Untyped(), NoReadBack(passwordTook)),
	Get[None, Raw]("password_manager_access_levels_get", "GET "+managerAt+"/sharedfolders/accessLevels",
		"Show the access levels that members of a shared folder can have.", Untyped()),
	List[passwordFolder, Raw]("password_manager_folders_groups_list", "GET "+managerAt+"/sharedfolders/{folder}/groups",
		"List the groups that a password manager folder is shared with.", Untyped()),
	Change[passwordFolderGroup, Raw]("password_manager_folders_groups_update", "PUT "+managerAt+"/sharedfolders/{folder}/groups/{group}",
		"Change the access level of a group in a shared password folder.", Untyped(), NoReadBack(passwordTook)),
	Act[passwordFolderGroup, Raw]("password_manager_folders_groups_remove", "DELETE "+managerAt+"/sharedfolders/{folder}/groups/{group}",
		"Stop sharing a password manager folder with a group.", Untyped(), Idempotent, NoReadBack(passwordTook)),
	List[passwordFolder, Raw]("password_manager_folders_users_list", "GET "+managerAt+"/sharedfolders/{folder}/users",
		"List the users that a password manager folder is shared with.", Untyped()),
	Change[passwordFolderAccount, Raw]("password_manager_folders_users_update", "PUT "+managerAt+"/sharedfolders/{folder}/users/{account}",
		"Change the access level of a user in a shared password folder.", Untyped(), NoReadBack(passwordTook)),
	Act[passwordFolderAccount, Raw]("password_manager_folders_users_remove", "DELETE "+managerAt+"/sharedfolders/{folder}/users/{account}",
		"Stop sharing a password manager folder with a user.", Untyped(), Idempotent, NoReadBack(passwordTook)),
	Get[None, Raw]("password_manager_sharing_get", "GET "+managerAt+"/policy/sharedfolders",
		"Show who may share folders of the password manager.", Untyped()),
	Change[passwordRules, Raw]("password_manager_sharing_update", "PUT "+managerAt+"/policy/sharedfolders/{rules}",
		"Change who may share folders of the password manager.", Untyped(), ReadBackAt("GET "+managerAt+"/policy/sharedfolders")),
	List[None, Raw]("password_manager_sharing_groups_list", "GET "+managerAt+"/policy/sharedfolders/groups",
		"List the groups that may share folders of the password manager.", Untyped()),
	List[None, Raw]("password_manager_sharing_users_list", "GET "+managerAt+"/policy/sharedfolders/users",
		"List the users who may share folders of the password manager.", Untyped()),
)

type (
	passwordItem struct {
		Item jc.Ref[jc.PasswordItem] `json:"item" in:"path" jsonschema:"required"`
	}
	passwordItemBonds struct {
		passwordItem
		userTargets
	}
	passwordItemBondChange struct {
		passwordItem
		association
	}
)

// passwordItemsGraph: only the paths of these are published; they are used as
// those of all other types of the graph.
var passwordItemsGraph = Set{Name: "password_manager"}.Of(
	asGraph(reach[passwordItem]("password_manager_items_users_list", "GET /api/v2/passwordmanageritems/{item}/users",
		"List the users who reach a password manager item, directly or through groups.", userEnd)),
	asGraph(reach[passwordItem]("password_manager_items_user_groups_list", "GET /api/v2/passwordmanageritems/{item}/usergroups",
		"List the user groups that reach a password manager item.", userGroupEnd)),
	asGraph(bonds[passwordItemBonds]("password_manager_items_associations_list", "GET /api/v2/passwordmanageritems/{item}/associations",
		"List the users or user groups that are bound directly to a password manager item.", userEnd, userGroupEnd)),
	asGraph(bondChange[passwordItemBondChange]("password_manager_items_associations_change", "POST /api/v2/passwordmanageritems/{item}/associations",
		"Bind a user or user group to a password manager item, or end it.", auth.Change)),
)

// tellingField fits fields that tell one object from another: names, ids, states,
// times and counts.
var tellingField = regexp.MustCompile(`(?i)(^_?id|name|email|Id|uuid|at|size|status|state|type|version|count|date|time|enabled|active)$`)

// plainRow is a row that may hold key material without it: everything is left out
// that is not known to be harmless.
func plainRow(row jc.Row) jc.Row {
	out := jc.Row{}
	for _, name := range slices.Sorted(maps.Keys(row)) {
		switch row[name].(type) {
		case map[string]any, []any:
		default:
			if tellingField.MatchString(name) && !isSecret(name, row[name]) {
				out[name] = row[name]
			}
		}
	}
	return out
}
