package tools

import (
	"encoding/json"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type authenticationPolicy struct {
	Policy jc.Ref[jc.AuthenticationPolicy] `json:"authentication_policy" in:"path" jsonschema:"required"`
}

type authenticationPolicyNew struct {
	Name string `json:"name" jsonschema:"required,minLength=1"`
	authenticationPolicyBody
}

type authenticationPolicyEdit struct {
	authenticationPolicy
	Name string `json:"name,omitempty" jsonschema:"minLength=1"`
	authenticationPolicyBody
}

type authenticationPolicyBody struct {
	Type        string                 `json:"type,omitempty" jsonschema:"enum=user_portal,enum=application,enum=ldap,enum=admin_portal"`
	Disabled    *bool                  `json:"disabled,omitempty"`
	Effect      *authenticationEffect  `json:"effect,omitempty"`
	Targets     *authenticationTargets `json:"targets,omitempty"`
	Conditions  map[string]any         `json:"conditions,omitempty" jsonschema:"description=deviceEncrypted\\, deviceManaged\\, ipAddressIn [IP list ids] or locationIn {countries}; joined by not\\, all\\, any."`
	Description *string                `json:"description,omitempty"`
}

// authenticationEffect is what happens to a sign-in that the rule meets.
type authenticationEffect struct {
	Action      string                     `json:"action" jsonschema:"required,enum=allow,enum=deny,enum=unknown"`
	Obligations *authenticationObligations `json:"obligations,omitempty"`
	CustomError *authenticationError       `json:"custom_error_message,omitempty"`
}

type authenticationObligations struct {
	MFA              *authenticationMFA          `json:"mfa,omitempty"`
	MFAFactors       []authenticationFactor      `json:"mfaFactors,omitzero"`
	UserVerification *authenticationVerification `json:"userVerification,omitempty"`
}

type authenticationMFA struct {
	Required *bool `json:"required,omitempty"`
}

type authenticationFactor struct {
	Type string `json:"type,omitempty" jsonschema:"enum=DURT,enum=WEBAUTHN,enum=PUSH,enum=DUO,enum=TOTP"`
}

type authenticationVerification struct {
	Requirement string `json:"requirement,omitempty" jsonschema:"enum=none,enum=optional,enum=required"`
}

type authenticationError struct {
	Enabled       bool                `json:"enabled" jsonschema:"required"`
	Message       string              `json:"message" jsonschema:"required"`
	PrimaryHelp   *authenticationHelp `json:"primary_help,omitempty"`
	SecondaryHelp *authenticationHelp `json:"secondary_help,omitempty"`
}

type authenticationHelp struct {
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// authenticationTargets are whose sign-ins to what the rule is about.
type authenticationTargets struct {
	Users          *authenticationUsers      `json:"users,omitempty"`
	UserGroups     *authenticationGroups     `json:"userGroups,omitempty"`
	Resources      []authenticationResource  `json:"resources,omitzero"`
	UserAttributes *authenticationAttributes `json:"userAttributes,omitempty"`
}

type authenticationUsers struct {
	Inclusions []string `json:"inclusions,omitzero" jsonschema:"example=ALL"`
}

type authenticationGroups struct {
	Inclusions []jc.Ref[jc.UserGroup] `json:"inclusions,omitzero"`
	Exclusions []jc.Ref[jc.UserGroup] `json:"exclusions,omitzero"`
}

// authenticationAttributes are conditions on users, in rules for LDAP alone.
type authenticationAttributes struct {
	Inclusions []authenticationAttribute `json:"inclusions,omitzero"`
	Exclusions []authenticationAttribute `json:"exclusions,omitzero"`
}

type authenticationAttribute struct {
	Field    string `json:"field,omitempty" jsonschema:"example=ldap_binding_user"`
	Operator string `json:"operator,omitempty" jsonschema:"enum=EQ"`
	Value    bool   `json:"value" jsonschema:"required"`
}

// authenticationResource is what is signed in to: all of a type, or one.
type authenticationResource struct {
	Type        string                 `json:"type" jsonschema:"required,enum=user_portal,enum=application,enum=ldap,enum=admin_portal"`
	Application jc.Ref[jc.Application] `json:"application,omitzero"`
	LDAPServer  jc.Ref[jc.LDAPServer]  `json:"ldap_server,omitzero"`
}

// MarshalJSON gives the one resource as the API knows it, by type and id.
func (a authenticationResource) MarshalJSON() ([]byte, error) {
	out := map[string]string{"type": a.Type}
	for _, id := range []string{a.Application.ID, a.LDAPServer.ID} {
		if id != "" {
			out["id"] = id
		}
	}
	return json.Marshal(out)
}

const authenticationPolicyAt = "/api/v2/authn/policies/{authentication_policy}"

var authenticationPolicies = Set{"authentication_policies", "Conditional access rules."}.Of(
	List[None, jc.AuthenticationPolicy]("authentication_policies_list", "GET /api/v2/authn/policies",
		"Find conditional access policies (authentication rules for sign-in).", Takes("limit", "skip", "sort", "filter"),
		Columns("name", "type", "disabled", "description")),
	Get[authenticationPolicy, jc.AuthenticationPolicy]("authentication_policies_get", "GET "+authenticationPolicyAt,
		"Show one conditional access policy: targets, conditions, effect."),
	Create[authenticationPolicyNew, jc.AuthenticationPolicy]("authentication_policies_create", "POST /api/v2/authn/policies",
		"Create a conditional access policy; it holds at once unless disabled.", Grave),
	Change[authenticationPolicyEdit, jc.AuthenticationPolicy]("authentication_policies_update", "PATCH "+authenticationPolicyAt,
		"Change a conditional access policy; effect, targets and conditions replace what was there.", Grave),
	Delete[authenticationPolicy]("authentication_policies_delete", "DELETE "+authenticationPolicyAt,
		"Delete a conditional access policy. Sign-ins are no longer held to it."),
	ReadPost[None, Raw]("authentication_policies_evaluations_summary", "POST /api/v2/authn/policy-evaluations/summary",
		"Count how often conditional access allowed and denied sign-ins.", Untyped()),
	ReadPost[None, Raw]("authentication_policies_evaluations_details", "POST /api/v2/authn/policy-evaluations/details",
		"Show which sign-ins conditional access allowed or denied, and why.", Untyped()),
	ReadPost[None, Raw]("authentication_policies_evaluations_options", "POST /api/v2/authn/policy-evaluations/options",
		"Show what evaluations of conditional access can be filtered by.", Untyped()),
)
