package tools

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// postureTruth counts the sandbox's own books, with none of the code that is tested.
func postureTruth(t *testing.T, org *sandbox.Org) (users, devices, rest string) {
	t.Helper()
	text := func(m map[string]any, path ...string) any {
		var v any = m
		for _, p := range path {
			in, _ := v.(map[string]any)
			v = in[p]
		}
		return v
	}
	count := func(rows []map[string]any, holds func(map[string]any) bool) (n int) {
		for _, row := range rows {
			if holds(row) {
				n++
			}
		}
		return n
	}
	uu, dd := org.Rows("users"), org.Rows("devices")
	is := func(want any, path ...string) func(map[string]any) bool {
		return func(m map[string]any) bool { return text(m, path...) == want }
	}
	older := func(days int) func(map[string]any) bool {
		return func(m map[string]any) bool {
			at, err := time.Parse(time.RFC3339, fmt.Sprint(m["lastContact"]))
			return err == nil && time.Since(at) > time.Duration(days)*24*time.Hour
		}
	}
	users = fmt.Sprintf("users %d: suspended %d, locked %d, no MFA %d, password expired %d", len(uu),
		count(uu, is("SUSPENDED", "state")), count(uu, is(true, "account_locked")),
		count(uu, func(m map[string]any) bool { return text(m, "mfaEnrollment", "overallStatus") != "ENROLLED" }),
		count(uu, is(true, "password_expired")))
	devices = fmt.Sprintf("devices %d: unencrypted %d, not seen 30 d %d, 90 d %d, without MDM %d, failing a policy %d", len(dd),
		count(dd, is(false, "fde", "active")), count(dd, older(30)), count(dd, older(90)), count(dd, is("none", "mdm", "vendor")),
		count(dd, func(m map[string]any) bool {
			n := text(m, "policyStats", "failed")
			return n != nil && fmt.Sprint(n) != "0"
		}))
	if n := count(dd, is(nil, "policyStats", "failed")); n > 0 { // phones have no agent that tells
		devices += fmt.Sprintf(" (%d not told)", n)
	}
	rest = fmt.Sprintf("open alerts %d, user groups %d, device groups %d, applications %d",
		count(org.Rows("alerts"), is("OPEN", "status")), len(org.Rows("user_groups")), len(org.Rows("device_groups")), len(org.Rows("applications")))
	return users, devices, rest
}

// failingPolicies asks the sandbox over the wire, policy by policy, for all latest results.
func failingPolicies(b *bench) (n int) {
	b.t.Helper()
	for _, p := range b.sandbox.Rows("policies") {
		fails := false
		for skip := 0; !fails; skip += 100 {
			r, _ := http.NewRequestWithContext(b.ctx, "GET", fmt.Sprintf("https://console.jumpcloud.com/api/v2/policies/%s/policystatuses?limit=100&skip=%d", p["id"], skip), nil)
			r.Header.Set("X-Api-Key", "sandbox-key")
			resp, err := b.sandbox.Transport().RoundTrip(r)
			if err != nil {
				b.t.Fatal(err)
			}
			var body strings.Builder
			buf := make([]byte, 1<<20)
			for {
				k, err := resp.Body.Read(buf)
				body.Write(buf[:k])
				if err != nil {
					break
				}
			}
			resp.Body.Close()
			fails = strings.Contains(body.String(), `"state":"failed"`)
			if strings.TrimSpace(body.String()) == "[]" {
				break
			}
		}
		if fails {
			n++
		}
	}
	return n
}

// TestPosture is W12, at both sizes.
func TestPosture(t *testing.T) {
	for _, n := range []int{120, 10_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			b := newBench(t, sandbox.Options{Users: n})
			b.must("users_list", `{"limit":1}`) // the name of the organisation
			b.wire.reset()
			text, a := b.call("organizations_summary", `{}`)
			if a.IsError {
				t.Fatal(text)
			}
			atMost(t, fmt.Sprintf("W12 at %d", n), 120, text)
			users, devices, rest := postureTruth(t, b.sandbox)
			has(t, text, users, devices, rest, fmt.Sprintf("policies %d: failing %d\n", len(b.sandbox.Rows("policies")), failingPolicies(b)))
			hasNot(t, text, "not read")
			fan := len(b.sandbox.Rows("policies")) + 6
			pages := (n+99)/100 + (len(b.sandbox.Rows("devices"))+99)/100
			if got := len(b.wire.seen); got > 3+pages+fan {
				t.Errorf("%d requests, at most %d", got, 3+pages+fan)
			}
		})
	}
}

// TestPostureUnread: each source that cannot be read is named, and its number is not there.
func TestPostureUnread(t *testing.T) {
	for path, c := range map[string]struct{ name, line string }{
		"/api/systemusers":                {"users (403 role or plan)", "users 120"},
		"/api/systems":                    {"devices (403 role or plan)", "devices 1"},
		"/api/v2/policies":                {"policies (403 role or plan)", "policies "},
		"/api/v2/alerts-stats":            {"alerts (403 role or plan)", "open alerts"},
		"/api/v2/usergroups":              {"user groups (403 role or plan)", "user groups 1"},
		"/api/v2/systemgroups":            {"device groups (403 role or plan)", "device groups "},
		"/api/applications":               {"applications (403 role or plan)", "applications 2"},
		"/api/v2/policies/policystatuses": {"policies (403 role or plan)", "failing 0"},
	} {
		t.Run(path, func(t *testing.T) {
			b := newBench(t, sandboxOptions)
			b.refusing(http.StatusForbidden, func(r *http.Request) bool {
				if strings.HasSuffix(path, "/policystatuses") {
					return strings.HasSuffix(r.URL.Path, "/policystatuses")
				}
				return r.URL.Path == path
			})
			a := b.desk.Call(b.ctx, Call{Tool: "organizations_summary"})
			if a.IsError || len(a.Text) != 2 {
				t.Fatalf("%v", a.Text)
			}
			has(t, a.Text[0], "not read: "+c.name)
			hasNot(t, a.Text[1], c.line)
			if strings.HasSuffix(path, "/policystatuses") {
				has(t, a.Text[1], "policies 12: failing ?")
			}
		})
	}
}

// TestPostureHalfTold: rows without the field do not count as fine.
func TestPostureHalfTold(t *testing.T) {
	p := posturePart{name: "no MFA"}
	p.count(true, true)
	p.count(false, true)
	p.count(false, false)
	if got := p.words(3); got != "no MFA 1 (1 not told)" {
		t.Error(got)
	}
	untold := posturePart{name: "no MFA", unknown: 3}
	if got := untold.words(3); got != "no MFA ?" {
		t.Error(got)
	}
	empty := posturePart{name: "no MFA"}
	if got := empty.words(0); got != "no MFA 0" {
		t.Error(got)
	}
}

// TestPostureNothing: with a bad credential there is no summary.
func TestPostureNothing(t *testing.T) {
	b := newBench(t, sandbox.Options{APIKey: "another"})
	text, a := b.call("organizations_summary", `{}`)
	if a.Code != "unauthorized" {
		t.Errorf("%q: %s", a.Code, text)
	}
}

// noToolset grants all but one toolset.
type noToolset struct{ toolset string }

func (w noToolset) Decide(_ context.Context, _ auth.Principal, a auth.Action) auth.Decision {
	return auth.Decision{Allow: a.Toolset != w.toolset, Reason: "never " + w.toolset, Rule: "test"}
}

func TestPostureUngranted(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = noToolset{"devices"} })
	text, _ := b.call("organizations_summary", `{}`)
	has(t, text, "not read: devices (not granted)", "users 120: ")
	for _, r := range b.wire.seen {
		if strings.HasPrefix(r, "GET /api/systems") && !strings.HasPrefix(r, "GET /api/systemusers") {
			t.Errorf("devices were read: %s", r)
		}
	}
}

// TestOpenAlerts: the forms that statistics take, and what is none of them.
func TestOpenAlerts(t *testing.T) {
	for body, want := range map[string]string{
		`{"status":{"open":3,"resolved":9},"severity":{"high":4}}`:           "open alerts 3",
		`{"results":[{"status":"OPEN","count":7},{"status":"X","count":1}]}`: "open alerts 7",
		`{"openings":3}`:               "not read: alerts (an answer of an unknown shape)",
		`{"open":3,"week":{"open":1}}`: "not read: alerts (an answer of an unknown shape)",
	} {
		b := newBench(t, sandbox.Options{Users: 20})
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/api/v2/alerts-stats" {
				return nil, nil
			}
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: textBody(body)}, nil
		}
		has(t, b.must("organizations_summary", `{}`), want)
	}
}

func textBody(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
