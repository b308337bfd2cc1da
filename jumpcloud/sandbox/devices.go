package sandbox

import (
	"net/http"
	"strings"
	"time"
)

func (c *call) deviceResource(d *doc) map[string]any {
	return map[string]any{"id": d.id, "type": "system", "hostname": d.m["hostname"], "name": d.m["displayName"]}
}

// updateDevice takes partial bodies. What an agent reports (hostname, os,
// serial) cannot be set and is passed over.
func (c *call) updateDevice() *reply {
	d := c.devices.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{
		"displayName": "s", "description": "s", "attributes": "a", "agentBoundMessages": "a",
		"allowMultiFactorAuthentication": "b", "allowPublicKeyAuthentication": "b",
		"allowSshPasswordAuthentication": "b", "allowSshRootLogin": "b",
	})
	if problem != "" {
		return c.bad(problem)
	}
	delete(clean, "agentBoundMessages")
	n := c.update(c.devices, d, with(d.m, clean), "system_update", "systems", c.deviceResource)
	return okBytes(c.devices.json(n, viewGet))
}

func (c *call) deleteDevice() *reply {
	d := c.devices.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	c.devices.remove(d)
	c.graph.forget(node{"system", d.id})
	c.logChange("system_delete", "systems", c.deviceResource(d), nil)
	return removed(c.devices.json(d, viewGet))
}

// builtin queues erase, lock, restart or shutdown. A device that is online
// acts after a second; one that is offline keeps the order. Apple and Android
// devices are refused: they take these orders through MDM only.
func builtin(verb string) handler {
	return func(c *call) *reply {
		d := c.devices.get(c.param("id"))
		if d == nil {
			return c.notFound()
		}
		if d.m["osFamily"] == "darwin" || d.m["osFamily"] == "android" {
			return c.bad("the command is not supported on this device")
		}
		if _, bad := c.object(); bad != nil {
			return bad
		}
		c.order(d, verb, "systems")
		return empty(http.StatusCreated)
	}
}

// order queues what a device shall do, whichever way it is told.
func (c *call) order(d *doc, verb, service string) {
	action := c.actions.add(map[string]any{"id": c.newID("action"), "system": d.id, "command": verb,
		"state": "queued", "requested": stamp(c.at)})
	c.logChange("system_"+verb, service, c.deviceResource(d), nil)
	if d.m["active"] == true {
		c.later(c.at.Add(time.Second), func(at time.Time) { c.act(action.id, at) })
	}
}

// act carries an order out on a device that is still there.
func (o *Org) act(id string, at time.Time) {
	action := o.actions.get(id)
	d := o.devices.get(action.m["system"].(string))
	if d == nil {
		return
	}
	o.actions.replace(action, with(action.m, map[string]any{"state": "done", "finished": stamp(at)}))
	if verb := action.m["command"]; verb == "erase" || verb == "shutdown" {
		o.devices.replace(d, with(d.m, map[string]any{"active": false, "lastContact": stamp(at)}))
	}
}

// diskKey shows the recovery key of a disk and leaves the event that reading
// one always leaves.
func (c *call) diskKey() *reply {
	d := c.devices.get(c.param("id"))
	if d == nil || lookup(d.m, "fde.keyPresent") != true {
		return c.notFound()
	}
	h := strings.ToUpper(derive(c.opt.Seed, "fde/"+d.id, 0))
	key := secretMark + strings.Join([]string{h[0:4], h[4:8], h[8:12], h[12:16], h[16:20], h[20:24]}, "-")
	c.logChange("system_fde_key_decrypt", "systems", c.deviceResource(d), nil)
	return ok(map[string]any{"key": key})
}
