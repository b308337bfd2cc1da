package tools

import (
	"slices"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// access is the toolset that joins what the graph holds.
var access = Set{"access", "Who reaches what, and through which groups; giving and taking access."}.Of(
	accessExplainTool(),
	accessChangeTool(),
)

// reachesPart is one type of object that a user or user group reaches.
type reachesPart struct {
	tool      *Tool // whose grant it needs, and which reads it
	kind      *jc.Kind
	one, many string
	member    bool // groups that a user is in, not something reached
}

var (
	applicationUsers = graphTool(applications, "applications_users_list")
	deviceUsers      = graphTool(devicesGraph, "devices_users_list")
	groupMembership  = graphTool(userGroupsGraph, "user_groups_membership_list")

	userReaches = []reachesPart{
		{graphTool(usersGraph, "users_applications_list"), jc.Application{}.Kind(), "application", "applications", false},
		{graphTool(usersGraph, "users_devices_list"), deviceEnd, "device", "devices", false},
		{graphTool(usersGraph, "users_device_groups_list"), deviceGroupEnd, "device group", "device groups", false},
		{graphTool(usersGraph, "users_radius_servers_list"), jc.RADIUSServer{}.Kind(), "RADIUS server", "RADIUS servers", false},
		{graphTool(usersGraph, "users_ldap_servers_list"), jc.LDAPServer{}.Kind(), "LDAP server", "LDAP servers", false},
		{graphTool(usersGraph, "users_groups_list"), userGroupEnd, "user group", "user groups", true},
	}
	userGroupReaches = []reachesPart{
		{graphTool(userGroupsGraph, "user_groups_applications_list"), jc.Application{}.Kind(), "application", "applications", false},
		{graphTool(userGroupsGraph, "user_groups_devices_list"), deviceEnd, "device", "devices", false},
		{graphTool(userGroupsGraph, "user_groups_device_groups_list"), deviceGroupEnd, "device group", "device groups", false},
		{graphTool(userGroupsGraph, "user_groups_radius_servers_list"), jc.RADIUSServer{}.Kind(), "RADIUS server", "RADIUS servers", false},
		{graphTool(userGroupsGraph, "user_groups_ldap_servers_list"), jc.LDAPServer{}.Kind(), "LDAP server", "LDAP servers", false},
	}
)

// graphTool is a tool of a list by its name.
func graphTool(tt []*Tool, name string) *Tool {
	return tt[slices.IndexFunc(tt, func(t *Tool) bool { return t.Name == name })]
}
