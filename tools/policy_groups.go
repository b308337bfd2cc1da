package tools

import (
	"context"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type policyGroup struct {
	Group jc.Ref[jc.PolicyGroup] `json:"group" in:"path" jsonschema:"required"`
}

type policyGroupNew struct {
	Name string `json:"name" jsonschema:"required,minLength=1"`
}

type policyGroupEdit struct {
	policyGroup
	Name string `json:"name" jsonschema:"required,minLength=1"`
}

type policyGroupMembers struct {
	policyGroup
	Add    []jc.Ref[jc.Policy] `json:"add,omitempty" in:"-"`
	Remove []jc.Ref[jc.Policy] `json:"remove,omitempty" in:"-"`
}

type policyGroupBonds struct {
	policyGroup
	deviceTargets
}

type policyGroupBondChange struct {
	policyGroup
	deviceBond
}

const (
	policyGroupEdges     = "POST /api/v2/policygroups/{group}/members"
	policyGroupMembersAt = "GET /api/v2/policygroups/{group}/members"
	policyParents        = "GET /api/v2/policies/{policy}/memberof"
)

var policyGroups = Set{"policy_groups", "Groups of policies."}.Of(
	List[None, jc.PolicyGroup]("policy_groups_list", "GET /api/v2/policygroups",
		"Find policy groups, which bind several policies to devices as one.", Columns("name", "description")),
	Get[policyGroup, jc.PolicyGroup]("policy_groups_get", "GET /api/v2/policygroups/{group}",
		"Show one policy group."),
	Create[policyGroupNew, jc.PolicyGroup]("policy_groups_create", "POST /api/v2/policygroups",
		"Create an empty policy group."),
	Change[policyGroupEdit, jc.PolicyGroup]("policy_groups_update", "PUT /api/v2/policygroups/{group}",
		"Rename a policy group."),
	Delete[policyGroup]("policy_groups_delete", "DELETE /api/v2/policygroups/{group}",
		"Delete a policy group. Its policies no longer apply to devices through it."),
	List[policyGroup, jc.Connection]("policy_groups_members_list", policyGroupMembersAt,
		"List the policies in a policy group.", Takes("limit", "skip"),
		Rows(shownConnection), Columns("name"), Names("name", "type", jc.Policy{}.Kind())),
	Job("policy_groups_members_change", "Add policies to a policy group or remove them; its devices follow.",
		Uses{Own: []string{policyGroupEdges}, Reads: []string{policyParents, policyGroupMembersAt}, Risk: auth.Change, Effect: jc.Idempotent},
		func(ctx context.Context, r *Reader, in *policyGroupMembers) (*Plan, error) {
			return changeMembers(ctx, r, in.Group.Found(), objects(in.Add), objects(in.Remove),
				jc.At(policyGroupEdges), jc.At(policyParents), jc.At(policyGroupMembersAt))
		}),
)

var policyGroupsGraph = Set{Name: "policy_groups"}.Of(
	reach[policyGroup]("policy_groups_membership_list", "GET /api/v2/policygroups/{group}/membership",
		"List the policies in a policy group, through groups inside it too.", jc.Policy{}.Kind(), Takes("limit", "skip", "sort", "filter")),
	reach[policyGroup]("policy_groups_devices_list", "GET /api/v2/policygroups/{group}/systems",
		"List the devices that a policy group applies to, directly or through device groups.", deviceEnd, Takes("limit", "skip", "filter")),
	reach[policyGroup]("policy_groups_device_groups_list", "GET /api/v2/policygroups/{group}/systemgroups",
		"List the device groups that a policy group applies to.", deviceGroupEnd, Takes("limit", "skip", "filter")),
	reach[policyGroup]("policy_groups_users_list", "GET /api/v2/policygroups/{group}/users",
		"List the users whom a policy group applies to.", userEnd, Untyped()),
	reach[policyGroup]("policy_groups_user_groups_list", "GET /api/v2/policygroups/{group}/usergroups",
		"List the user groups that a policy group applies to.", userGroupEnd, Untyped()),
	bonds[policyGroupBonds]("policy_groups_associations_list", "GET /api/v2/policygroups/{group}/associations",
		"List the devices or device groups that a policy group is bound to directly.", deviceEnd, deviceGroupEnd),
	bondChange[policyGroupBondChange]("policy_groups_associations_change", "POST /api/v2/policygroups/{group}/associations",
		"Hold a device or device group to the policies of a policy group, or stop it.", auth.Change),
)
