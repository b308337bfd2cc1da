package sandbox

import "net/http"

// softwareStatus is how an app stands on a device: most are installed, some
// failed, and devices that are offline since long still wait.
func (o *Org) softwareStatus(app, device *doc) map[string]any {
	roll := mix(o.reporterOf(device).seed, o.reporterOf(app).seed)
	state, code, details := "INSTALLED", 0, ""
	switch {
	case text(device.m["lastContact"]) < o.ago(days(30)):
		state, details = "PENDING", "waiting for the device"
	case roll%19 == 4:
		state, code, details = "FAILED", 1603, "the installer ended with 1603"
	}
	version := ""
	if list, _ := app.m["settings"].([]any); len(list) > 0 {
		version = text(list[0].(map[string]any)["packageVersion"])
	}
	return map[string]any{"id": derive(o.opt.Seed, "softwarestatus/"+app.id+device.id, 0), "softwareAppId": app.id,
		"systemId": device.id, "state": state, "code": code, "details": details, "version": version,
		"timestamp": o.ago(days(int(roll % 60)))}
}

func (c *call) softwarePage(from node, kind string, status func(other *doc) map[string]any, shape func(map[string]any) map[string]any) *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	k, _ := kindOf(kind)
	rows := newCollection("rows", "id")
	for _, r := range c.graph.reachable(from, kind) {
		if other := k.pick(c.Org).get(r.to.id); other != nil {
			rows.add(status(other))
		}
	}
	docs, _ := c.rows(rows, p)
	rows.shape[viewList] = shape
	return c.counted(okBytes(joined(c.bodies(rows, docs, p.fields, viewList))), len(rows.order))
}

func (c *call) statusesOfSoftware() *reply {
	app := c.software.get(c.param("id"))
	if app == nil {
		return c.notFound()
	}
	return c.softwarePage(node{"software_app", app.id}, "system", func(d *doc) map[string]any { return c.softwareStatus(app, d) }, nil)
}

// softwareOfDevice shows each app with its status.
func (c *call) softwareOfDevice() *reply {
	d := c.devices.get(c.param("id"))
	if d == nil {
		return c.fail(http.StatusNotFound, "system not found")
	}
	return c.softwarePage(node{"system", d.id}, "software_app", func(app *doc) map[string]any {
		m := c.softwareStatus(app, d)
		return map[string]any{"id": m["id"], "app": app.m, "status": m}
	}, without("id"))
}
