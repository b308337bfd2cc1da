package tools

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// requestOf gives the newest access request of a user and a device in the sandbox.
func (b *bench) requestOf(user, device string) jc.Row {
	b.t.Helper()
	u, d := b.found("users", "username", user).Text("_id"), b.found("devices", "hostname", device).Text("_id")
	var out jc.Row
	for _, m := range b.sandbox.Snapshot()["access_requests"] {
		if m["requestorId"] == u && m["resourceId"] == d {
			out = m
		}
	}
	if out == nil {
		b.t.Fatalf("no request for %s on %s", user, device)
	}
	return out
}

func TestAccessRequestsLife(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h","remarks":"INC-2231 driver install"}`)
	made := b.requestOf("maria.silva", "LT-042")
	for _, want := range []string{"done, read back. maria.silva is administrator of LT-042 until ", "(60 min), password asked", "Request " + made.Text("accessId"),
		"end early: access_requests_revoke user=maria.silva device=LT-042.", "Last seen"} {
		if !strings.Contains(text, want) {
			t.Errorf("the answer does not say %q: %s", want, text)
		}
	}
	text = b.must("access_requests_get", `{"request":"`+made.Text("accessId")+`"}`)
	for _, want := range []string{`"user":"maria.silva"`, `"device":"LT-042"`, `"sudo":{"enabled":true,"withoutPassword":false}`, `"accessState":"granted"`, `"remarks":"INC-2231 driver install"`} {
		if !strings.Contains(text, want) {
			t.Errorf("get does not show %s: %s", want, text)
		}
	}
	if strings.Contains(text, made.Text("requestorId")) || strings.Contains(text, made.Text("additionalAttributes")) {
		t.Errorf("get shows ids or base64: %s", text)
	}
	text = b.must("access_requests_update", `{"user":"maria.silva","device":"LT-042","expiry":"3h"}`)
	now := b.requestOf("maria.silva", "LT-042")
	if !strings.HasPrefix(text, "done, read back.") || now.Text("expiry") == made.Text("expiry") || now.Text("remarks") != made.Text("remarks") || now.Text("additionalAttributes") != made.Text("additionalAttributes") {
		t.Errorf("extended with a loss: %v\n%s", now, text)
	}
	b.must("access_requests_update", `{"request":"`+made.Text("accessId")+`","without_password":true}`)
	if got, _ := (jc.AccessRequest{}).Attributes(b.requestOf("maria.silva", "LT-042")); fmt.Sprint(got) != "map[sudo:map[enabled:true withoutPassword:true]]" {
		t.Errorf("attributes %v", got)
	}
	b.wire.reset()
	if text = b.must("access_requests_update", `{"request":"`+made.Text("accessId")+`","without_password":true}`); !strings.HasPrefix(text, "no effect") || len(b.wire.writes()) > 0 {
		t.Errorf("%s", text)
	}
	if text = b.must("access_requests_revoke", `{"user":"maria.silva","device":"LT-042"}`); !strings.HasPrefix(text, "done, read back.") || b.requestOf("maria.silva", "LT-042").Text("accessState") != "revoked" {
		t.Errorf("%s", text)
	}
	b.wire.reset()
	if text = b.must("access_requests_revoke", `{"request":"`+made.Text("accessId")+`"}`); !strings.HasPrefix(text, "no effect: already ended (revoked)") || len(b.wire.writes()) > 0 {
		t.Errorf("%s", text)
	}
	if text, a := b.call("access_requests_update", `{"user":"maria.silva","device":"LT-042","expiry":"3h"}`); a.Code != "conflict" {
		t.Errorf("%s", text)
	}
}

func TestAccessRequestsFoundInEvents(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"1d"}`)
	b.desk.o.Audit = auth.NewAudit(b.audit) // as another process would be: nothing is remembered
	if text := b.must("access_requests_revoke", `{"user":"bob.stone","device":"LT-042","dry_run":true}`); !strings.Contains(text, b.requestOf("bob.stone", "LT-042").Text("accessId")) {
		t.Errorf("%s", text)
	}
	b.must("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"2d"}`)
	b.wire.reset()
	for args, code := range map[string]string{
		`{"user":"bob.stone","device":"LT-042"}`: "ambiguous",
		`{"user":"bob.stone"}`:                   "ambiguous",
		`{"user":"bob.li","device":"LT-042"}`:    "not_found",
		`{}`:                                     "invalid_argument",
		`{"request":"` + b.requestOf("bob.stone", "LT-042").Text("accessId") + `","user":"bob.li"}`: "invalid_argument",
		`{"request":"00000000-0000-4000-a000-000000000000"}`:                                        "not_found",
		`{"request":"../../systemusers"}`:                                                           "invalid_argument",
	} {
		if text, a := b.call("access_requests_revoke", args); a.Code != code {
			t.Errorf("%s: %s", args, text)
		}
	}
	if w := b.wire.writes(); len(w) > 0 {
		t.Errorf("sent %v", w)
	}
}

func TestAccessRequestsWithoutInsights(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.answerJSON(eventsQuery.Path, 403, `{"message":"Forbidden"}`)
	if text, a := b.call("access_requests_revoke", `{"user":"bob.stone","device":"LT-042"}`); a.Code != "forbidden" || !strings.Contains(text, "give its id as request") {
		t.Errorf("%s", text)
	}
	b.must("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"1d"}`)
	if text := b.must("access_requests_revoke", `{"user":"bob.stone","device":"LT-042"}`); !strings.HasPrefix(text, "done, read back.") {
		t.Errorf("what this process made is not remembered: %s", text)
	}
}

func TestAccessRequestsAreReadBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Traps: []string{"no-effect"}})
		for tool, args := range map[string]string{
			"access_requests_update": `{"user":"ben.kurz","remarks":"other"}`,
			"access_requests_revoke": `{"user":"ben.kurz"}`,
		} {
			if text, a := b.call(tool, args); a.IsError || !strings.HasPrefix(text, "accepted, not yet seen.") {
				t.Errorf("%s says of a change that did not happen: %s", tool, text)
			}
		}
	})
}

func TestAccessRequestsRevokeSentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Faults: map[string]float64{"reset-after": 0.3}, Seed: 3})
		done := 0
		for range 6 {
			if text, a := b.call("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"1d"}`); a.IsError && a.Code != "outcome_unknown" && a.Code != "upstream_down" {
				t.Fatal(text)
			}
			id := b.requestOf("bob.stone", "LT-042").Text("accessId")
			text, _ := b.call("access_requests_revoke", `{"request":"`+id+`"}`)
			state := b.requestOf("bob.stone", "LT-042").Text("accessState")
			if strings.HasPrefix(text, "done") {
				done++
				if state != "revoked" {
					t.Errorf("state %s: %s", state, text)
				}
			}
		}
		if done == 0 {
			t.Error("no revoke came through")
		}
	})
}

func TestAccessRequestsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions)
		b.must("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"45m"}`)
		time.Sleep(46 * time.Minute)
		if text := b.must("access_requests_revoke", `{"user":"bob.stone","device":"LT-042"}`); !strings.HasPrefix(text, "no effect: already ended (expired)") {
			t.Errorf("%s", text)
		}
	})
}

// A person may take minutes to answer; the plan that was shown is the one that is carried out.
func TestAccessRequestsApprovedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions, confirming(auth.ConfirmChange))
		args := `{"user":"bob.stone","device":"LT-042","expiry":"2h"}`
		q := b.ask("access_requests_create", args)
		time.Sleep(4 * time.Minute)
		text, a := b.agree("access_requests_create", args, q)
		if a.IsError {
			t.Fatal(text)
		}
		if until := b.requestOf("bob.stone", "LT-042").Text("expiry"); !strings.Contains(q.Question, shortTime(until)) {
			t.Errorf("made until %s, shown: %s", until, q.Question)
		}
	})
}

func TestParseExpiry(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 2, 30, 0, time.UTC)
	for in, want := range map[string]string{
		"1h": "2026-11-22T15:02:00Z", "90m": "2026-11-22T15:32:00Z", "1d": "2026-11-23T14:02:00Z", "1d12h": "2026-11-24T02:02:00Z",
		"2w": "2026-12-06T14:02:00Z", "1m": "2026-11-22T14:03:30Z", "45min": "2026-11-22T14:47:00Z",
		"2026-11-22T15:00:00+01:00": "", "2026-11-22T16:00:00+01:00": "2026-11-22T15:00:00Z", "2026-11-22T14:02:30Z": "",
		"": "", "0m": "", "-1h": "", "1.5h": "", "1y": "", "tomorrow": "", "h": "", "2026-11-22": "", "99999999h": "", "1h1d": "",
	} {
		got, _, err := parseExpiry(in, now)
		if want == "" && err == nil || want != "" && (err != nil || got.Format(time.RFC3339) != want) {
			t.Errorf("%q is %v, %v; want %q", in, got, err, want)
		}
	}
}
