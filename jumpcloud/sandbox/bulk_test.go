package sandbox

import (
	"testing"
	"testing/synctest"
	"time"
)

const nobody = "000000000000000000000000"

func (g *rig) got(path string) object {
	g.t.Helper()
	return want[object](g, 200, "GET", path, nil)
}

func TestStateAndFlagsAgree(t *testing.T) {
	g := newRig(t, Options{})
	agree := func(where string) {
		t.Helper()
		for _, u := range g.org.Rows("users") {
			if (u["suspended"] == true) != (u["state"] == "SUSPENDED") || u["state"] == "STAGED" && u["activated"] == true {
				t.Errorf("%s: %v: state %v, suspended %v, activated %v", where, u["username"], u["state"], u["suspended"], u["activated"])
			}
		}
	}
	agree("seeded")
	path := "/api/systemusers/" + want[object](g, 200, "POST", "/api/systemusers",
		object{"username": "st.aged", "email": "st.aged@acme.example", "state": "STAGED", "password": "secret-Passw0rd", "activated": true})["_id"].(string)
	agree("staged with a password")
	if u := g.got(path); u["state"] != "STAGED" || u["activated"] != false {
		t.Errorf("%v %v", u["state"], u["activated"])
	}
	want[any](g, 200, "POST", path+"/state/activate", object{"email": "a@acme.example"})
	if u := g.got(path); u["state"] != "ACTIVATED" || u["activated"] != true {
		t.Errorf("%v %v", u["state"], u["activated"])
	}
	want[any](g, 200, "POST", path+"/state/suspend", nil)
	agree("suspended")
	for _, body := range []object{{"state": "ACTIVATED"}, {"suspended": true}, {"suspended": false}, {"state": "SUSPENDED", "suspended": false}} {
		want[object](g, 200, "PUT", path, body)
		agree("updated")
	}
	if u := g.got(path); u["state"] != "SUSPENDED" {
		t.Errorf("%v", u["state"])
	}
	for _, verb := range []string{"state/activate", "state/suspend", "unlock", "expire", "resetmfa"} {
		want[object](g, 404, "POST", "/api/systemusers/"+nobody+"/"+verb, object{})
	}
	want[object](g, 400, "POST", path+"/state/activate", object{"email": 5})
}

func TestKeysAndPhones(t *testing.T) {
	g := newRig(t, Options{})
	keys := "/api/systemusers/" + g.user("ada.king") + "/sshkeys"
	if list := want[[]object](g, 200, "GET", keys, nil); len(list) != 2 {
		t.Errorf("%v", list)
	}
	key := want[object](g, 200, "POST", keys, object{"name": "third", "public_key": "ssh-ed25519 AAAA"})["_id"].(string)
	want[object](g, 409, "POST", keys, object{"name": "third", "public_key": "ssh-ed25519 BBBB"})
	want[object](g, 400, "POST", keys, object{"name": "no key"})
	if list := want[[]object](g, 200, "GET", keys, nil); len(list) != 3 {
		t.Errorf("%v", list)
	}
	want[any](g, 200, "DELETE", keys+"/"+key, nil)
	want[object](g, 404, "DELETE", keys+"/"+key, nil)
	want[object](g, 404, "GET", "/api/systemusers/"+nobody+"/sshkeys", nil)
	if u := g.got("/api/systemusers/" + g.user("leo.fox") + "/totpinfo"); len(u) != 0 {
		t.Errorf("leo.fox has no code: %v", u)
	}
	if u := g.got("/api/systemusers/" + g.user("ada.king") + "/totpinfo"); u["enrollmentDate"] == nil {
		t.Errorf("%v", u)
	}

	phone := g.org.Rows("push_endpoints")[0]
	user := phone["user"].(string)
	push := "/api/v2/users/" + user + "/pushendpoints"
	list := want[[]object](g, 200, "GET", push, nil)
	if len(list) != 1 || list[0]["user"] != nil || list[0]["id"] != phone["id"] {
		t.Errorf("%v", list)
	}
	want[object](g, 404, "GET", "/api/v2/users/"+g.user("ada.king")+"/pushendpoints/"+phone["id"].(string), nil)
	want[any](g, 200, "POST", "/api/systemusers/"+user+"/resetmfa", object{})
	if list := want[[]object](g, 200, "GET", push, nil); len(list) != 0 {
		t.Errorf("the phone is still there: %v", list)
	}
	if u := g.got("/api/systemusers/" + user); u["mfaEnrollment"].(object)["pushStatus"] != "NOT_ENROLLED" {
		t.Errorf("%v", u["mfaEnrollment"])
	}
}

func TestScheduledStatesTakeEffectByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		ada, bob := g.user("ada.king"), g.user("bob.li")
		const path = "/api/v2/bulk/userstates"
		body := object{"user_ids": []any{ada, bob}, "state": "SUSPENDED", "start_date": testNow.Add(time.Hour)}
		jobs := want[[]object](g, 201, "POST", path, body)
		want[[]object](g, 201, "POST", path, with(body, object{"state": "ACTIVATED", "start_date": testNow.Add(3 * time.Hour)}))
		late := want[[]object](g, 201, "POST", path, with(body, object{"user_ids": []any{ada}, "start_date": testNow.Add(90 * time.Hour)}))
		if list := want[[]object](g, 200, "GET", path+"?userid="+bob, nil); len(list) != 2 || len(jobs) != 2 || jobs[0]["scheduledJobId"] == jobs[1]["scheduledJobId"] {
			t.Errorf("%v %v", jobs, list)
		}
		next := g.got(path + "/eventlist/next?users=" + ada + "," + bob + "&limit=1")
		if next["events_count"] != 4.0 || len(next["results"].([]any)) != 1 {
			t.Errorf("%v", next)
		}
		want[any](g, 204, "DELETE", path+"/"+late[0]["scheduledJobId"].(string), nil)
		want[any](g, 204, "DELETE", path+"/"+jobs[1]["scheduledJobId"].(string), nil)
		want[object](g, 404, "DELETE", path+"/"+jobs[1]["scheduledJobId"].(string), nil)
		state := func(id string) any { return g.got("/api/systemusers/" + id)["state"] }
		time.Sleep(59 * time.Minute)
		if state(ada) != "ACTIVATED" {
			t.Error("too early")
		}
		time.Sleep(time.Minute)
		if u := g.got("/api/systemusers/" + ada); u["state"] != "SUSPENDED" || u["suspended"] != true || state(bob) != "ACTIVATED" {
			t.Errorf("%v %v", u["state"], state(bob))
		}
		found := want[[]object](g, 200, "POST", eventsPath, ask(object{"sort": "DESC", "limit": 1}))
		if found[0]["event_type"] != "user_suspended" || found[0]["initiated_by"].(object)["type"] != "system" {
			t.Errorf("%v", found[0])
		}
		time.Sleep(2 * time.Hour)
		if state(ada) != "ACTIVATED" {
			t.Error("not activated again")
		}
		if list := want[[]object](g, 200, "GET", path, nil); len(list) != 0 {
			t.Errorf("jobs that ran are still listed: %v", list)
		}
		for name, wrong := range map[string]object{"past": with(body, object{"start_date": testNow}), "state": with(body, object{"state": "STAGED"}),
			"nobody": with(body, object{"user_ids": []any{}}), "no date": with(body, object{"start_date": nil})} {
			if a := g.do("POST", path, wrong); a.StatusCode != 400 {
				t.Errorf("%s: %d", name, a.StatusCode)
			}
		}
		want[object](g, 404, "POST", path, with(body, object{"user_ids": []any{nobody}, "start_date": testNow.Add(30 * time.Hour)}))
		want[object](g, 400, "GET", path+"/eventlist/next", nil)
	})
}

func TestBulkJobsFinishOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		ada, bob := g.user("ada.king"), g.user("bob.li")
		run := func(method, path string, items ...any) []object {
			t.Helper()
			job := want[object](g, 201, method, "/api/v2/bulk/"+path, items)["jobId"].(string)
			results := "/api/v2/bulk/users/" + job + "/results?limit=100"
			for _, r := range want[[]object](g, 200, "GET", results, nil) {
				if r["status"] != bulkPending {
					t.Errorf("%s before its time", r["status"])
				}
			}
			time.Sleep(bulkTime)
			return want[[]object](g, 200, "GET", results, nil)
		}
		states := func(rows []object) string {
			s := ""
			for _, r := range rows {
				s += r["status"].(string) + " "
			}
			return s
		}
		got := run("PATCH", "users", object{"id": ada, "department": "Customer Success"}, object{"id": nobody, "department": "x"},
			object{"department": "x"}, object{"id": bob, "manager": "nobody"}, object{"id": bob, "department": "Customer Success"})
		if s := states(got); s != "finished failed failed failed finished " || got[1]["statusMsg"] != "user not found" || got[0]["job"] != nil {
			t.Errorf("%s %v", s, got)
		}
		if u := g.got("/api/systemusers/" + bob); u["department"] != "Customer Success" || u["lastname"] != "Li" {
			t.Errorf("%v", u)
		}
		got = run("POST", "users", object{"username": "bulk.one", "email": "bulk.one@acme.example", "password": "secret-Passw0rd"},
			object{"username": "ada.king", "email": "x@acme.example"})
		made, _ := got[0]["persistedFields"].(object)
		if states(got) != "finished failed " || made["id"] != g.user("bulk.one") || made["password"] != nil {
			t.Errorf("%v", got)
		}
		if s := states(run("POST", "user/unlocks", object{"id": g.user("ben.kurz")})); s != "finished " || g.got("/api/systemusers/" + g.user("ben.kurz"))["account_locked"] != false {
			t.Error(s)
		}
		if s := states(run("POST", "user/expires", object{"id": ada})); s != "finished " || g.got("/api/systemusers/" + ada)["password_expired"] != true {
			t.Error(s)
		}
		for _, bad := range []any{object{"id": ada}, []any{}, []any{1}, []any{nil}, "["} {
			want[object](g, 400, "PATCH", "/api/v2/bulk/users", bad)
		}
		want[object](g, 404, "GET", "/api/v2/bulk/users/"+nobody+"/results", nil)
	})
}
