package sandbox

import (
	"net/http"
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
	s := userSpec()
	s["username"], s["email"] = "!s", "!s"
	clean, problem := check(body, s)
	if problem != "" {
		return c.bad(problem)
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
		return rep
	}
	d := c.users.add(m)
	c.logChange("user_create", "directory", c.userResource(d), nil)
	return okBytes(c.users.json(d, viewGet))
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
	s := userSpec()
	s["state"] = "e:ACTIVATED|SUSPENDED"
	delete(s, "activated")
	clean, problem := check(body, s)
	if problem != "" {
		return c.bad(problem)
	}
	m, rep := c.mergeUser(d.m, clean, d.id)
	if rep != nil {
		return rep
	}
	n := c.update(c.users, d, m, "user_update", "directory", c.userResource)
	return okBytes(c.users.json(n, viewGet))
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
	return with(m, clean), nil
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
	for _, other := range c.users.order {
		if other.m["manager"] == d.id {
			c.users.replace(other, with(other.m, map[string]any{"manager": nil}))
		}
	}
	c.logChange("user_delete", "directory", c.userResource(d), nil)
	return removed(c.users.json(d, viewGet))
}

// resetMFA makes a user enrol again, with or without a time of grace.
func (c *call) resetMFA() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"exclusion": "b", "exclusionUntil": "t", "exclusionDays": "i"})
	if problem != "" {
		return c.bad(problem)
	}
	mfa := map[string]any{"configured": false, "exclusion": clean["exclusion"] == true}
	if s, sent := clean["exclusionUntil"].(string); sent && clean["exclusion"] == true {
		until, _ := time.Parse(time.RFC3339, s)
		if !until.After(c.at) {
			return c.bad("exclusionUntil must be in the future")
		}
		mfa["exclusionUntil"] = stamp(until)
	}
	if days, sent := clean["exclusionDays"].(float64); sent {
		if days < 1 {
			return c.bad("exclusionDays must be at least 1")
		}
		mfa["exclusionUntil"] = stamp(c.at.AddDate(0, 0, int(days)))
	}
	m := with(d.m, map[string]any{"mfa": mfa, "totp_enabled": false, "mfaEnrollment": mfaEnrollment(false)})
	c.update(c.users, d, m, "user_mfa_reset", "directory", c.userResource)
	return empty(http.StatusOK)
}

func (c *call) expirePassword() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	m := with(d.m, map[string]any{"password_expired": true, "password_expiration_date": stamp(c.at)})
	c.update(c.users, d, m, "user_password_expired", "directory", c.userResource)
	return empty(http.StatusOK)
}

func (c *call) unlockUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	m := with(d.m, map[string]any{"account_locked": false, "account_locked_date": nil, "badLoginAttempts": 0})
	c.update(c.users, d, m, "user_unlocked", "directory", c.userResource)
	return empty(http.StatusOK)
}

func (c *call) activateUser() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	if _, bad := c.object(); bad != nil {
		return bad
	}
	m := with(d.m, map[string]any{"state": "ACTIVATED", "suspended": false})
	c.update(c.users, d, m, "user_activated", "directory", c.userResource)
	return empty(http.StatusOK)
}
