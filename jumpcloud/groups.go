package jumpcloud

// Group is a group of any kind: of users, of devices, of policies.
type Group struct {
	ID                    string         `json:"id,omitempty"`
	Name                  string         `json:"name,omitempty"`
	Type                  string         `json:"type,omitempty"` // user_group, system_group or policy_group
	Description           any            `json:"description,omitempty"`
	Email                 any            `json:"email,omitempty"`
	Attributes            map[string]any `json:"attributes,omitempty"`
	MemberQueryErrorFlags any            `json:"memberQueryErrorFlags,omitempty"`
}

// ConnectedDirectory is a directory that the organisation is connected to.
type ConnectedDirectory struct {
	ID            string `json:"id,omitempty"`
	Name          string `json:"name,omitempty"`
	Type          string `json:"type,omitempty"` // active_directory, g_suite, ldap_server, office_365 or workday
	DefaultDomain any    `json:"defaultDomain,omitempty"`
	OAuthStatus   any    `json:"oAuthStatus,omitempty"`
}
