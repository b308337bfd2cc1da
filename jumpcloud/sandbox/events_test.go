package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const eventsPath = "/insights/directory/v1/events"

func ask(body object) object {
	return with(object{"service": []string{"all"}, "start_time": testNow.Add(-24 * time.Hour)}, body)
}

func TestEventsPageToTheEnd(t *testing.T) {
	for _, trap := range [][]string{nil, {"numeric-cursor"}} {
		g := newRig(t, Options{Traps: trap})
		for _, sort := range []string{"ASC", "DESC"} {
			body := object{"service": []string{"all"}, "start_time": testNow.AddDate(0, 0, -7), "sort": sort, "limit": 100}
			seen := map[string]bool{}
			var times []string
			for pages := 0; pages < 100; pages++ {
				a := g.do("POST", eventsPath, body)
				var rows []object
				if err := json.Unmarshal(a.body, &rows); err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					seen[r["id"].(string)] = true
					times = append(times, r["timestamp"].(string))
				}
				if a.Header.Get("X-Result-Count") != "100" {
					break
				}
				var cursor []any
				if err := json.Unmarshal([]byte(a.Header.Get("X-Search_after")), &cursor); err != nil {
					t.Fatal(err)
				}
				body["search_after"] = cursor
			}
			total := want[object](g, 200, "POST", eventsPath+"/count", object{"service": []string{"all"}, "start_time": testNow.AddDate(0, 0, -7)})
			if float64(len(seen)) != total["count"] || len(times) != len(seen) || len(seen) < 300 {
				t.Errorf("%s: %d rows, %d different, count %v", sort, len(times), len(seen), total["count"])
			}
			if sort == "DESC" {
				slices.Reverse(times)
			}
			if !slices.IsSorted(times) {
				t.Errorf("%s: not in order", sort)
			}
		}
	}
}

func TestEventsAreNarrowed(t *testing.T) {
	g := newRig(t, Options{})
	count := func(body object) int {
		t.Helper()
		return int(want[object](g, 200, "POST", eventsPath+"/count", ask(body))["count"].(float64))
	}
	fails := 0
	for _, e := range g.org.Snapshot()["events"] {
		who, _ := e["initiated_by"].(object)
		if e["success"] == false && who["username"] == "leo.fox" && e["timestamp"].(string) >= stamp(testNow.Add(-24*time.Hour)) {
			fails++
		}
	}
	leo := object{"success": false, "initiated_by.username": "leo.fox"}
	if n := count(object{"search_term": object{"and": leo}}); n != fails || n < 21 {
		t.Errorf("and: %d, want %d", n, fails)
	}
	if n := count(object{"search_term": object{"and": []any{object{"success": false}, object{"initiated_by.username": []any{"leo.fox"}}}}}); n != fails {
		t.Errorf("list: %d", n)
	}
	all := count(nil)
	if a, b := count(object{"search_term": object{"or": object{"success": true}}}), count(object{"search_term": object{"not": object{"success": true}}}); a+b != all || a == 0 || b == 0 {
		t.Errorf("or %d + not %d != %d", a, b, all)
	}
	if n := count(object{"q": "185.220.101.4"}); n != 8 {
		t.Errorf("q: %d", n)
	}
	sso := want[[]object](g, 200, "POST", eventsPath, ask(object{"service": []string{"sso"}, "start_time": testNow.AddDate(0, 0, -7), "fields": []string{"event_type"}, "limit": 5}))
	if len(sso) != 5 || len(sso[0]) != 1 || sso[0]["event_type"] != "sso_auth" {
		t.Errorf("%v", sso)
	}
	for name, body := range map[string]object{
		"no service": {"start_time": testNow}, "no start": {"service": []string{"all"}}, "unknown service": {"service": []string{"x"}, "start_time": testNow},
		"limit": ask(object{"limit": 10_001}), "sort": ask(object{"sort": "up"}), "term": ask(object{"search_term": object{"xor": object{"a": 1}}}),
		"date": {"service": []string{"all"}, "start_time": "yesterday"}, "cursor": ask(object{"search_after": []any{"x"}}),
	} {
		if a := g.do("POST", eventsPath, body); a.StatusCode != 400 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}

func TestEventsAreCounted(t *testing.T) {
	g := newRig(t, Options{})
	total := want[object](g, 200, "POST", eventsPath+"/count", ask(nil))["count"].(float64)
	sum := func(buckets any) (n float64) {
		for _, b := range buckets.([]any) {
			n += b.(object)["doc_count"].(float64)
		}
		return n
	}
	kinds := want[object](g, 200, "POST", eventsPath+"/distinct", ask(object{"field": "event_type"}))
	if sum(kinds["buckets"]) != total {
		t.Errorf("distinct %v of %v", sum(kinds["buckets"]), total)
	}
	hours := want[object](g, 200, "POST", eventsPath+"/interval", ask(object{"interval_unit": "h"}))
	if sum(hours["buckets"]) != total || len(hours["buckets"].([]any)) > 25 {
		t.Errorf("interval %v of %v", sum(hours["buckets"]), total)
	}
	for _, zone := range []string{"-0500", "-05:00", "Etc/GMT+5"} {
		days := want[object](g, 200, "POST", eventsPath+"/interval", ask(object{"interval_unit": "d", "timezone": zone}))
		for _, b := range days["buckets"].([]any) {
			if at := b.(object)["key_as_string"].(string); at[10:] != "T05:00:00.000Z" {
				t.Errorf("%s: a day begins at %s", zone, at)
			}
		}
		if sum(days["buckets"]) != total {
			t.Errorf("%s: %v of %v", zone, sum(days["buckets"]), total)
		}
	}
	want[object](g, 400, "POST", eventsPath+"/interval", ask(object{"interval_unit": "d", "timezone": "Nowhere/+5"}))
	want[object](g, 400, "POST", eventsPath+"/distinct", ask(nil))
	want[object](g, 400, "POST", eventsPath+"/interval", ask(object{"interval_unit": "year"}))
}

func TestEachChangeLeavesAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		time.Sleep(time.Minute)
		id := want[object](g, 200, "POST", "/api/systemusers", object{"username": "ana.lopez", "email": "a@acme.example"})["_id"].(string)
		want[object](g, 200, "PUT", "/api/systemusers/"+id, object{"department": "Sales"})
		want[object](g, 200, "PUT", "/api/systemusers/"+id, object{"department": "Sales"}) // nothing new
		want[any](g, 204, "POST", "/api/v2/usergroups/"+g.group("Sales")+"/members", object{"op": "add", "type": "user", "id": id})
		want[object](g, 200, "DELETE", "/api/systemusers/"+id, nil)
		rows := want[[]object](g, 200, "POST", eventsPath, object{"service": []string{"directory"}, "start_time": testNow.Add(30 * time.Second)})
		if got := strings.Join(names(rows, "event_type"), " "); got != "user_create user_update association_change user_delete" {
			t.Fatal(got)
		}
		change := rows[1]["changes"].([]any)[0].(object)
		if change["field"] != "department" || change["from"] != "" || change["to"] != "Sales" {
			t.Errorf("%v", change)
		}
		link := rows[2]["association"].(object)
		to := link["connection"].(object)["to"].(object)
		if link["op"] != "add" || to["name"] != "ana.lopez" {
			t.Errorf("%v", link)
		}
	})
}

func TestEventsAreKeptNinetyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		oldest := func() string {
			return want[[]object](g, 200, "POST", eventsPath, object{"service": []string{"all"},
				"start_time": "2020-01-01T00:00:00Z", "limit": 1})[0]["timestamp"].(string)
		}
		if first := oldest(); first > stamp(testNow.AddDate(0, 0, -85)) {
			t.Errorf("the history begins only at %s", first)
		}
		time.Sleep(30 * 24 * time.Hour)
		if first := oldest(); first < stamp(testNow.AddDate(0, 0, -60)) {
			t.Errorf("an event of %s is still there", first)
		}
	})
}
