package sandbox

import (
	"fmt"
	"slices"
	"testing"
)

// truth rebuilds access from the edges of a snapshot, in its own way.
type truth struct {
	memberOf, bound map[string][]string
}

func truthOf(s map[string][]map[string]any) truth {
	t := truth{map[string][]string{}, map[string][]string{}}
	for _, m := range s["memberships"] {
		t.memberOf[m["member"].(string)] = append(t.memberOf[m["member"].(string)], m["group"].(string))
	}
	for _, a := range s["associations"] {
		from, to := a["from"].(string), a["to"].(string)
		t.bound[from] = append(t.bound[from], to)
		t.bound[to] = append(t.bound[to], from)
	}
	return t
}

// reaches says whether two objects are bound, directly or by their groups.
func (t truth) reaches(a, b string) bool {
	for _, x := range append([]string{a}, t.memberOf[a]...) {
		for _, y := range append([]string{b}, t.memberOf[b]...) {
			if slices.Contains(t.bound[x], y) {
				return true
			}
		}
	}
	return false
}

// pages reads a v2 list to its end.
func (g *rig) pages(path string) []object {
	g.t.Helper()
	var all []object
	for skip := 0; ; skip += 100 {
		rows := want[[]object](g, 200, "GET", fmt.Sprintf("%s?limit=100&skip=%d", path, skip), nil)
		all = append(all, rows...)
		if len(rows) < 100 {
			return all
		}
	}
}

func TestTraversalsAgreeWithTheEdges(t *testing.T) {
	g := newRig(t, Options{})
	s := g.org.Snapshot()
	tr := truthOf(s)
	check := func(path string, from string, candidates []map[string]any, idKey string) {
		t.Helper()
		got := names(g.pages(path), "id")
		var expected []string
		for _, c := range candidates {
			if id := c[idKey].(string); tr.reaches(from, id) {
				expected = append(expected, id)
			}
		}
		slices.Sort(got)
		slices.Sort(expected)
		if !slices.Equal(got, expected) || len(expected) == 0 {
			t.Errorf("%s: %d, want %d", path, len(got), len(expected))
		}
	}
	liam, ada, lt := g.user("liam.haddad"), g.user("ada.king"), g.device("build-01")
	sales := g.app("Salesforce")
	check("/api/v2/users/"+liam+"/applications", liam, s["applications"], "_id")
	check("/api/v2/users/"+ada+"/systems", ada, s["devices"], "_id")
	check("/api/v2/users/"+ada+"/systemgroups", ada, s["device_groups"], "id")
	check("/api/v2/users/"+liam+"/radiusservers", liam, s["radius_servers"], "_id")
	check("/api/v2/applications/"+sales+"/users", sales, s["users"], "_id")
	check("/api/v2/applications/"+sales+"/usergroups", sales, s["user_groups"], "id")
	check("/api/v2/systems/"+lt+"/users", lt, s["users"], "_id")
	check("/api/v2/systems/"+lt+"/policies", lt, s["policies"], "id")
}

func TestPathsNameEveryWay(t *testing.T) {
	g := newRig(t, Options{})
	for _, row := range g.pages("/api/v2/applications/" + g.app("Salesforce") + "/users") {
		if row["id"] != g.user("bob.stone") {
			continue
		}
		var ways []string
		for _, p := range row["paths"].([]any) {
			way := ""
			for _, e := range p.([]any) {
				to := e.(object)["to"].(object)
				way += "/" + to["type"].(string)
			}
			ways = append(ways, way)
		}
		slices.Sort(ways)
		expected := []string{"/user", "/user_group/user", "/user_group/user"} // direct, Sales, All Revenue
		if !slices.Equal(ways, expected) {
			t.Errorf("ways %v, want %v", ways, expected)
		}
		return
	}
	t.Error("bob.stone does not reach Salesforce")
}

func TestCompiledAttributesJoinAllPaths(t *testing.T) {
	g := newRig(t, Options{})
	dana, web := g.user("dana.weiss"), g.device("web-01")
	// Server Admins gives sudo with a password; whichever path comes first,
	// the one that asks for none wins.
	want[any](g, 204, "POST", "/api/v2/users/"+dana+"/associations", object{"op": "add", "type": "system", "id": web,
		"attributes": object{"sudo": object{"enabled": true, "withoutPassword": true}}})
	for user, device := range map[string]string{g.user("ada.king"): g.device("build-01"), dana: web} {
		found := false
		for _, row := range g.pages("/api/v2/users/" + user + "/systems") {
			if row["id"] != device {
				continue
			}
			found = true
			sudo := row["compiledAttributes"].(object)["sudo"].(object)
			if sudo["enabled"] != true || sudo["withoutPassword"] != true {
				t.Errorf("%v", sudo)
			}
		}
		if !found {
			t.Errorf("%s does not reach %s", user, device)
		}
	}
}

func TestMembersChange(t *testing.T) {
	g := newRig(t, Options{})
	group, user := g.group("Interns"), g.user("bob.li")
	path := "/api/v2/usergroups/" + group + "/members"
	edit := func(status int, op, kind, id string) {
		t.Helper()
		want[any](g, status, "POST", path, object{"op": op, "type": kind, "id": id})
	}
	edit(204, "add", "user", user)
	edit(409, "add", "user", user)
	if rows := g.pages(path); len(rows) != 1 || rows[0]["to"].(object)["id"] != user || rows[0]["to"].(object)["name"] != nil {
		t.Errorf("%v", rows)
	}
	if rows := g.pages("/api/v2/usergroups/" + group + "/membership"); len(rows) != 1 || rows[0]["paths"] == nil {
		t.Errorf("%v", rows)
	}
	found := slices.Contains(names(g.pages("/api/v2/users/"+user+"/memberof"), "id"), group)
	if !found {
		t.Error("memberof does not know")
	}
	edit(204, "remove", "user", user)
	edit(404, "remove", "user", user)
	edit(400, "join", "user", user)
	edit(400, "add", "system", g.device("LT-042"))
	edit(400, "add", "user", "not-an-id")
	edit(404, "add", "user", "000000000000000000000000")
	want[any](g, 400, "POST", path, object{"op": "add", "type": "user"})
	want[any](g, 404, "POST", "/api/v2/usergroups/000000000000000000000000/members", object{"op": "add", "type": "user", "id": user})
	want[any](g, 404, "GET", "/api/v2/usergroups/000000000000000000000000/members", nil)
}

func TestAssociationsChangeAccess(t *testing.T) {
	g := newRig(t, Options{})
	app, group, liam := g.app("HubSpot"), g.group("Sales"), g.user("liam.haddad")
	has := func() bool {
		return slices.Contains(names(g.pages("/api/v2/users/"+liam+"/applications"), "id"), app)
	}
	if has() {
		t.Fatal("already")
	}
	base := "/api/v2/applications/" + app + "/associations"
	want[any](g, 204, "POST", base, object{"op": "add", "type": "user_group", "id": group})
	want[any](g, 409, "POST", base, object{"op": "add", "type": "user_group", "id": group})
	if !has() {
		t.Error("not inherited")
	}
	direct := want[[]object](g, 200, "GET", base+"?targets=user_group", nil)
	if len(direct) != 2 { // Marketing was there before
		t.Errorf("%v", direct)
	}
	other := want[[]object](g, 200, "GET", "/api/v2/usergroups/"+group+"/associations?targets=application&limit=100", nil)
	if !slices.ContainsFunc(other, func(e object) bool { return e["to"].(object)["id"] == app }) {
		t.Error("not seen from the other end")
	}
	want[any](g, 400, "GET", base, nil)
	want[any](g, 400, "GET", base+"?targets=policy", nil)
	want[any](g, 400, "POST", base, object{"op": "add", "type": "system", "id": g.device("LT-042")})
	want[any](g, 204, "POST", base, object{"op": "remove", "type": "user_group", "id": group})
	if has() {
		t.Error("still there")
	}
	want[any](g, 400, "POST", "/api/v2/users/"+liam+"/associations", object{"op": "add", "type": "system", "id": g.device("LT-042"),
		"attributes": object{"sudo": object{"enabled": "yes"}}})
}

func TestDeletingAnObjectRemovesItsEdges(t *testing.T) {
	g := newRig(t, Options{})
	user, group := g.user("liam.haddad"), g.group("Sales")
	want[object](g, 200, "DELETE", "/api/systemusers/"+user, nil)
	want[any](g, 204, "DELETE", "/api/v2/usergroups/"+group, nil)
	s := g.org.Snapshot()
	for _, m := range append(s["memberships"], s["associations"]...) {
		for k, v := range m {
			if v == user || v == group {
				t.Errorf("%s still in %v", k, m)
			}
		}
	}
}
