package sandbox

import "sync"

// routes is the table of all operations that are answered, built once a
// process: no handler holds anything of an organisation. It is filled in init
// because handlers reach it.
var routes func() *routeNode

func init() { routes = sync.OnceValue(routing) }

// routing builds the table. Anything else is 404, as on a plan that lacks the
// feature.
func routing() *routeNode {
	root := &routeNode{}
	add := root.handle
	v1Routes(add)
	v2Routes(add)
	graphRoutes(add)
	insightRoutes(add)
	userRoutes(add)
	policyRoutes(add)
	appleRoutes(add)
	googleRoutes(add)
	moreRoutes(add)
	specialRoutes(add)
	providerRoutes(add)
	restRoutes(add)
	add("POST /insights/directory/v1/events", (*call).events)
	add("POST /insights/directory/v1/events/count", (*call).eventsCount)
	add("POST /insights/directory/v1/events/distinct", (*call).eventsDistinct)
	add("POST /insights/directory/v1/events/interval", (*call).eventsInterval)
	return root
}

func v1Routes(add func(string, handler)) {
	for path, pick := range map[string]func(*Org) *collection{
		"systemusers": (*Org).theUsers, "systems": (*Org).theDevices, "applications": (*Org).theApplications,
		"application-templates": (*Org).theAppTemplates, "commands": (*Org).theCommands,
		"commandresults": (*Org).theResults, "organizations": (*Org).theOrganizations, "radiusservers": (*Org).theRadius,
	} {
		add("GET /api/"+path, listV1(pick))
		add("GET /api/"+path+"/{id}", getV1(pick))
	}
	for path, pick := range map[string]func(*Org) *collection{
		"systemusers": (*Org).theUsers, "systems": (*Org).theDevices, "commands": (*Org).theCommands,
		"commandresults": (*Org).theResults, "organizations": (*Org).theOrganizations,
	} {
		add("POST /api/search/"+path, searchV1(pick))
	}
	add("POST /api/systemusers", (*call).createUser)
	add("PUT /api/systemusers/{id}", (*call).updateUser)
	add("DELETE /api/systemusers/{id}", (*call).deleteUser)
	add("POST /api/systemusers/{id}/resetmfa", (*call).resetMFA)
	add("POST /api/systemusers/{id}/expire", (*call).expirePassword)
	add("POST /api/systemusers/{id}/unlock", (*call).unlockUser)
	add("POST /api/systemusers/{id}/state/activate", (*call).activateUser)
	add("PUT /api/systems/{id}", (*call).updateDevice)
	add("DELETE /api/systems/{id}", (*call).deleteDevice)
	for _, verb := range []string{"erase", "lock", "restart", "shutdown"} {
		add("POST /api/systems/{id}/command/builtin/"+verb, builtin(verb))
	}
	add("POST /api/applications", (*call).createApplication)
	add("PUT /api/applications/{id}", (*call).replaceApplication)
	add("DELETE /api/applications/{id}", (*call).deleteApplication)
	add("POST /api/commands", (*call).createCommand)
	add("PUT /api/commands/{id}", (*call).replaceCommand)
	add("DELETE /api/commands/{id}", (*call).deleteCommand)
	add("GET /api/commands/{id}/results", (*call).resultsOf)
	add("DELETE /api/commandresults/{id}", (*call).deleteResult)
	add("GET /api/files/command/{id}", (*call).commandFiles)
	add("POST /api/runCommand", (*call).runCommand)
	add("POST /api/command/trigger/{name}", (*call).trigger)
	add("PUT /api/organizations/{id}", (*call).updateOrganization)
}

func v2Routes(add func(string, handler)) {
	for path, pick := range map[string]func(*Org) *collection{
		"usergroups": (*Org).theUserGroups, "systemgroups": (*Org).theDeviceGroups, "policies": (*Org).thePolicies,
		"policytemplates": (*Org).theTemplates, "ldapservers": (*Org).theLDAP, "iplists": (*Org).theIPLists,
		"softwareapps": (*Org).theSoftware, "activedirectories": (*Org).theDirectories, "policygroups": (*Org).thePolicyGroups,
	} {
		add("GET /api/v2/"+path, listV2(pick))
		add("GET /api/v2/"+path+"/{id}", getV2(pick))
	}
	add("GET /api/v2/groups", (*call).groups)
	add("GET /api/v2/directories", (*call).allDirectories)
	add("GET /api/v2/gsuites/{id}", getV2((*Org).theGSuites))
	add("GET /api/v2/office365s/{id}", getV2((*Org).theOffice365s))
	for _, kind := range []string{"user_group", "system_group", "policy_group"} {
		k, _ := kindOf(kind)
		add("POST /api/v2/"+k.path, createGroup(k))
		add("PUT /api/v2/"+k.path+"/{id}", replaceGroup(k))
		add("DELETE /api/v2/"+k.path+"/{id}", deleteGroup(k))
	}
	add("POST /api/v2/policies", (*call).createPolicy)
	add("PUT /api/v2/policies/{id}", (*call).replacePolicy)
	add("DELETE /api/v2/policies/{id}", (*call).deletePolicy)
	add("PATCH /api/v2/ldapservers/{id}", (*call).patchLDAP)
	add("POST /api/v2/iplists", (*call).createIPList)
	add("PATCH /api/v2/iplists/{id}", updateIPList(false))
	add("PUT /api/v2/iplists/{id}", updateIPList(true))
	add("DELETE /api/v2/iplists/{id}", (*call).deleteIPList)
	add("POST /api/v2/softwareapps", (*call).createSoftware)
	add("PUT /api/v2/softwareapps/{id}", (*call).replaceSoftware)
	add("DELETE /api/v2/softwareapps/{id}", (*call).deleteSoftware)
	add("POST /api/v2/accessrequests", (*call).createAccess)
	add("GET /api/v2/accessrequests/{id}", (*call).getAccess)
	add("PUT /api/v2/accessrequests/{id}", (*call).updateAccess)
	add("POST /api/v2/accessrequests/{id}/revoke", (*call).revokeAccess)
	add("DELETE /api/v2/commandqueue/{id}", (*call).cancelRun)
}
