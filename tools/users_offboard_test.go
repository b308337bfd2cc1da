package tools

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

var planForm = regexp.MustCompile(`plan (p-[a-z0-9]+)\.`)

// planned makes a plan and gives its answer and id.
func (b *bench) planned(args string) (text, id string) {
	b.t.Helper()
	text = b.must("users_offboard", args)
	m := planForm.FindStringSubmatch(text)
	if m == nil {
		b.t.Fatalf("no plan in %s", text)
	}
	return text, m[1]
}

// bonds are what a user still has, by the sandbox's own books: groups, direct
// associations and people who have them as manager.
func (b *bench) bonds(username string) (groups, bound, reports int) {
	snap := b.sandbox.Snapshot()
	var id any
	for _, u := range snap["users"] {
		if u["username"] == username {
			id = u["_id"]
		}
	}
	for _, m := range snap["memberships"] {
		if m["member"] == id {
			groups++
		}
	}
	for _, a := range snap["associations"] {
		if a["from"] == id || a["to"] == id {
			bound++
		}
	}
	for _, u := range snap["users"] {
		if u["manager"] == id {
			reports++
		}
	}
	return groups, bound, reports
}

// ownDevices are the devices whose main user is the one.
func (b *bench) ownDevices(username string) (out []string) {
	id := b.one("users", "username", username)["_id"]
	for _, d := range b.sandbox.Rows("devices") {
		if main, _ := d["primarySystemUser"].(map[string]any); main["id"] == id {
			out = append(out, d["hostname"].(string))
		}
	}
	return out
}

func (b *bench) orders(hostname string) (n int) {
	id := b.one("devices", "hostname", hostname)["_id"]
	for _, a := range b.sandbox.Rows("device_actions") {
		if a["system"] == id {
			n++
		}
	}
	return n
}

// TestLeaver is W14: plan, then run, and nothing is left.
func TestLeaver(t *testing.T) {
	for _, n := range []int{120, 10_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			b := newBench(t, sandbox.Options{Users: n})
			groups, bound, _ := b.bonds("bob.stone")
			own := b.ownDevices("bob.stone")
			if groups == 0 || bound < 2 {
				t.Fatalf("bob.stone has %d groups and %d bonds in the sandbox", groups, bound)
			}
			plan, id := b.planned(`{"user":"bob.stone","devices":"lock"}`)
			if w := b.wire.writes(); len(w) > 0 {
				t.Fatalf("planning sent %v", w)
			}
			if got := len(b.wire.seen); got > 3+(n+99)/100+30 {
				t.Errorf("planning took %d requests", got)
			}
			has(t, plan, "Nothing was sent", fmt.Sprintf("%d steps, devices=lock", 1+groups+bound+len(own)), "suspend,bob.stone", "lock,", "NB-117")
			run := b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id))
			atMost(t, fmt.Sprintf("W14 at %d", n), 400, plan, run)
			has(t, run, fmt.Sprintf("done, but %d of %d steps are sent and not yet seen. User bob.stone", len(own), 1+groups+bound+len(own)), "change c-", "suspend,bob.stone,done")
			if g, a, _ := b.bonds("bob.stone"); g+a != 0 {
				t.Errorf("he keeps %d groups and %d bonds", g, a)
			}
			if got := b.one("users", "username", "bob.stone")["state"]; got != "SUSPENDED" {
				t.Errorf("he is %v", got)
			}
			for _, d := range own {
				if got := b.orders(d); got != 1 {
					t.Errorf("%s has %d orders", d, got)
				}
			}

			b.wire.reset()
			has(t, b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)), "no effect: all of the plan is done", "skipped: ordered already")
			has(t, b.must("users_offboard", `{"user":"bob.stone"}`), "no effect: nothing is left to do for user bob.stone")
			if w := b.wire.writes(); len(w) > 0 {
				t.Errorf("repeats sent %v", w)
			}
		})
	}
}

// TestLeaverResumes: what failed is named, the rest is done, and the same call
// goes on without giving an order twice.
func TestLeaverResumes(t *testing.T) {
	b := newBench(t, sandboxOptions)
	_, id := b.planned(`{"user":"bob.stone","devices":"lock"}`)
	group := ""
	for _, g := range b.sandbox.Rows("user_groups") {
		if g["name"] == "Sales" {
			group = g["id"].(string)
		}
	}
	b.refusing(http.StatusForbidden, func(r *http.Request) bool { return r.Method == "POST" && strings.Contains(r.URL.Path, group) })
	run := fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)
	text, a := b.call("users_offboard", run)
	if !a.IsError || a.Code != "forbidden" {
		t.Errorf("code %q: %s", a.Code, text)
	}
	has(t, text, "partly done, ", "leave group,Sales,\"failed: forbidden", "suspend,bob.stone,done", "Repeat the same call")
	if g, bound, _ := b.bonds("bob.stone"); g != 1 || bound != 0 {
		t.Errorf("he keeps %d groups and %d bonds", g, bound)
	}
	b.wire.answer = nil
	b.wire.reset()
	has(t, b.must("users_offboard", run), "done. User bob.stone: 4 steps", "leave group,Sales,done", "were done before", "ordered already")
	if w := b.wire.writes(); len(w) != 1 {
		t.Errorf("the second run sent %v", w)
	}
	if got := b.orders("NB-117"); got != 1 {
		t.Errorf("his laptop has %d orders", got)
	}
}

// TestLeaverLockFails: the order is found again although the device is unbound by now.
func TestLeaverLockFails(t *testing.T) {
	b := newBench(t, sandboxOptions)
	_, id := b.planned(`{"user":"bob.stone","devices":"lock"}`)
	b.refusing(http.StatusForbidden, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/command/builtin/lock") })
	run := fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)
	if text, a := b.call("users_offboard", run); a.Code != "forbidden" {
		t.Fatalf("%q: %s", a.Code, text)
	}
	b.wire.answer = nil
	has(t, b.must("users_offboard", run), "done, but 1 of 3 steps", "lock,\"NB-117")
	if got := b.orders("NB-117"); got != 1 {
		t.Errorf("his laptop has %d orders", got)
	}
}

// TestLeaverHandsOver: reports get the new manager, few one by one, many in a job.
func TestLeaverHandsOver(t *testing.T) {
	for _, n := range []int{120, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, sandbox.Options{Users: n})
				_, _, reports := b.bonds("dana.weiss")
				if reports < 3 || n == 1000 && reports < bulkFrom {
					t.Fatalf("dana.weiss has %d reports", reports)
				}
				has(t, b.must("users_offboard", `{"user":"dana.weiss"}`), fmt.Sprintf("%d reports keep them as manager", reports))
				text, id := b.planned(`{"user":"dana.weiss","manager":"ada.king"}`)
				has(t, text, "new manager for")
				run := b.must("users_offboard", fmt.Sprintf(`{"user":"dana.weiss","plan":%q}`, id))
				has(t, run, "done. User dana.weiss")
				hasNot(t, run, "not read", "Not read")
				_, _, left := b.bonds("dana.weiss")
				_, _, ada := b.bonds("ada.king")
				if left != 0 || ada < reports {
					t.Errorf("%d reports stay, ada.king has %d; there were %d", left, ada, reports)
				}
			})
		})
	}
}

// TestLeaverRights: temporary administrator rights that run are ended, found in the audit events.
func TestLeaverRights(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("access_requests_create", `{"user":"bob.stone","device":"LT-042","expiry":"4h"}`)
	text, id := b.planned(`{"user":"bob.stone"}`)
	has(t, text, "end administrator rights,on LT-042")
	b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id))
	user := b.one("users", "username", "bob.stone")["_id"]
	for _, a := range b.sandbox.Rows("access_requests") {
		if a["requestorId"] == user && a["accessState"] == "granted" {
			t.Errorf("he keeps %v", a)
		}
	}
}

// TestLeaverOnlyThePlan: what came after the plan was made is not done, and said.
func TestLeaverOnlyThePlan(t *testing.T) {
	b := newBench(t, sandboxOptions)
	_, id := b.planned(`{"user":"bob.stone"}`)
	b.must("user_groups_members_change", `{"group":"VPN Users","add":["bob.stone"]}`)
	in := b.groupsOf("bob.stone")
	if !slices.Contains(in, "VPN Users") {
		t.Fatal("he is not in VPN Users")
	}
	has(t, b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)), "Stays: leave group VPN Users, which is not in the plan")
	if got := b.groupsOf("bob.stone"); !slices.Equal(got, []string{"VPN Users"}) {
		t.Errorf("he is in %v", got)
	}
}

// TestLeaverDynamic: a group that he is in by its query is not left, and said.
func TestLeaverDynamic(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("user_groups_update", `{"group":"Sales","membershipMethod":"DYNAMIC_AUTOMATED","memberQuery":{"queryType":"FilterQuery","filters":[{"field":"department","operator":"eq","value":"Sales"}]}}`)
	text, id := b.planned(`{"user":"bob.stone"}`)
	has(t, text, "Stays: group Sales, whose query decides")
	b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id))
	if got := b.groupsOf("bob.stone"); !slices.Equal(got, []string{"Sales"}) {
		t.Errorf("he is in %v", got)
	}
}

// TestLeaverSharedDevice: a device whose main user is somebody else is unbound and never erased.
func TestLeaverSharedDevice(t *testing.T) {
	b := newBench(t, sandboxOptions)
	bob, lobby := b.one("users", "username", "bob.stone")["_id"], b.one("devices", "hostname", "LT-042")["_id"]
	r, _ := http.NewRequestWithContext(b.ctx, "POST", fmt.Sprintf("https://console.jumpcloud.com/api/v2/users/%s/associations", bob),
		strings.NewReader(fmt.Sprintf(`{"op":"add","type":"system","id":%q}`, lobby)))
	r.Header = http.Header{"X-Api-Key": {"sandbox-key"}, "Content-Type": {"application/json"}}
	resp, err := b.sandbox.Transport().RoundTrip(r)
	if err != nil || resp.StatusCode != 204 {
		t.Fatal(resp, err)
	}
	text, id := b.planned(`{"user":"bob.stone","devices":"erase"}`)
	has(t, text, "LT-042 is not erased: it is not theirs alone", "erase,\"NB-117", "device LT-042")
	b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id))
	if b.orders("LT-042") != 0 || b.orders("NB-117") != 1 {
		t.Errorf("LT-042 has %d orders, NB-117 %d", b.orders("LT-042"), b.orders("NB-117"))
	}
	if _, bound, _ := b.bonds("bob.stone"); bound != 0 {
		t.Errorf("he keeps %d bonds", bound)
	}
}

// TestLeaverAsks: making a plan asks nobody; running it asks once, with all of it.
func TestLeaverAsks(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = auth.AllowAll{Confirm: auth.ConfirmDestroy} })
	_, id := b.planned(`{"user":"bob.stone","devices":"lock"}`)
	call := Call{Tool: "users_offboard", Arguments: json.RawMessage(fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)), CanAsk: true}
	a := b.desk.Call(b.ctx, call)
	if a.Ask == nil || len(b.wire.writes()) > 0 {
		t.Fatalf("not asked: %v", a.Text)
	}
	has(t, a.Ask.Question, "suspend user bob.stone", "device NB-117", "remove user bob.stone from user group Sales")
	call.Reply = &Reply{Accepted: true, State: a.Ask.State}
	if a = b.desk.Call(b.ctx, call); a.IsError || a.Ask != nil {
		t.Fatalf("after a yes: %v", a.Text)
	}
	if g, bound, _ := b.bonds("bob.stone"); g+bound != 0 {
		t.Errorf("he keeps %d groups and %d bonds", g, bound)
	}
}

// TestLeaverPlanRefused: a plan that no grant would let run is not offered.
func TestLeaverPlanRefused(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = noToolset{"user_groups"} })
	if text, a := b.call("users_offboard", `{"user":"bob.stone"}`); a.Code != "denied" {
		t.Errorf("%q: %s", a.Code, text)
	}
}

// TestLeaverUnread: what could not be read is said, in the plan and after it ran.
func TestLeaverUnread(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.refusing(http.StatusForbidden, func(r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/insights/") || strings.Contains(r.URL.RawQuery, "targets=radius_server")
	})
	text, id := b.planned(`{"user":"bob.stone"}`)
	want := "Not read: RADIUS servers (403 role or plan), administrator rights (403 role or plan)."
	has(t, text, want)
	has(t, b.must("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)), want)
	b.wire.answer = nil
	b.refusing(http.StatusBadRequest, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/memberof") })
	if text, a := b.call("users_offboard", `{"user":"ada.king"}`); !a.IsError {
		t.Errorf("a plan without groups that failed to be read: %s", text)
	}
}

// TestLeaverPlanBelongs: a plan is for its caller, its user, its arguments and half an hour.
func TestLeaverPlanBelongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Users: 40})
		_, id := b.planned(`{"user":"bob.stone","devices":"lock"}`)
		for args, code := range map[string]string{
			`{"user":"ada.king","plan":%q}`:                           "invalid_argument",
			`{"user":"bob.stone","plan":%q,"devices":"erase"}`:        "invalid_argument",
			`{"user":"bob.stone","plan":%q,"manager":"ada.king"}`:     "invalid_argument",
			`{"user":"bob.stone","plan":"p-nothing1","manager":%.0q}`: "",
		} {
			if code == "" {
				continue
			}
			if text, a := b.call("users_offboard", fmt.Sprintf(args, id)); a.Code != code {
				t.Errorf("%s: %s", args, text)
			}
		}
		if _, a := b.call("users_offboard", `{"user":"bob.stone","plan":"p-nothing1"}`); a.Code != "invalid_argument" {
			t.Errorf("an unknown plan: %v", a.Text)
		}
		if _, a := b.call("users_offboard", `{"user":"bob.stone","manager":"bob.stone"}`); a.Code != "invalid_argument" {
			t.Errorf("his own successor: %v", a.Text)
		}
		run := fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id)
		other := auth.With(t.Context(), auth.Principal{Agent: "other", Name: "stdio"})
		if a := b.desk.Call(other, Call{Tool: "users_offboard", Arguments: json.RawMessage(run)}); a.Code != "invalid_argument" {
			t.Errorf("another caller's plan: %v", a.Text)
		}
		time.Sleep(31 * time.Minute) // of the bubble's clock
		if text, a := b.call("users_offboard", run); a.Code != "invalid_argument" || !strings.Contains(text, "30 minutes") {
			t.Errorf("after 31 minutes: %s", text)
		}
		if w := b.wire.writes(); len(w) > 0 {
			t.Errorf("sent %v", w)
		}
	})
}

// TestLeaverDry shows the requests and keeps no plan.
func TestLeaverDry(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("users_offboard", `{"user":"bob.stone","devices":"lock","dry_run":true}`)
	has(t, text, "DRY RUN. Nothing was sent", "PUT /api/systemusers/{user}: suspend user bob.stone", "POST /api/v2/users/{user}/associations")
	if planForm.MatchString(text) || len(b.wire.writes()) > 0 {
		t.Errorf("it made a plan or sent %v: %s", b.wire.writes(), text)
	}
}

// TestLeaverNotTaken: what the directory takes and does not do is not called done.
func TestLeaverNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Users: 40, Traps: []string{"no-effect"}})
		_, id := b.planned(`{"user":"bob.stone"}`)
		text, _ := b.call("users_offboard", fmt.Sprintf(`{"user":"bob.stone","plan":%q}`, id))
		has(t, text, `suspend,bob.stone,"sent, not yet seen"`)
		hasNot(t, text, ",done")
	})
}

// TestLeaverMac: a Mac takes its order with a PIN, which is in no answer and no audit line.
func TestLeaverMac(t *testing.T) {
	b := newBench(t, sandboxOptions)
	has(t, b.must("users_offboard", `{"user":"maria.silva","devices":"lock"}`), "not locked: MBP-032: pin: MBP-032 is a Mac")
	plan, id := b.planned(`{"user":"maria.silva","devices":"lock","pin":"918273"}`)
	hasNot(t, plan, "not locked: MBP-032")
	run := b.must("users_offboard", fmt.Sprintf(`{"user":"maria.silva","plan":%q}`, id))
	if got := b.orders("MBP-032"); got != 1 {
		t.Errorf("her Mac has %d orders: %s", got, run)
	}
	hasNot(t, plan+run+b.audit.String(), "918273")
}
