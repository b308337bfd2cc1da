package tools

import (
	"context"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type userGroup struct {
	Group jc.Ref[jc.UserGroup] `json:"group" in:"path" jsonschema:"required"`
}

type userGroupNew struct {
	Name        string               `json:"name" jsonschema:"required,minLength=1"`
	Description string               `json:"description,omitempty"`
	Attributes  *userGroupAttributes `json:"attributes,omitempty" rare:"true"`
	groupExtras
}

type userGroupEdit struct {
	userGroup
	Name        string               `json:"name,omitempty" jsonschema:"minLength=1"`
	Description *string              `json:"description,omitempty"`
	Attributes  *userGroupAttributes `json:"attributes,omitempty" rare:"true"`
	groupExtras
}

type userGroupMembers struct {
	userGroup
	Add    []jc.Ref[jc.User] `json:"add,omitempty" in:"-"`
	Remove []jc.Ref[jc.User] `json:"remove,omitempty" in:"-"`
}

// userGroupAttributes are what a group gives its members on devices, in LDAP and in RADIUS.
type userGroupAttributes struct {
	Sudo         *sudoAttribute `json:"sudo,omitempty"`
	LDAPGroups   []onlyName     `json:"ldapGroups,omitempty"`
	POSIXGroups  []posixGroup   `json:"posixGroups,omitempty"`
	RADIUS       *radiusReplies `json:"radius,omitempty"`
	SambaEnabled *bool          `json:"sambaEnabled,omitempty"`
}

type sudoAttribute struct {
	Enabled         bool `json:"enabled" jsonschema:"required"`
	WithoutPassword bool `json:"withoutPassword" jsonschema:"required"`
}

type onlyName struct {
	Name string `json:"name,omitempty"`
}

type posixGroup struct {
	ID   int    `json:"id" jsonschema:"required"`
	Name string `json:"name" jsonschema:"required"`
}

type radiusReplies struct {
	Reply []radiusReply `json:"reply,omitempty"`
}

type radiusReply struct {
	Name  string `json:"name" jsonschema:"required"`
	Value string `json:"value" jsonschema:"required"`
}

// groupExtras are what user groups and device groups take beside, seldom used.
type groupExtras struct {
	Email                   string        `json:"email,omitempty" rare:"true"`
	MembershipMethod        string        `json:"membershipMethod,omitempty" rare:"true" jsonschema:"enum=NOTSET,enum=STATIC,enum=DYNAMIC_REVIEW_REQUIRED,enum=DYNAMIC_AUTOMATED"`
	MemberQuery             *memberQuery  `json:"memberQuery,omitempty" rare:"true"`
	MemberQueryExemptions   []graphObject `json:"memberQueryExemptions,omitempty" rare:"true"`
	MemberSuggestionsNotify *bool         `json:"memberSuggestionsNotify,omitempty" rare:"true"`
}

type memberQuery struct {
	QueryType     string        `json:"queryType" jsonschema:"required,enum=Filter,enum=FilterQuery,enum=Search"`
	SearchFilters string        `json:"searchFilters,omitempty"`
	Filters       []queryFilter `json:"filters,omitempty"`
}

type queryFilter struct {
	Field    string `json:"field" jsonschema:"required"`
	Operator string `json:"operator" jsonschema:"required"`
	Value    string `json:"value" jsonschema:"required"`
}

type graphObject struct {
	ID         string         `json:"id" jsonschema:"required"`
	Type       string         `json:"type" jsonschema:"required"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

const (
	userGroupEdges     = "POST /api/v2/usergroups/{group}/members"
	userGroupMembersAt = "GET /api/v2/usergroups/{group}/members"
	userParents        = "GET /api/v2/users/{user}/memberof"
)

var userGroups = Set{"user_groups", "Groups of users and what they grant."}.Of(
	List[None, jc.UserGroup]("user_groups_list", "GET /api/v2/usergroups",
		"Find user groups.", Core, Columns("name", "description", "flags")),
	Create[userGroupNew, jc.UserGroup]("user_groups_create", "POST /api/v2/usergroups",
		"Create a user group.", Core),
	Change[userGroupEdit, jc.UserGroup]("user_groups_update", "PUT /api/v2/usergroups/{group}",
		"Rename or describe a user group.", Merge),
	Delete[userGroup]("user_groups_delete", "DELETE /api/v2/usergroups/{group}",
		"Delete a user group. Members lose everything it granted."),
	List[userGroup, jc.Connection]("user_groups_members_list", userGroupMembersAt,
		"List the users in a user group.", Rows(shownConnection), Columns("name"), Names("name", "type", jc.User{}.Kind())),
	Job("user_groups_members_change", "Add users to a user group or remove them.",
		Uses{Own: []string{userGroupEdges}, Reads: []string{userParents, userGroupMembersAt}, Risk: auth.Change, Effect: jc.Idempotent},
		func(ctx context.Context, r *Reader, in *userGroupMembers) (*Plan, error) {
			return changeMembers(ctx, r, in.Group.Found(), objects(in.Add), objects(in.Remove),
				jc.At(userGroupEdges), jc.At(userParents), jc.At(userGroupMembersAt))
		}, Core),
)
