package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type ldapServer struct {
	Server jc.Ref[jc.LDAPServer] `json:"ldap_server" in:"path" jsonschema:"required"`
}

type ldapServerEdit struct {
	ldapServer
	LockoutAction    string `json:"userLockoutAction,omitempty" jsonschema:"enum=disable,enum=remove"`
	ExpirationAction string `json:"userPasswordExpirationAction,omitempty" jsonschema:"enum=disable,enum=remove"`
}

var ldapServers = Set{"ldap_servers", "Cloud LDAP and its Samba domains."}.Of(
	List[None, jc.LDAPServer]("ldap_servers_list", "GET /api/v2/ldapservers",
		"Find LDAP servers.", Columns("name", "userLockoutAction", "userPasswordExpirationAction")),
	Get[ldapServer, jc.LDAPServer]("ldap_servers_get", "GET /api/v2/ldapservers/{ldap_server}",
		"Show one LDAP server."),
	Change[ldapServerEdit, jc.LDAPServer]("ldap_servers_update", "PATCH /api/v2/ldapservers/{ldap_server}",
		"Set what happens to LDAP entries of locked users and of expired passwords."),
)
