package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type user struct {
	User jc.Ref[jc.User] `json:"user" in:"path" jsonschema:"required"`
}

type userNew struct {
	Username   string          `json:"username" jsonschema:"required,minLength=1,maxLength=1024"`
	Email      string          `json:"email" jsonschema:"required,minLength=3,maxLength=1024"`
	Firstname  string          `json:"firstname,omitempty"`
	Lastname   string          `json:"lastname,omitempty"`
	Department string          `json:"department,omitempty"`
	JobTitle   string          `json:"jobTitle,omitempty"`
	Manager    jc.Ref[jc.User] `json:"manager,omitzero"`
	State      string          `json:"state,omitempty" rare:"true" jsonschema:"enum=STAGED,enum=ACTIVATED,enum=SUSPENDED"`
	Activated  *bool           `json:"activated,omitempty" rare:"true"`
	Password   string          `json:"password,omitempty" rare:"true"`

	Company       string         `json:"company,omitempty" rare:"true"`
	Displayname   string         `json:"displayname,omitempty" rare:"true"`
	EmployeeType  string         `json:"employeeType,omitempty" rare:"true"`
	Location      string         `json:"location,omitempty" rare:"true"`
	RecoveryEmail *recoveryEmail `json:"recoveryEmail,omitempty" rare:"true"`
	Sudoless      *bool          `json:"passwordless_sudo,omitempty" rare:"true"`
	userExtras
}

type userEdit struct {
	user
	Email        *string         `json:"email,omitempty" jsonschema:"maxLength=1024"`
	Firstname    *string         `json:"firstname,omitempty" jsonschema:"maxLength=1024"`
	Lastname     *string         `json:"lastname,omitempty" jsonschema:"maxLength=1024"`
	Displayname  *string         `json:"displayname,omitempty" jsonschema:"maxLength=1024"`
	Department   *string         `json:"department,omitempty" jsonschema:"maxLength=1024"`
	JobTitle     *string         `json:"jobTitle,omitempty" jsonschema:"maxLength=1024"`
	Company      *string         `json:"company,omitempty" jsonschema:"maxLength=1024"`
	Location     *string         `json:"location,omitempty" jsonschema:"maxLength=1024"`
	EmployeeType *string         `json:"employeeType,omitempty" jsonschema:"maxLength=1024"`
	Manager      jc.Ref[jc.User] `json:"manager,omitzero"`

	Username string   `json:"username,omitempty" rare:"true" jsonschema:"minLength=1,maxLength=1024"`
	State    string   `json:"state,omitempty" rare:"true" jsonschema:"enum=ACTIVATED,enum=SUSPENDED"`
	Password string   `json:"password,omitempty" rare:"true"`
	SSHKeys  []sshKey `json:"ssh_keys,omitempty" rare:"true"`
	userExtras
}

// userExtras are what creating and updating a user both take beside, seldom used.
type userExtras struct {
	Suspended         *bool               `json:"suspended,omitempty" rare:"true"`
	AccountLocked     *bool               `json:"account_locked,omitempty" rare:"true"`
	Middlename        *string             `json:"middlename,omitempty" rare:"true" jsonschema:"maxLength=1024"`
	AlternateEmail    *string             `json:"alternateEmail,omitempty" rare:"true"`
	CostCenter        *string             `json:"costCenter,omitempty" rare:"true" jsonschema:"maxLength=1024"`
	Description       *string             `json:"description,omitempty" rare:"true" jsonschema:"maxLength=1024"`
	EmployeeID        string              `json:"employeeIdentifier,omitempty" rare:"true" jsonschema:"maxLength=256"`
	Addresses         []userAddress       `json:"addresses,omitempty" rare:"true"`
	PhoneNumbers      []userPhone         `json:"phoneNumbers,omitempty" rare:"true"`
	Attributes        []namedValue        `json:"attributes,omitempty" rare:"true"`
	Relationships     []userRelation      `json:"relationships,omitempty" rare:"true"`
	MFA               *userMFA            `json:"mfa,omitempty" rare:"true"`
	PortalMFA         *bool               `json:"enable_user_portal_multifactor,omitempty" rare:"true"`
	PasswordNever     *bool               `json:"password_never_expires,omitempty" rare:"true"`
	Sudo              *bool               `json:"sudo,omitempty" rare:"true"`
	LDAPBinding       *bool               `json:"ldap_binding_user,omitempty" rare:"true"`
	SambaService      *bool               `json:"samba_service_user,omitempty" rare:"true"`
	AllowPublicKey    *bool               `json:"allow_public_key,omitempty" rare:"true"`
	PublicKey         string              `json:"public_key,omitempty" rare:"true"`
	ManagedUID        *bool               `json:"enable_managed_uid,omitempty" rare:"true"`
	UnixUID           *int                `json:"unix_uid,omitempty" rare:"true" jsonschema:"minimum=1"`
	UnixGID           *int                `json:"unix_guid,omitempty" rare:"true" jsonschema:"minimum=1"`
	ManagedAppleID    *string             `json:"managedAppleId,omitempty" rare:"true" jsonschema:"maxLength=1024"`
	NoDeviceLockout   *bool               `json:"disableDeviceMaxLoginAttempts,omitempty" rare:"true"`
	DelegatedTo       *delegatedAuthority `json:"delegatedAuthority,omitempty" rare:"true"`
	ExternallyManaged *bool               `json:"externally_managed,omitempty" rare:"true"`
	ExternalDN        string              `json:"external_dn,omitempty" rare:"true"`
	ExternalSource    string              `json:"external_source_type,omitempty" rare:"true"`
	ExternalExpires   string              `json:"external_password_expiration_date,omitempty" rare:"true" jsonschema:"format=date-time"`
	RestrictedFields  []restrictedField   `json:"restrictedFields,omitempty" rare:"true"`
}

type recoveryEmail struct {
	Address string `json:"address,omitempty" jsonschema:"format=email"`
}

type sshKey struct {
	Name      string `json:"name" jsonschema:"required"`
	PublicKey string `json:"public_key" jsonschema:"required"`
}

type userAddress struct {
	Type            string `json:"type,omitempty" jsonschema:"maxLength=1024"`
	StreetAddress   string `json:"streetAddress,omitempty" jsonschema:"maxLength=1024"`
	ExtendedAddress string `json:"extendedAddress,omitempty" jsonschema:"maxLength=1024"`
	POBox           string `json:"poBox,omitempty" jsonschema:"maxLength=1024"`
	Locality        string `json:"locality,omitempty" jsonschema:"maxLength=1024"`
	Region          string `json:"region,omitempty" jsonschema:"maxLength=1024"`
	PostalCode      string `json:"postalCode,omitempty" jsonschema:"maxLength=1024"`
	Country         string `json:"country,omitempty" jsonschema:"maxLength=1024"`
}

type userPhone struct {
	Type   string `json:"type,omitempty" jsonschema:"maxLength=1024"`
	Number string `json:"number,omitempty" jsonschema:"maxLength=1024"`
}

type namedValue struct {
	Name  string `json:"name" jsonschema:"required,pattern=^[A-Za-z0-9]+$"`
	Value string `json:"value" jsonschema:"required,maxLength=1024"`
}

type userRelation struct {
	Type  string `json:"type,omitempty"`
	Value string `json:"value,omitempty"`
}

type userMFA struct {
	Configured     *bool  `json:"configured,omitempty"`
	Exclusion      *bool  `json:"exclusion,omitempty"`
	ExclusionDays  *int   `json:"exclusionDays,omitempty" jsonschema:"minimum=1"`
	ExclusionUntil string `json:"exclusionUntil,omitempty" jsonschema:"format=date-time"`
}

type delegatedAuthority struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty" jsonschema:"enum=ActiveDirectory"`
}

type restrictedField struct {
	ID    string `json:"id,omitempty" jsonschema:"maxLength=24"`
	Field string `json:"field,omitempty" jsonschema:"enum=addresses,enum=company,enum=costCenter,enum=department,enum=description,enum=displayname,enum=email,enum=employeeIdentifier,enum=employeeType,enum=firstname,enum=jobTitle,enum=lastname,enum=location,enum=middlename,enum=password,enum=phoneNumbers,enum=sudo,enum=username"`
	Type  string `json:"type,omitempty" jsonschema:"enum=active_directory,enum=federated_identity_provider,enum=scim"`
}

var users = Set{"users", "People of the directory."}.Of(
	List[None, jc.User]("users_list", "GET /api/systemusers",
		"Find or count users.", Core, Searches("POST /api/search/systemusers"),
		IDs("manager", jc.User{}.Kind()), InGroups(jc.UserGroup{}.Kind(), "GET /api/v2/usergroups/{group}/membership"),
		Columns("username", "department", "jobTitle", "flags")),
	Change[userEdit, jc.User]("users_update", "PUT /api/systemusers/{user}",
		"Change attributes of a user.", Core,
		GraveWith("password", "sudo", "mfa", "enable_user_portal_multifactor", "ssh_keys", "public_key")),
	Delete[user]("users_delete", "DELETE /api/systemusers/{user}",
		"Delete a user for good, with all access."),
)
