package jumpcloud

// BulkResult is what a job over many users did to one of them.
type BulkResult struct {
	ID        string         `json:"id,omitempty"`
	Status    string         `json:"status,omitempty"`
	StatusMsg string         `json:"statusMsg,omitempty"`
	Fields    map[string]any `json:"persistedFields,omitempty"`
	Meta      map[string]any `json:"meta,omitempty"`
	CreatedAt any            `json:"createdAt,omitempty"`
	UpdatedAt any            `json:"updatedAt,omitempty"`
}

// ScheduledState is a change of a user's state that is to come.
type ScheduledState struct {
	User  string `json:"systemUserId,omitempty"`
	State string `json:"state,omitempty"` // ACTIVATED, SUSPENDED
	Date  string `json:"scheduledDate,omitempty"`
	Job   string `json:"scheduledJobId,omitempty"`
}
