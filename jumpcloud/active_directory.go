package jumpcloud

// ActiveDirectory is a domain that is integrated.
type ActiveDirectory struct {
	ID                 string `json:"id,omitempty"`
	Domain             string `json:"domain,omitempty"`
	UseCase            any    `json:"useCase,omitempty"`         // UNSET, TWOWAYSYNC, JCASAUTHORITY, ADASAUTHORITY
	DelegationState    any    `json:"delegationState,omitempty"` // ENABLED, PENDING, DISABLED
	GroupsEnabled      *bool  `json:"groupsEnabled,omitempty"`
	Permission         any    `json:"permission,omitempty"`
	PrimaryAgent       any    `json:"primaryAgent,omitempty"`
	PrimaryImportAgent any    `json:"primaryImportAgent,omitempty"`
	UpdatedAt          any    `json:"updatedAt,omitempty"`
}

// Kind is the kind of Active Directory domains.
func (ActiveDirectory) Kind() *Kind { return activeDirectoryKind }

var activeDirectoryKind = &Kind{
	Type: "active_directory", Noun: "Active Directory", ID: "id",
	Names: []Name{{Field: "domain"}},
	Get:   At("GET /api/v2/activedirectories/{id}"),
	Find:  At("GET /api/v2/activedirectories"),
}

// ActiveDirectoryAgent is the software on a domain controller or member server
// that synchronises. The key it was installed with is never shown.
type ActiveDirectoryAgent struct {
	ID        string `json:"id,omitempty"`
	Hostname  any    `json:"hostname,omitempty"`
	AgentType any    `json:"agentType,omitempty"` // SYNC, IMPORT
	State     any    `json:"state,omitempty"`     // unsealed, active, inactive
	Version   any    `json:"version,omitempty"`
	SourceIP  any    `json:"source_ip,omitempty"`
	ContactAt any    `json:"contactAt,omitempty"`
	IDSource  any    `json:"idSourceId,omitempty"`
}

// Kind is the kind of agents, which are found inside their Active Directory.
func (ActiveDirectoryAgent) Kind() *Kind { return activeDirectoryAgentKind }

var activeDirectoryAgentKind = &Kind{
	Type: "active_directory_agent", Noun: "Active Directory agent", ID: "id",
	Names: []Name{{Field: "hostname", Fold: true}},
	Get:   At("GET /api/v2/activedirectories/{active_directory}/agents/{id}"),
	Find:  At("GET /api/v2/activedirectories/{active_directory}/agents"),
}
