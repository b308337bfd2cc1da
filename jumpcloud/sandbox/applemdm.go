package sandbox

import (
	"net/http"
	"regexp"
)

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// appleOf gives the MDM configuration and the enrolled device in the path.
func (c *call) appleOf() (*doc, *reply) {
	if c.appleMDMs.get(c.param("id")) == nil {
		return nil, c.notFound()
	}
	d := c.appleDevices.get(c.param("device"))
	if d == nil {
		return nil, c.notFound()
	}
	return d, nil
}

// listAppleMDMs pages by one unless told otherwise, as published.
func (c *call) listAppleMDMs() *reply {
	q := c.r.URL.Query()
	if q.Get("limit") == "" {
		q.Set("limit", "1")
	}
	p, err := pageV2(q)
	if err != nil {
		return c.bad(err.Error())
	}
	docs, _ := c.rows(c.appleMDMs, p)
	return okBytes(joined(c.bodies(c.appleMDMs, docs, nil, viewList)))
}

// listAppleDevices lists the devices that are enrolled. What ties one to a
// device of the organisation is the serial number: the ids differ.
func (c *call) listAppleDevices() *reply {
	if c.appleMDMs.get(c.param("id")) == nil {
		if c.traps["empty-children"] {
			return ok(none)
		}
		return c.notFound()
	}
	return listV2(func(o *Org) *collection { return o.appleDevices })(c)
}

func (c *call) getAppleDevice() *reply {
	d, rep := c.appleOf()
	if rep != nil {
		return rep
	}
	return okBytes(c.appleDevices.json(d, viewGet))
}

// unenrol takes a device out of MDM; from then on orders do not reach it.
func (c *call) unenrol() *reply {
	d, rep := c.appleOf()
	if rep != nil {
		return rep
	}
	c.appleDevices.remove(d)
	if device := c.devices.find("serialNumber", d.m["serialNumber"]); device != nil {
		c.devices.replace(device, with(device.m, map[string]any{"mdm": map[string]any{"vendor": "none"}}))
	}
	c.logChange("mdm_device_unenroll", "mdm", named("apple_mdm_device", "serialNumber")(d), nil)
	return removed(c.appleDevices.json(d, viewGet))
}

// appleOrder queues an order for a Mac. A Mac is locked and erased with a PIN
// of six digits.
func appleOrder(verb string, rules spec) handler {
	return func(c *call) *reply {
		d, rep := c.appleOf()
		if rep != nil {
			return rep
		}
		body, bad := c.object()
		if bad != nil {
			return bad
		}
		clean, problem := check(body, rules)
		if problem != "" {
			return c.bad(problem)
		}
		if _, pinned := rules["pin"]; pinned && !sixDigits.MatchString(text(clean["pin"])) {
			return c.bad("pin must be six digits")
		}
		system := c.devices.find("serialNumber", d.m["serialNumber"])
		if system == nil {
			// Enrolled, but no longer a device of the organisation: the order waits for ever.
			c.actions.add(map[string]any{"id": c.newID("action"), "system": d.id, "command": verb, "state": "queued", "requested": stamp(c.at)})
			return empty(http.StatusNoContent)
		}
		c.order(system, verb, "mdm")
		return empty(http.StatusNoContent)
	}
}

func appleRoutes(add func(string, handler)) {
	const base = "/api/v2/applemdms/{id}/devices"
	add("GET /api/v2/applemdms", (*call).listAppleMDMs)
	add("GET "+base, (*call).listAppleDevices)
	add("GET "+base+"/{device}", (*call).getAppleDevice)
	add("DELETE "+base+"/{device}", (*call).unenrol)
	pin := spec{"pin": "!s"}
	for path, rules := range map[string]spec{"lock": pin, "erase": pin, "shutdown": {}, "restart": {"kextPaths": "as"},
		"clearActivationLock": {}, "refreshActivationLockInformation": {}, "osUpdateStatus": {},
		"scheduleOSUpdate": {"product_key": "!s", "install_action": "!e:DOWNLOAD_ONLY|INSTALL_LATER|INSTALL_ASAP|INSTALL_FORCE_RESTART",
			"max_user_deferrals": "i"}} {
		add("POST "+base+"/{device}/"+path, appleOrder(path, rules))
	}
}
