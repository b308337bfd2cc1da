package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type userGroup struct {
	Group jc.Ref[jc.UserGroup] `json:"group" in:"path" jsonschema:"required"`
}

type userGroupNew struct {
	Name        string `json:"name" jsonschema:"required,minLength=1"`
	Description string `json:"description,omitempty"`
	groupExtras
}

type userGroupEdit struct {
	userGroup
	Name        string  `json:"name,omitempty" jsonschema:"minLength=1"`
	Description *string `json:"description,omitempty"`
	groupExtras
}

// groupExtras are what user groups and device groups take beside, seldom used.
type groupExtras struct {
	Email                   string        `json:"email,omitempty" rare:"true"`
	MembershipMethod        string        `json:"membershipMethod,omitempty" rare:"true" jsonschema:"enum=NOTSET,enum=STATIC,enum=DYNAMIC_REVIEW_REQUIRED,enum=DYNAMIC_AUTOMATED"`
	MemberQuery             *memberQuery  `json:"memberQuery,omitempty" rare:"true"`
	MemberQueryExemptions   []graphObject `json:"memberQueryExemptions,omitempty" rare:"true"`
	MemberSuggestionsNotify *bool         `json:"memberSuggestionsNotify,omitempty" rare:"true"`
	Attributes              any           `json:"attributes,omitempty" rare:"true"`
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
	ID         string `json:"id" jsonschema:"required"`
	Type       string `json:"type" jsonschema:"required"`
	Attributes any    `json:"attributes,omitempty"`
}

var userGroups = Set{"user_groups", "Groups of users and what they grant."}.Of(
	List[None, jc.UserGroup]("user_groups_list", "GET /api/v2/usergroups",
		"Find user groups.", Core, Columns("name", "description", "flags")),
	Get[userGroup, jc.UserGroup]("user_groups_get", "GET /api/v2/usergroups/{group}",
		"One user group.", Core),
	Create[userGroupNew, jc.UserGroup]("user_groups_create", "POST /api/v2/usergroups",
		"Create a user group.", Core),
	Change[userGroupEdit, jc.UserGroup]("user_groups_update", "PUT /api/v2/usergroups/{group}",
		"Rename or describe a user group.", Merge),
	Delete[userGroup]("user_groups_delete", "DELETE /api/v2/usergroups/{group}",
		"Delete a user group. Members lose everything it granted."),
)
