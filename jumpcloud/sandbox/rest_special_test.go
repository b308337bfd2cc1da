package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUserActionsOfUnknownShape(t *testing.T) {
	g := newRig(t, Options{})
	base := "/api/systemusers/" + g.user("ada.king")
	want[any](g, 200, "PUT", base, object{"suspended": true})
	want[any](g, 200, "POST", base+"/reactivate", object{})
	if u := g.got(base); u["state"] != "ACTIVATED" || u["suspended"] != false {
		t.Errorf("%v %v", u["state"], u["suspended"])
	}
	want[any](g, 200, "POST", base+"/expire", nil)
	want[any](g, 200, "POST", base+"/password", object{"password": "correct horse 1"})
	if u := g.got(base); u["password_expired"] != false || u["password"] != nil {
		t.Errorf("%v %v", u["password_expired"], u["password"])
	}
	want[any](g, 400, "POST", base+"/password", object{})
	want[any](g, 200, "POST", base+"/mfa/enforce", object{})
	if u := g.got(base); u["enable_user_portal_multifactor"] != true {
		t.Error("a second factor is not required")
	}
	want[any](g, 200, "POST", base+"/mfasync", nil)
	for _, verb := range []string{"password", "reactivate", "mfa/enforce", "mfasync"} {
		want[any](g, 404, "POST", "/api/systemusers/"+nobody+"/"+verb, object{"password": "x"})
	}
}

func TestSuggestedMembersAreAppliedOnce(t *testing.T) {
	g := newRig(t, Options{})
	for _, k := range []struct{ path, collection, group, field string }{
		{"usergroups", "user_groups", "VPN Users", "user_ids"}, {"systemgroups", "device_groups", "Macs", "object_ids"}} {
		id := g.find(k.collection, "name", k.group, "id")
		base := "/api/v2/" + k.path + "/" + id
		if list := want[[]object](g, 200, "GET", base+"/suggestions", nil); len(list) != 0 {
			t.Errorf("%s: %d suggestions for a static group", k.path, len(list))
		}
		want[any](g, 200, "PUT", base, object{"name": k.group, "membershipMethod": "DYNAMIC_REVIEW_REQUIRED"})
		before := len(want[[]object](g, 200, "GET", base+"/members?limit=100", nil))
		list := want[[]object](g, 200, "GET", base+"/suggestions", nil)
		if len(list) != 3 || list[0]["op"] != "add" || list[2]["op"] != "remove" {
			t.Fatalf("%v", list)
		}
		first := list[0]["object"].(object)["id"]
		want[any](g, 400, "POST", base+"/suggestions", object{k.field: []any{nobody}})
		want[any](g, 400, "POST", base+"/suggestions", object{"other": []any{first}})
		want[any](g, 200, "POST", base+"/suggestions", object{k.field: []any{first}})
		if now := len(want[[]object](g, 200, "GET", base+"/members?limit=100", nil)); now != before+1 {
			t.Errorf("%d members, want %d", now, before+1)
		}
		if left := want[[]object](g, 200, "GET", base+"/suggestions", nil); len(left) != 2 {
			t.Errorf("%d suggestions are left", len(left))
		}
	}
}

func TestReportsAreMadeAndRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		const base = "/insights/directory/v1/reports"
		made := want[object](g, 202, "POST", base+"/users-to-sso-applications", nil)
		if made["status"] != "PENDING" {
			t.Errorf("%v", made)
		}
		time.Sleep(reportTime)
		list := want[[]object](g, 200, "GET", base+"?sort=CREATED_AT", nil)
		if len(list) != 2 || list[1]["id"] != made["id"] || list[1]["status"] != "COMPLETED" {
			t.Fatalf("%v", list)
		}
		for _, a := range list[1]["artifacts"].([]any) {
			artifact := a.(object)
			content := g.do("GET", base+"/"+made["id"].(string)+"/artifacts/"+artifact["id"].(string)+"/content", nil)
			if content.StatusCode != 200 || !strings.Contains(string(content.body), "ada.king") || !strings.Contains(string(content.body), "Slack") {
				t.Errorf("%s: %d %.200s", artifact["format"], content.StatusCode, content.body)
			}
		}
		want[any](g, 404, "GET", base+"/"+made["id"].(string)+"/artifacts/"+nobody+"/content", nil)
		want[any](g, 400, "POST", base+"/horoscope", nil)
		want[any](g, 400, "GET", base+"?sort=-created_at", nil)
		if rows := g.org.Rows("reports"); len(rows) != 2 {
			t.Errorf("%d reports in Rows", len(rows))
		}
	})
}

func TestWorkersAreImported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		base := "/api/v2/workdays/" + g.org.Rows("workdays")[0]["id"].(string)
		job := want[object](g, 201, "POST", base+"/import", []any{object{"username": "wd.one", "email": "wd.one@acme.example"}})["jobId"].(string)
		time.Sleep(bulkTime)
		results := want[[]object](g, 200, "GET", base+"/import/"+job+"/results", nil)
		if len(results) != 1 || results[0]["status"] != bulkFinished || g.user("wd.one") == "" {
			t.Errorf("%v", results)
		}
		want[any](g, 404, "GET", base+"/import/"+nobody+"/results", nil)
		want[any](g, 404, "POST", "/api/v2/workdays/"+nobody+"/import", []any{object{}})
	})
}

func TestProviderSeesTheOrganisation(t *testing.T) {
	g := newRig(t, Options{})
	base := "/api/v2/providers/" + g.org.Rows("providers")[0]["id"].(string)
	events := want[[]object](g, 200, "POST", base+"/directoryinsights/events", ask(object{"limit": 5}))
	if len(events) != 5 {
		t.Errorf("%d events", len(events))
	}
	for _, rest := range []string{"activedirectories", "applications", "g_suites"} {
		list := want[v1list](g, 200, "GET", base+"/"+rest, nil)
		if list.TotalCount == 0 || len(list.Results) == 0 {
			t.Fatalf("%s is empty", rest)
		}
		id := list.Results[0]["id"].(string)
		of := base + "/" + rest + "/" + id + "/associations"
		before := want[[]object](g, 200, "GET", of, nil)
		want[any](g, 204, "POST", of, object{"op": "add", "type": "user", "id": g.user("kim.lee")})
		if now := want[[]object](g, 200, "GET", of+"?targets=user,user_group", nil); len(now) != len(before)+1 {
			t.Errorf("%s: %d associations, want %d", rest, len(now), len(before)+1)
		}
	}
	want[any](g, 204, "POST", base+"/usergroups/"+g.group("Sales")+"/associations", object{"op": "add", "type": "system", "id": g.device("web-01")})
	if list := want[object](g, 200, "GET", base+"/integrations", nil); list["totalCount"] != 3.0 {
		t.Errorf("%v", list)
	}
	elsewhere := "/api/v2/providers/" + nobody
	want[any](g, 404, "GET", elsewhere+"/integrations", nil)
	want[any](g, 404, "POST", elsewhere+"/directoryinsights/events", ask(object{}))
	links := want[[]object](g, 200, "GET", "/api/v2/organizations/"+g.org.orgID+"/administratorlinks", nil)
	admin := links[0]["administrator"].(string)
	want[any](g, 204, "DELETE", "/api/v2/administrators/"+admin+"/organizationlinks/"+g.org.orgID, nil)
	if now := want[[]object](g, 200, "GET", "/api/v2/organizations/"+g.org.orgID+"/administratorlinks", nil); len(now) != len(links)-1 {
		t.Errorf("%d links, want %d", len(now), len(links)-1)
	}
}

func TestGenericObjectsAreInTheGraph(t *testing.T) {
	g := newRig(t, Options{})
	user := g.user("kim.lee")
	for path, reads := range map[string]string{"identity-provider/policies": "associations/users", "passwordmanageritems": "users"} {
		base := "/api/v2/" + path + "/" + g.org.Rows(path)[0]["id"].(string)
		if list := want[[]object](g, 200, "GET", base+"/associations?targets=user_group", nil); len(list) == 0 {
			t.Errorf("%s is bound to no group", path)
		}
		want[any](g, 204, "POST", base+"/associations", object{"op": "add", "type": "user", "id": user})
		reached := want[[]object](g, 200, "GET", base+"/"+reads+"?limit=100", nil)
		if !slices.ContainsFunc(reached, func(r object) bool { return r["id"] == user }) {
			t.Errorf("%s does not reach kim.lee", path)
		}
		want[any](g, 404, "GET", "/api/v2/"+path+"/"+nobody+"/associations?targets=user", nil)
	}
	rules := g.org.Rows("healthmonitoring/rules")
	base := "/api/v2/healthmonitoring/rules/" + rules[0]["id"].(string)
	if list := want[[]object](g, 200, "GET", base+"/systemgroups", nil); len(list) != 1 {
		t.Errorf("%d groups", len(list))
	}
	want[any](g, 204, "DELETE", base, nil)
	want[any](g, 404, "GET", base+"/systemgroups", nil)
	for _, dump := range g.org.Snapshot()["associations"] {
		if dump["from"] == rules[0]["id"] || dump["to"] == rules[0]["id"] {
			t.Errorf("a deleted rule is still bound: %v", dump)
		}
	}
	for _, path := range []string{"users/" + g.user("ada.king") + "/policystatuses", "usergroups/" + g.group("IT") + "/policies",
		"usergroups/" + g.group("IT") + "/policygroups", "radiusservers/" + g.org.radius.order[0].id + "/systemgroups",
		"policies/" + g.org.policies.order[0].id + "/usergroups"} {
		if list := want[[]object](g, 200, "GET", "/api/v2/"+path, nil); len(list) == 0 {
			t.Errorf("%s is empty", path)
		}
	}
}

// TestGenericListsPage checks sort, filter, skip, limit and totals.
func TestGenericListsPage(t *testing.T) {
	g := newRig(t, Options{})
	a := g.do("GET", "/api/v2/roles?sort=-name&limit=2", nil, "x-unfiltered-total-count", "true")
	var rows []object
	if err := json.Unmarshal(a.body, &rows); err != nil {
		t.Fatal(err)
	}
	if got := names(rows, "name"); !slices.Equal(got, []string{"Read Only Auditor", "Help Desk"}) || a.Header.Get("x-total-count") != "3" {
		t.Errorf("%v of %s", got, a.Header.Get("x-total-count"))
	}
	list := want[object](g, 200, "GET", "/api/v2/healthmonitoring/rules?filter=name:search:agent", nil)
	if rules := list["rules"].([]any); len(rules) != 1 || list["totalCount"] != 1.0 {
		t.Errorf("%v", list)
	}
	if rows := want[[]object](g, 200, "GET", "/api/v2/roles?skip=3", nil); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	want[any](g, 400, "GET", "/api/v2/roles?limit=101", nil)
	want[any](g, 409, "POST", "/api/v2/roles", object{"name": "Help Desk"})
	id := g.find("roles", "name", "Help Desk", "id")
	want[any](g, 409, "PUT", "/api/v2/roles/"+id, object{"name": "Administrator"})
	want[any](g, 200, "PUT", "/api/v2/roles/"+id, object{"name": "Help Desk", "description": "first line"})
	if d := g.got("/api/v2/roles/" + id); d["description"] != "first line" || d["builtIn"] == nil {
		t.Errorf("%v", d)
	}
}

// TestSecretsAreMarked reads what answers secrets: each begins with the mark,
// and what was sent as one is not shown again.
func TestSecretsAreMarked(t *testing.T) {
	w := &walker{rig: newRig(t, Options{})}
	seen := 0
	for _, op := range walkOps() {
		if op.answer == nil || !op.answer.hides() || op.kind == "delete" || op.path == "api/radiusservers" {
			continue // a RADIUS server answers the secret it was sent
		}
		parts, _ := w.ids(op)
		a := w.do(op.method, op.url(parts), op.wrapped(w.body(op, true)))
		if a.StatusCode != op.status || !strings.Contains(string(a.body), secretMark) {
			t.Errorf("%s %s: %d %.200s", op.method, op.path, a.StatusCode, a.body)
		}
		seen++
	}
	if seen < 12 {
		t.Errorf("only %d operations answer secrets", seen)
	}
	account := w.org.Rows("duo/accounts")[0]["id"].(string)
	base := "/api/v2/duo/accounts/" + account + "/applications"
	made := want[object](w.rig, 201, "POST", base, object{"name": "New", "apiHost": "h", "integrationKey": "k", "secretKey": "do not show"})
	for _, a := range []answer{w.do("GET", base, nil), w.do("GET", base+"/"+made["id"].(string), nil)} {
		if strings.Contains(string(a.body), "do not show") {
			t.Errorf("%s", a.body)
		}
	}
	if key := w.got("/api/v2/systems/" + w.device("LT-042") + "/fdekey")["key"].(string); !strings.HasPrefix(key, secretMark) {
		t.Errorf("disk key %s", key)
	}
}

// hides is true when a shape has a secret anywhere.
func (s *shape) hides() bool {
	if s == nil {
		return false
	}
	if s.kind == "sec" || s.item.hides() {
		return true
	}
	return slices.ContainsFunc(s.fields, func(f shapeField) bool { return f.is.hides() })
}

func TestActionsAreNoted(t *testing.T) {
	g := newRig(t, Options{})
	site := g.org.Rows("password-vault/websites")[0]["id"].(string)
	want[any](g, 200, "POST", "/api/v2/password-vault/websites/"+site+"/archive", nil)
	rows := g.org.Rows("acts")
	if len(rows) != 1 || rows[0]["operation"] != "POST password-vault/websites/{id}/archive" || rows[0]["target"] != site {
		t.Errorf("%v", rows)
	}
	if d := g.got("/api/v2/password-vault/websites/" + site); d["archived"] != true {
		t.Errorf("%v", d)
	}
	settings := g.got("/api/v2/devices/settings/defaultpasswordsync")
	want[any](g, 200, "PUT", "/api/v2/devices/settings/defaultpasswordsync", object{"enabled": settings["enabled"] != true})
	if now := g.got("/api/v2/devices/settings/defaultpasswordsync"); now["enabled"] == settings["enabled"] {
		t.Errorf("%v", now)
	}
	if rows := g.org.Rows("devices/settings/defaultpasswordsync"); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
	want[any](g, 200, "PUT", "/api/v2/feature-settings/userPortal/showDevices", object{"value": "later"})
	if a := g.do("GET", "/api/v2/feature-settings", nil); !strings.Contains(string(a.body), `"value":"later"`) || strings.Contains(string(a.body), `"value":true`) {
		t.Errorf("%s", a.body)
	}
	want[any](g, 204, "DELETE", "/api/v2/gcep/configuration", nil)
	if now := g.got("/api/v2/gcep/configuration"); len(now) != 0 {
		t.Errorf("%v", now)
	}
	if g.org.Rows("duo/accounts/"+nobody+"/applications") != nil || g.org.Rows("nothing/here") != nil {
		t.Error("rows of nothing")
	}
}

func TestNoEffectLeavesGenericObjectsAlone(t *testing.T) {
	g := newRig(t, Options{Traps: []string{"no-effect"}})
	id := g.find("roles", "name", "Help Desk", "id")
	want[any](g, 200, "PUT", "/api/v2/roles/"+id, object{"description": "changed"})
	if d := g.got("/api/v2/roles/" + id); d["description"] == "changed" {
		t.Error("the update had an effect")
	}
	if a := g.do("PUT", "/api/v2/devices/settings/defaultpasswordsync", object{"enabled": true}); a.StatusCode != http.StatusOK || g.org.Rows("devices/settings/defaultpasswordsync") != nil {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestTheSameSeedGivesTheSameGenericObjects(t *testing.T) {
	one, two, other := newRig(t, Options{}), newRig(t, Options{}), newRig(t, Options{Seed: 7})
	for _, rows := range theRestTable().rows {
		if strings.Contains(rows.pattern, "{}") {
			continue
		}
		a, b := encode(one.org.Rows(rows.pattern)), encode(two.org.Rows(rows.pattern))
		if string(a) != string(b) || len(one.org.Rows(rows.pattern)) != rows.seeds {
			t.Errorf("%s differs: %.100s %.100s", rows.pattern, a, b)
		}
		if rows.key == "id" && string(a) == string(encode(other.org.Rows(rows.pattern))) {
			t.Errorf("%s is the same for another seed", rows.pattern)
		}
		if list := one.org.Rows(rows.pattern); calledName(list[0]) != "" {
			called := map[string]bool{}
			for _, m := range list {
				if called[calledName(m)] {
					t.Errorf("%s: two are called %s", rows.pattern, calledName(m))
				}
				called[calledName(m)] = true
			}
		}
	}
}

// TestGenericWritesReachTheOtherCollections changes what has behaviour of its
// own elsewhere through generic operations.
func TestGenericWritesReachTheOtherCollections(t *testing.T) {
	g := newRig(t, Options{})
	radius := object{"name": "Lisbon WiFi", "networkSourceIp": "198.51.100.77", "sharedSecret": "s3cret"}
	id := want[object](g, 200, "POST", "/api/radiusservers", radius)["_id"].(string)
	want[any](g, 409, "POST", "/api/radiusservers", radius)
	want[any](g, 200, "PUT", "/api/radiusservers/"+id, object{"name": "Lisbon WiFi", "networkSourceIp": "198.51.100.78", "sharedSecret": "s3cret", "mfa": "REQUIRED"})
	if d := g.got("/api/radiusservers/" + id); d["networkSourceIp"] != "198.51.100.78" || d["mfa"] != "REQUIRED" {
		t.Errorf("%v", d)
	}
	want[any](g, 204, "POST", "/api/v2/radiusservers/"+id+"/associations", object{"op": "add", "type": "user", "id": g.user("ada.king")})
	want[any](g, 200, "DELETE", "/api/radiusservers/"+id, nil)
	for _, a := range g.org.Snapshot()["associations"] {
		if a["from"] == id || a["to"] == id {
			t.Errorf("a deleted server is still bound: %v", a)
		}
	}
	made := want[object](g, 200, "POST", "/api/v2/google-emm/enterprises", object{"enrollmentToken": "do not show", "signupUrlName": "signupUrls/1"})
	list := g.do("GET", "/api/v2/google-emm/enterprises", nil)
	if !strings.Contains(string(list.body), made["objectId"].(string)) || strings.Contains(string(list.body), "do not show") {
		t.Errorf("%s", list.body)
	}
	suite := "/api/v2/gsuites/" + g.org.gsuites.order[0].id
	want[any](g, 200, "PATCH", suite, object{"userLockoutAction": "maintain"})
	if d := g.got(suite); d["userLockoutAction"] != "maintain" || d["name"] != "Acme Google Workspace" {
		t.Errorf("%v", d)
	}
	forest := want[object](g, 201, "POST", "/api/v2/activedirectories", object{"domain": "DC=lisbon;DC=local;"})["id"].(string)
	if agents := want[[]object](g, 200, "GET", "/api/v2/activedirectories/"+forest+"/agents", nil); len(agents) != 0 {
		t.Errorf("a new directory has %d agents", len(agents))
	}
	want[any](g, 200, "DELETE", "/api/v2/activedirectories/"+forest, nil)
	want[any](g, 404, "GET", "/api/v2/activedirectories/"+forest, nil)
}

// TestNewObjectsAreOfNowAndOfTheCaller looks at what the service adds.
func TestNewObjectsAreOfNowAndOfTheCaller(t *testing.T) {
	g := newRig(t, Options{})
	alert := "/api/v2/alerts/" + g.org.Rows("alerts")[0]["id"].(string) + "/notes"
	note := want[object](g, 200, "POST", alert, object{"alertNote": "seen"})
	if at, _ := note["createdAt"].(string); !strings.HasPrefix(at, "2026-11-22T14:00:") || note["createdBy"] != "it-lead@acme.example" || note["alertNote"] != "seen" {
		t.Errorf("%v", note)
	}
	flow := want[object](g, 200, "POST", "/api/v2/approvalflows", object{"name": "New flow"})["id"].(string)
	if m := g.got("/api/v2/approvalflows/" + flow); m["name"] != "New flow" || m["description"] != nil || m["createdBy"] != "it-lead@acme.example" {
		t.Errorf("what nobody said is there: %v", m)
	}
}
