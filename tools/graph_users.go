package tools

import (
	"slices"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// directoryTypes are the graph's words for directories that users are synced to.
var directoryTypes = []string{"active_directory", "ldap_server", "g_suite", "office_365"}

// kindsOf are the kinds of graph types, without those that have none.
func kindsOf(types ...string) (out []*jc.Kind) {
	for _, t := range types {
		if k := jc.KindOf(t); k != nil {
			out = append(out, k)
		}
	}
	return out
}

// reachesOf makes the traversals that users and user groups have alike, beside
// those of graph.go. Of those to policies only the path is published.
func reachesOf[In any](set, at, who string) []*Tool {
	return []*Tool{
		reachKinds[In](set+"_directories_list", at+"/directories",
			"List all directories (LDAP, Active Directory, Google, Microsoft) that "+who+" is synced to.", kindsOf(directoryTypes...), Takes("limit", "skip", "filter")),
		reachKinds[In](set+"_google_workspaces_list", at+"/gsuites",
			"List the Google Workspace (G Suite) directories that "+who+" is synced to.", kindsOf("g_suite"), Takes("limit", "skip", "filter")),
		reachKinds[In](set+"_microsoft_tenants_list", at+"/office365s",
			"List the Microsoft 365 (Office 365, Entra ID) directories that "+who+" is synced to.", kindsOf("office_365"), Takes("limit", "skip", "filter")),
		reach[In](set+"_policies_list", at+"/policies",
			"List the policies that apply to "+who+".", jc.Policy{}.Kind(), Untyped()),
		reachKinds[In](set+"_policy_groups_list", at+"/policygroups",
			"List the policy groups that apply to "+who+".", kindsOf("policy_group"), Untyped()),
	}
}

var usersReaches = Set{Name: "users"}.Of(slices.Concat(
	reachesOf[user]("users", "GET /api/v2/users/{user}", "a user"), []*Tool{
		List[user, Raw]("users_policy_statuses_list", "GET /api/v2/users/{user}/policystatuses",
			"List how the policies of a user fare: success, failure or pending.", Untyped()),
	})...)

var userGroupsReaches = Set{Name: "user_groups"}.Of(
	reachesOf[userGroup]("user_groups", "GET /api/v2/usergroups/{group}", "a user group")...)

var devicesPolicyGroups = Set{Name: "devices"}.Of(
	reachKinds[device]("devices_policy_groups_list", "GET /api/v2/systems/{device}/policygroups",
		"List the policy groups that apply to a device, directly or through groups.", kindsOf("policy_group"), Takes("limit", "skip", "filter")),
)

var deviceGroupsPolicyGroups = Set{Name: "device_groups"}.Of(
	reachKinds[deviceGroup]("device_groups_policy_groups_list", "GET /api/v2/systemgroups/{group}/policygroups",
		"List the policy groups that apply to a device group.", kindsOf("policy_group"), Takes("limit", "skip", "filter")),
)
