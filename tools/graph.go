package tools

import (
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// What can be at the other end of a connection, by the side that is asked. Types
// that the server cannot name (password items) can be listed and are not bound from
// here; cloud directories and routing policies are bound from their side.
type (
	userTargets struct {
		Targets string `json:"targets" in:"query" jsonschema:"required,enum=user,enum=user_group"`
	}
	deviceTargets struct {
		Targets string `json:"targets" in:"query" jsonschema:"required,enum=system,enum=system_group"`
	}
	commandTargets struct {
		Targets string `json:"targets" in:"query" jsonschema:"required,enum=system,enum=system_group,enum=password_manager_item"`
	}
	grantTargets struct {
		Targets string `json:"targets" in:"query" jsonschema:"required,enum=application,enum=system,enum=system_group,enum=radius_server,enum=ldap_server,enum=active_directory,enum=g_suite,enum=office_365,enum=idp_routing_policy,enum=password_manager_item"`
	}
	ruleTargets struct {
		Targets string `json:"targets" in:"query" jsonschema:"required,enum=user,enum=user_group,enum=policy,enum=policy_group,enum=command"`
	}

	deviceBond struct {
		Op         string         `json:"op" jsonschema:"required,enum=add,enum=remove,enum=update"`
		Type       string         `json:"type" jsonschema:"required,enum=system,enum=system_group"`
		Object     jc.RefAny      `json:"object" api:"id" ref:"type" kinds:"system,system_group" jsonschema:"required"`
		Attributes map[string]any `json:"attributes,omitempty" rare:"true"`
	}
	grantBond struct {
		Op         string         `json:"op" jsonschema:"required,enum=add,enum=remove,enum=update"`
		Type       string         `json:"type" jsonschema:"required,enum=application,enum=system,enum=system_group,enum=radius_server,enum=ldap_server,enum=active_directory"`
		Object     jc.RefAny      `json:"object" api:"id" ref:"type" kinds:"application,system,system_group,radius_server,ldap_server,active_directory" jsonschema:"required"`
		Attributes map[string]any `json:"attributes,omitempty" rare:"true"`
	}
	// Commands are bound by commands_associations_change, which is destroy: what is
	// bound may run.
	ruleBond struct {
		Op         string         `json:"op" jsonschema:"required,enum=add,enum=remove,enum=update"`
		Type       string         `json:"type" jsonschema:"required,enum=user,enum=user_group,enum=policy,enum=policy_group"`
		Object     jc.RefAny      `json:"object" api:"id" ref:"type" kinds:"user,user_group,policy,policy_group" jsonschema:"required"`
		Attributes map[string]any `json:"attributes,omitempty" rare:"true"`
	}
)

func (b deviceBond) asked() association { return association(b) }
func (b grantBond) asked() association  { return association(b) }
func (b ruleBond) asked() association   { return association(b) }

// Whose connections are listed and changed.
type (
	userBonds struct {
		user
		grantTargets
	}
	userBondChange struct {
		user
		grantBond
	}
	userGroupBonds struct {
		userGroup
		grantTargets
	}
	userGroupBondChange struct {
		userGroup
		grantBond
	}
	deviceBonds struct {
		device
		ruleTargets
	}
	deviceBondChange struct {
		device
		ruleBond
	}
	deviceGroupBonds struct {
		deviceGroup
		ruleTargets
	}
	deviceGroupBondChange struct {
		deviceGroup
		ruleBond
	}
	applicationBonds struct {
		application
		userTargets
	}
	ldapServerBonds struct {
		ldapServer
		userTargets
	}
	ldapServerBondChange struct {
		ldapServer
		association
	}
	policyBonds struct {
		policy
		deviceTargets
	}
	policyBondChange struct {
		policy
		deviceBond
	}
	commandBonds struct {
		command
		commandTargets
	}
	commandBondChange struct {
		command
		deviceBond
	}
	softwareAppBonds struct {
		softwareApp
		deviceTargets
	}
	softwareAppBondChange struct {
		softwareApp
		deviceBond
	}
)

// The kinds at the ends.
var (
	userEnd        = jc.User{}.Kind()
	userGroupEnd   = jc.UserGroup{}.Kind()
	deviceEnd      = jc.Device{}.Kind()
	deviceGroupEnd = jc.DeviceGroup{}.Kind()
	policyGroupEnd = jc.PolicyGroup{}.Kind()
	grantEnds      = []*jc.Kind{jc.Application{}.Kind(), deviceEnd, deviceGroupEnd, jc.RADIUSServer{}.Kind(), jc.LDAPServer{}.Kind(), jc.ActiveDirectory{}.Kind(),
		jc.GoogleWorkspace{}.Kind(), jc.Office365{}.Kind()}
	ruleEnds = []*jc.Kind{userEnd, userGroupEnd, jc.Policy{}.Kind(), policyGroupEnd, jc.Command{}.Kind()}
)

// graph is every list and change of direct connections and every traversal that
// the toolsets of its objects do not declare themselves.
var graph = slices.Concat(
	usersGraph, userGroupsGraph, devicesGraph, deviceGroupsGraph,
	applicationsGraph, radiusServersGraph, ldapServersGraph, policiesGraph, commandsGraph, softwareAppsGraph,
)

var usersGraph = Set{Name: "users"}.Of(
	reach[user]("users_groups_list", userParents, "List the user groups that a user is in.", userGroupEnd),
	reach[user]("users_applications_list", "GET /api/v2/users/{user}/applications", "List the applications that a user reaches, directly or through groups.", jc.Application{}.Kind()),
	reach[user]("users_devices_list", "GET /api/v2/users/{user}/systems", "List the devices that a user reaches, directly or through groups.", deviceEnd),
	reach[user]("users_device_groups_list", "GET /api/v2/users/{user}/systemgroups", "List the device groups that a user reaches, directly or through groups.", deviceGroupEnd),
	reach[user]("users_radius_servers_list", "GET /api/v2/users/{user}/radiusservers", "List the RADIUS servers that a user reaches, directly or through groups.", jc.RADIUSServer{}.Kind()),
	reach[user]("users_ldap_servers_list", "GET /api/v2/users/{user}/ldapservers", "List the LDAP servers that a user reaches, directly or through groups.", jc.LDAPServer{}.Kind()),
	reach[user]("users_active_directories_list", "GET /api/v2/users/{user}/activedirectories", "List the Active Directories that a user reaches, directly or through groups.", jc.ActiveDirectory{}.Kind()),
	bonds[userBonds]("users_associations_list", userAssociations, "List what is bound directly to a user, of one type.", grantEnds...),
	bondChange[userBondChange]("users_associations_change", "POST /api/v2/users/{user}/associations", "Bind a user directly to a resource, or end it.", auth.Change),
)

var userGroupsGraph = Set{Name: "user_groups"}.Of(
	reach[userGroup]("user_groups_membership_list", "GET /api/v2/usergroups/{group}/membership", "List the users in a user group and in groups inside it.", userEnd),
	reach[userGroup]("user_groups_applications_list", "GET /api/v2/usergroups/{group}/applications", "List the applications that a user group reaches.", jc.Application{}.Kind()),
	reach[userGroup]("user_groups_devices_list", "GET /api/v2/usergroups/{group}/systems", "List the devices that a user group reaches, directly or through device groups.", deviceEnd),
	reach[userGroup]("user_groups_device_groups_list", "GET /api/v2/usergroups/{group}/systemgroups", "List the device groups that a user group reaches.", deviceGroupEnd),
	reach[userGroup]("user_groups_radius_servers_list", "GET /api/v2/usergroups/{group}/radiusservers", "List the RADIUS servers that a user group reaches.", jc.RADIUSServer{}.Kind()),
	reach[userGroup]("user_groups_ldap_servers_list", "GET /api/v2/usergroups/{group}/ldapservers", "List the LDAP servers that a user group reaches.", jc.LDAPServer{}.Kind()),
	reach[userGroup]("user_groups_active_directories_list", "GET /api/v2/usergroups/{group}/activedirectories", "List the Active Directories that a user group reaches.", jc.ActiveDirectory{}.Kind()),
	bonds[userGroupBonds]("user_groups_associations_list", userGroupAssociations, "List what is bound directly to a user group, of one type.", grantEnds...),
	bondChange[userGroupBondChange]("user_groups_associations_change", "POST /api/v2/usergroups/{group}/associations", "Bind a user group directly to a resource, or end it.", auth.Change),
)

var devicesGraph = Set{Name: "devices"}.Of(
	reach[device]("devices_groups_list", deviceParents, "List the device groups that a device is in.", deviceGroupEnd),
	reach[device]("devices_users_list", "GET /api/v2/systems/{device}/users", "List the users who reach a device, directly or through groups.", userEnd),
	reach[device]("devices_user_groups_list", "GET /api/v2/systems/{device}/usergroups", "List the user groups that reach a device.", userGroupEnd),
	reach[device]("devices_policies_list", "GET /api/v2/systems/{device}/policies", "List the policies that apply to a device, directly or through groups.", jc.Policy{}.Kind()),
	reach[device]("devices_commands_list", "GET /api/v2/systems/{device}/commands", "List the saved commands that are bound to a device, directly or through groups.", jc.Command{}.Kind()),
	bonds[deviceBonds]("devices_associations_list", "GET /api/v2/systems/{device}/associations", "List what is bound directly to a device, of one type.", ruleEnds...),
	bondChange[deviceBondChange]("devices_associations_change", "POST /api/v2/systems/{device}/associations", "Bind a user, user group, policy or policy group directly to a device, or end it.", auth.Change),
)

var deviceGroupsGraph = Set{Name: "device_groups"}.Of(
	reach[deviceGroup]("device_groups_membership_list", "GET /api/v2/systemgroups/{group}/membership", "List the devices in a device group and in groups inside it.", deviceEnd),
	reach[deviceGroup]("device_groups_users_list", "GET /api/v2/systemgroups/{group}/users", "List the users who reach a device group, directly or through groups.", userEnd),
	reach[deviceGroup]("device_groups_user_groups_list", "GET /api/v2/systemgroups/{group}/usergroups", "List the user groups that reach a device group.", userGroupEnd),
	reach[deviceGroup]("device_groups_policies_list", "GET /api/v2/systemgroups/{group}/policies", "List the policies that apply to a device group.", jc.Policy{}.Kind()),
	reach[deviceGroup]("device_groups_commands_list", "GET /api/v2/systemgroups/{group}/commands", "List the saved commands that are bound to a device group.", jc.Command{}.Kind()),
	bonds[deviceGroupBonds]("device_groups_associations_list", "GET /api/v2/systemgroups/{group}/associations", "List what is bound directly to a device group, of one type.", ruleEnds...),
	bondChange[deviceGroupBondChange]("device_groups_associations_change", "POST /api/v2/systemgroups/{group}/associations", "Bind a user, user group, policy or policy group directly to a device group, or end it.", auth.Change),
)

var applicationsGraph = Set{Name: "applications"}.Of(
	bonds[applicationBonds]("applications_associations_list", "GET /api/v2/applications/{application}/associations",
		"List the users or user groups that are bound directly to an application.", userEnd, userGroupEnd),
)

var radiusServersGraph = Set{Name: "radius_servers"}.Of(
	reach[radiusServer]("radius_servers_users_list", "GET /api/v2/radiusservers/{radius_server}/users", "List the users who may sign in through a RADIUS server.", userEnd),
	reach[radiusServer]("radius_servers_user_groups_list", "GET /api/v2/radiusservers/{radius_server}/usergroups", "List the user groups that may sign in through a RADIUS server.", userGroupEnd),
)

var ldapServersGraph = Set{Name: "ldap_servers"}.Of(
	reach[ldapServer]("ldap_servers_users_list", "GET /api/v2/ldapservers/{ldap_server}/users", "List the users who are in an LDAP server, directly or through groups.", userEnd),
	reach[ldapServer]("ldap_servers_user_groups_list", "GET /api/v2/ldapservers/{ldap_server}/usergroups", "List the user groups that are in an LDAP server.", userGroupEnd),
	bonds[ldapServerBonds]("ldap_servers_associations_list", "GET /api/v2/ldapservers/{ldap_server}/associations",
		"List the users or user groups that are bound directly to an LDAP server.", userEnd, userGroupEnd),
	bondChange[ldapServerBondChange]("ldap_servers_associations_change", "POST /api/v2/ldapservers/{ldap_server}/associations",
		"Put a user or user group into an LDAP server, or take it out.", auth.Change),
)

var policiesGraph = Set{Name: "policies"}.Of(
	reach[policy]("policies_devices_list", "GET /api/v2/policies/{policy}/systems", "List the devices that a policy applies to, directly or through groups.", deviceEnd),
	reach[policy]("policies_device_groups_list", "GET /api/v2/policies/{policy}/systemgroups", "List the device groups that a policy applies to.", deviceGroupEnd),
	reach[policy]("policies_groups_list", policyParents, "List the policy groups that a policy is in.", policyGroupEnd, Takes("limit", "skip", "sort", "filter")),
	reach[policy]("policies_users_list", "GET /api/v2/policies/{policy}/users", "List the users whom a policy applies to.", userEnd, Untyped()),
	reach[policy]("policies_user_groups_list", "GET /api/v2/policies/{policy}/usergroups", "List the user groups that a policy applies to.", userGroupEnd, Untyped()),
	bonds[policyBonds]("policies_associations_list", "GET /api/v2/policies/{policy}/associations",
		"List the devices or device groups that a policy is bound to directly.", deviceEnd, deviceGroupEnd),
	bondChange[policyBondChange]("policies_associations_change", "POST /api/v2/policies/{policy}/associations",
		"Hold a device or device group to a policy, or stop it.", auth.Change),
)

var commandsGraph = Set{Name: "commands"}.Of(
	reach[command]("commands_devices_list", "GET /api/v2/commands/{command}/systems", "List the devices that a saved command is bound to, directly or through groups.", deviceEnd),
	reach[command]("commands_device_groups_list", "GET /api/v2/commands/{command}/systemgroups", "List the device groups that a saved command is bound to.", deviceGroupEnd),
	bonds[commandBonds]("commands_associations_list", "GET /api/v2/commands/{command}/associations",
		"List the devices or device groups that a saved command is bound to directly.", deviceEnd, deviceGroupEnd),
	bondChange[commandBondChange]("commands_associations_change", "POST /api/v2/commands/{command}/associations",
		"Bind a saved command to a device or device group, where it then runs, or end it.", auth.Destroy),
)

var softwareAppsGraph = Set{Name: "software_apps"}.Of(
	reach[softwareApp]("software_apps_devices_list", "GET /api/v2/softwareapps/{software_app}/systems", "List the devices that a software app is installed on, directly or through groups.", deviceEnd),
	reach[softwareApp]("software_apps_device_groups_list", "GET /api/v2/softwareapps/{software_app}/systemgroups", "List the device groups that a software app is installed on.", deviceGroupEnd),
	bonds[softwareAppBonds]("software_apps_associations_list", "GET /api/v2/softwareapps/{software_app}/associations",
		"List the devices or device groups that a software app is bound to directly.", deviceEnd, deviceGroupEnd),
	bondChange[softwareAppBondChange]("software_apps_associations_change", "POST /api/v2/softwareapps/{software_app}/associations",
		"Install a software app on a device or device group, or stop it.", auth.Change),
)
