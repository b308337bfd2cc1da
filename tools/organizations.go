package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type organizationRef struct {
	Organization jc.Ref[jc.Organization] `json:"organization" in:"path" jsonschema:"required"`
}

type organizationEdit struct {
	organizationRef
	Settings *orgSettings `json:"settings" jsonschema:"required"`
}

// orgSettings are what the API takes; what it gives beside is read-only.
type orgSettings struct {
	Name                      *string            `json:"name,omitempty"`
	ContactName               *string            `json:"contactName,omitempty"`
	ContactEmail              *string            `json:"contactEmail,omitempty"`
	EmailDisclaimer           *string            `json:"emailDisclaimer,omitempty"`
	Logo                      *string            `json:"logo,omitempty"`
	DeviceIdentification      *bool              `json:"deviceIdentificationEnabled,omitempty"`
	DisableGoogleLogin        *bool              `json:"disableGoogleLogin,omitempty"`
	DisableLDAP               *bool              `json:"disableLdap,omitempty"`
	DisableUM                 *bool              `json:"disableUM,omitempty"`
	DuplicateLDAPGroups       *bool              `json:"duplicateLDAPGroups,omitempty"`
	EnableManagedUID          *bool              `json:"enableManagedUID,omitempty"`
	ShowIntro                 *bool              `json:"showIntro,omitempty"`
	SystemUsersCanEdit        *bool              `json:"systemUsersCanEdit,omitempty"`
	MaxSystemUsers            *int               `json:"maxSystemUsers,omitempty" jsonschema:"minimum=0"`
	PasswordExpirationInDays  *int               `json:"systemUserPasswordExpirationInDays,omitempty"`
	PasswordCompliance        string             `json:"passwordCompliance,omitempty" jsonschema:"enum=custom,enum=pci3,enum=windows"`
	PasswordPolicy            *orgPasswordPolicy `json:"passwordPolicy,omitempty"`
	NewSystemUserStateDefault *orgUserStates     `json:"newSystemUserStateDefaults,omitempty"`
	SystemUserDefaults        *orgUserDefaults   `json:"systemUserDefaults,omitempty"`
	UserPortal                *orgUserPortal     `json:"userPortal,omitempty"`
	TrustedAppConfig          *orgTrustedApps    `json:"trustedAppConfig,omitempty"`
	Features                  *orgFeatures       `json:"features,omitempty"`
	GrowthData                map[string]any     `json:"growthData,omitempty"`
}

type orgPasswordPolicy struct {
	EffectiveDate                 *string `json:"effectiveDate,omitempty"`
	GracePeriodDate               *string `json:"gracePeriodDate,omitempty"`
	EnableMinLength               *bool   `json:"enableMinLength,omitempty"`
	MinLength                     *int    `json:"minLength,omitempty"`
	NeedsLowercase                *bool   `json:"needsLowercase,omitempty"`
	NeedsUppercase                *bool   `json:"needsUppercase,omitempty"`
	NeedsNumeric                  *bool   `json:"needsNumeric,omitempty"`
	NeedsSymbolic                 *bool   `json:"needsSymbolic,omitempty"`
	AllowUsernameSubstring        *bool   `json:"allowUsernameSubstring,omitempty"`
	DisallowCommon                *bool   `json:"disallowCommonlyUsedPasswords,omitempty"`
	DisallowSequential            *bool   `json:"disallowSequentialOrRepetitiveChars,omitempty"`
	DisplayComplexity             *bool   `json:"displayComplexityOnResetScreen,omitempty"`
	EnableMaxHistory              *bool   `json:"enableMaxHistory,omitempty"`
	MaxHistory                    *int    `json:"maxHistory,omitempty" jsonschema:"minimum=1,maximum=24"`
	EnableMinChangePeriod         *bool   `json:"enableMinChangePeriodInDays,omitempty"`
	MinChangePeriodInDays         *int    `json:"minChangePeriodInDays,omitempty"`
	EnableExpiration              *bool   `json:"enablePasswordExpirationInDays,omitempty"`
	ExpirationInDays              *int    `json:"passwordExpirationInDays,omitempty" jsonschema:"minimum=1"`
	EnableMaxLoginAttempts        *bool   `json:"enableMaxLoginAttempts,omitempty"`
	MaxLoginAttempts              *int    `json:"maxLoginAttempts,omitempty" jsonschema:"minimum=1"`
	EnableLockoutTime             *bool   `json:"enableLockoutTimeInSeconds,omitempty"`
	LockoutTimeInSeconds          *int    `json:"lockoutTimeInSeconds,omitempty" jsonschema:"minimum=300,maximum=5400"`
	EnableDaysBeforeForceReset    *bool   `json:"enableDaysBeforeExpirationToForceReset,omitempty"`
	DaysBeforeForceReset          *int    `json:"daysBeforeExpirationToForceReset,omitempty" jsonschema:"minimum=1"`
	EnableDaysAfterSelfRecover    *bool   `json:"enableDaysAfterExpirationToSelfRecover,omitempty"`
	DaysAfterSelfRecover          *int    `json:"daysAfterExpirationToSelfRecover,omitempty"`
	AllowUnenrolledMFAResetOfPass *bool   `json:"allowUnenrolledMFAPasswordReset,omitempty"`
}

type orgUserStates struct {
	ManualEntry       string `json:"manualEntry,omitempty" jsonschema:"enum=ACTIVATED,enum=STAGED"`
	CSVImport         string `json:"csvImport,omitempty" jsonschema:"enum=ACTIVATED,enum=STAGED"`
	ApplicationImport string `json:"applicationImport,omitempty" jsonschema:"enum=ACTIVATED,enum=STAGED"`
}

type orgUserDefaults struct {
	RestrictedFields []orgRestrictedField `json:"restrictedFields,omitzero" jsonschema:"description=The whole list."`
}

type orgRestrictedField struct {
	Field string `json:"field,omitempty" jsonschema:"maxLength=32,enum=addresses,enum=company,enum=costCenter,enum=department,enum=description,enum=displayname,enum=email,enum=employeeIdentifier,enum=employeeType,enum=firstname,enum=jobTitle,enum=lastname,enum=location,enum=middlename,enum=password,enum=phoneNumbers,enum=sudo,enum=username"`
	ID    string `json:"id,omitempty" jsonschema:"maxLength=24"`
	Type  string `json:"type,omitempty" jsonschema:"maxLength=128,enum=active_directory,enum=federated_identity_provider,enum=scim"`
}

type orgUserPortal struct {
	CookieExpirationType       string `json:"cookieExpirationType,omitempty" jsonschema:"enum=session,enum=date"`
	IdleSessionDurationMinutes *int   `json:"idleSessionDurationMinutes,omitempty" jsonschema:"minimum=1,maximum=129600"`
}

type orgTrustedApps struct {
	TrustedApps []orgTrustedApp `json:"trustedApps" jsonschema:"required,minItems=1,description=The whole list."`
}

type orgTrustedApp struct {
	Name   string `json:"name" jsonschema:"required"`
	Path   string `json:"path,omitempty"`
	TeamID string `json:"teamid,omitempty"`
}

type orgFeatures struct {
	DirectoryInsights        *orgFeature        `json:"directoryInsights,omitempty"`
	DirectoryInsightsPremium *orgPremium        `json:"directoryInsightsPremium,omitempty"`
	SystemInsights           *orgSystemInsights `json:"systemInsights,omitempty"`
}

type orgFeature struct {
	Enabled *bool `json:"enabled,omitempty"`
}

type orgPremium struct {
	Enabled   *bool  `json:"enabled,omitempty"`
	CreatedAt string `json:"createdAt,omitempty"`
	UpdatedAt string `json:"updatedAt,omitempty"`
}

type orgSystemInsights struct {
	Enabled          *bool  `json:"enabled,omitempty"`
	EnableNewDarwin  *bool  `json:"enableNewDarwin,omitempty"`
	EnableNewLinux   *bool  `json:"enableNewLinux,omitempty"`
	EnableNewWindows *bool  `json:"enableNewWindows,omitempty"`
	CreatedAt        string `json:"createdAt,omitempty"`
	UpdatedAt        string `json:"updatedAt,omitempty"`
}

var organizations = Set{"organizations", "The organisation and its settings."}.Of(
	List[None, jc.OrganizationEntry]("organizations_list", "GET /api/organizations",
		"Find organisations that the credential reaches.", Searches("POST /api/search/organizations"), Columns("displayName")),
	Get[organizationRef, jc.Organization]("organizations_get", "GET /api/organizations/{organization}",
		"Show one organisation with its settings."),
	nested(Change[organizationEdit, jc.Organization]("organizations_update", "PUT /api/organizations/{organization}",
		"Change settings of an organisation. What is not given stays.", Merge, Grave),
		"settings.agentVersion", "settings.betaFeatures", "settings.pendingDelete", "settings.requireAdminMFA",
		"settings.windowsMDM", "settings.trustedAppConfig.checksum"),
)
