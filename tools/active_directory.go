package tools

import (
	"slices"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type activeDirectoryNew struct {
	Domain          string `json:"domain" jsonschema:"required,minLength=1,example=corp.example.com"`
	UseCase         string `json:"useCase,omitempty" jsonschema:"enum=UNSET,enum=TWOWAYSYNC,enum=JCASAUTHORITY,enum=ADASAUTHORITY"`
	DelegationState string `json:"delegationState,omitempty" rare:"true" jsonschema:"enum=ENABLED,enum=PENDING,enum=DISABLED"`
	GroupsEnabled   *bool  `json:"groupsEnabled,omitempty" rare:"true"`
}

type activeDirectoryEdit struct {
	directory[jc.ActiveDirectory]
	Domain  string `json:"domain,omitempty" jsonschema:"minLength=1"`
	UseCase string `json:"useCase,omitempty" jsonschema:"enum=UNSET,enum=TWOWAYSYNC,enum=JCASAUTHORITY,enum=ADASAUTHORITY"`
}

type activeDirectoryAgent struct {
	Agent jc.Ref[jc.ActiveDirectoryAgent] `json:"agent" in:"path" jsonschema:"required"`
	directory[jc.ActiveDirectory]
}

type activeDirectoryAgentNew struct {
	directory[jc.ActiveDirectory]
	AgentType string `json:"agentType,omitempty" jsonschema:"enum=SYNC,enum=IMPORT"`
}

type activeDirectoryRule struct {
	directory[jc.ActiveDirectory]
	Rule string `json:"rule" in:"path" jsonschema:"required,minLength=1"`
}

type recommendedRules struct {
	Provider string `json:"provider" in:"path" jsonschema:"required,minLength=1"`
}

const (
	activeDirectoryAt      = "/api/v2/activedirectories/{directory}"
	activeDirectoryAgents  = activeDirectoryAt + "/agents"
	activeDirectoryRules   = activeDirectoryAt + "/translation-rules"
	activeDirectoryRulesIn = "active_directory_translation_rules_list shows the rules"
)

var activeDirectory = Set{"active_directory", "Active Directory integrations, their agents and translation rules."}.Of(slices.Concat(
	[]*Tool{
		List[None, jc.ActiveDirectory]("active_directory_list", "GET /api/v2/activedirectories",
			"Find Active Directory integrations.", Columns("domain", "useCase", "delegationState", "groupsEnabled")),
		Get[directory[jc.ActiveDirectory], jc.ActiveDirectory]("active_directory_get", "GET "+activeDirectoryAt,
			"Show one Active Directory (AD) integration."),
		Create[activeDirectoryNew, jc.ActiveDirectory]("active_directory_create", "POST /api/v2/activedirectories",
			"Create the integration of an Active Directory (AD) domain; agents are added after."),
		Change[activeDirectoryEdit, jc.ActiveDirectory]("active_directory_update", "PATCH "+activeDirectoryAt,
			"Change the domain of an Active Directory integration, or which side is the authority."),
		Delete[directory[jc.ActiveDirectory]]("active_directory_delete", "DELETE "+activeDirectoryAt,
			"Delete an Active Directory integration. Users and groups are no longer synchronised with it."),
		List[directory[jc.ActiveDirectory], jc.ActiveDirectoryAgent]("active_directory_agents_list", "GET "+activeDirectoryAgents,
			"List the sync and import agents of an Active Directory integration, with state and last contact.",
			Takes("limit", "skip", "sort"), Columns("hostname", "agentType", "state", "version", "contactAt")),
		Get[activeDirectoryAgent, jc.ActiveDirectoryAgent]("active_directory_agents_get", "GET "+activeDirectoryAgents+"/{agent}",
			"Show one agent of an Active Directory integration."),
		Secret[activeDirectoryAgentNew]("active_directory_agents_create", "POST "+activeDirectoryAgents,
			"Register an agent for an Active Directory integration; the answer is its connect key."),
		Delete[activeDirectoryAgent]("active_directory_agents_delete", "DELETE "+activeDirectoryAgents+"/{agent}",
			"Delete an agent of an Active Directory integration. It stops synchronising."),
	},
	syncedGraph[jc.ActiveDirectory](activeDirectories),
	[]*Tool{
		List[directory[jc.ActiveDirectory], Raw]("active_directory_translation_rules_list", "GET "+activeDirectoryRules,
			"List the rules that map user attributes to and from Active Directory (attribute mapping).",
			Untyped(), Takes("limit", "skip", "sort", "filter")),
		Create[directory[jc.ActiveDirectory], Raw]("active_directory_translation_rules_create", "POST "+activeDirectoryRules,
			"Map a user attribute to or from Active Directory (translation rule).",
			Untyped("source", "destination", "direction", "sourceType", "appliedOn")),
		Change[activeDirectoryRule, Raw]("active_directory_translation_rules_update", "PUT "+activeDirectoryRules+"/{rule}",
			"Change a rule that maps a user attribute to or from Active Directory; give the whole rule.",
			Untyped("source", "destination", "sourceType", "appliedOn"), NoReadBack(activeDirectoryRulesIn)),
		Delete[activeDirectoryRule]("active_directory_translation_rules_delete", "DELETE "+activeDirectoryRules+"/{rule}",
			"Delete a rule that maps a user attribute to or from Active Directory. The attribute is no longer synced.",
			Untyped(), NoReadBack(activeDirectoryRulesIn)),
		// One call may insert, change and delete rules: what it did to each is not told.
		Act[directory[jc.ActiveDirectory], Raw]("active_directory_translation_rules_change", "POST "+activeDirectoryRules+"/bulk",
			"Change many rules at once that map user attributes to and from Active Directory. Rules may be deleted so.",
			Untyped("insertTranslationRules"), Destroy, NoReadBack(activeDirectoryRulesIn)),
		ReadPost[None, Raw]("active_directory_translation_rules_preview", "POST /api/v2/activedirectories/translation-rules/preview",
			"Preview what Active Directory translation rules would make of a user, without saving them.",
			Untyped("activeDirectoryId", "translationRules", "userObjectId")),
		List[recommendedRules, Raw]("active_directory_recommended_rules_list", "GET /api/v2/activedirectories/{provider}/translation-rules/recommendation",
			"List the translation rules (attribute mapping) that JumpCloud recommends for a directory provider.",
			Untyped(), Takes("limit", "skip", "sort", "filter")),
	})...)
