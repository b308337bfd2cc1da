package jumpcloud

// PushEndpoint is a phone with JumpCloud Protect on which a user approves sign-ins.
type PushEndpoint struct {
	ID         string         `json:"id,omitempty"`
	Name       string         `json:"name,omitempty"`
	State      string         `json:"state,omitempty"` // active, inactive
	Device     map[string]any `json:"device,omitempty"`
	EnrolledAt string         `json:"enrollmentDate,omitempty"`
	LastUsed   any            `json:"lastUsedDate,omitempty"`
}

// Kind is the kind of push endpoints, which are found inside their user.
func (PushEndpoint) Kind() *Kind { return pushEndpointKind }

var pushEndpointKind = &Kind{
	Type: "push_endpoint", Noun: "push endpoint", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/users/{user}/pushendpoints/{id}"),
	Find:  At("GET /api/v2/users/{user}/pushendpoints"),
}

// PushVerification is a push message that a user was sent to prove who they are.
// Its confirmation code is left out: it is for the person who asks.
type PushVerification struct {
	ID           string         `json:"id,omitempty"`
	Status       string         `json:"status,omitempty"` // SENT, ACCEPTED, EXPIRED, DENIED, ERRORED
	User         string         `json:"userObjectId,omitempty"`
	PushEndpoint string         `json:"pushEndpointId,omitempty"`
	InitiatedAt  any            `json:"initiatedAt,omitempty"`
	ExpiresAt    any            `json:"expiresAt,omitempty"`
	Failure      map[string]any `json:"failureStatus,omitempty"`
}
