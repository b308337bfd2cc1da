package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// readMore reads what the jobs of an administrator need beside the lists.
func (k *checker) readMore() {
	for _, table := range slices.Sorted(maps.Keys(insightTables())) {
		k.strict("/api/v2/systeminsights/" + table + "?limit=10000&sort=-system_id")
	}
	k.do(200, "GET", "/api/v2/systeminsights/uptime?filter=days:gte:3", nil)

	windows := k.device("LT-042")
	policy := k.org.policies.order[0].id
	k.strict("/api/v2/policyresults?limit=100&filter=state:eq:failed")
	one := want[[]object](k.rig, 200, "GET", "/api/v2/policyresults?limit=1", nil)[0]["id"].(string)
	for _, path := range []string{"policyresults/" + one, "policies/" + policy + "/policyresults?limit=100",
		"policies/" + policy + "/policystatuses?limit=100", "systems/" + windows + "/policystatuses",
		"systems/" + windows + "/aggregated-policy-stats", "systems/" + windows + "/softwareappstatuses",
		"softwareapps/" + k.org.software.order[0].id + "/statuses", "subscriptions", "directories?limit=100",
		"gsuites/" + k.org.gsuites.order[0].id, "office365s/" + k.org.office365s.order[0].id, "queuedcommand/workflows"} {
		k.strict("/api/v2/" + path)
	}
	k.do(200, "GET", "/api/v2/alerts?limit=5&sort=-createdAt&filter=status:eq:OPEN", nil)
	k.do(200, "GET", "/api/v2/alerts-stats", nil)

	mdm, emm := k.org.appleMDMs.order[0].id, k.org.emmEnterprises.order[0].id
	k.strict("/api/v2/applemdms")
	k.strict("/api/v2/applemdms/" + mdm + "/devices?limit=100&sort=serialNumber")
	k.strict("/api/v2/applemdms/" + mdm + "/devices/" + k.org.appleDevices.order[0].id)
	k.strict("/api/v2/google-emm/enterprises")
	k.strict("/api/v2/google-emm/enterprises/" + emm + "/devices")
	k.strict("/api/v2/google-emm/enterprises/" + emm + "/connection-status")
	k.strict("/api/v2/google-emm/devices/" + k.org.emmDevices.order[0].id)
	k.strict("/api/v2/google-emm/devices/" + k.org.emmDevices.order[0].id + "/policy_results")

	ada, phone := k.user("ada.king"), k.org.pushEndpoints.order[0]
	k.strict("/api/systemusers/" + ada + "/sshkeys")
	k.strict("/api/systemusers/" + ada + "/totpinfo")
	push := "/api/v2/users/" + phone.m["user"].(string) + "/pushendpoints"
	k.strict(push)
	k.strict(push + "/" + phone.id)
}

// writeMore changes them.
func (k *checker) writeMore() {
	ada, mac, phone := k.user("ada.king"), k.org.appleDevices.order[0].id, k.org.emmDevices.order[0].id
	key := k.do(200, "POST", "/api/systemusers/"+ada+"/sshkeys", object{"name": "new", "public_key": "ssh-ed25519 AAAA"}).made(k.t, "_id")
	k.do(200, "DELETE", "/api/systemusers/"+ada+"/sshkeys/"+key, nil)
	k.do(200, "POST", "/api/systemusers/"+ada+"/state/suspend", object{})
	endpoint := k.org.pushEndpoints.order[0]
	push := "/api/v2/users/" + endpoint.m["user"].(string) + "/pushendpoints/" + endpoint.id
	k.do(200, "PATCH", push, object{"name": "old phone", "state": "inactive"})
	k.do(200, "DELETE", push, nil)

	a := k.do(201, "POST", "/api/v2/bulk/userstates", object{"user_ids": []any{ada}, "state": "ACTIVATED", "start_date": testNow.Add(time.Hour)})
	var states []object
	if err := json.Unmarshal(a.body, &states); err != nil || len(states) != 1 {
		k.t.Fatalf("%v: %s", err, a.body)
	}
	k.strict("/api/v2/bulk/userstates?userid=" + ada)
	k.strict("/api/v2/bulk/userstates/eventlist/next?users=" + ada)
	k.do(204, "DELETE", "/api/v2/bulk/userstates/"+states[0]["scheduledJobId"].(string), nil)
	job := k.do(201, "POST", "/api/v2/bulk/users", []any{object{"username": "bulk.one", "email": "bulk.one@acme.example"}}).made(k.t, "jobId")
	k.strict("/api/v2/bulk/users/" + job + "/results")
	k.do(201, "PATCH", "/api/v2/bulk/users", []any{object{"id": ada, "department": "Sales"}})
	k.do(201, "POST", "/api/v2/bulk/user/expires", []any{object{"id": ada}})
	k.do(201, "POST", "/api/v2/bulk/user/unlocks", []any{object{"id": ada}})

	base := "/api/v2/applemdms/" + k.org.appleMDMs.order[0].id + "/devices/" + mac
	for _, verb := range []string{"lock", "erase"} {
		k.do(204, "POST", base+"/"+verb, object{"pin": "123456"})
	}
	for _, verb := range []string{"restart", "shutdown", "clearActivationLock", "refreshActivationLockInformation", "osUpdateStatus"} {
		k.do(204, "POST", base+"/"+verb, nil)
	}
	k.do(204, "POST", base+"/scheduleOSUpdate", object{"product_key": "MSU_UPDATE", "install_action": "INSTALL_ASAP"})
	k.do(200, "DELETE", base, nil)
	for _, verb := range []string{"lock", "reboot", "erase-device"} {
		k.do(200, "POST", "/api/v2/google-emm/devices/"+phone+"/"+verb, object{})
	}
	k.do(200, "POST", "/api/v2/google-emm/devices/"+phone+"/resetpassword", object{"newPassword": "secret-1"})
	k.do(200, "GET", "/api/v2/systems/"+k.device("LT-042")+"/fdekey", nil)
	alert := k.org.alerts.order[0].id
	k.do(200, "POST", "/api/v2/alerts/"+alert+"/status", object{"status": "RESOLVED", "remark": "done"})

	group := "/api/v2/policygroups/" + k.org.policyGroups.order[0].id
	k.do(204, "POST", group+"/members", object{"op": "add", "type": "policy", "id": k.org.policies.order[3].id})
	k.do(204, "POST", group+"/associations", object{"op": "add", "type": "system", "id": k.device("LT-042")})
}

// strict reads a path and takes no field that the description does not name.
// Validation alone would let a misspelled one pass.
func (k *checker) strict(path string) {
	k.t.Helper()
	a := k.do(200, "GET", path, nil)
	router, host := k.published.router(path)
	req, err := http.NewRequest("GET", host+path, nil)
	if err != nil {
		k.t.Fatal(err)
	}
	route, _, err := router.FindRoute(req)
	if err != nil {
		k.t.Errorf("%s: %v", path, err)
		return
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		k.t.Errorf("%s: %v", path, err)
		return
	}
	for _, media := range route.Operation.Responses.Status(200).Value.Content {
		for _, name := range unknownFields(v, media.Schema, "") {
			k.t.Errorf("%s: the description has no field %s", strings.SplitN(path, "?", 2)[0], name)
		}
	}
	if list, isList := v.([]any); isList && len(list) == 0 {
		k.t.Errorf("%s is empty", path)
	}
}

func unknownFields(v any, ref *openapi3.SchemaRef, at string) (names []string) {
	if ref == nil || ref.Value == nil {
		return nil
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			names = append(names, unknownFields(x, ref.Value.Items, at)...)
		}
	case object:
		if len(ref.Value.Properties) == 0 {
			return nil // any object
		}
		for key, x := range v {
			p := ref.Value.Properties[key]
			if p == nil {
				names = append(names, at+key)
				continue
			}
			names = append(names, unknownFields(x, p, at+key+".")...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestSystemInsightsHaveAllPublishedFields finds columns that no row fills: a
// reader would take them for empty.
func TestSystemInsightsHaveAllPublishedFields(t *testing.T) {
	p := loadPublished(t)
	g := newRig(t, Options{})
	tables := 0
	for name := range insightTables() {
		router, host := p.router("/api/v2/systeminsights/" + name)
		req, err := http.NewRequest("GET", host+"/api/v2/systeminsights/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		route, _, err := router.FindRoute(req)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tables++
		for _, media := range route.Operation.Responses.Status(200).Value.Content {
			if media.Schema.Value.Items == nil {
				continue
			}
			has := object{}
			for _, m := range g.org.Insights(name) {
				maps.Copy(has, m)
			}
			for field := range media.Schema.Value.Items.Value.Properties {
				if _, filled := has[field]; !filled {
					t.Errorf("no row of %s has %s", name, field)
				}
			}
		}
	}
	if tables != 60 {
		t.Errorf("%d tables are published here, want 60", tables)
	}
}
