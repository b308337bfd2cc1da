package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var groups = Set{"groups", "Groups of every kind in one list."}.Of(
	List[None, jc.Group]("groups_list", "GET /api/v2/groups",
		"Find groups of every kind: user groups, device groups, policy groups.", Columns("name", "type", "description")),
	List[None, Raw]("groups_scope_list", "GET /api/v2/scope-groups",
		"List the scope groups, which limit what an administrator role reaches.", Untyped()),
)
