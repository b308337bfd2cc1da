package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var activeDirectory = Set{"active_directory", "Active Directory integrations, their agents and translation rules."}.Of(
	List[None, jc.ActiveDirectory]("active_directory_list", "GET /api/v2/activedirectories",
		"Find Active Directory integrations.", Columns("domain", "useCase", "delegationState", "groupsEnabled")),
)
