package sandbox

import "net/http"

// listKeys shows the public keys of a user.
func (c *call) listKeys() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	keys, _ := d.m["ssh_keys"].([]any)
	if keys == nil {
		keys = none
	}
	return ok(keys)
}

func (c *call) addKey() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"name": "!s", "public_key": "!s"})
	if problem != "" {
		return c.bad(problem)
	}
	old, _ := d.m["ssh_keys"].([]any)
	for _, k := range old {
		if k.(map[string]any)["name"] == clean["name"] {
			return c.conflict("a key with this name already exists")
		}
	}
	key := c.sshKeys([]any{clean})[0]
	c.update(c.users, d, with(d.m, map[string]any{"ssh_keys": append(old[:len(old):len(old)], key)}),
		"user_update", "directory", c.userResource)
	return ok(key)
}

func (c *call) deleteKey() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	old, _ := d.m["ssh_keys"].([]any)
	left := make([]any, 0, len(old))
	for _, k := range old {
		if k.(map[string]any)["_id"] != c.param("key") {
			left = append(left, k)
		}
	}
	if len(left) == len(old) {
		return c.notFound()
	}
	c.update(c.users, d, with(d.m, map[string]any{"ssh_keys": left}), "user_update", "directory", c.userResource)
	return empty(http.StatusOK)
}

// totpInfo says since when a user has a time-based code; an empty object when
// there is none.
func (c *call) totpInfo() *reply {
	d := c.users.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	if d.m["totp_enabled"] != true {
		return ok(map[string]any{})
	}
	return ok(map[string]any{"enrollmentDate": d.m["created"]})
}

// pushOf gives the user in the path and, when asked, one push endpoint.
func (c *call) pushOf() (*doc, *reply) {
	if c.users.get(c.param("id")) == nil {
		return nil, c.notFound()
	}
	if d := c.pushEndpoints.get(c.param("endpoint")); d != nil && d.m["user"] == c.param("id") {
		return d, nil
	}
	return nil, c.notFound()
}

func (c *call) listPush() *reply {
	id := c.param("id")
	if c.users.get(id) == nil {
		if c.traps["empty-children"] {
			return ok(none)
		}
		return c.notFound()
	}
	var rows [][]byte
	for _, d := range c.pushEndpoints.order {
		if d.m["user"] == id {
			rows = append(rows, c.pushEndpoints.json(d, viewList))
		}
	}
	return okBytes(joined(rows))
}

func (c *call) getPush() *reply {
	d, rep := c.pushOf()
	if rep != nil {
		return rep
	}
	return okBytes(c.pushEndpoints.json(d, viewList))
}

func (c *call) patchPush() *reply {
	d, rep := c.pushOf()
	if rep != nil {
		return rep
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"name": "s", "state": "e:active|inactive"})
	if problem != "" {
		return c.bad(problem)
	}
	n := c.update(c.pushEndpoints, d, with(d.m, clean), "push_endpoint_update", "directory", named("push_endpoint", "name"))
	return okBytes(c.pushEndpoints.json(n, viewList))
}

func (c *call) deletePush() *reply {
	d, rep := c.pushOf()
	if rep != nil {
		return rep
	}
	c.pushEndpoints.remove(d)
	c.pushStatus(c.param("id"), "NOT_ENROLLED")
	c.logChange("push_endpoint_delete", "directory", named("push_endpoint", "name")(d), nil)
	return removed(c.pushEndpoints.json(d, viewList))
}

// dropPushEndpoints forgets the phones of a user, whose second factor was
// reset.
func (o *Org) dropPushEndpoints(user string) {
	for _, d := range append([]*doc(nil), o.pushEndpoints.order...) {
		if d.m["user"] == user {
			o.pushEndpoints.remove(d)
		}
	}
}

func (o *Org) pushStatus(user, status string) {
	d := o.users.get(user)
	if d == nil {
		return
	}
	enrollment, _ := d.m["mfaEnrollment"].(map[string]any)
	o.users.replace(d, with(d.m, map[string]any{"mfaEnrollment": with(enrollment, map[string]any{"pushStatus": status})}))
}
