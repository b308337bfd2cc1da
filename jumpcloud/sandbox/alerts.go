package sandbox

import "strings"

// Alerts are published by name only: the list, its filter, limit and sort, and
// that the statistics are by status and severity. Fields, states and the
// envelope are ours (U).
var (
	alertStates     = []string{"OPEN", "ACKNOWLEDGED", "RESOLVED"}
	alertSeverities = []string{"CRITICAL", "HIGH", "MEDIUM", "LOW"}
)

// seedAlerts raises an alert for what is wrong on some devices and users.
func (o *Org) seedAlerts() {
	raise := func(d *doc, kind, name, category, severity, title string) {
		i := len(o.alerts.order)
		if i >= 60 {
			return
		}
		at := days(i%25) + 3600e9
		o.alerts.add(map[string]any{"id": o.id("alert", i), "title": title, "description": title + " on " + name,
			"category": category, "severity": severity, "status": alertStates[[]int{0, 1, 2, 0, 0}[i%5]],
			"createdAt": o.ago(at), "updatedAt": o.ago(at / 2), "occurrences": 1 + i%4, "ruleName": title,
			"resource": map[string]any{"id": d.id, "type": kind, "name": name}})
	}
	for _, d := range o.devices.order {
		name := text(d.m["hostname"])
		switch {
		case text(d.m["lastContact"]) < o.ago(days(90)):
			raise(d, "system", name, "device", "MEDIUM", "Device not seen for 90 days")
		case lookup(d.m, "fde.active") == false && lookup(d.m, "primarySystemUser.id") != nil:
			raise(d, "system", name, "device", "HIGH", "Disk not encrypted")
		}
	}
	for _, u := range o.users.order {
		if u.m["account_locked"] == true {
			raise(u, "user", text(u.m["username"]), "identity", "CRITICAL", "User locked out")
		}
	}
}

func (c *call) listAlerts() *reply {
	p, err := pageV2(c.r.URL.Query())
	if err != nil {
		return c.bad(err.Error())
	}
	docs, total := c.rows(c.alerts, p)
	return envelope(c.bodies(c.alerts, docs, p.fields, viewList), total)
}

func (c *call) alertStats() *reply {
	count := map[string]int{}
	for _, d := range c.alerts.order {
		count[text(d.m["status"])]++
		if d.m["status"] != "RESOLVED" {
			count[text(d.m["severity"])]++
		}
	}
	byStatus, bySeverity := map[string]any{}, map[string]any{}
	for _, s := range alertStates {
		byStatus[strings.ToLower(s)] = count[s]
	}
	for _, s := range alertSeverities {
		bySeverity[strings.ToLower(s)] = count[s]
	}
	return ok(map[string]any{"total": len(c.alerts.order), "status": byStatus, "severity": bySeverity})
}

// alertStatus takes what a public client sends (O): status and remark.
func (c *call) alertStatus() *reply {
	d := c.alerts.get(c.param("id"))
	if d == nil {
		return c.notFound()
	}
	body, bad := c.object()
	if bad != nil {
		return bad
	}
	clean, problem := check(body, spec{"status": "!e:" + strings.Join(alertStates, "|"), "remark": "s"})
	if problem != "" {
		return c.bad(problem)
	}
	changes := map[string]any{"status": clean["status"], "updatedAt": stamp(c.at)}
	if clean["remark"] != nil {
		changes["remark"] = clean["remark"]
	}
	n := c.update(c.alerts, d, with(d.m, changes), "alert_update", "alerts", named("alert", "title"))
	return okBytes(c.alerts.json(n, viewGet))
}

func moreRoutes(add func(string, handler)) {
	add("GET /api/v2/alerts", (*call).listAlerts)
	add("GET /api/v2/alerts/{id}", getV2(func(o *Org) *collection { return o.alerts }))
	add("POST /api/v2/alerts/{id}/status", (*call).alertStatus)
	add("GET /api/v2/alerts-stats", (*call).alertStats)
	add("GET /api/v2/systems/{id}/fdekey", (*call).diskKey)
	add("GET /api/v2/subscriptions", (*call).subscriptions)
	add("GET /api/v2/queuedcommand/workflows", (*call).queuedRuns)
	add("GET /api/v2/softwareapps/{id}/statuses", (*call).statusesOfSoftware)
	add("GET /api/v2/systems/{id}/softwareappstatuses", (*call).softwareOfDevice)
}
