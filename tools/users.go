package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type user struct {
	User jc.Ref[jc.User] `json:"user" in:"path" jsonschema:"required"`
}

var users = Set{"users", "People of the directory."}.Of(
	List[None, jc.User]("users_list", "GET /api/systemusers",
		"Find or count users.", Core, Searches("POST /api/search/systemusers"), Columns("username", "department", "flags")),
	Get[user, jc.User]("users_get", "GET /api/systemusers/{user}",
		"One user.", Core),
	Delete[user]("users_delete", "DELETE /api/systemusers/{user}",
		"Delete a user for good, with all access."),
)
