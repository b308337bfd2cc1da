package tools

import (
	"context"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type radiusServer struct {
	Server jc.Ref[jc.RADIUSServer] `json:"radius_server" in:"path" jsonschema:"required"`
}

type radiusServerTargets struct {
	radiusServer
	Targets string `json:"targets" in:"query" jsonschema:"required,enum=user,enum=user_group"`
}

type radiusServerAssociation struct {
	radiusServer
	association
}

const radiusServerEdges = "POST /api/v2/radiusservers/{radius_server}/associations"

var radiusServers = Set{"radius_servers", "RADIUS servers and who may sign in through them."}.Of(
	List[radiusServerTargets, jc.Association]("radius_servers_associations_list", "GET /api/v2/radiusservers/{radius_server}/associations",
		"List the users or user groups that are bound to a RADIUS server.",
		Rows(shownConnection), Columns("name", "type"), Names("name", "type", jc.User{}.Kind(), jc.UserGroup{}.Kind())),
	Job("radius_servers_associations_change", "Let a user or user group sign in through a RADIUS server, or stop it.",
		associating(radiusServerEdges),
		func(ctx context.Context, r *Reader, in *radiusServerAssociation) (*Plan, error) {
			return in.associate(ctx, r, in.Server.Found(), radiusServerEdges)
		}),
)
