package jumpcloud

// Report is a report that JumpCloud was asked to generate, with the files it came to.
type Report struct {
	ID             string `json:"id,omitempty"`
	Type           string `json:"type,omitempty"`
	Status         string `json:"status,omitempty"` // PENDING, IN_PROGRESS, COMPLETED, FAILED, DELETED
	Artifacts      []any  `json:"artifacts,omitempty"`
	CreatedAt      string `json:"created_at,omitempty"`
	UpdatedAt      string `json:"updated_at,omitempty"`
	Expiration     string `json:"expiration,omitempty"`
	RequesterEmail string `json:"requester_email,omitempty"`
	RequesterID    string `json:"requester_id,omitempty"`
	Parameters     []any  `json:"parameters,omitempty"`
}
