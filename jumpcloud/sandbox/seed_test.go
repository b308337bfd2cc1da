package sandbox

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheSameOptionsGiveTheSameOrganisation(t *testing.T) {
	a, b := newRig(t, Options{Users: 30}), newRig(t, Options{Users: 30})
	if diff := cmp.Diff(a.org.Snapshot(), b.org.Snapshot()); diff != "" {
		t.Fatal(diff)
	}
	other := newRig(t, Options{Users: 30, Seed: 2})
	if a.user("ada.king") == other.user("ada.king") {
		t.Error("another seed gave the same ids")
	}
	later := newRig(t, Options{Users: 30, Now: testNow.Add(time.Hour)})
	if a.user("ada.king") != later.user("ada.king") {
		t.Error("ids depend on the time")
	}
}

func TestWhatTheOrganisationHolds(t *testing.T) {
	g := newRig(t, Options{})
	s := g.org.Snapshot()
	for name, n := range map[string]int{"users": 120, "devices": 155, "applications": 20, "commands": 12,
		"organizations": 1, "ldap_servers": 1, "radius_servers": 1, "active_directories": 1} {
		if len(s[name]) != n {
			t.Errorf("%s: %d, want %d", name, len(s[name]), n)
		}
	}
	if n := len(s["events"]); n < 3000 || n > 30_000 {
		t.Errorf("%d events", n)
	}
	count := func(collection string, is func(object) bool) (n int) {
		for _, m := range s[collection] {
			if is(m) {
				n++
			}
		}
		return n
	}
	for what, n := range map[string]int{
		"suspended":     count("users", func(m object) bool { return m["suspended"] == true }),
		"locked":        count("users", func(m object) bool { return m["account_locked"] == true }),
		"without MFA":   count("users", func(m object) bool { return m["totp_enabled"] == false }),
		"expired":       count("users", func(m object) bool { return m["password_expired"] == true }),
		"not encrypted": count("devices", func(m object) bool { return m["fde"].(object)["active"] == false }),
		"stale":         count("devices", func(m object) bool { return m["lastContact"].(string) < stamp(testNow.AddDate(0, 0, -90)) }),
		"same hostname": count("devices", func(m object) bool { return m["hostname"] == "kiosk-lobby" }) - 1,
	} {
		if n < 1 {
			t.Errorf("none %s", what)
		}
	}
	owner := count("devices", func(m object) bool {
		return m["hostname"] == "LT-042" && m["primarySystemUser"].(object)["id"] == g.user("ada.king")
	})
	if owner != 1 {
		t.Error("ada.king does not own LT-042")
	}
}

// TestAPageCostsTheSameInAnyOrganisation compares in one run, since absolute
// times say more about the machine: a page must not scan or sort everything.
// The two are measured in turns and the best of each counts, so that other
// work on the machine meets both.
func TestAPageCostsTheSameInAnyOrganisation(t *testing.T) {
	small, large := newRig(t, Options{Users: 200}).org, newRig(t, Options{Users: 10_000}).org
	for _, query := range []string{"?limit=100&skip=%d", "?limit=100&skip=%d&sort=-lastname"} {
		cost := func(o *Org, skip int) func() time.Duration {
			q := httptest.NewRequest("GET", "/api/systemusers"+fmt.Sprintf(query, skip), nil)
			q.Header.Set("x-api-key", "sandbox-key")
			o.answer(q, nil) // the first request sorts and encodes
			return func() time.Duration {
				start := time.Now()
				o.answer(q, nil)
				return time.Since(start)
			}
		}
		few, many := cost(small, 100), cost(large, 9_000)
		a, b := time.Hour, time.Hour
		for range 200 {
			a, b = min(a, few()), min(b, many())
		}
		t.Logf("%s: %v with 200 users, %v with 10,000", query, a, b)
		if b > 8*a {
			t.Errorf("%s: %v with 200 users, %v with 10,000", query, a, b)
		}
	}
}

func TestNewRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, opt := range map[string]Options{
		"trap":        {Traps: []string{"nonsense"}},
		"fault":       {Faults: map[string]float64{"nonsense": 0.5}},
		"probability": {Faults: map[string]float64{"429": 1.5}},
		"users":       {Users: -1},
	} {
		if _, err := New(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, name := range append(Traps(), Faults()...) {
		if Describe(name) == "" {
			t.Errorf("%s is not described", name)
		}
	}
}

func TestSmallOrganisations(t *testing.T) {
	for users := 1; users < 20; users++ {
		g := newRig(t, Options{Users: users, Seed: uint64(users)})
		if n := len(g.org.Snapshot()["users"]); n != users {
			t.Errorf("%d users, want %d", n, users)
		}
	}
}
