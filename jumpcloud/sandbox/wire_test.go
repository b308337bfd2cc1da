package sandbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Options{})
		ask := func(headers ...string) int {
			return g.do("GET", "/api/systemusers?limit=1", nil, headers...).StatusCode
		}
		if s := ask("x-api-key", "wrong"); s != 401 {
			t.Errorf("wrong key: %d", s)
		}
		if s := ask("x-api-key", ""); s != 401 {
			t.Errorf("no key: %d", s)
		}
		token := func(status int, id, secret, form string) string {
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
			m := want[object](g, status, "POST", "/oauth2/token", form, "Authorization", basic, "x-api-key", "",
				"Content-Type", "application/x-www-form-urlencoded")
			s, _ := m["access_token"].(string)
			return s
		}
		form := "grant_type=client_credentials&scope=api"
		token(401, "sandbox-client", "wrong", form)
		token(400, "sandbox-client", "sandbox-secret", "grant_type=password&scope=api")
		bearer := "Bearer " + token(200, "sandbox-client", "sandbox-secret", form)
		if s := ask("x-api-key", "", "Authorization", bearer); s != 200 {
			t.Errorf("token: %d", s)
		}
		time.Sleep(time.Hour)
		if s := ask("x-api-key", "", "Authorization", bearer); s != 401 {
			t.Errorf("expired token: %d", s)
		}
		for org, status := range map[string]int{"nonsense": 400, "000000000000000000000000": 404, g.org.orgID: 200} {
			if s := ask("x-org-id", org); s != status {
				t.Errorf("x-org-id %s: %d, want %d", org, s, status)
			}
		}
	})
}

func TestEachRealHostAnswersItsOwnPaths(t *testing.T) {
	g := newRig(t, Options{})
	for url, status := range map[string]int{
		"https://console.jumpcloud.com/api/systemusers":                     200,
		"https://console.eu.jumpcloud.com/api/v2/usergroups":                200,
		"https://api.jumpcloud.com/api/systemusers":                         404,
		"https://console.jumpcloud.com/insights/directory/v1/events":        404,
		"https://admin-oauth.id.jumpcloud.com/api/systemusers":              404,
		"https://console.jumpcloud.com/api/systemusers/../systemusers":      404,
		"https://console.jumpcloud.com/api/systemusers/%2e%2e%2fsystemuser": 404,
	} {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("x-api-key", "sandbox-key")
		res, err := g.org.Transport().RoundTrip(req)
		if err != nil || res.StatusCode != status {
			t.Errorf("%s: %v, %v, want %d", url, res, err, status)
		}
	}
}

// call sends a create and says what the caller saw.
func create(ctx context.Context, rt http.RoundTripper, base, name string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, "POST", base+"/api/v2/usergroups", strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("x-api-key", "sandbox-key")
	req.Header.Set("Content-Type", "application/json")
	res, err := rt.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

func TestFaults(t *testing.T) {
	type outcome struct {
		status int // 0 means an error
		done   bool
	}
	cases := map[string]outcome{"429": {429, false}, "429-long": {429, false}, "500-before": {500, false}, "502-after": {502, true},
		"reset-before": {0, false}, "reset-after": {0, true}, "cut": {0, true}, "hang": {0, true}, "redirect": {302, false},
		"html": {200, false}, "wrong-shape": {200, false}, "slow": {201, true}}
	for _, name := range Faults() {
		expected, known := cases[name]
		if !known {
			t.Errorf("%s is not tested", name)
			continue
		}
		judge := func(t *testing.T, o *Org, status int, err error) {
			t.Helper()
			done := o.userGroups.find("name", "made") != nil
			if done != expected.done || (err != nil) != (expected.status == 0) || err == nil && status != expected.status {
				t.Errorf("status %d, error %v, done %v; want %+v", status, err, done, expected)
			}
		}
		t.Run(name+" in process", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(t, Options{Faults: map[string]float64{name: 1}})
				ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
				defer stop()
				start := time.Now()
				status, _, err := create(ctx, g.org.Transport(), "http://sandbox", "made")
				judge(t, g.org, status, err)
				if name == "hang" && (!errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second) {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				if strings.HasPrefix(name, "reset") && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%v", err)
				}
			})
		})
		if name == "slow" {
			continue // three real seconds; the wait is the same code
		}
		t.Run(name+" over TCP", func(t *testing.T) {
			g := newRig(t, Options{Faults: map[string]float64{name: 1}})
			server := httptest.NewServer(g.org)
			defer server.Close()
			rt := &http.Transport{}
			defer rt.CloseIdleConnections()
			limit := 10 * time.Second
			if name == "hang" {
				limit = 50 * time.Millisecond
			}
			ctx, stop := context.WithTimeout(t.Context(), limit)
			defer stop()
			status, _, err := create(ctx, rt, server.URL, "made")
			server.Close() // the handler has ended, so the organisation can be looked at
			judge(t, g.org, status, err)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	header := func(fault string, traps ...string) string {
		g := newRig(t, Options{Faults: map[string]float64{fault: 1}, Traps: traps})
		return g.do("GET", "/api/systemusers", nil).Header.Get("Retry-After")
	}
	if a, b, c := header("429"), header("429-long"), header("429", "no-retry-after"); a != "1" || b != "120" || c != "" {
		t.Errorf("%q %q %q", a, b, c)
	}
}

func TestFaultsComeInTheSameOrder(t *testing.T) {
	run := func(seed uint64) (s string) {
		g := newRig(t, Options{Seed: seed, Faults: map[string]float64{"429": 0.3, "500-before": 0.3}})
		for range 60 {
			s += fmt.Sprint(g.do("GET", "/api/organizations", nil).StatusCode, " ")
		}
		return s
	}
	first, again, other := run(1), run(1), run(2)
	if first != again || first == other || !strings.Contains(first, "200") {
		t.Errorf("%s\n%s\n%s", first, again, other)
	}
}

func TestTransportReportsWhatWasWritten(t *testing.T) {
	g := newRig(t, Options{Faults: map[string]float64{"reset-before": 1}})
	var log []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { log = append(log, "conn") },
		WroteHeaders:         func() { log = append(log, "headers") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { log = append(log, "request") },
		GotFirstResponseByte: func() { log = append(log, "answer") },
	})
	_, _, _ = create(ctx, g.org.Transport(), "http://sandbox", "x")
	if got := strings.Join(log, " "); got != "conn headers request" {
		t.Error(got)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := create(gone, g.org.Transport(), "http://sandbox", "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if n := g.org.Requests(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestTraps(t *testing.T) {
	none := "000000000000000000000000"
	g := newRig(t, Options{Traps: []string{"empty-children"}})
	if rows := want[[]object](g, 200, "GET", "/api/v2/usergroups/"+none+"/members", nil); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	want[object](g, 404, "GET", "/api/v2/usergroups/"+none, nil)

	g = newRig(t, Options{Traps: []string{"no-effect"}})
	ada, group := g.user("ada.king"), g.group("Interns")
	want[any](g, 204, "POST", "/api/v2/usergroups/"+group+"/members", object{"op": "add", "type": "user", "id": ada})
	want[object](g, 200, "PUT", "/api/systemusers/"+ada, object{"department": "Elsewhere"})
	if rows := g.pages("/api/v2/usergroups/" + group + "/members"); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	if u := want[object](g, 200, "GET", "/api/systemusers/"+ada, nil); u["department"] != "Engineering" {
		t.Errorf("%v", u["department"])
	}

	g = newRig(t, Options{Traps: []string{"html-errors"}})
	if a := g.do("GET", "/api/systemusers/"+none, nil); a.StatusCode != 404 || json.Valid(a.body) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}

	g = newRig(t, Options{Traps: []string{"no-total-count"}})
	if a := g.do("GET", "/api/v2/usergroups", nil, "x-unfiltered-total-count", "1"); a.Header.Get("x-total-count") != "" {
		t.Error("a total came")
	}

	g = newRig(t, Options{Traps: []string{"repeat-rows"}})
	different := func(sort string) int {
		seen := map[any]bool{}
		for skip := 0; skip < 120; skip += 20 {
			for _, r := range want[v1list](g, 200, "GET", fmt.Sprintf("/api/systemusers?limit=20&skip=%d%s", skip, sort), nil).Results {
				seen[r["_id"]] = true
			}
		}
		return len(seen)
	}
	if a, b := different(""), different("&sort=_id"); a != 115 || b != 120 {
		t.Errorf("%d without sort, %d with", a, b)
	}
}

func TestManyAtOnce(t *testing.T) {
	g := newRig(t, Options{Faults: map[string]float64{"429": 0.1}})
	ids := names(want[v1list](newRig(t, Options{}), 200, "GET", "/api/systemusers?limit=50", nil).Results, "_id")
	group := g.group("Interns")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 25 {
				switch i % 5 {
				case 0:
					_, _, _ = create(t.Context(), g.org.Transport(), "http://sandbox", fmt.Sprint("g", n, i))
				case 1:
					g.do("GET", "/api/systemusers?limit=100&sort=-email", nil)
				case 2:
					g.do("POST", "/api/v2/usergroups/"+group+"/members", object{"op": "add", "type": "user", "id": ids[(n*25+i)%len(ids)]})
				case 3:
					g.do("POST", eventsPath, ask(object{"limit": 50}))
				case 4:
					g.org.Snapshot()
				}
			}
		})
	}
	wg.Wait()
	if n := g.org.Requests(); n != 8*20 {
		t.Errorf("%d requests counted, want %d", n, 8*20)
	}
}

// TestLazyPartsAtOnce reads what is made on demand while edges change.
func TestLazyPartsAtOnce(t *testing.T) {
	g := newRig(t, Options{})
	device, policy := g.device("web-01"), g.find("policies", "name", "Kiosk session", "id")
	user := g.user("bob.li")
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			for i := range 10 {
				switch (n + i) % 5 {
				case 0:
					g.do("GET", "/api/v2/policyresults?limit=100&filter=state:eq:failed", nil)
				case 1:
					g.do("POST", "/api/v2/policies/"+policy+"/associations", object{"op": []string{"add", "remove"}[i%2], "type": "system", "id": device})
				case 2:
					g.do("GET", "/api/v2/systeminsights/apps?limit=1000&filter=bundle_name:eq:Slack", nil)
				case 3:
					g.do("PATCH", "/api/v2/bulk/users", []any{object{"id": user, "department": "IT"}})
				case 4:
					g.org.Insights("uptime")
				}
			}
		})
	}
	wg.Wait()
	if s := g.do("GET", "/api/v2/systems/"+device+"/policystatuses?limit=100", nil).StatusCode; s != 200 {
		t.Errorf("%d", s)
	}
}

// TestTrapsReachTheRest holds that the traps reach what was added.
func TestTrapsReachTheRest(t *testing.T) {
	g := newRig(t, Options{Traps: []string{"empty-children"}})
	for _, path := range []string{"systems/" + nobody + "/policystatuses", "policies/" + nobody + "/policyresults", "users/" + nobody + "/pushendpoints",
		"applemdms/" + nobody + "/devices", "users/" + nobody + "/directories", "policygroups/" + nobody + "/members"} {
		if rows := want[[]object](g, 200, "GET", "/api/v2/"+path, nil); len(rows) != 0 {
			t.Errorf("%s: %v", path, rows)
		}
	}
	g = newRig(t, Options{Traps: []string{"no-effect"}})
	ada := g.user("ada.king")
	want[any](g, 200, "POST", "/api/systemusers/"+ada+"/state/suspend", nil)
	want[any](g, 200, "POST", "/api/systemusers/"+ada+"/sshkeys", object{"name": "x", "public_key": "y"})
	if u := g.got("/api/systemusers/" + ada); u["state"] != "ACTIVATED" || len(u["ssh_keys"].([]any)) != 2 {
		t.Errorf("%v %v", u["state"], u["ssh_keys"])
	}
}
