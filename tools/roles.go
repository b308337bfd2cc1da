package tools

type role struct {
	Role string `json:"role" in:"path" jsonschema:"required,minLength=1"`
}

var roles = Set{"roles", "Administrator roles."}.Of(
	List[None, Raw]("roles_list", "GET /api/v2/roles",
		"List the administrator roles, built-in and custom.", Untyped(), Takes("limit", "skip", "sort", "filter")),
	Get[role, Raw]("roles_get", "GET /api/v2/roles/{role}",
		"Show one administrator role with its scopes (permissions).", Untyped()),
	Create[None, Raw]("roles_create", "POST /api/v2/roles",
		"Create a custom administrator role from scopes (permissions).", Untyped("name", "description", "scopes"), Grave),
	Change[role, Raw]("roles_update", "PUT /api/v2/roles/{role}",
		"Change a custom administrator role; its holders get the new scopes at once.", Untyped("_id", "name", "description", "scopes"), Merge, Grave),
	Delete[role]("roles_delete", "DELETE /api/v2/roles/{role}",
		"Delete a custom administrator role. Who holds it loses its permissions.", Untyped()),
)
