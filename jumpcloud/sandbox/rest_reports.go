package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Reports of Directory Insights: asked for, made within three seconds, then
// read as one of two artifacts.
const reportTime = 3 * time.Second

var reportTypes = strings.Fields(`browser-patch-policy os-patch-policy os-version software-inventory user-account-health
	users-to-devices users-to-directories users-to-ldap-servers users-to-radius-servers users-to-sso-applications users-to-user-groups`)

var reportSorts = strings.Fields("CREATED_AT EXPIRATION REQUESTER_EMAIL STATUS TYPE UPDATED_AT")

func reportRoutes(add func(string, handler)) {
	add("GET /insights/directory/v1/reports", (*call).listReports)
	add("POST /insights/directory/v1/reports/{type}", (*call).requestReport)
	add("GET /insights/directory/v1/reports/{type}/artifacts/{artifact}/content", (*call).reportContent)
}

// theReports start with one that is done.
func (o *Org) theReports() *collection {
	if o.reports == nil {
		o.reports = newCollection("reports", "id")
		d := o.newReport(o.id("report", 0), "users-to-devices", o.base.Add(-days(2)))
		o.reportDone(d.id, o.base.Add(-days(2)).Add(reportTime))
	}
	return o.reports
}

func (o *Org) newReport(id, kind string, at time.Time) *doc {
	return o.reports.add(map[string]any{"id": id, "type": kind, "status": "PENDING", "artifacts": none, "parameters": none,
		"requester_id": o.adminID, "requester_email": "it-lead@acme.example", "created_at": stamp(at), "updated_at": stamp(at),
		"expiration": stamp(at.Add(days(14)))})
}

func (o *Org) reportDone(id string, at time.Time) {
	d := o.reports.get(id)
	o.reports.replace(d, with(d.m, map[string]any{"status": "COMPLETED", "updated_at": stamp(at), "artifacts": []any{
		map[string]any{"id": derive(o.opt.Seed, "artifact/csv/"+id, 0), "format": "CSV"},
		map[string]any{"id": derive(o.opt.Seed, "artifact/json/"+id, 0), "format": "JSON"}}}))
}

// listReports gives all of them: the list has no pages.
func (c *call) listReports() *reply {
	sort := c.r.URL.Query().Get("sort")
	if sort != "" && !slices.Contains(reportSorts, sort) {
		return c.bad("sort must be one of " + strings.Join(reportSorts, ", "))
	}
	reports := c.theReports()
	return okBytes(joined(c.bodies(reports, reports.by(strings.ToLower(sort)), nil, viewList)))
}

func (c *call) requestReport() *reply {
	kind := c.param("type")
	if !slices.Contains(reportTypes, kind) {
		return c.bad("report_type must be one of " + strings.Join(reportTypes, ", "))
	}
	c.theReports()
	d := c.newReport(c.newID("report"), kind, c.at)
	c.later(c.at.Add(reportTime), func(at time.Time) { c.reportDone(d.id, at) })
	c.logChange("report_request", "reports", map[string]any{"id": d.id, "type": "report", "name": kind}, nil)
	return &reply{status: http.StatusAccepted, body: encode(d.m)}
}

func (c *call) reportContent() *reply {
	d := c.theReports().get(c.param("type"))
	if d == nil {
		return c.notFound()
	}
	for _, a := range d.m["artifacts"].([]any) {
		artifact := a.(map[string]any)
		if artifact["id"] != c.param("artifact") {
			continue
		}
		rows := c.reportRows(text(d.m["type"]))
		if artifact["format"] == "JSON" {
			list := make([]any, 0, len(rows))
			for _, row := range rows[1:] {
				m := map[string]any{}
				for i, name := range rows[0] {
					m[name] = row[i]
				}
				list = append(list, m)
			}
			return ok(map[string]any{"type": d.m["type"], "rows": list})
		}
		var b strings.Builder
		for _, row := range rows {
			b.WriteString(strings.Join(row, ",") + "\n")
		}
		rep := okBytes([]byte(b.String()))
		return rep.with("Content-Type", "text/csv")
	}
	return c.notFound()
}

// reportRows is a report as a table, its head first.
func (c *call) reportRows(kind string) [][]string {
	target := map[string]string{"users-to-devices": "system", "users-to-ldap-servers": "ldap_server", "users-to-radius-servers": "radius_server",
		"users-to-sso-applications": "application", "users-to-user-groups": "user_group", "users-to-directories": "g_suite"}[kind]
	if target == "" {
		return c.plainRows(kind)
	}
	rows := [][]string{{"username", "email", "type", "name"}}
	for _, u := range c.users.order {
		reached := c.graph.reachable(node{"user", u.id}, target)
		if target == "user_group" {
			reached = steps(c.graph.parents[node{"user", u.id}])
		}
		for _, r := range reached {
			rows = append(rows, []string{text(u.m["username"]), text(u.m["email"]), target, text(c.resourceOf(r.to)["name"])})
		}
	}
	return rows
}

func (c *call) plainRows(kind string) [][]string {
	if kind == "user-account-health" {
		rows := [][]string{{"username", "state", "account_locked", "password_expired"}}
		for _, u := range c.users.order {
			rows = append(rows, []string{text(u.m["username"]), text(u.m["state"]), fmt.Sprint(u.m["account_locked"] == true), fmt.Sprint(u.m["password_expired"] == true)})
		}
		return rows
	}
	rows := [][]string{{"hostname", "os", "version"}}
	for _, d := range c.devices.order {
		rows = append(rows, []string{text(d.m["hostname"]), text(d.m["os"]), text(d.m["version"])})
	}
	return rows
}
