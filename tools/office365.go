package tools

import (
	"slices"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// office365Edit leaves out what becomes of locked users, which the API only shows.
type office365Edit struct {
	directory[jc.Office365]
	Name          string                     `json:"name,omitempty" jsonschema:"minLength=1"`
	GroupsEnabled *bool                      `json:"groupsEnabled,omitempty"`
	DefaultDomain jc.Ref[jc.Office365Domain] `json:"default_domain,omitzero" api:"defaultDomain"`
}

// Body names the default domain as the API wants it.
func (*office365Edit) Body(body map[string]any) error {
	defaultDomain(body)
	return nil
}

type office365DomainNew struct {
	directory[jc.Office365]
	Domain string `json:"domain" jsonschema:"required,minLength=1"`
}

func (d office365DomainNew) adds() string { return d.Domain }

type office365RuleNew struct {
	directory[jc.Office365]
	BuiltIn   string `json:"builtIn" jsonschema:"required,enum=user_alternate_email,enum=user_business_phones,enum=user_city,enum=user_country,enum=user_department,enum=user_job_title,enum=user_manager,enum=user_mobile_phone,enum=user_office_location,enum=user_postal_code,enum=user_principal_name_from_alternate_email,enum=user_state,enum=user_street_address"`
	Direction string `json:"direction,omitempty" jsonschema:"enum=export"`
}

type office365ImportFind struct {
	directory[jc.Office365]
	GraphFilter string `json:"graph_filter,omitempty" in:"query" api:"filter" jsonschema:"description=Microsoft's own filter\\, such as startswith(surname\\,'K')."`
}

// Microsoft gives 999 users at once, at most.
var office365 = Set{"office365", "Microsoft 365 integrations."}.Of(slices.Concat(
	syncedBasics[jc.Office365, office365Edit](office365s),
	syncedGraph[jc.Office365](office365s),
	directoryDomains[jc.Office365, jc.Office365Domain, office365DomainNew](office365s),
	translationRules[jc.Office365, jc.Office365TranslationRule, office365RuleNew](office365s),
	[]*Tool{
		List[office365ImportFind, jc.Office365User]("office365_import_users_list", "GET /api/v2/office365s/{directory}/import/users",
			"List the users in Microsoft 365 (Entra ID) who can be imported.", ByToken("skipToken", "skipToken", "top", 999),
			Columns("userPrincipalName", "givenName", "surname")),
	})...)
