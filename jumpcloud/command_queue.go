package jumpcloud

// QueuedRun is a run of a command that devices have not taken yet.
type QueuedRun struct {
	ID           string `json:"id,omitempty"` // the workflow instance
	Command      string `json:"command,omitempty"`
	System       any    `json:"system,omitempty"`
	PendingCount any    `json:"pendingCount,omitempty"` // devices that still wait for it
}

// Kind is the kind of queued runs.
func (QueuedRun) Kind() *Kind { return queuedRunKind }

var queuedRunKind = &Kind{Type: "queued_run", Noun: "queued run", ID: "id"}
