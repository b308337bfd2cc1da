package sandbox

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (g *rig) table(name, query string) []object {
	g.t.Helper()
	return want[[]object](g, 200, "GET", "/api/v2/systeminsights/"+name+"?"+query, nil)
}

func TestInsightsFilterCountsWhatIsThere(t *testing.T) {
	g := newRig(t, Options{})
	truth, devices := map[any]int{}, map[any]bool{}
	for _, m := range g.org.Insights("apps") {
		if m["bundle_name"] == "Slack" {
			truth[m["bundle_short_version"]]++
			devices[m["system_id"]] = true
		}
	}
	got := map[any]int{}
	for _, m := range g.table("apps", "limit=10000&filter=bundle_name:eq:Slack") {
		got[m["bundle_short_version"]]++
	}
	if diff := cmp.Diff(truth, got); diff != "" || len(got) < 3 || len(devices) < 20 {
		t.Errorf("%d devices, %s", len(devices), diff)
	}
	if n := len(g.table("apps", "")); n != 10 {
		t.Errorf("default page: %d", n)
	}
	two := g.device("MBP-031") + "|" + g.device("MBP-032")
	both := g.table("apps", "limit=100&filter=system_id:in:"+url.QueryEscape(two)+"&filter=bundle_name:in:Safari%7CJumpCloud")
	if len(both) != 4 {
		t.Errorf("%d rows of two apps on two devices", len(both))
	}
	for _, bad := range []string{"filter=bundle_name:search:Slack", "filter=bundle_short_version:eq:1", "filter=bundle_name", "limit=10001",
		"skip=-1", "filter=system_id:gte:1"} {
		want[object](g, 400, "GET", "/api/v2/systeminsights/apps?"+bad, nil)
	}
	want[object](g, 404, "GET", "/api/v2/systeminsights/nothing", nil)
}

func TestInsightsPageAndSort(t *testing.T) {
	g := newRig(t, Options{})
	all := g.table("programs", "limit=10000")
	var pages []object
	for skip := 0; ; skip += 37 {
		page := g.table("programs", fmt.Sprintf("limit=37&skip=%d", skip))
		pages = append(pages, page...)
		if len(page) < 37 {
			break
		}
	}
	if diff := cmp.Diff(all, pages); diff != "" {
		t.Error(diff)
	}
	sorted := g.table("programs", "limit=10000&sort=-name")
	if len(sorted) != len(all) || !slices.IsSortedFunc(sorted, func(a, b object) int { return compareValues(b["name"], a["name"]) }) {
		t.Error("not sorted")
	}
	long := g.table("uptime", "limit=10000&filter=days:gte:30")
	for _, m := range g.org.Insights("uptime") {
		in := slices.ContainsFunc(long, func(l object) bool { return l["system_id"] == m["system_id"] })
		if in != (m["days"].(int64) >= 30) {
			t.Errorf("%v", m)
		}
		total := ((m["days"].(int64)*24+m["hours"].(int64))*60+m["minutes"].(int64))*60 + m["seconds"].(int64)
		if m["total_seconds"] != fmt.Sprint(total) {
			t.Errorf("%v is not %d", m["total_seconds"], total)
		}
	}
}

func TestInsightsAgreeWithTheDevices(t *testing.T) {
	g := newRig(t, Options{})
	seen := 0
	for _, d := range g.org.Rows("devices") {
		only := "filter=system_id:eq:" + d["_id"].(string)
		if d["osFamily"] == "android" {
			if rows := g.table("os_version", only); len(rows) != 0 {
				t.Errorf("%v", rows)
			}
			continue
		}
		if rows := g.table("os_version", only); len(rows) != 1 || rows[0]["version"] != d["version"] {
			t.Fatalf("%v", rows)
		}
		encrypted, table, field := 0.0, "disk_encryption", "encrypted"
		if d["fde"].(object)["active"] == true {
			encrypted = 1
		}
		if d["osFamily"] == "windows" {
			table, field = "bitlocker_info", "protection_status"
		}
		rows := g.table(table, only)
		if len(rows) != 1 || rows[0][field] != encrypted {
			t.Errorf("%s: %v", d["hostname"], rows)
		}
		if info := g.table("system_info", only); len(info) != 1 || info[0]["hardware_serial"] != d["serialNumber"] {
			t.Errorf("%v", info)
		}
		seen++
	}
	if seen < 140 {
		t.Errorf("%d devices", seen)
	}
	gone := g.device("LT-042")
	want[object](g, 200, "DELETE", "/api/systems/"+gone, nil)
	if rows := g.table("programs", "filter=system_id:eq:"+gone); len(rows) != 0 {
		t.Errorf("a deleted device reports: %v", rows)
	}
}

func TestInsightsAreTheSameEachTime(t *testing.T) {
	a, b := newRig(t, Options{Users: 30}), newRig(t, Options{Users: 30})
	rows := 0
	for name := range insightTables() {
		x, y := a.org.Insights(name), b.org.Insights(name)
		if diff := cmp.Diff(x, y); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		rows += len(x)
	}
	if rows < 1000 {
		t.Errorf("only %d rows", rows)
	}
	other := newRig(t, Options{Users: 30, Seed: 2})
	if cmp.Equal(a.org.Insights("uptime"), other.org.Insights("uptime")) {
		t.Error("the seed makes no difference")
	}
	if a.org.Insights("nothing") != nil {
		t.Error("an unknown table has rows")
	}
}

// TestInsightsOfOneDeviceDoNotScanAll compares in one run, as for pages.
func TestInsightsOfOneDeviceDoNotScanAll(t *testing.T) {
	cost := func(users int) func() time.Duration {
		g := newRig(t, Options{Users: users})
		q := httptest.NewRequest("GET", "/api/v2/systeminsights/programs?limit=100&filter=system_id:eq:"+g.device("LT-042"), nil)
		q.Header.Set("x-api-key", "sandbox-key")
		return func() time.Duration {
			start := time.Now()
			g.org.answer(q, nil)
			return time.Since(start)
		}
	}
	few, many := cost(200), cost(10_000)
	a, b := time.Hour, time.Hour
	for range 200 {
		a, b = min(a, few()), min(b, many())
	}
	t.Logf("%v with 200 users, %v with 10,000", a, b)
	if b > 8*a {
		t.Errorf("%v with 200 users, %v with 10,000", a, b)
	}
}
