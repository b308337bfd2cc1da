package tools

import "slices"

// All is every tool there is.
func All() []*Tool {
	return slices.Concat(
		users, userGroups, devices, deviceGroups,
		accessRequests, applications, applicationTemplates,
		commands, policies, policyTemplates, softwareApps,
		insights, organizations,
		activeDirectory, ipLists, ldapServers, radiusServers,
	)
}
