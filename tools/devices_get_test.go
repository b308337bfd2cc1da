package tools

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// TestDevicesGet holds who reaches devices against the graph, and the job W11 of workflows.md.
func TestDevicesGet(t *testing.T) {
	b := newBench(t, sandboxOptions)
	budgetW11(t, b, 120)
	devicesReach(t, b, webOf(b), 40)
}

func devicesReach(t *testing.T, b *bench, w *web, more int) {
	t.Helper()
	for _, d := range some(b.sandbox.Rows("devices"), 14, more) {
		id := d["_id"].(string)
		_, a := b.call("devices_get", fmt.Sprintf(`{"device":%q,"include":["users","groups"]}`, id))
		head, object, tables := shownBlocks(t, a)
		name := d["hostname"].(string)
		if object["hostname"] != name || object["serialNumber"] != d["serialNumber"] || object["encrypted"] != d["fde"].(map[string]any)["active"] {
			t.Errorf("%s: %v", name, object)
		}
		reach, n := w.ways(id, "user", true)
		ids := map[string][]string{}
		for _, p := range w.parents[id] {
			ids["direct"] = append(ids["direct"], p.id)
		}
		groups, nGroups := w.named(ids)
		w.same(t, name+" users", tables["users"], reach)
		w.same(t, name+" groups", tables["groups"], groups)
		want(t, head, fmt.Sprintf("users %d, groups %d", n, nGroups))
	}
}

// budgetW11: user, policies, encryption, software of build-01. One call.
func budgetW11(t *testing.T, b *bench, users int) {
	t.Helper()
	b.wire.reset()
	text := b.must("devices_get", `{"device":"build-01","include":["users","policies","encryption","software"]}`)
	n := getTokens(t, text)
	t.Logf("W11: %d tokens, %d requests", n, len(b.wire.seen))
	if n > 180 {
		t.Errorf("%d tokens, at most 180:\n%s", n, text)
	}
	if most := 3 + users/100 + 14; len(b.wire.seen) > most {
		t.Errorf("%d requests, at most %d: %v", len(b.wire.seen), most, b.wire.seen)
	}
	want(t, text, `"user":"ada.king"`, "encrypted,recovery_key,volumes\ntrue,false,1 of 1", "uptime,logged_in,installed\n")
}

// TestDevicesGetEncryption holds each device's answer against what it reports.
func TestDevicesGetEncryption(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, d := range some(b.sandbox.Rows("devices"), 14, 10) {
		_, a := b.call("devices_get", fmt.Sprintf(`{"device":%q,"include":["encryption"]}`, d["_id"]))
		_, _, tables := shownBlocks(t, a)
		fde := d["fde"].(map[string]any)
		n := 0
		if fde["active"] == true {
			n = 1
		}
		if got, real := strings.Join(tables["volumes"][0], ","), fmt.Sprintf("%v,%v,%d of 1", fde["active"], fde["keyPresent"], n); got != real {
			t.Errorf("%s: %s, really %s", d["hostname"], got, real)
		}
	}
}

// TestDevicesGetSoftware counts what is installed in the sandbox's own tables.
func TestDevicesGetSoftware(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for host, table := range map[string]string{"LT-042": "programs", "MBP-031": "apps", "build-01": "linux_packages"} {
		id := b.found("devices", "hostname", host).Text("_id")
		real := 0
		for _, row := range b.sandbox.Insights(table) {
			if row["system_id"] == id {
				real++
			}
		}
		_, a := b.call("devices_get", fmt.Sprintf(`{"device":%q,"include":["software"]}`, host))
		_, _, tables := shownBlocks(t, a)
		cell := tables["installed"][0][2]
		n := strings.Count(cell, " | ") + 1
		if m := notNamedForm.FindStringSubmatch(cell); m != nil {
			_, _ = fmt.Sscan(m[1], &n)
		}
		if n != real || real == 0 {
			t.Errorf("%s: %q, really %d", host, cell, real)
		}
	}
}

// TestDevicesGetPolicies: every policy that is to apply is there, with a result or without.
func TestDevicesGetPolicies(t *testing.T) {
	b := newBench(t, sandboxOptions)
	w := webOf(b)
	failing := 0
	for _, d := range b.sandbox.Rows("devices")[:60] {
		reach, n := w.ways(d["_id"].(string), "policy", false)
		_, a := b.call("devices_get", fmt.Sprintf(`{"device":%q,"include":["policies"]}`, d["_id"]))
		head, _, tables := shownBlocks(t, a)
		var got, real []string
		failed := 0
		for _, row := range tables["policies"] {
			names := strings.Split(row[1], " | ")
			got = append(got, names...)
			if strings.HasPrefix(row[0], "failed") {
				failed += len(names)
			}
		}
		for _, list := range reach {
			real = append(real, list...)
		}
		slices.Sort(got)
		slices.Sort(real)
		if real = slices.Compact(real); !slices.Equal(got, real) {
			t.Errorf("%s: %q, really %q", d["hostname"], got, real)
		}
		want(t, head, fmt.Sprintf("policies %d, %d failed", n, failed))
		failing += failed
	}
	if failing == 0 {
		t.Error("no policy failed anywhere: nothing was tested")
	}
}

// TestDevicesGetPoliciesWithoutResult: a policy that has no result yet is not left out.
func TestDevicesGetPoliciesWithoutResult(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.wire.answer = emptyListAt("/policystatuses")
	want(t, b.must("devices_get", `{"device":"build-01","include":["policies"]}`), "policies 2, 0 failed", "\nno result yet,Automatic Ubuntu Updates (linux) | Disable Root SSH (linux)")
}

// TestDevicesGetRequests holds temporary rights against the sandbox's own.
func TestDevicesGetRequests(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, d := range b.sandbox.Rows("devices")[:30] {
		n, running := 0, 0
		for _, m := range b.sandbox.Rows("access_requests") {
			if m["resourceId"] == d["_id"] {
				n++
				if m["accessState"] == "granted" {
					running++
				}
			}
		}
		says := fmt.Sprintf("requests %d", n)
		if n > 0 {
			says += fmt.Sprintf(", %d running", running)
		}
		want(t, b.must("devices_get", fmt.Sprintf(`{"device":%q,"include":["requests"]}`, d["_id"])), says+";", "requests as found in the events of 90 d")
	}
}

// TestDevicesGetEvents: the newest first, and how many there are.
func TestDevicesGetEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes between the two counts
		b := newBench(t, sandboxOptions)
		b.must("devices_update", `{"device":"LT-044","displayName":"Ben's"}`)
		id := b.found("devices", "hostname", "LT-044").Text("_id")
		events := b.truth(7*24*time.Hour, func(e jc.Row) bool {
			return mentions(e["resource"], id) || mentions(e["system"], id) || mentions(e["association"], id)
		})
		_, a := b.call("devices_get", `{"device":"LT-044","include":["events"]}`)
		head, _, tables := shownBlocks(t, a)
		want(t, head, fmt.Sprintf("events of 7 d %d", len(events)))
		if rows := tables["success"]; len(rows) != min(len(events), eventsShown) || rows[0][1] != "system_update" {
			t.Errorf("%v", rows)
		}
	})
}
