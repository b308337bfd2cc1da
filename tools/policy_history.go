package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var resultColumns = []Option{
	Columns("policy", deviceField, "result", "why", "ended"), IDs("policy", jc.Policy{}.Kind()), IDs(deviceField, jc.Device{}.Kind()),
}

// policiesHistory is every result that policies ever gave; policies_results_list
// has the latest of each policy on each device.
var policiesHistory = Set{Name: "policies"}.Of(
	List[None, jc.PolicyResult]("policies_history_list", "GET /api/v2/policyresults",
		"List every result that policies gave on devices, older ones too.", resultColumns...),
	List[policy, jc.PolicyResult]("policies_history_of_policy_list", "GET /api/v2/policies/{policy}/policyresults",
		"List every result that one policy gave on devices, older ones too.", resultColumns...),
)
