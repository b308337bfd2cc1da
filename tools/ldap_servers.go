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

type sambaDomain struct {
	Domain jc.Ref[jc.SambaDomain] `json:"samba_domain" in:"path" jsonschema:"required"`
	ldapServer
}

type sambaDomainNew struct {
	ldapServer
	Name string `json:"name" jsonschema:"required,minLength=1,description=Of the workgroup."`
	SID  string `json:"sid" jsonschema:"required,minLength=1,example=S-1-5-21-1-2-3"`
}

type sambaDomainEdit struct {
	sambaDomain
	Name string `json:"name,omitempty" jsonschema:"minLength=1"`
	SID  string `json:"sid,omitempty" jsonschema:"minLength=1"`
}

const sambaDomainsAt = "/api/v2/ldapservers/{ldap_server}/sambadomains"

var ldapServers = Set{"ldap_servers", "Cloud LDAP and its Samba domains."}.Of(
	List[None, jc.LDAPServer]("ldap_servers_list", "GET /api/v2/ldapservers",
		"Find LDAP servers.", Columns("name", "userLockoutAction", "userPasswordExpirationAction")),
	Get[ldapServer, jc.LDAPServer]("ldap_servers_get", "GET /api/v2/ldapservers/{ldap_server}",
		"Show one LDAP server."),
	Change[ldapServerEdit, jc.LDAPServer]("ldap_servers_update", "PATCH /api/v2/ldapservers/{ldap_server}",
		"Set what happens to LDAP entries of locked users and of expired passwords."),
	List[ldapServer, jc.SambaDomain]("ldap_servers_samba_domains_list", "GET "+sambaDomainsAt,
		"List the Samba domains (workgroups of file servers) of an LDAP server.", Columns("name", "sid")),
	Get[sambaDomain, jc.SambaDomain]("ldap_servers_samba_domains_get", "GET "+sambaDomainsAt+"/{samba_domain}",
		"Show one Samba domain of an LDAP server."),
	Create[sambaDomainNew, jc.SambaDomain]("ldap_servers_samba_domains_create", "POST "+sambaDomainsAt,
		"Create a Samba domain (workgroup) on an LDAP server."),
	Change[sambaDomainEdit, jc.SambaDomain]("ldap_servers_samba_domains_update", "PUT "+sambaDomainsAt+"/{samba_domain}",
		"Change the name or security identifier (SID) of a Samba domain.", Merge),
	Delete[sambaDomain]("ldap_servers_samba_domains_delete", "DELETE "+sambaDomainsAt+"/{samba_domain}",
		"Delete a Samba domain of an LDAP server. File servers can no longer sign users in by it."),
)
