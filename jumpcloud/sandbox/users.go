package sandbox

import (
	"strings"
	"time"
)

// The collections as functions, for the tables of routes.
func (o *Org) theUsers() *collection         { return o.users }
func (o *Org) theDevices() *collection       { return o.devices }
func (o *Org) theUserGroups() *collection    { return o.userGroups }
func (o *Org) theDeviceGroups() *collection  { return o.deviceGroups }
func (o *Org) theApplications() *collection  { return o.applications }
func (o *Org) theAppTemplates() *collection  { return o.appTemplates }
func (o *Org) thePolicies() *collection      { return o.policies }
func (o *Org) theTemplates() *collection     { return o.templates }
func (o *Org) theCommands() *collection      { return o.commands }
func (o *Org) theResults() *collection       { return o.results }
func (o *Org) theOrganizations() *collection { return o.organizations }
func (o *Org) theDirectories() *collection   { return o.directories }
func (o *Org) theLDAP() *collection          { return o.ldap }
func (o *Org) theRadius() *collection        { return o.radius }
func (o *Org) theIPLists() *collection       { return o.ipLists }
func (o *Org) theSoftware() *collection      { return o.software }
func (o *Org) thePolicyGroups() *collection  { return o.policyGroups }
func (o *Org) theGSuites() *collection       { return o.gsuites }
func (o *Org) theOffice365s() *collection    { return o.office365s }

// userSpec is what a user body may set.
func userSpec() spec {
	s := spec{
		"username": "s", "email": "s", "state": "e:STAGED|ACTIVATED|SUSPENDED", "password": "s", "manager": "s",
		"addresses": "a", "attributes": "a", "phoneNumbers": "a", "relationships": "a", "restrictedFields": "a",
		"ssh_keys": "a", "mfa": "o", "recoveryEmail": "o", "delegatedAuthority": "o", "unix_uid": "i", "unix_guid": "i",
		"external_password_expiration_date": "t",
	}
	for _, f := range strings.Fields(`alternateEmail company costCenter department description displayname
		employeeIdentifier employeeType external_dn external_source_type firstname jobTitle lastname location
		managedAppleId middlename public_key`) {
		s[f] = "s"
	}
	for _, f := range strings.Fields(`account_locked activated allow_public_key disableDeviceMaxLoginAttempts
		enable_managed_uid enable_user_portal_multifactor externally_managed ldap_binding_user
		password_never_expires passwordless_sudo samba_service_user sudo suspended`) {
		s[f] = "b"
	}
	return s
}

func (c *call) createUser() *reply {
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	d, rep := c.addUser(body)
	if rep != nil {
		return rep
	}
	return okBytes(c.users.json(d, viewGet))
}

// addUser makes a user of a body, alone or as one of many.
func (c *call) addUser(body map[string]any) (*doc, *reply) {
	s := userSpec()
	s["username"], s["email"] = "!s", "!s"
	clean, problem := check(body, s)
	if problem != "" {
		return nil, c.bad(problem)
	}
	m := newUser(c.newID("user"), c.orgID, clean["username"].(string), clean["email"].(string), c.at)
	m["state"], m["activated"] = "ACTIVATED", false
	if clean["password"] != nil {
		m["activated"] = true
		m["password_date"] = stamp(c.at)
		m["password_expiration_date"] = stamp(c.at.Add(90 * 24 * time.Hour))
	}
	m["creationSource"] = "jumpcloud:api"
	m["unix_uid"], m["unix_guid"] = 5000+len(c.users.order), 5000+len(c.users.order)
	m, rep := c.mergeUser(m, clean, "")
	if rep != nil {
		return nil, rep
	}
	d := c.users.add(m)
	c.logChange("user_create", "directory", c.userResource(d), nil)
	return d, nil
}

func (c *call) updateUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	n, rep := c.changeUser(d, body)
	if rep != nil {
		return rep
	}
	return okBytes(c.users.json(n, viewGet))
}

// changeUser lays a partial body over a user.
func (c *call) changeUser(d *doc, body map[string]any) (*doc, *reply) {
	s := userSpec()
	s["state"] = "e:ACTIVATED|SUSPENDED"
	delete(s, "activated")
	clean, problem := check(body, s)
	if problem != "" {
		return nil, c.bad(problem)
	}
	m, rep := c.mergeUser(d.m, clean, d.id)
	if rep != nil {
		return nil, rep
	}
	return c.update(c.users, d, m, "user_update", "directory", c.userResource), nil
}

// mergeUser lays checked fields over a user: what is not sent stays. self is
// the user's own id, which may keep its names.
func (c *call) mergeUser(m, clean map[string]any, self string) (map[string]any, *reply) {
	if rep := c.userNames(clean, self); rep != nil {
		return nil, rep
	}
	if id, sent := clean["manager"].(string); sent && id != "" && c.users.get(id) == nil {
		return nil, c.bad("manager must be the id of a user")
	}
	if clean["password"] != nil {
		clean["password_date"], clean["password_expired"] = stamp(c.at), false
		clean["activated"] = true
	}
	delete(clean, "password") // accepted, never shown
	switch {
	case clean["state"] != nil:
		clean["suspended"] = clean["state"] == "SUSPENDED"
	case clean["suspended"] == true:
		clean["state"] = "SUSPENDED"
	case clean["suspended"] == false && m["state"] == "SUSPENDED":
		clean["state"] = "ACTIVATED"
	}
	if clean["account_locked"] == false {
		clean["account_locked_date"], clean["badLoginAttempts"] = nil, 0
	}
	if keys, sent := clean["ssh_keys"].([]any); sent {
		clean["ssh_keys"] = c.sshKeys(keys)
	}
	if mfa, sent := clean["mfa"].(map[string]any); sent {
		old, _ := m["mfa"].(map[string]any)
		mfa = with(old, mfa)
		mfa["configured"] = old["configured"] == true // only enrolling sets it
		clean["mfa"] = mfa
	}
	return inState(with(m, clean)), nil
}

// inState makes the flags of a user agree with the state: suspended means
// SUSPENDED and nothing else, and nobody who is staged is activated. Who has a
// password is activated with the state; others still have to set one.
func inState(m map[string]any) map[string]any {
	m["suspended"] = m["state"] == "SUSPENDED"
	switch {
	case m["state"] == "STAGED":
		m["activated"] = false
	case m["state"] == "ACTIVATED" && m["password_date"] != nil:
		m["activated"] = true
	}
	return m
}

func (c *call) sshKeys(keys []any) []any {
	out := make([]any, 0, len(keys))
	for _, k := range keys {
		key, _ := k.(map[string]any)
		out = append(out, map[string]any{"_id": c.newID("key"), "name": key["name"],
			"public_key": key["public_key"], "create_date": stamp(c.at)})
	}
	return out
}

// userNames checks form and uniqueness of username and email, without case.
func (c *call) userNames(clean map[string]any, self string) *reply {
	for _, field := range []string{"username", "email"} {
		v, sent := clean[field]
		if !sent {
			continue
		}
		name, _ := v.(string)
		if name == "" || strings.ContainsAny(name, " \t\n<>") || field == "email" && !strings.Contains(name, "@") {
			return c.bad(field + " is not valid")
		}
		for _, d := range c.users.order {
			other, _ := d.m[field].(string)
			if d.id != self && strings.EqualFold(other, name) {
				return c.conflict(field + " is already taken")
			}
		}
	}
	return nil
}

// update stores a change and writes its event; the trap no-effect answers
// with the object as it was.
func (c *call) update(coll *collection, d *doc, m map[string]any, event, service string, about func(*doc) map[string]any) *doc {
	if c.traps["no-effect"] {
		return d
	}
	diff := changed(d.m, m)
	if len(diff) == 0 {
		return d
	}
	n := coll.replace(d, m)
	c.logChange(event, service, about(n), diff)
	return n
}

func (c *call) userResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": "user", "username": d.m["username"], "name": d.m["username"]}
}

func (c *call) deleteUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.users.remove(d)
	c.graph.forget(node{"user", d.id})
	c.dropPushEndpoints(d.id)
	for _, other := range c.users.order {
		if other.m["manager"] == d.id {
			c.users.replace(other, with(other.m, map[string]any{"manager": nil}))
		}
	}
	c.logChange("user_delete", "directory", c.userResource(d), nil)
	return removed(c.users.json(d, viewGet))
}
