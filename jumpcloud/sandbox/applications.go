package sandbox

import "strings"

func applicationResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": "application", "name": d.m["displayLabel"]}
}

// applicationBody reads an application in full.
func (c *call) applicationBody(id, createdAt string) (map[string]any, *reply) {
	body, bad := c.object()
	if bad != nil {
		return nil, bad
	}
	clean, problem := check(body, spec{
		"name": "!s", "config": "!o", "ssoUrl": "!s", "active": "b", "beta": "b", "color": "s", "description": "s",
		"displayLabel": "s", "displayName": "s", "learnMore": "s", "logo": "o", "parentApp": "s", "sso": "o",
		"databaseAttributes": "a",
	})
	if problem != "" {
		return nil, c.bad(problem)
	}
	if len(text(clean["description"])) > 256 {
		return nil, c.bad("description is longer than 256")
	}
	if !strings.HasPrefix(clean["ssoUrl"].(string), "http") {
		return nil, c.bad("ssoUrl must be a URL")
	}
	base := map[string]any{"_id": id, "organization": c.orgID, "active": true, "beta": false,
		"displayLabel": clean["name"], "created": createdAt}
	return with(base, clean), nil
}

func (c *call) createApplication() *reply {
	m, rep := c.applicationBody(c.newID("application"), stamp(c.at))
	if rep != nil {
		return rep
	}
	d := c.applications.add(m)
	c.logChange("application_create", "directory", applicationResource(d), nil)
	return okBytes(c.applications.json(d, viewGet))
}

// replaceApplication puts a whole new application in place.
func (c *call) replaceApplication() *reply {
	d := c.applications.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	m, rep := c.applicationBody(d.id, text(d.m["created"]))
	if rep != nil {
		return rep
	}
	n := c.update(c.applications, d, m, "application_update", "directory", applicationResource)
	return okBytes(c.applications.json(n, viewGet))
}

func (c *call) deleteApplication() *reply {
	d := c.applications.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.applications.remove(d)
	c.graph.forget(node{"application", d.id})
	c.logChange("application_delete", "directory", applicationResource(d), nil)
	return removed(c.applications.json(d, viewGet))
}
