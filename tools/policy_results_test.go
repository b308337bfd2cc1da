package tools

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// policyCounts are what the devices themselves say of their policies.
func policyCounts(b *bench) (total, failed, pending int) {
	for _, d := range b.sandbox.Rows("devices") {
		stats := jc.Row(d)
		for field, sum := range map[string]*int{"total": &total, "failed": &failed, "pending": &pending} {
			v, _ := stats.At("policyStats." + field)
			n, _ := strconv.Atoi(fmt.Sprint(v))
			*sum += n
		}
	}
	return total, failed, pending
}

func TestPolicyResultsAgreeWithTheDevices(t *testing.T) {
	checkPolicyResults(t, newBench(t, sandboxOptions), 120)
}

func checkPolicyResults(t *testing.T, b *bench, users int) {
	total, failed, pending := policyCounts(b)
	if failed == 0 || pending == 0 {
		t.Fatalf("nothing to find: %d failed, %d pending", failed, pending)
	}
	for args, want := range map[string]string{
		`{}`:                       fmt.Sprintf("# total %d; 50 shown", total),
		`{"filter":"failed=true"}`: fmt.Sprintf("# total %d; ", failed),
		`{"filter":"result!=success","count_by":"result"}`:       fmt.Sprintf("# total %d; 2 values", failed+pending),
		`{"filter":"result=failed","limit":2,"fields":"device"}`: fmt.Sprintf("# total %d; 2 shown", failed),
	} {
		b.wire.reset()
		text := b.must("policies_results_list", args)
		if !strings.HasPrefix(text, want) {
			t.Errorf("%d users %s: not %q: %.200s", users, args, want, text)
		}
		policies := len(b.sandbox.Rows("policies"))
		if n := len(b.wire.seen); n > 3+users/100+3*policies {
			t.Errorf("%d users %s: %d requests", users, args, n)
		}
		if n := realTokens(t, text); n > maxTokens {
			t.Errorf("%d users %s: %d tokens", users, args, n)
		}
	}
}

func TestPolicyResultsOfDeviceAndPolicy(t *testing.T) {
	b := newBench(t, sandboxOptions)
	stats := b.found("devices", "hostname", "LT-042")
	total, _ := stats.At("policyStats.total")
	failed, _ := stats.At("policyStats.failed")
	text, a := b.call("policies_results_list", `{"device":"LT-042"}`)
	rows := cellsOf(t, a)
	bad := 0
	for _, row := range rows[1:] {
		if row[1] != "LT-042" {
			t.Errorf("a row of another device: %v", row)
		}
		if row[2] == "failed" {
			bad++
			if row[3] == noneMark {
				t.Errorf("it is not said why: %v", row)
			}
		}
	}
	if fmt.Sprint(len(rows)-1) != fmt.Sprint(total) || fmt.Sprint(bad) != fmt.Sprint(failed) {
		t.Errorf("%d results, %d failed; the device says %v and %v: %s", len(rows)-1, bad, total, failed, text)
	}
	policy := rows[1][0]
	_, a = b.call("policies_results_list", `{"device":"LT-042","policy":"`+policy+`"}`)
	if rows := cellsOf(t, a); len(rows) != 2 || rows[1][0] != policy {
		t.Errorf("%v", rows)
	}
	_, a = b.call("policies_results_list", `{"policy":"`+policy+`","filter":"group=Kiosks"}`)
	for _, row := range cellsOf(t, a) {
		if row[1] != "device" && !strings.HasPrefix(row[1], "kiosk-") {
			t.Errorf("a device outside of the group: %v", row)
		}
	}
	if text, a := b.call("policies_results_list", `{"filter":"zzz=true"}`); !a.IsError || !strings.Contains(text, `there is no field "zzz"`) {
		t.Error(text)
	}
}

func TestPoliciesListCountsFailing(t *testing.T) {
	b := newBench(t, sandboxOptions)
	_, failed, _ := policyCounts(b)
	text, a := b.call("policies_list", `{}`)
	sum := 0
	for _, row := range cellsOf(t, a)[1:] {
		n, err := strconv.Atoi(row[len(row)-1])
		if err != nil {
			t.Fatalf("%v: %s", row, text)
		}
		sum += n
	}
	if sum != failed {
		t.Errorf("%d failing in all, the devices say %d", sum, failed)
	}
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/policystatuses") {
			return &http.Response{StatusCode: 403, Header: http.Header{"Content-Type": {"application/json"}}, Body: http.NoBody, Request: r}, nil
		}
		return nil, nil
	}
	text, a = b.call("policies_list", `{}`)
	if a.IsError || !strings.Contains(a.Text[0], "failing not read for") || strings.Contains(a.Text[1], ",0\n") || strings.Contains(a.Text[1], ",-\n") {
		t.Errorf("what was not read reads as none: %s", text)
	}
	if text, a := b.call("policies_list", `{"sort":"-failing"}`); !a.IsError || !strings.Contains(text, "policies_results_list") {
		t.Error(text)
	}
}
