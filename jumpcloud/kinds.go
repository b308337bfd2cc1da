package jumpcloud

// kinds are all types of objects that can be named.
var kinds = []*Kind{
	userKind, deviceKind, userGroupKind, deviceGroupKind,
	applicationKind, applicationTemplateKind, commandKind, commandResultKind,
	policyKind, policyTemplateKind, softwareAppKind, ipListKind,
	ldapServerKind, radiusServerKind, activeDirectoryKind, organizationKind, accessRequestKind,
	policyResultKind, appleMDMKind, appleDeviceKind, googleEnterpriseKind, googleDeviceKind, queuedRunKind,
	alertRuleKind, approvalFlowKind, approvalRequestKind, authenticationPolicyKind,
	policyGroupKind, routingPolicyKind,
	sshKeyKind, pushEndpointKind, googleTokenKind,
	passwordManagerDeviceKind, passwordItemKind,
	providerKind, providerAdministratorKind, providerOrganizationKind, providerPolicyTemplateKind, providerPolicyGroupTemplateKind,
	googleWorkspaceKind, office365Kind, googleDomainKind, office365DomainKind, googleRuleKind, office365RuleKind,
	activeDirectoryAgentKind, sambaDomainKind, workdayKind, duoAccountKind, duoApplicationKind, customEmailKind,
	autotaskKind, connectWiseKind, syncroKind, autotaskAlertKind, connectWiseAlertKind, syncroAlertKind,
}

// KindOf gives the kind for a word of the API's graph ("user", "system"), or nil.
func KindOf(graphType string) *Kind {
	for _, k := range kinds {
		if k.Type == graphType {
			return k
		}
	}
	return nil
}
