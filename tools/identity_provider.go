package tools

import (
	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type routingPolicy struct {
	Policy jc.Ref[jc.RoutingPolicy] `json:"routing_policy" in:"path" jsonschema:"required"`
}

type routingPolicyBonds struct {
	routingPolicy
	userTargets
}

type routingPolicyBondChange struct {
	routingPolicy
	association
}

// Routing policies themselves are made in the console; the API binds people to them.
var identityProvider = Set{"identity_provider", "Routing of sign-ins to other identity providers."}.Of(
	reach[routingPolicy]("identity_provider_users_list", "GET /api/v2/identity-provider/policies/{routing_policy}/associations/users",
		"List the users whose sign-in a routing policy sends to another identity provider.", userEnd, Takes("limit", "skip", "filter")),
	reach[routingPolicy]("identity_provider_user_groups_list", "GET /api/v2/identity-provider/policies/{routing_policy}/associations/usergroups",
		"List the user groups whose sign-in a routing policy sends to another identity provider.", userGroupEnd, Takes("limit", "skip", "filter")),
	bonds[routingPolicyBonds]("identity_provider_associations_list", "GET /api/v2/identity-provider/policies/{routing_policy}/associations",
		"List the users or user groups that are bound directly to an identity provider routing policy.", userEnd, userGroupEnd),
	bondChange[routingPolicyBondChange]("identity_provider_associations_change", "POST /api/v2/identity-provider/policies/{routing_policy}/associations",
		"Route the sign-in of a user or user group to another identity provider (federation), or stop it.", auth.Change, Grave),
)
