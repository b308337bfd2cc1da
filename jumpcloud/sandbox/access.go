package sandbox

import (
	"encoding/base64"
	"time"
)

// elevate is the one operation that access requests know.
const elevate = "ff487bda-e18f-42ed-9d6c-5c7cafd6adf9"

// expiryOf reads an expiry, which must lie in the future.
func (c *call) expiryOf(v any) (time.Time, *reply) {
	t, _ := time.Parse(time.RFC3339, text(v))
	if !t.After(c.at) {
		return t, c.bad("expiry must be in the future")
	}
	return t.UTC(), nil
}

func base64JSON(v any) string { return base64.StdEncoding.EncodeToString(encode(v)) }

func accessResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": "access_request", "user": d.m["requestorId"], "system": d.m["resourceId"]}
}

func (c *call) sudoOf(v any) *reply {
	attrs, _ := v.(map[string]any)
	sudo, _ := attrs["sudo"].(map[string]any)
	if _, problem := check(sudo, spec{"enabled": "!b", "withoutPassword": "!b"}); problem != "" {
		return c.bad("additionalAttributes.sudo: " + problem)
	}
	return nil
}

func (c *call) createAccess() *reply {
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"operationId": "!s", "requestorId": "!s", "resourceId": "!s",
		"resourceType": "!e:device", "expiry": "!t", "additionalAttributes": "!o", "remarks": "s",
		"applicationIntId": "s", "organizationObjectId": "s"})
	if problem != "" {
		return c.bad(problem)
	}
	if clean["operationId"] != elevate {
		return c.bad("operationId is not known")
	}
	if c.users.get(text(clean["requestorId"])) == nil {
		return c.fail(404, "requestor not found")
	}
	if c.devices.get(text(clean["resourceId"])) == nil {
		return c.fail(404, "resource not found")
	}
	expiry, rep := c.expiryOf(clean["expiry"])
	if rep != nil {
		return rep
	}
	if rep := c.sudoOf(clean["additionalAttributes"]); rep != nil {
		return rep
	}
	m := c.newAccess(c.uuid("access"), text(clean["requestorId"]), text(clean["resourceId"]), c.at, expiry)
	m["remarks"], m["additionalAttributes"] = text(clean["remarks"]), base64JSON(clean["additionalAttributes"])
	d := c.access.add(m)
	c.expireLater(d.id, expiry)
	c.logChange("access_request_create", "access_management", accessResource(d), nil)
	return ok(map[string]any{"id": d.id})
}

// newAccess is a request as it stands when it is granted.
func (o *Org) newAccess(id, user, device string, from, expiry time.Time) map[string]any {
	n := len(o.access.order) + 1
	return map[string]any{
		"accessId": id, "id": n, "accessState": "granted", "version": 1, "operationId": elevate, "remarks": "",
		"requestorId": user, "onBehalfOfUserId": user, "resourceId": device, "resourceType": "device",
		"expiry": expiry.Format(time.RFC3339), "duration": int(expiry.Sub(from).Seconds()),
		"additionalAttributes": base64JSON(map[string]any{"sudo": map[string]any{"enabled": true, "withoutPassword": false}}),
		"companyId":            base64.StdEncoding.EncodeToString([]byte(o.orgID)),
		"jobId":                base64.StdEncoding.EncodeToString([]byte(o.id("job", n))),
		"metadata":             base64JSON(map[string]any{}), "tempGroupId": o.id("temp", n),
		"createdBy": o.adminID, "updatedBy": o.adminID,
	}
}

// seedAccess leaves a few requests of the past and one that is still active.
func (o *Org) seedAccess() {
	for i, d := range o.devices.order {
		owner := text(lookup(d.m, "primarySystemUser.id"))
		if owner == "" || i%25 != 0 && i != 10 {
			continue
		}
		from := o.base.Add(-days(3+i%80) - 5*time.Hour)
		state, expiry := "expired", from.Add(2*time.Hour)
		if i == 10 {
			from, state, expiry = o.base.Add(-time.Hour), "granted", o.base.Add(6*time.Hour)
		}
		h := o.id("access", i)
		id := h[:8] + "-" + h[8:12] + "-4" + h[12:15] + "-a" + h[15:18] + "-" + o.id("access/2", i)[:12]
		m := o.newAccess(id, owner, d.id, from, expiry)
		m["accessState"], m["remarks"] = state, "INC-"+h[:4]
		a := o.access.add(m)
		o.granted = append(o.granted, grantedAccess{from, a})
		if state == "granted" {
			o.expireLater(id, expiry)
		}
	}
}

// grantedAccess is a request of the past, for the history of events.
type grantedAccess struct {
	at      time.Time
	request *doc
}

// expireLater ends a request by the clock, unless its expiry has moved.
func (o *Org) expireLater(id string, expiry time.Time) {
	want := expiry.Format(time.RFC3339)
	at, _ := time.Parse(time.RFC3339, want)
	o.later(at, func(at time.Time) {
		d := o.access.get(id)
		if d.m["accessState"] != "granted" || d.m["expiry"] != want {
			return
		}
		n := o.access.replace(d, with(d.m, map[string]any{"accessState": "expired"}))
		o.logSystem(at, "access_request_expire", "access_management", accessResource(n))
	})
}

func (c *call) getAccess() *reply {
	d := c.access.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	return okBytes(c.access.json(d, viewGet))
}

// active gives the request in the path if it can still be changed.
func (c *call) activeAccess() (*doc, *reply) {
	d := c.access.get(c.param("id"))
	if d == nil {
		return nil, c.notFound()
	}
	if d.m["accessState"] != "granted" {
		return nil, c.bad("the access request has ended: " + text(d.m["accessState"]))
	}
	return d, nil
}

func (c *call) updateAccess() *reply {
	d, rep := c.activeAccess()
	if rep != nil {
		return rep
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"expiry": "t", "remarks": "s", "additionalAttributes": "o", "organizationObjectId": "s"})
	if problem != "" {
		return c.bad(problem)
	}
	changes := map[string]any{"version": d.m["version"].(int) + 1, "updatedBy": c.adminID}
	if clean["expiry"] != nil {
		expiry, rep := c.expiryOf(clean["expiry"])
		if rep != nil {
			return rep
		}
		changes["expiry"], changes["duration"] = expiry.Format(time.RFC3339), int(expiry.Sub(c.at).Seconds())
		if !c.traps["no-effect"] {
			c.expireLater(d.id, expiry)
		}
	}
	if clean["remarks"] != nil {
		changes["remarks"] = clean["remarks"]
	}
	if clean["additionalAttributes"] != nil {
		if rep := c.sudoOf(clean["additionalAttributes"]); rep != nil {
			return rep
		}
		changes["additionalAttributes"] = base64JSON(clean["additionalAttributes"])
	}
	c.update(c.access, d, with(d.m, changes), "access_request_update", "access_management", accessResource)
	return ok(map[string]any{})
}

func (c *call) revokeAccess() *reply {
	d, rep := c.activeAccess()
	if rep != nil {
		return rep
	}
	changes := map[string]any{"accessState": "revoked", "version": d.m["version"].(int) + 1, "updatedBy": c.adminID}
	c.update(c.access, d, with(d.m, changes), "access_request_revoke", "access_management", accessResource)
	return ok(map[string]any{})
}
