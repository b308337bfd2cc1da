package sandbox

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestPolicyResultsAgreeWithDevicesAndEdges(t *testing.T) {
	g := newRig(t, Options{})
	tr := truthOf(g.org.Snapshot())
	failed := 0
	for _, d := range g.org.Rows("devices") {
		id := d["_id"].(string)
		rows := g.pages("/api/v2/systems/" + id + "/policystatuses")
		states := map[string]int{}
		for _, r := range rows {
			states[r["state"].(string)]++
			if (r["state"] == "failed") != (r["detail"] != "" && r["success"] == false && r["exitStatus"] == 1.0) {
				t.Errorf("%v", r)
			}
			if !tr.reaches(r["policyID"].(string), id) && !slices.Contains(tr.bound[id], r["policyID"].(string)) && !viaPolicyGroup(tr, r["policyID"].(string), id) {
				t.Errorf("%s has no policy %v", d["hostname"], r["policyID"])
			}
		}
		stats := g.got("/api/v2/systems/" + id + "/aggregated-policy-stats")
		count := stats["policyCountData"].(object)
		if count["total"] != float64(len(rows)) || count["failed"] != float64(states["failed"]) || len(stats["failedPolicies"].([]any)) != states["failed"] {
			t.Errorf("%s: %v, want %v", d["hostname"], count, states)
		}
		if own, has := d["policyStats"].(object); has && (own["failed"] != states["failed"] || own["pending"] != states["pending"] || own["total"] != len(rows)) {
			t.Errorf("%s: device says %v, results %v of %d", d["hostname"], own, states, len(rows))
		}
		failed += states["failed"]
	}
	if list := g.pages("/api/v2/policyresults"); failed < 5 || len(list) < 300 {
		t.Errorf("%d failed of %d", failed, len(list))
	}
	if list := want[[]object](g, 200, "GET", "/api/v2/policyresults?limit=100&filter=state:eq:failed", nil); len(list) != failed {
		t.Errorf("%d results failed, %d by the filter", failed, len(list))
	}
}

// viaPolicyGroup says whether a group of policies brings the policy.
func viaPolicyGroup(tr truth, policy, device string) bool {
	return slices.ContainsFunc(tr.memberOf[policy], func(group string) bool { return tr.reaches(group, device) })
}

func TestOlderResultsAreNotStatuses(t *testing.T) {
	g := newRig(t, Options{})
	policy := g.find("policies", "name", "FileVault 2 (darwin)", "id")
	all, latest := g.pages("/api/v2/policies/"+policy+"/policyresults"), g.pages("/api/v2/policies/"+policy+"/policystatuses")
	seen := map[any]bool{}
	for _, r := range latest {
		if seen[r["systemID"]] || r["policyID"] != policy {
			t.Errorf("%v", r)
		}
		seen[r["systemID"]] = true
	}
	if len(all) <= len(latest) || len(latest) != len(g.pages("/api/v2/policies/"+policy+"/systems")) {
		t.Errorf("%d results, %d of them the latest", len(all), len(latest))
	}
	one := g.got("/api/v2/policyresults/" + latest[0]["id"].(string))
	if one["systemID"] != latest[0]["systemID"] {
		t.Errorf("%v", one)
	}
	for _, path := range []string{"policyresults/" + nobody, "policies/" + nobody + "/policyresults", "policies/" + nobody + "/policystatuses",
		"systems/" + nobody + "/policystatuses", "systems/" + nobody + "/aggregated-policy-stats", "systems/" + nobody + "/softwareappstatuses",
		"softwareapps/" + nobody + "/statuses"} {
		want[object](g, 404, "GET", "/api/v2/"+path, nil)
	}
}

func TestResultsFollowTheEdges(t *testing.T) {
	g := newRig(t, Options{})
	policy, web := g.find("policies", "name", "Kiosk session", "id"), g.device("web-01")
	statuses := func() []object { return g.pages("/api/v2/systems/" + web + "/policystatuses") }
	before := statuses()
	edit := func(op string) {
		want[any](g, 204, "POST", "/api/v2/policies/"+policy+"/associations", object{"op": op, "type": "system", "id": web})
	}
	edit("add")
	after := statuses()
	i := slices.IndexFunc(after, func(r object) bool { return r["policyID"] == policy })
	if i < 0 || len(after) != len(before)+1 || after[i]["state"] != "success" || after[i]["startedAt"].(string) < stamp(testNow) {
		t.Fatalf("%v", after)
	}
	for _, r := range before {
		if !slices.ContainsFunc(after, func(a object) bool { return a["id"] == r["id"] && a["state"] == r["state"] }) {
			t.Errorf("%v was lost", r)
		}
	}
	edit("remove")
	if n := len(statuses()); n != len(before) {
		t.Errorf("%d results after the policy was taken away, want %d", n, len(before))
	}
	want[any](g, 204, "DELETE", "/api/v2/policies/"+g.find("policies", "name", "Disable Root SSH (linux)", "id"), nil)
	if n := len(statuses()); n != len(before)-1 {
		t.Errorf("%d results after a policy was deleted, want %d", n, len(before)-1)
	}
}

func TestPolicyGroupsBringTheirPolicies(t *testing.T) {
	g := newRig(t, Options{})
	group, build := g.find("policy_groups", "name", "Mac Preview", "id"), g.device("build-01")
	base := "/api/v2/policygroups/" + group
	has := func() bool {
		policy := g.find("policies", "name", "FileVault 2 (darwin)", "id")
		return slices.Contains(names(g.pages("/api/v2/systems/"+build+"/policies"), "id"), policy)
	}
	if has() {
		t.Fatal("already")
	}
	want[any](g, 204, "POST", base+"/associations", object{"op": "add", "type": "system", "id": build})
	if !has() || !slices.Contains(names(g.pages("/api/v2/systems/"+build+"/policygroups"), "id"), group) {
		t.Error("the group brings nothing")
	}
	want[any](g, 400, "POST", base+"/members", object{"op": "add", "type": "user", "id": g.user("ada.king")})
	made := want[object](g, 201, "POST", "/api/v2/policygroups", object{"name": "New"})
	want[object](g, 409, "POST", "/api/v2/policygroups", object{"name": "New"})
	want[any](g, 204, "DELETE", "/api/v2/policygroups/"+made["id"].(string), nil)
	people := names(g.pages("/api/v2/users/"+g.user("dana.weiss")+"/directories"), "type")
	slices.Sort(people)
	if !slices.Equal(slices.Compact(people), []string{"active_directory", "g_suite", "ldap_server"}) {
		t.Errorf("%v", people)
	}
	if list := want[[]object](g, 200, "GET", "/api/v2/directories?limit=100", nil); len(list) != 4 {
		t.Errorf("%v", list)
	}
}

func TestCommandsRunOnWhatTheyAreBoundTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		id := want[object](g, 200, "POST", "/api/commands", object{"name": "Say it", "commandType": "linux", "command": "echo hi"})["_id"].(string)
		want[object](g, 400, "POST", "/api/runCommand", object{"_id": id}) // bound to nothing
		kiosks := g.find("device_groups", "name", "Kiosks", "id")
		want[any](g, 204, "POST", "/api/v2/commands/"+id+"/associations", object{"op": "add", "type": "system_group", "id": kiosks})
		run := want[object](g, 200, "POST", "/api/runCommand", object{"_id": id})
		if n := len(run["queueIds"].([]any)); n != 4 {
			t.Errorf("%d queued, want the four kiosks", n)
		}
		queued := func(search string) v1list {
			return want[v1list](g, 200, "GET", "/api/v2/queuedcommand/workflows?search="+search, nil)
		}
		if q := queued("SAY"); q.TotalCount != 1 || q.Results[0]["pendingCount"] != 4.0 || q.Results[0]["id"] != run["workflowInstanceId"] {
			t.Errorf("%v", q)
		}
		time.Sleep(runTime)
		if q := queued("say"); q.TotalCount != 1 || q.Results[0]["pendingCount"] != 1.0 { // one kiosk is offline
			t.Errorf("%v", q)
		}
		if q := queued("nothing"); q.TotalCount != 0 {
			t.Errorf("%v", q)
		}
		want[object](g, 200, "DELETE", "/api/commands/"+id, nil)
		want[object](g, 404, "GET", "/api/v2/commands/"+id+"/systems", nil)
		if n := len(want[v1list](g, 200, "POST", "/api/search/commandresults", object{"filter": object{"name": "Say it"}, "limit": 100}).Results); n != 3 {
			t.Errorf("%d results stay, want 3", n)
		}
		want[any](g, 204, "DELETE", "/api/v2/commandqueue/"+run["workflowInstanceId"].(string), nil)
	})
}

func TestSoftwareStatuses(t *testing.T) {
	g := newRig(t, Options{})
	app := g.find("software_apps", "displayName", "Slack", "id")
	rows := g.pages("/api/v2/softwareapps/" + app + "/statuses")
	if len(rows) != len(g.pages("/api/v2/softwareapps/"+app+"/systems")) || len(rows) < 20 {
		t.Errorf("%d statuses", len(rows))
	}
	own := g.pages("/api/v2/systems/" + rows[0]["systemId"].(string) + "/softwareappstatuses")
	if !slices.ContainsFunc(own, func(m object) bool {
		return m["app"].(object)["id"] == app && m["status"].(object)["state"] == rows[0]["state"]
	}) {
		t.Errorf("%v", own)
	}
}
