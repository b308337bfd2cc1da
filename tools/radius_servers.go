package tools

import (
	"context"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type radiusServer struct {
	Server jc.Ref[jc.RADIUSServer] `json:"radius_server" in:"path" jsonschema:"required"`
}

type radiusServerNew struct {
	Name            string `json:"name" jsonschema:"required,minLength=1"`
	NetworkSourceIP string `json:"networkSourceIp" jsonschema:"required,minLength=1,example=203.0.113.7"`
	SharedSecret    string `json:"sharedSecret" jsonschema:"required,minLength=1"`
	AuthIDP         string `json:"authIdp,omitempty" jsonschema:"enum=JUMPCLOUD,enum=AZURE"`
	radiusServerFields
}

type radiusServerEdit struct {
	radiusServer
	Name            string `json:"name,omitempty" jsonschema:"minLength=1"`
	NetworkSourceIP string `json:"networkSourceIp,omitempty" jsonschema:"minLength=1"`
	SharedSecret    string `json:"sharedSecret,omitempty" jsonschema:"minLength=1"`
	radiusServerFields
}

// radiusServerFields are what both take beside.
type radiusServerFields struct {
	MFA              string  `json:"mfa,omitempty" jsonschema:"enum=DISABLED,enum=ENABLED,enum=REQUIRED,enum=ALWAYS"`
	UserPassword     *bool   `json:"userPasswordEnabled,omitempty"`
	UserCert         *bool   `json:"userCertEnabled,omitempty"`
	DeviceCert       *bool   `json:"deviceCertEnabled,omitempty"`
	CACert           *string `json:"caCert,omitempty" rare:"true"`
	RadSec           *bool   `json:"radsecEnabled,omitempty" rare:"true"`
	RequireRadSec    *bool   `json:"requireRadsec,omitempty" rare:"true"`
	RequireTLSAuth   *bool   `json:"requireTlsAuth,omitempty" rare:"true"`
	LockoutAction    string  `json:"userLockoutAction,omitempty" rare:"true"`
	ExpirationAction string  `json:"userPasswordExpirationAction,omitempty" rare:"true"`
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
	List[None, jc.RADIUSServer]("radius_servers_list", "GET /api/radiusservers",
		"Find RADIUS servers, which sign users in to Wi-Fi and VPN.", Columns("name", "networkSourceIp", "mfa", "authIdp", "userCertEnabled")),
	Get[radiusServer, jc.RADIUSServer]("radius_servers_get", "GET /api/radiusservers/{radius_server}",
		"Show one RADIUS server, without its shared secret."),
	Create[radiusServerNew, jc.RADIUSServer]("radius_servers_create", "POST /api/radiusservers",
		"Create a RADIUS server for Wi-Fi or VPN; it trusts the given address and shared secret."),
	Change[radiusServerEdit, jc.RADIUSServer]("radius_servers_update", "PUT /api/radiusservers/{radius_server}",
		"Change a RADIUS server: address, shared secret, MFA, certificates. What is not given stays.", Merge),
	Delete[radiusServer]("radius_servers_delete", "DELETE /api/radiusservers/{radius_server}",
		"Delete a RADIUS server. Nobody can sign in to Wi-Fi or VPN through it any more."),
	reach[radiusServer]("radius_servers_device_groups_list", "GET /api/v2/radiusservers/{radius_server}/systemgroups",
		"List the device groups that are bound to a RADIUS server.", deviceGroupEnd, Untyped()),
	List[radiusServerTargets, jc.Association]("radius_servers_associations_list", "GET /api/v2/radiusservers/{radius_server}/associations",
		"List the users or user groups that are bound to a RADIUS server.",
		Rows(shownConnection), Columns("name", "type"), Names("name", "type", jc.User{}.Kind(), jc.UserGroup{}.Kind())),
	Job("radius_servers_associations_change", "Let a user or user group sign in through a RADIUS server, or stop it.",
		associating(radiusServerEdges),
		func(ctx context.Context, r *Reader, in *radiusServerAssociation) (*Plan, error) {
			return in.associate(ctx, r, in.Server.Found(), radiusServerEdges)
		}),
)
