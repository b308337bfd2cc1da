package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUsersAreMadeAndChanged(t *testing.T) {
	g := newRig(t, Options{})
	made := want[object](g, 200, "POST", "/api/systemusers", object{"username": "ana.lopez", "email": "Ana@acme.example",
		"department": "Sales", "password": "secret-Passw0rd", "nonsense": 1})
	if made["password"] != nil || made["nonsense"] != nil || made["state"] != "ACTIVATED" || made["activated"] != true {
		t.Errorf("%v", made)
	}
	for name, body := range map[string]struct {
		status int
		v      any
	}{
		"same username": {409, object{"username": "Ana.Lopez", "email": "x@acme.example"}},
		"same email":    {409, object{"username": "x", "email": "ana@ACME.example"}},
		"no email":      {400, object{"username": "x"}},
		"wrong type":    {400, object{"username": "x", "email": "x@y", "sudo": "yes"}},
		"bad email":     {400, object{"username": "x", "email": "x"}},
		"bad state":     {400, object{"username": "x", "email": "x@y", "state": "GONE"}},
		"bad manager":   {400, object{"username": "x", "email": "x@y", "manager": "bob.li"}},
		"not JSON":      {400, "{"},
		"null choice":   {400, object{"username": "x", "email": "x@y", "state": nil}},
	} {
		if a := g.do("POST", "/api/systemusers", body.v); a.StatusCode != body.status {
			t.Errorf("%s: %d, want %d: %s", name, a.StatusCode, body.status, a.body)
		}
	}
	body := object{"username": "x", "email": "x@acme.example"}
	if a := g.do("POST", "/api/systemusers", body, "Content-Type", "text/plain"); a.StatusCode != 400 {
		t.Errorf("a body that is not said to be JSON: %d", a.StatusCode)
	}
	path := "/api/systemusers/" + made["_id"].(string)
	changed := want[object](g, 200, "PUT", path, object{"suspended": true})
	if changed["state"] != "SUSPENDED" || changed["department"] != "Sales" {
		t.Errorf("a partial update lost something: %v", changed)
	}
	changed = want[object](g, 200, "PUT", path, object{"state": "ACTIVATED"})
	if changed["suspended"] != false {
		t.Errorf("%v", changed["suspended"])
	}
	want[object](g, 404, "GET", "/api/systemusers/000000000000000000000000", nil)
	want[object](g, 200, "DELETE", path, nil)
	want[object](g, 404, "DELETE", path, nil)
}

func TestUserActions(t *testing.T) {
	g := newRig(t, Options{})
	ben, ada := g.user("ben.kurz"), g.user("ada.king")
	want[any](g, 200, "POST", "/api/systemusers/"+ben+"/unlock", nil)
	if u := want[object](g, 200, "GET", "/api/systemusers/"+ben, nil); u["account_locked"] != false || u["badLoginAttempts"] != 0.0 {
		t.Errorf("%v", u)
	}
	want[any](g, 200, "POST", "/api/systemusers/"+ada+"/resetmfa", object{"exclusion": true, "exclusionUntil": testNow.Add(time.Hour)})
	want[any](g, 200, "POST", "/api/systemusers/"+ada+"/expire", nil)
	u := want[object](g, 200, "GET", "/api/systemusers/"+ada, nil)
	if u["totp_enabled"] != false || u["mfa"].(object)["exclusion"] != true || u["password_expired"] != true ||
		u["mfaEnrollment"].(object)["overallStatus"] != "NOT_ENROLLED" {
		t.Errorf("%v", u)
	}
	want[object](g, 400, "POST", "/api/systemusers/"+ada+"/resetmfa", object{"exclusion": true, "exclusionUntil": "2020-01-01T00:00:00Z"})
	want[object](g, 404, "POST", "/api/systemusers/000000000000000000000000/unlock", nil)
}

func TestPutOfV2ReplacesTheWhole(t *testing.T) {
	g := newRig(t, Options{})
	id := g.group("Sales")
	got := want[object](g, 200, "PUT", "/api/v2/usergroups/"+id, object{"name": "Selling"})
	if got["description"] != nil || got["attributes"] != nil || got["name"] != "Selling" || got["id"] != id {
		t.Errorf("%v", got)
	}
	want[object](g, 409, "PUT", "/api/v2/usergroups/"+id, object{"name": "IT"})
	want[object](g, 400, "PUT", "/api/v2/usergroups/"+id, object{"description": "no name"})
	want[object](g, 409, "POST", "/api/v2/usergroups", object{"name": "IT"})
	want[object](g, 201, "POST", "/api/v2/systemgroups", object{"name": "IT"})
	policy := g.org.Rows("policies")[0]["id"].(string)
	want[object](g, 200, "PUT", "/api/v2/policies/"+policy, object{"name": "Renamed"})
	if p := want[object](g, 200, "GET", "/api/v2/policies/"+policy, nil); len(p["values"].([]any)) != 0 {
		t.Errorf("values that were not sent are still there: %v", p["values"])
	}
}

func TestErrorsHaveTheShapeOfTheirAPI(t *testing.T) {
	g := newRig(t, Options{})
	v2 := want[object](g, 404, "GET", "/api/v2/usergroups/000000000000000000000000", nil)
	if v2["status"] != "NOT_FOUND" || v2["code"] != 5.0 || v2["message"] == nil {
		t.Errorf("%v", v2)
	}
	if v1 := want[object](g, 404, "GET", "/api/nothing/here", nil); v1["error"] == nil || v1["status"] != nil {
		t.Errorf("%v", v1)
	}
	want[object](g, 405, "PATCH", "/api/systemusers", nil)
}

func TestBuiltinCommandsActOnceTheDeviceIsOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		online, offline, mac := g.device("LT-042"), g.device("NB-117"), g.device("MBP-031")
		want[any](g, 201, "POST", "/api/systems/"+online+"/command/builtin/erase", object{})
		want[any](g, 201, "POST", "/api/systems/"+offline+"/command/builtin/erase", nil)
		want[object](g, 400, "POST", "/api/systems/"+mac+"/command/builtin/erase", nil)
		want[object](g, 404, "POST", "/api/systems/000000000000000000000000/command/builtin/lock", nil)
		time.Sleep(900 * time.Millisecond)
		states := func() (list []string) {
			for _, a := range g.org.Rows("device_actions") {
				list = append(list, a["state"].(string))
			}
			return list
		}
		if s := states(); s[0] != "queued" || s[1] != "queued" {
			t.Errorf("too early: %v", s)
		}
		time.Sleep(200 * time.Millisecond)
		if s := states(); s[0] != "done" || s[1] != "queued" {
			t.Errorf("%v", s)
		}
		if d := want[object](g, 200, "GET", "/api/systems/"+online, nil); d["active"] != false {
			t.Error("an erased device is still online")
		}
	})
}

func TestCommandsQueueAndFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		id := want[object](g, 200, "POST", "/api/commands", object{"name": "Say", "commandType": "linux",
			"command": "hostname\necho hi\nexit 3"})["_id"].(string)
		online, offline := g.device("build-01"), g.find("devices", "serialNumber", "KSK-0002", "_id")
		run := want[object](g, 200, "POST", "/api/runCommand", object{"_id": id, "systemIds": []any{online, offline, g.device("LT-042")}})
		if len(run["queueIds"].([]any)) != 3 {
			t.Errorf("%v", run)
		}
		results := func() []object { return want[[]object](g, 200, "GET", "/api/commands/"+id+"/results", nil) }
		time.Sleep(1900 * time.Millisecond)
		if r := results(); len(r) != 0 {
			t.Errorf("too early: %v", r)
		}
		time.Sleep(200 * time.Millisecond)
		r := results()
		if len(r) != 2 {
			t.Fatalf("%d results, want 2: %v", len(r), r)
		}
		for _, one := range r {
			data := one["response"].(object)["data"].(object)
			if one["systemId"] == online && (data["exitCode"] != 3.0 || data["output"] != "build-01\nhi\n") {
				t.Errorf("%v", data)
			}
			if one["systemId"] != online && data["exitCode"] != 127.0 {
				t.Errorf("a linux command ran on windows: %v", data)
			}
		}
		if q := g.org.Rows("command_queue"); len(q) != 1 || q[0]["system"] != offline {
			t.Errorf("%v", q)
		}
		want[any](g, 204, "DELETE", "/api/v2/commandqueue/"+run["workflowInstanceId"].(string), nil)
		want[any](g, 404, "DELETE", "/api/v2/commandqueue/"+run["workflowInstanceId"].(string), nil)
		one := r[0]["_id"].(string)
		want[object](g, 200, "GET", "/api/commandresults/"+one, nil)
		want[object](g, 200, "DELETE", "/api/commandresults/"+one, nil)
		want[object](g, 404, "GET", "/api/commandresults/"+one, nil)
		want[object](g, 404, "POST", "/api/runCommand", object{"_id": "000000000000000000000000"})
		if got := want[object](g, 200, "POST", "/api/command/trigger/rotate-logs", nil); got["triggered"].([]any)[0] != "Rotate logs" {
			t.Errorf("%v", got)
		}
		want[object](g, 404, "POST", "/api/command/trigger/unknown", nil)
	})
}

func TestAccessRequestsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		body := object{"operationId": elevate, "requestorId": g.user("ada.king"), "resourceId": g.device("LT-042"),
			"resourceType": "device", "expiry": testNow.Add(time.Hour), "remarks": "INC-1",
			"additionalAttributes": object{"sudo": object{"enabled": true, "withoutPassword": false}}}
		path := func() string {
			return "/api/v2/accessrequests/" + want[object](g, 200, "POST", "/api/v2/accessrequests", body)["id"].(string)
		}
		state := func(p string) any { return want[object](g, 200, "GET", p, nil)["accessState"] }
		short, long, revoked := path(), path(), path()
		if a := want[object](g, 200, "GET", short, nil); a["additionalAttributes"] != "eyJzdWRvIjp7ImVuYWJsZWQiOnRydWUsIndpdGhvdXRQYXNzd29yZCI6ZmFsc2V9fQ==" {
			t.Errorf("%v", a["additionalAttributes"])
		}
		want[object](g, 200, "PUT", long, object{"expiry": testNow.Add(3 * time.Hour)})
		want[object](g, 200, "POST", revoked+"/revoke", nil)
		time.Sleep(time.Hour)
		if state(short) != "expired" || state(long) != "granted" || state(revoked) != "revoked" {
			t.Errorf("%v %v %v", state(short), state(long), state(revoked))
		}
		want[object](g, 400, "POST", short+"/revoke", nil)
		want[object](g, 400, "PUT", revoked, object{"remarks": "late"})
		want[object](g, 400, "PUT", long, object{"expiry": testNow})
		for field, v := range map[string]any{"expiry": testNow, "resourceType": "application", "operationId": "other",
			"requestorId": nil, "additionalAttributes": object{}} {
			wrong := with(body, object{"expiry": testNow.Add(5 * time.Hour)})
			wrong[field] = v
			if a := g.do("POST", "/api/v2/accessrequests", wrong); a.StatusCode != 400 {
				t.Errorf("%s: %d", field, a.StatusCode)
			}
		}
		want[object](g, 404, "GET", "/api/v2/accessrequests/none", nil)
	})
}

func TestApplicationsAreHeavy(t *testing.T) {
	g := newRig(t, Options{})
	a := g.do("GET", "/api/applications/"+g.app("Salesforce"), nil)
	if len(a.body) < 5000 || len(a.body) > 20_000 || !strings.Contains(string(a.body), "BEGIN CERTIFICATE") {
		t.Errorf("%d bytes", len(a.body))
	}
	h := newRig(t, Options{Traps: []string{"huge-applications"}})
	if a := h.do("GET", "/api/applications?limit=5", nil); len(a.body) < 5*150_000 || !json.Valid(a.body) {
		t.Errorf("%d bytes", len(a.body))
	}
}
