package tools

import "slices"

// All is every tool there is.
func All() []*Tool {
	return slices.Concat(
		users, usersGet, usersStates, usersCreating, usersBulk, usersLeaving,
		userGroups, userGroupsGet, devices, devicesGet, devicesOrders, deviceGroups,
		accessRequests, accessRequestsLists, applications, applicationTemplates,
		commands, commandsQueues, policies, policiesResults, policyTemplates, softwareApps,
		insights, systemInsights, organizations, organizationsPosture,
		graph, access, appleMDMs, googleEMMs,
		activeDirectory, ipLists, ldapServers, radiusServers,
	)
}
