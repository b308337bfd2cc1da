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
