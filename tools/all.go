package tools

import "slices"

// All is every tool there is.
func All() []*Tool {
	return slices.Concat(
		api, changes,
		users, usersGet, usersStates, usersCreating, usersBulk, usersLeaving,
		userGroups, userGroupsGet, devices, devicesGet, devicesOrders, deviceGroups,
		accessRequests, accessRequestsLists, applications, applicationTemplates,
		commands, commandsQueues, policies, policiesResults, policyTemplates, softwareApps,
		insights, systemInsights, organizations, organizationsPosture,
		graph, access, appleMDMs, googleEMMs,
		usersSecurity, usersReaches, usersInBulk, administratorAccounts, pushVerifications,
		userGroupsReaches, userGroupsSuggestions, deviceGroupsPolicyGroups, deviceGroupsSuggestions,
		devicesSettings, devicesPolicyGroups, softwareAppsInstall, microsoftMDM,
		appleDeviceMore, appleSetup, googleOrders, googleSetup,
		activeDirectory, ipLists, ldapServers, radiusServers,
		googleWorkspace, office365, workday, duo, customEmails, applicationsImports, logos,
		assets, alerts, reports, saasManagement, savedViews, workflows, identityRisk,
		approvalFlows, accessSessions, authenticationPolicies,
		passwordVault, passwordVaultWebsites, passwordVaultFolders, passwordVaultGroups, passwordVaultOrganization, passwordVaultFiles,
		passwordManager, passwordManagerBackups, passwordManagerFolders, passwordItemsGraph, passwordPolicies,
		privilegedAccess, roles, serviceAccounts, notifications, objectStorage, appCatalog,
		policyGroups, policyGroupsGraph, policiesHistory, identityProvider, groups, directories,
		administrators, organizationsPlan, providers, providersEvents, providersShared,
		providersIntegrations, providersPSA,
		providersAutotaskIntegration, providersAutotaskBilling, providersAutotaskTickets,
		providersConnectWiseIntegration, providersConnectWiseBilling, providersConnectWiseTickets,
		providersSyncroIntegration, providersSyncroBilling, providersSyncroTickets,
	)
}
