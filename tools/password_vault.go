package tools

// Of the password vault only paths are published. What its answers hold is not
// known, so that whatever could carry a secret is a reveal: a person reads it.

type vaultCredential struct {
	Credential string `json:"credential" in:"path" jsonschema:"required,minLength=1"`
}

type vaultWebsite struct {
	Website string `json:"website" in:"path" jsonschema:"required,minLength=1"`
}

type vaultWebsiteLink struct {
	vaultWebsite
	Link string `json:"link" in:"path" jsonschema:"required,minLength=1"`
}

type vaultFolder struct {
	Folder string `json:"folder" in:"path" jsonschema:"required,minLength=1"`
}

type vaultGroup struct {
	Group string `json:"group" in:"path" jsonschema:"required,minLength=1"`
}

// What the answers of acts in the vault mean.
const (
	vaultTook    = "the vault took it and does not show what became of it"
	vaultQueued  = "the vault makes the file in the background; it can hold secrets, so a person fetches it in the console"
	vaultHanded  = "the vault gave the session to the administrator of this server's credential"
	vaultSending = "the vault took the file and works on it in the background"
)

const vaultAt = "/api/v2/password-vault/"

var passwordVault = Set{"password_vault", "The password vault: credentials, websites, folders."}.Of(
	List[None, Raw]("password_vault_credentials_list", "GET "+vaultAt+"credentials",
		"Find shared credentials in the password vault, without their passwords.", Untyped()),
	Get[vaultCredential, Raw]("password_vault_credentials_get", "GET "+vaultAt+"credentials/{credential}",
		"Show one credential of the password vault, without its password.", Untyped()),
	vaultSave(Create[None, Raw]("password_vault_credentials_save", "PUT "+vaultAt+"credentials",
		"Create a credential in the password vault, or change the one whose id is given.", Untyped()), "credential"),
	Delete[vaultCredential]("password_vault_credentials_delete", "DELETE "+vaultAt+"credentials/{credential}",
		"Delete a credential from the password vault. Its password is lost.", Untyped()),
	Delete[None]("password_vault_credentials_delete_many", "DELETE "+vaultAt+"credentials/bulk-delete",
		"Delete several credentials from the password vault. Their passwords are lost.", Untyped(), Selects("credential"), NoReadBack(vaultTook)),
	Act[None, Raw]("password_vault_credentials_archive", "POST "+vaultAt+"credentials/archive",
		"Archive credentials of the password vault.", Untyped(), Selects("credential"), Idempotent, NoReadBack(vaultTook)),
	Act[None, Raw]("password_vault_credentials_unarchive", "POST "+vaultAt+"credentials/unarchive",
		"Bring archived credentials back into the password vault.", Untyped(), Selects("credential"), Idempotent, NoReadBack(vaultTook)),
	Act[vaultCredential, Raw]("password_vault_credentials_clone", "POST "+vaultAt+"credentials/{credential}/clones",
		"Duplicate a credential of the password vault.", Untyped(), NoReadBack(vaultTook)),
	Act[vaultCredential, Raw]("password_vault_credentials_take_over", "POST "+vaultAt+"credentials/{credential}/admin-takeovers",
		"Take over a password vault credential as administrator. Whoever uses it loses the session.", Untyped(), Destroy, NoReadBack(vaultHanded)),
	List[vaultCredential, Raw]("password_vault_credentials_activities_list", "GET "+vaultAt+"credentials/{credential}/activities",
		"List who used or changed a vault credential (activity, audit trail).", Untyped()),
	Secret[vaultCredential]("password_vault_credentials_history", "GET "+vaultAt+"credentials/{credential}/history",
		"Read the history of a vault credential, which can hold former passwords.", Untyped()),
	Secret[vaultCredential]("password_vault_credentials_mfa_code", "GET "+vaultAt+"credentials/{credential}/mfa-code",
		"Read the current one-time MFA code (TOTP) of a vault credential.", Untyped()),
	Secret[vaultCredential]("password_vault_credentials_secret", "GET "+vaultAt+"credentials/{credential}/secret",
		"Read the secret value (password) of a vault credential.", Untyped()),
	Secret[vaultCredential]("password_vault_credentials_secret_payload", "GET "+vaultAt+"credentials/{credential}/secret/v2",
		"Read the secret of a vault credential in its newer form, every secret field.", Untyped()),
	Secret[vaultCredential]("password_vault_credentials_with_secret", "GET "+vaultAt+"credentials/{credential}/with-secret",
		"Read a vault credential together with its secret value.", Untyped()),
)

var passwordVaultWebsites = Set{Name: "password_vault"}.Of(
	List[None, Raw]("password_vault_websites_list", "GET "+vaultAt+"websites",
		"Find websites (web logins) in the password vault.", Untyped()),
	Get[vaultWebsite, Raw]("password_vault_websites_get", "GET "+vaultAt+"websites/{website}",
		"Show one website of the password vault.", Untyped()),
	Get[vaultWebsite, Raw]("password_vault_websites_settings_get", "GET "+vaultAt+"websites/{website}/edit",
		"Show a vault website with the settings that its edit form has.", Untyped()),
	vaultSave(Create[None, Raw]("password_vault_websites_save", "POST "+vaultAt+"websites",
		"Create a website in the password vault, or change the one whose id is given.", Untyped()), "website"),
	Delete[vaultWebsite]("password_vault_websites_delete", "DELETE "+vaultAt+"websites/{website}",
		"Delete a website from the password vault. Its links to credentials are lost.", Untyped()),
	Act[vaultWebsite, Raw]("password_vault_websites_archive", "POST "+vaultAt+"websites/{website}/archive",
		"Archive a website of the password vault.", Untyped(), Idempotent, NoReadBack(vaultTook)),
	Act[vaultWebsite, Raw]("password_vault_websites_unarchive", "POST "+vaultAt+"websites/{website}/unarchive",
		"Bring an archived website back into the password vault.", Untyped(), Idempotent, NoReadBack(vaultTook)),
	Act[vaultWebsite, Raw]("password_vault_websites_clone", "POST "+vaultAt+"websites/{website}/clones",
		"Duplicate a website of the password vault.", Untyped(), NoReadBack(vaultTook)),
	Act[vaultWebsite, Raw]("password_vault_websites_take_over", "POST "+vaultAt+"websites/{website}/admin-takeovers",
		"Take over a password vault website as administrator. Its present owner loses it.", Untyped(), Destroy, NoReadBack(vaultHanded)),
	List[vaultWebsite, Raw]("password_vault_websites_activities_list", "GET "+vaultAt+"websites/{website}/activities",
		"List who used or changed a vault website (activity, audit trail).", Untyped()),
	List[vaultWebsite, Raw]("password_vault_websites_links_list", "GET "+vaultAt+"websites/{website}/connect-links",
		"List the credentials with which one can sign in to a vault website.", Untyped()),
	Act[vaultWebsite, Raw]("password_vault_websites_links_create", "POST "+vaultAt+"websites/{website}/links",
		"Link a credential to a vault website, to sign in with.", Untyped(), NoReadBack(vaultTook)),
	Secret[vaultWebsiteLink]("password_vault_websites_links_confirm", "POST "+vaultAt+"websites/{website}/links/{link}/confirmations",
		"Confirm the sign-in to a vault website with a linked credential.", Untyped()),
	Secret[vaultWebsite]("password_vault_websites_autofill_get", "GET "+vaultAt+"websites/{website}/parameters-extension",
		"Read what the browser extension fills in on a vault website (autofill).", Untyped()),
)

var passwordVaultFolders = Set{Name: "password_vault"}.Of(
	List[None, Raw]("password_vault_folders_list", "GET "+vaultAt+"folders",
		"Find folders of the password vault.", Untyped()),
	Get[vaultFolder, Raw]("password_vault_folders_get", "GET "+vaultAt+"folders/{folder}",
		"Show one folder of the password vault.", Untyped()),
	Get[vaultFolder, Raw]("password_vault_folders_settings_get", "GET "+vaultAt+"folders/{folder}/edit",
		"Show a vault folder with the settings that its edit form has.", Untyped()),
	vaultSave(Create[None, Raw]("password_vault_folders_save", "POST "+vaultAt+"folders",
		"Create a folder in the password vault, or change the one whose id is given.", Untyped()), "folder"),
	Change[vaultFolder, Raw]("password_vault_folders_update", "PUT "+vaultAt+"folders/{folder}/properties",
		"Rename or describe a folder of the password vault.", Untyped(), ReadBackAt("GET "+vaultAt+"folders/{folder}")),
	Change[vaultFolder, Raw]("password_vault_folders_policies_update", "PUT "+vaultAt+"folders/{folder}/policies",
		"Change the access policies of a password vault folder: who may do what.", Untyped(), NoReadBack(vaultTook)),
	Delete[vaultFolder]("password_vault_folders_delete", "DELETE "+vaultAt+"folders/{folder}",
		"Delete a folder of the password vault. Who had access through it loses that.", Untyped()),
	Act[vaultFolder, Raw]("password_vault_folders_take_over", "POST "+vaultAt+"folders/{folder}/admin-takeovers",
		"Take over a password vault folder as administrator. Its present owner loses it.", Untyped(), Destroy, NoReadBack(vaultHanded)),
	Delete[vaultFolder]("password_vault_folders_leave", "DELETE "+vaultAt+"folders/{folder}/users/self",
		"Give up one's own access to a shared vault folder. Others have to grant it again.", Untyped(), NoReadBack(vaultTook)),
	List[vaultFolder, Raw]("password_vault_folders_managers_list", "GET "+vaultAt+"folders/{folder}/managers",
		"List who manages a password vault folder.", Untyped()),
	List[vaultFolder, Raw]("password_vault_folders_items_list", "GET "+vaultAt+"folders/{folder}/items",
		"List the credentials and websites in a password vault folder.", Untyped()),
	Act[vaultFolder, Raw]("password_vault_folders_items_add", "POST "+vaultAt+"folders/{folder}/items",
		"Put credentials and websites into a password vault folder.", Untyped(), Selects("vault_item"), Idempotent, NoReadBack(vaultTook)),
	Act[vaultFolder, Raw]("password_vault_folders_items_move", "POST "+vaultAt+"folders/{folder}/items/move",
		"Move credentials and websites from one vault folder to another.", Untyped(), Selects("vault_item"), NoReadBack(vaultTook)),
	Act[vaultFolder, Raw]("password_vault_folders_items_reset", "POST "+vaultAt+"folders/{folder}/items/move-to-default",
		"Move credentials and websites of a vault folder to the default folder.", Untyped(), Selects("vault_item"), NoReadBack(vaultTook)),
	Delete[vaultFolder]("password_vault_folders_items_remove", "DELETE "+vaultAt+"folders/{folder}/items",
		"Take credentials and websites out of a vault folder. Who had access through it loses that.", Untyped(), Selects("vault_item"), NoReadBack(vaultTook)),
)

var passwordVaultGroups = Set{Name: "password_vault"}.Of(
	List[None, Raw]("password_vault_groups_list", "GET "+vaultAt+"groups",
		"Find groups of the password vault.", Untyped()),
	List[None, Raw]("password_vault_groups_all_list", "GET "+vaultAt+"groups/all",
		"List all groups of the password vault in one page.", Untyped(), Takes()),
	List[vaultGroup, Raw]("password_vault_groups_members_list", "GET "+vaultAt+"groups/{group}/members",
		"List the members of a password vault group.", Untyped()),
	List[vaultGroup, Raw]("password_vault_groups_resources_list", "GET "+vaultAt+"groups/{group}/resources",
		"List what a password vault group may use.", Untyped()),
	List[vaultGroup, Raw]("password_vault_groups_assignable_list", "GET "+vaultAt+"groups/{group}/assignable-resources",
		"List what could still be assigned to a password vault group.", Untyped()),
	Change[vaultGroup, Raw]("password_vault_groups_resources_change", "PUT "+vaultAt+"groups/{group}/resources",
		"Assign credentials and websites to a password vault group, or remove them.", Untyped(), NoReadBack(vaultTook)),
	Act[vaultGroup, Raw]("password_vault_groups_deactivate", "POST "+vaultAt+"groups/{group}/deactivate",
		"Deactivate a password vault group. Its members lose what it grants.", Untyped(), Idempotent, NoReadBack(vaultTook)),
)

var passwordVaultOrganization = Set{Name: "password_vault"}.Of(
	Get[None, Raw]("password_vault_overview_get", "GET "+vaultAt+"dashboard-overview",
		"Show the dashboard of the password vault: counts and what is used most.", Untyped()),
	Get[None, Raw]("password_vault_settings_get", "GET "+vaultAt+"tenant-settings",
		"Show the settings of the password vault and its integrations.", Untyped()),
	Change[None, Raw]("password_vault_settings_update", "PUT "+vaultAt+"tenant-settings",
		"Switch settings and integrations of the password vault on or off.", Untyped()),
	Get[None, Raw]("password_vault_default_permissions_get", "GET "+vaultAt+"tenant-settings/default-permissions",
		"Show which permissions are given by default in the password vault.", Untyped()),
	List[None, Raw]("password_vault_users_list", "GET "+vaultAt+"users",
		"Find users of the password vault.", Untyped()),
	List[None, Raw]("password_vault_tenants_list", "GET "+vaultAt+"users/active-pwm-tenants",
		"List the tenants that have an active password manager edition.", Untyped(), Takes()),
	Get[None, Raw]("password_vault_self_get", "GET "+vaultAt+"users/self",
		"Show which password vault user this server acts as.", Untyped()),
	Get[None, Raw]("password_vault_self_managed_get", "GET "+vaultAt+"users/self/jc-user",
		"Show whether this server's own vault user is managed by JumpCloud.", Untyped()),
	List[None, Raw]("password_vault_tags_list", "GET "+vaultAt+"tags",
		"List the tags (labels) of the password vault.", Untyped()),
	Act[None, Raw]("password_vault_events_create", "POST "+vaultAt+"events",
		"Write an event into the audit log of the password vault.", Untyped(), NoReadBack(vaultTook)),
)

// passwordVaultFiles is how credentials and websites go in and out as Excel files.
var passwordVaultFiles = Set{Name: "password_vault"}.Of(
	Get[None, Raw]("password_vault_credentials_columns_get", "GET "+vaultAt+"credentials/excel/columns",
		"Show the columns that an Excel file of vault credentials has.", Untyped()),
	Get[None, Raw]("password_vault_websites_columns_get", "GET "+vaultAt+"websites/excel/columns",
		"Show the columns that an Excel file of vault websites has.", Untyped()),
	Act[None, Raw]("password_vault_credentials_export", "POST "+vaultAt+"credentials/excel/exports",
		"Export vault credentials, passwords among them, to an Excel file.", Untyped(), Reveal, NoReadBack(vaultQueued)),
	Act[None, Raw]("password_vault_websites_export", "POST "+vaultAt+"websites/excel/exports",
		"Export vault websites, logins among them, to an Excel file.", Untyped(), Reveal, NoReadBack(vaultQueued)),
	vaultFile(Act[vaultUpload, Raw]("password_vault_credentials_read_columns", "POST "+vaultAt+"credentials/excel/extract-columns",
		"Upload an Excel file of credentials to see which columns it has, before importing it.", Untyped(), NoReadBack(vaultSending))),
	vaultFile(Act[vaultUpload, Raw]("password_vault_credentials_import", "POST "+vaultAt+"credentials/excel/import",
		"Import credentials into the password vault from the standard Excel template.", Untyped(), NoReadBack(vaultSending))),
	vaultFile(Act[vaultUploadMapped, Raw]("password_vault_credentials_import_mapped", "POST "+vaultAt+"credentials/excel/import-custom",
		"Import vault credentials from an Excel file of any layout, with columns mapped in body.", Untyped(), NoReadBack(vaultSending))),
)
