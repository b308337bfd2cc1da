package tools

import jc "github.com/jc-mcp/jc-mcp/jumpcloud"

// administratorAccount names an administrator by id: the API lists none, but for
// those of a provider.
type administratorAccount struct {
	Administrator string `json:"administrator" in:"path" jsonschema:"required,pattern=^[0-9a-f]{24}$"`
}

type administratorEdit struct {
	administratorAccount
	Email             *string        `json:"email,omitempty" jsonschema:"maxLength=1024,format=email"`
	Firstname         *string        `json:"firstname,omitempty"`
	Lastname          *string        `json:"lastname,omitempty"`
	RoleName          *string        `json:"roleName,omitempty"`
	RoleNames         []string       `json:"roleNames,omitzero" rare:"true"`
	EnableMultiFactor *bool          `json:"enableMultiFactor,omitempty"`
	APIKeyAllowed     *bool          `json:"apiKeyAllowed,omitempty"`
	GrowthData        map[string]any `json:"growthData,omitempty" rare:"true"`
	WhatsNewChecked   *string        `json:"lastWhatsNewChecked,omitempty" rare:"true" jsonschema:"format=date"`
}

// administratorAccounts are the operations of the v1 API on an administrator: what
// it calls a user there is one who runs the console.
var administratorAccounts = Set{Name: "administrators"}.Of(
	Change[administratorEdit, jc.AdministratorAccount]("administrators_update", "PUT /api/users/{administrator}",
		"Change an administrator: name, e-mail, role, MFA, API key access.", Destroy,
		NoReadBack("the API does not read an administrator by id")),
	Act[administratorAccount, None]("administrators_reactivate", "GET /api/users/reactivate/{administrator}",
		"Mail an administrator a link to reset the password.", Destroy, NoReadBack("the mail is on its way")),
	Act[administratorAccount, None]("administrators_reset_totp", "POST /api/users/resettotp/{administrator}",
		"Reset an administrator's one-time codes (TOTP). They have to enrol again.", Destroy, NoReadBack("the administrator is asked to enrol at the next sign-in")),
)
