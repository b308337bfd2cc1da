package jumpcloud

import "strings"

// PolicyResult is what came of a policy on a device. Detail, StdErr and StdOut
// come from the device and are not to be trusted.
type PolicyResult struct {
	ID         string `json:"id,omitempty"`
	PolicyID   string `json:"policyID,omitempty"`
	SystemID   string `json:"systemID,omitempty"`
	State      any    `json:"state,omitempty"` // success, failed or pending
	Success    *bool  `json:"success,omitempty"`
	ExitStatus any    `json:"exitStatus,omitempty"`
	Detail     any    `json:"detail,omitempty"`
	StdErr     any    `json:"stdErr,omitempty"`
	StdOut     any    `json:"stdOut,omitempty"`
	StartedAt  any    `json:"startedAt,omitempty"`
	EndedAt    any    `json:"endedAt,omitempty"`
}

// Kind is the kind of policy results; they have no names.
func (PolicyResult) Kind() *Kind { return policyResultKind }

var policyResultKind = &Kind{
	Type: "policy_result", Noun: "policy result", ID: "id",
	Get: At("GET /api/v2/policyresults/{id}"),
	Facts: []Fact{
		{Name: "policy", Needs: []string{"policyID"}, API: "policyID", Of: func(r Row) (any, bool) { return r.At("policyID") }},
		{Name: "device", Needs: []string{"systemID"}, API: "systemID", Of: func(r Row) (any, bool) { return r.At("systemID") }},
		{Name: "result", Needs: []string{"state", "success"}, Of: policyOutcome},
		{Name: "failed", Needs: []string{"state", "success"}, Bool: true, Of: func(r Row) (any, bool) {
			v, known := policyOutcome(r)
			return v == PolicyFailed, known
		}},
		{Name: "why", Needs: []string{"detail", "stdErr", "exitStatus"}, Of: policyReason},
		{Name: "ended", Needs: []string{"endedAt"}, API: "endedAt", Of: func(r Row) (any, bool) { return r.At("endedAt") }},
	},
}

// PolicyFailed is the outcome of a policy that a device does not meet.
const PolicyFailed = "failed"

// policyOutcome is "success", "failed" or "pending". What is not success need
// not have failed: it may not have run yet.
func policyOutcome(r Row) (any, bool) {
	if s := strings.ToLower(r.Text("state")); s != "" {
		return s, true
	}
	if ok, known := r.Bool("success"); known {
		if ok {
			return "success", true
		}
		return PolicyFailed, true
	}
	return nil, false
}

// policyReason is what the device said, its detail first, else its error.
func policyReason(r Row) (any, bool) {
	read := false
	for _, f := range []string{"detail", "stdErr"} {
		v, sent := r.At(f)
		read = read || sent
		if s, _ := v.(string); strings.TrimSpace(s) != "" {
			s = strings.TrimSpace(s)
			if runes := []rune(s); len(runes) > shownOutput {
				s = string(runes[:shownOutput]) + "…"
			}
			return s, true
		}
	}
	return nil, read
}
