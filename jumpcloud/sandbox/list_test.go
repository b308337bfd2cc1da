package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestV1ListsPage(t *testing.T) {
	g := newRig(t, Options{})
	first := want[v1list](g, 200, "GET", "/api/systemusers", nil)
	if len(first.Results) != 10 || first.TotalCount != 120 {
		t.Errorf("default page: %d of %d", len(first.Results), first.TotalCount)
	}
	if big := want[v1list](g, 200, "GET", "/api/systemusers?limit=1000", nil); len(big.Results) != 100 {
		t.Errorf("limit=1000 gave %d rows, want 100", len(big.Results))
	}
	for _, sort := range []string{"", "&sort=_id", "&sort=-lastname", "&sort=department%20-username"} {
		seen := map[string]bool{}
		for skip := 0; skip < 120; skip += 50 {
			for _, r := range want[v1list](g, 200, "GET", fmt.Sprintf("/api/systemusers?limit=50&skip=%d%s", skip, sort), nil).Results {
				seen[r["_id"].(string)] = true
			}
		}
		if len(seen) != 120 {
			t.Errorf("sort %q: %d different rows, want 120", sort, len(seen))
		}
	}
	sorted := names(want[v1list](g, 200, "GET", "/api/systemusers?limit=100&sort=-username", nil).Results, "username")
	if !slices.IsSortedFunc(sorted, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Error("sort=-username is not descending")
	}
	if past := want[v1list](g, 200, "GET", "/api/systemusers?skip=500", nil); past.Results == nil || len(past.Results) != 0 {
		t.Errorf("past the end: %v", past)
	}
	g.do("GET", "/api/systemusers?limit=x", nil)
	want[object](g, 400, "GET", "/api/systemusers?limit=x", nil)
	want[object](g, 400, "GET", "/api/systemusers?skip=-1", nil)
}

func TestV1SortOrderFollowsChanges(t *testing.T) {
	g := newRig(t, Options{})
	path := "/api/systemusers?limit=100&sort=lastname&fields=lastname"
	want[v1list](g, 200, "GET", path, nil)
	want[object](g, 200, "PUT", "/api/systemusers/"+g.user("ada.king"), object{"lastname": "AAAA"})
	want[object](g, 200, "POST", "/api/systemusers", object{"username": "new", "email": "n@acme.example", "lastname": "AAAB"})
	want[object](g, 200, "DELETE", "/api/systemusers/"+g.user("dana.weiss"), nil)
	got := want[v1list](g, 200, "GET", path, nil)
	list := names(got.Results, "lastname")
	if list[0] != "AAAA" || list[1] != "AAAB" || !slices.IsSorted(list) || got.TotalCount != 120 {
		t.Errorf("%v of %d", list[:3], got.TotalCount)
	}
}

func TestV1FieldsProject(t *testing.T) {
	g := newRig(t, Options{})
	got := want[v1list](g, 200, "GET", "/api/systemusers?fields=username%20mfa.configured&limit=1", nil).Results[0]
	if len(got) != 3 || got["_id"] == nil || got["username"] != "dana.weiss" || got["mfa"].(object)["configured"] != true {
		t.Errorf("%v", got)
	}
	one := want[object](g, 200, "GET", "/api/systems/"+g.device("LT-042")+"?fields=hostname", nil)
	if len(one) != 2 || one["hostname"] != "LT-042" {
		t.Errorf("%v", one)
	}
}

func TestV1Filters(t *testing.T) {
	g := newRig(t, Options{})
	truth := g.org.Rows("users")
	count := func(is func(object) bool) (n int) {
		for _, u := range truth {
			if is(u) {
				n++
			}
		}
		return n
	}
	for filter, n := range map[string]int{
		"username:$eq:ada.king":                  1,
		"username:$eq:ADA.KING":                  0, // with case
		"suspended:$eq:true":                     count(func(u object) bool { return u["suspended"] == true }),
		"state:$ne:ACTIVATED":                    count(func(u object) bool { return u["state"] != "ACTIVATED" }),
		"badLoginAttempts:$gt:0":                 count(func(u object) bool { return u["badLoginAttempts"].(int) > 0 }),
		"department:$in:Sales|Finance":           count(func(u object) bool { return u["department"] == "Sales" || u["department"] == "Finance" }),
		"mfa.configured:$eq:false":               count(func(u object) bool { return u["mfa"].(object)["configured"] == false }),
		"created:$lt:2025-01-01T00:00:00.000Z":   count(func(u object) bool { return u["created"].(string) < "2025-01-01" }),
		"nosuchfield:$eq:1":                      0,
		"department:$eq:Sales, EMEA":             1,
		"suspended:$eq:true&filter=state:$eq:xx": 0,
	} {
		q := strings.ReplaceAll(strings.ReplaceAll(filter, " ", "%20"), "|", "%7C")
		got := want[v1list](g, 200, "GET", "/api/systemusers?limit=100&filter="+q, nil)
		if got.TotalCount != n {
			t.Errorf("%s: %d, want %d", filter, got.TotalCount, n)
		}
	}
	for _, bad := range []string{"username", "username:eq:x", "username:$like:x", ":$eq:x"} {
		want[object](g, 400, "GET", "/api/systemusers?filter="+bad, nil)
	}
}

func TestV1Search(t *testing.T) {
	g := newRig(t, Options{})
	total := func(status int, body any) int {
		t.Helper()
		return want[v1list](g, status, "POST", "/api/search/systemusers", body).TotalCount
	}
	ids := []any{g.user("ada.king"), g.user("bob.li"), "000000000000000000000000"}
	for name, c := range map[string]struct {
		body object
		n    int
	}{
		"plain":        {object{"filter": object{"username": "bob.li"}}, 1},
		"with case":    {object{"filter": object{"username": "BOB.LI"}}, 0},
		"in":           {object{"filter": object{"_id": object{"$in": ids}}}, 2},
		"and":          {object{"filter": object{"and": []any{object{"firstname": "Bob"}, object{"lastname": object{"$ne": "Li"}}}}}, 1},
		"or":           {object{"filter": object{"or": []any{object{"username": "bob.li"}, object{"username": "ada.king"}}}}, 2},
		"term":         {object{"searchFilter": object{"searchTerm": "BOB.S", "fields": []any{"username"}}}, 1},
		"terms":        {object{"searchFilter": object{"searchTerm": []any{"bob.s", "da.ki"}, "fields": []any{"username", "email"}}}, 2},
		"both":         {object{"filter": object{"lastname": "Li"}, "searchFilter": object{"searchTerm": "bob.", "fields": []any{"username"}}}, 1},
		"boolean":      {object{"filter": object{"account_locked": true, "username": "ben.kurz"}}, 1},
		"nothing said": {object{}, 120},
	} {
		if n := total(200, c.body); n != c.n {
			t.Errorf("%s: %d, want %d", name, n, c.n)
		}
	}
	for name, body := range map[string]any{
		"operator": object{"filter": object{"username": object{"$like": "x"}}}, "list": object{"filter": []any{}},
		"in a text": object{"filter": object{"_id": object{"$in": "x"}}}, "fields": object{"searchFilter": object{"searchTerm": "x"}},
		"not JSON": "{", "an array": []any{}, "limit": object{"limit": "x"},
	} {
		if a := g.do("POST", "/api/search/systemusers", body); a.StatusCode != 400 {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
	}
	page := want[v1list](g, 200, "POST", "/api/search/systemusers?sort=-username", object{"limit": 3, "skip": 1, "fields": "username mfaEnrollment"})
	if len(page.Results) != 3 || page.Results[0]["mfaEnrollment"] != nil || len(page.Results[0]) != 2 {
		t.Errorf("%v", page.Results)
	}
}

func TestListGetAndSearchShowDifferentFields(t *testing.T) {
	g := newRig(t, Options{})
	id := g.user("ada.king")
	got := want[object](g, 200, "GET", "/api/systemusers/"+id, nil)
	found := want[v1list](g, 200, "POST", "/api/search/systemusers", object{"filter": object{"_id": id}}).Results[0]
	if got["mfaEnrollment"] == nil || found["mfaEnrollment"] != nil || found["mfa"] == nil {
		t.Errorf("get %v, search %v", got["mfaEnrollment"], found["mfaEnrollment"])
	}
	listed := want[[]object](g, 200, "GET", "/api/v2/policies", nil)[0]
	whole := want[object](g, 200, "GET", "/api/v2/policies/"+listed["id"].(string), nil)
	if listed["values"] != nil || whole["values"] == nil {
		t.Error("a policy list shows values, or a policy does not")
	}
}

func TestV2Lists(t *testing.T) {
	g := newRig(t, Options{})
	total := len(g.org.Rows("user_groups"))
	a := g.do("GET", "/api/v2/usergroups", nil)
	var rows []object
	if err := json.Unmarshal(a.body, &rows); err != nil || len(rows) != 10 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if a.Header.Get("x-total-count") != "" {
		t.Error("a total that was not asked for")
	}
	a = g.do("GET", "/api/v2/usergroups?limit=100&filter=name:eq:Sales", nil, "x-unfiltered-total-count", "1")
	if got := a.Header.Get("x-total-count"); got != fmt.Sprint(total) {
		t.Errorf("x-total-count %q, want %d: filters do not count", got, total)
	}
	for filter, n := range map[string]int{
		"name:eq:Sales": 1, "name:eq:sales": 0, "name:search:sales": 2, "name:in:Sales|IT|none": 2, "name:ne:Sales": total - 1,
		"name:between:Sales|Support": 4, "name:search:s,type:eq:user_group,name:eq:Sales": 1, "name:ge:VPN": 1,
	} {
		got := want[[]object](g, 200, "GET", "/api/v2/usergroups?limit=100&filter="+url.QueryEscape(filter), nil)
		if len(got) != n {
			t.Errorf("%s: %v, want %d", filter, names(got, "name"), n)
		}
	}
	for _, bad := range []string{"limit=101", "limit=0", "limit=x", "filter=name", "filter=name:like:x", "filter=name:$eq:x", "filter=name:eq:Sales,%20EMEA"} {
		want[object](g, 400, "GET", "/api/v2/usergroups?"+bad, nil)
	}
	sorted := names(want[[]object](g, 200, "GET", "/api/v2/usergroups?limit=100&sort=-name&fields=name", nil), "name")
	if len(sorted) != total || sorted[0] != "VPN Users" {
		t.Errorf("%v", sorted)
	}
	if both := want[[]object](g, 200, "GET", "/api/v2/groups?limit=100", nil); len(both) != total+len(g.org.Rows("device_groups"))+len(g.org.Rows("policy_groups")) {
		t.Errorf("groups: %d", len(both))
	}
}
