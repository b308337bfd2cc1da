package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var directories = Set{"directories", "Directories connected to the organisation."}.Of(
	List[None, jc.ConnectedDirectory]("directories_list", "GET /api/v2/directories",
		"List connected directories: Active Directory, Google Workspace, Microsoft 365, LDAP, Workday.",
		Takes("limit", "skip", "sort", "fields"), Columns("name", "type", "defaultDomain.domain")),
)
