package jumpcloud

// LDAPServer is an instance of Cloud LDAP. The actions say what becomes of the
// entry of a locked user or of one whose password expired: disable or remove.
type LDAPServer struct {
	ID               string `json:"id,omitempty"`
	Name             string `json:"name,omitempty"`
	LockoutAction    string `json:"userLockoutAction,omitempty"`
	ExpirationAction string `json:"userPasswordExpirationAction,omitempty"`
}

// Kind is the kind of LDAP servers.
func (LDAPServer) Kind() *Kind { return ldapServerKind }

var ldapServerKind = &Kind{
	Type: "ldap_server", Noun: "LDAP server", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/ldapservers/{id}"),
	Find:  At("GET /api/v2/ldapservers"),
}

// SambaDomain is a workgroup for file servers that sign in by LDAP.
type SambaDomain struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	SID  string `json:"sid,omitempty"`
}

// Kind is the kind of Samba domains, which are found inside their LDAP server.
func (SambaDomain) Kind() *Kind { return sambaDomainKind }

var sambaDomainKind = &Kind{
	Type: "samba_domain", Noun: "Samba domain", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/ldapservers/{ldap_server}/sambadomains/{id}"),
	Find:  At("GET /api/v2/ldapservers/{ldap_server}/sambadomains"),
}
