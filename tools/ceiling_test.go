package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// ledger counts at the sandbox what calls change: by the requests that it granted,
// and by its own rows before and after. It knows nothing of plans, steps and targets.
type ledger struct {
	b    *bench
	mu   sync.Mutex
	sent map[string]bool              // objects that granted requests of the call in hand name
	made int                          // objects that such requests make without naming them
	at   time.Time                    // of the first request that may change something; zero for none
	rows map[string]map[string]string // as they were then, by collection and id
}

// objectRows are the rows that are objects of their own; what else there is (queues,
// results, actions) follows from a request on one of them.
var objectRows = []string{"users", "devices", "user_groups", "device_groups", "access_requests"}

func newLedger(b *bench) *ledger {
	l := &ledger{b: b}
	b.wire.answer = l.pass
	l.begin()
	return l
}

// pass lets a request through, and notes what one that changes was granted.
func (l *ledger) pass(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "/search/") || strings.HasPrefix(r.URL.Path, "/insights/") {
		return nil, nil
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	l.mu.Lock()
	if l.at.IsZero() { // before the first that may change something
		l.at, l.rows = time.Now(), l.read()
	}
	l.mu.Unlock()
	resp, err := l.b.wire.next.RoundTrip(r)
	if err == nil && resp.StatusCode < 300 {
		l.note(r.Method, r.URL.Path, body)
	}
	return resp, err
}

func (l *ledger) note(method, path string, raw []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var body any
	_ = json.Unmarshal(raw, &body)
	one, _ := body.(map[string]any)
	many, isMany := body.([]any)
	parts := strings.Split(strings.Trim(strings.TrimPrefix(path, "/api"), "/"), "/")
	text := func(m map[string]any, name string) string { s, _ := m[name].(string); return s }
	switch {
	case isMany: // a job over many
		for _, e := range many {
			m, _ := e.(map[string]any)
			l.sent[text(m, "id")+text(m, "username")] = true
		}
	case path == "/api/runCommand":
		ids, _ := one["systemIds"].([]any)
		for _, id := range ids {
			l.sent[fmt.Sprint(id)] = true
		}
	case strings.HasPrefix(path, "/api/commands"), strings.Contains(path, "/commandqueue/"): // of the run above
	case strings.HasSuffix(path, "/members"): // whoever is put in or taken out
		l.sent[text(one, "id")] = true
	case strings.HasSuffix(path, "/associations"):
		from, to := parts[len(parts)-2], text(one, "id")
		switch {
		case strings.Contains(path, "/users/"):
			l.sent[from] = true
		case text(one, "type") == "user":
			l.sent[to] = true
		default:
			l.sent[from+" with "+to] = true
		}
	default:
		if id := idInPath.FindString(path); id != "" {
			l.sent[id] = true
		} else if method == http.MethodPost {
			l.made++
		}
	}
}

var managerForm = regexp.MustCompile(`"manager":(?:null|"([0-9a-f]*)"),?`)

var idInPath = regexp.MustCompile(`[0-9a-f]{24}|[0-9a-f]{8}-[0-9a-f-]{27}`)

func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent, l.made, l.at, l.rows = map[string]bool{}, 0, time.Time{}, nil
}

func (l *ledger) read() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, name := range objectRows {
		out[name] = map[string]string{}
		for _, row := range l.b.sandbox.Rows(name) {
			id, _ := row["_id"].(string)
			if id == "" {
				id = fmt.Sprint(row["id"], row["accessId"])
			}
			for derived := range maps.Keys(row) { // what the directory reckons itself, or a clock moves
				if derived == "suggestionCounts" || derived == "lastContact" || strings.Contains(derived, "pdated") {
					delete(row, derived)
				}
			}
			text, _ := json.Marshal(row)
			out[name][id] = string(text)
		}
	}
	return out
}

// end gives how many objects were changed since begin: those that requests name, and
// those whose rows differ; the larger of both counts.
func (l *ledger) end() (n int, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.IsZero() {
		return 0, ""
	}
	now := l.read()
	var rows []string
	for name, before := range l.rows {
		for id, text := range before {
			is := now[name][id]
			if m := managerForm.FindStringSubmatch(text); m != nil && is != "" && now["users"][m[1]] == "" { // who reported to somebody deleted
				is, text = managerForm.ReplaceAllString(is, ""), managerForm.ReplaceAllString(text, "")
			}
			if is != text {
				rows = append(rows, name+" "+id)
			}
		}
		for id := range now[name] {
			if _, was := before[id]; !was {
				rows = append(rows, "new "+name+" "+id)
			}
		}
	}
	slices.Sort(rows)
	sent := slices.Sorted(maps.Keys(l.sent))
	return max(len(rows), len(sent)+l.made), fmt.Sprintf("requests name %v and make %d; rows that differ %v", sent, l.made, rows)
}

// chaos makes calls: of every kind that plans on several objects, right and wrong.
type chaos struct {
	*rand.Rand
	users, devices, groups, deviceGroups, apps []string
	bosses                                     []string
	plans                                      []string // arguments that carry out a plan that was shown
	undos                                      []string // changes that were made
	n                                          int
}

func newChaos(b *bench, seed uint64) *chaos {
	c := &chaos{Rand: rand.New(rand.NewPCG(seed, 6))}
	names := func(rows, field string, most int) (out []string) {
		seen := map[string]int{}
		for _, row := range b.sandbox.Rows(rows) {
			seen[row[field].(string)]++
		}
		for _, row := range b.sandbox.Rows(rows) {
			if name := row[field].(string); seen[name] == 1 && len(out) < most {
				out = append(out, name)
			}
		}
		return out
	}
	leads := map[string]int{}
	for _, u := range b.sandbox.Rows("users") {
		id, _ := u["manager"].(string)
		leads[id]++
	}
	for _, u := range b.sandbox.Rows("users") {
		if leads[u["_id"].(string)] > 0 {
			c.bosses = append(c.bosses, u["username"].(string))
		}
	}
	c.users, c.devices = names("users", "username", 20), names("devices", "hostname", 14)
	c.groups, c.deviceGroups, c.apps = names("user_groups", "name", 6), names("device_groups", "name", 5), names("applications", "displayLabel", 6)
	return c
}

func (c *chaos) one(from []string) string { return from[c.IntN(len(from))] }

// some are up to most names, now and then one of them twice, or one that nobody has.
func (c *chaos) some(from []string, most int) []string {
	out := []string{}
	for range 1 + c.IntN(most) {
		out = append(out, c.one(from))
	}
	if c.IntN(15) == 0 {
		out = append(out, "no.such.name")
	}
	return out
}

type object = map[string]any

// call is the next call: a tool and its arguments, maybe dry, maybe through a carrier.
func (c *chaos) call() (tool string, args object) {
	c.n++
	fresh := fmt.Sprintf("chaos.%d", c.n)
	word := fmt.Sprintf("Dept %d", c.IntN(4))
	kinds := []func() (string, object){
		func() (string, object) {
			return "user_groups_members_change", object{"group": c.one(c.groups), "add": c.some(c.users, 5)}
		},
		func() (string, object) {
			return "user_groups_members_change", object{"group": c.one(c.groups), "add": c.some(c.users, 3), "remove": c.some(c.users, 3)}
		},
		func() (string, object) {
			return "device_groups_members_change", object{"group": c.one(c.deviceGroups), "add": c.some(c.devices, 5)}
		},
		func() (string, object) {
			return "users_bulk_update", object{"users": c.some(c.users, 6), "department": word}
		},
		func() (string, object) {
			return "users_bulk_update", object{"users": c.users[:10+c.IntN(10)], "location": word}
		},
		func() (string, object) { return "bulk_users_expire", object{"users": c.some(c.users, 5)} },
		func() (string, object) { return "bulk_users_unlock", object{"users": c.some(c.users, 5)} },
		func() (string, object) {
			var list []any
			for i := range 1 + c.IntN(5) {
				name := fmt.Sprintf("%s.%d", fresh, i)
				list = append(list, object{"username": name, "email": name + "@acme.example"})
			}
			return "bulk_users_create", object{"users": list}
		},
		func() (string, object) {
			return "access_change", object{"op": c.one([]string{"add", "remove"}), "user_groups": c.some(c.groups, 3), "applications": c.some(c.apps, 3)}
		},
		func() (string, object) {
			return "access_change", object{"op": c.one([]string{"add", "remove"}), "users": c.some(c.users, 3), "devices": c.some(c.devices, 3)}
		},
		func() (string, object) {
			return "users_create", object{"username": fresh, "email": fresh + "@acme.example", "groups": c.some(c.groups, 3)}
		},
		func() (string, object) {
			return "users_update", object{"user": c.one(c.users), "department": word, "manager": c.one(c.users)}
		},
		func() (string, object) {
			return c.one([]string{"users_unlock", "users_suspend", "users_activate", "users_reset_mfa", "users_expire_password", "users_delete"}), object{"user": c.one(c.users)}
		},
		func() (string, object) {
			return c.one([]string{"devices_lock", "devices_restart", "devices_erase"}), object{"device": c.one(c.devices)}
		},
		func() (string, object) {
			return "commands_run", object{"script": "hostname", "shell": c.one([]string{"bash", "powershell"}), "devices": c.some(c.devices, 5), "wait": 1}
		},
		func() (string, object) {
			return "commands_run", object{"script": "hostname", "shell": "bash", "device_group": c.one(c.deviceGroups), "wait": 1}
		},
		func() (string, object) { return "user_groups_create", object{"name": fresh} },
		func() (string, object) {
			return "user_groups_update", object{"group": c.one(c.groups), "description": word}
		},
		func() (string, object) {
			return "access_requests_create", object{"user": c.one(c.users), "device": c.one(c.devices), "expiry": "2h"}
		},
		func() (string, object) {
			return "users_offboard", object{"user": c.one(c.users), "devices": c.one([]string{"keep", "lock", "erase"})}
		},
		func() (string, object) { // of one who leads others
			return "users_offboard", object{"user": c.one(c.bosses), "manager": c.one(c.users)}
		},
		c.again, c.again, c.back,
	}
	tool, args = kinds[c.IntN(len(kinds))]()
	switch c.IntN(12) {
	case 0:
		args["dry_run"] = true
	case 1:
		args["no_such_argument"] = 1
	}
	if c.IntN(4) == 0 { // a wrong carrier is refused, the right one is the same call
		return c.one([]string{"api_change", "api_destroy"}), object{"tool": tool, "arguments": args}
	}
	return tool, args
}

// again carries out a plan that was shown.
func (c *chaos) again() (string, object) {
	if len(c.plans) == 0 {
		return "users_offboard", object{"user": c.one(c.users)}
	}
	user, plan, _ := strings.Cut(c.one(c.plans), " ")
	return "users_offboard", object{"user": user, "plan": plan}
}

// back takes back a change that was made.
func (c *chaos) back() (string, object) {
	if len(c.undos) == 0 {
		return "changes_undo", object{"change": "c-none"}
	}
	return "changes_undo", object{"change": c.one(c.undos)}
}

var (
	changeForm = regexp.MustCompile(`\bc-[a-z0-9]{8}\b`)
	offerForm  = regexp.MustCompile(`\bp-[a-z0-9]{8}\b`)
)

// heard keeps of an answer what later calls can use.
func (c *chaos) heard(args object, text string) {
	c.undos = append(c.undos, changeForm.FindAllString(text, -1)...)
	if user, ok := args["user"].(string); ok && args["plan"] == nil {
		if id := offerForm.FindString(text); id != "" {
			c.plans = append(c.plans, user+" "+id)
		}
	}
}

// ceilings are grants that give everything, without questions, under a ceiling.
func ceilings(calls, minute, day int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nceiling: {objects_per_call: %d, writes_per_minute: %d, writes_per_day: %d}\nagents:\n  helpdesk:\n    who: [{local: stdio}]\n    may:\n", calls, minute, day)
	sets := slices.Sorted(maps.Keys(Toolsets))
	fmt.Fprintf(&b, "      - write: [%s]\n", strings.Join(sets, ", "))
	var names []string
	for _, t := range All() {
		if t.Risk == auth.Destroy {
			names = append(names, t.Name)
		}
	}
	fmt.Fprintf(&b, "      - do: [%s]\n        approve: none\n", strings.Join(names, ", "))
	return b.String()
}

// TestNoSequencePassesTheCeiling: whatever is called, in whatever order, no call
// changes more objects than the ceiling, and no minute and no day more than the
// quotas, as the sandbox counts them.
func TestNoSequencePassesTheCeiling(t *testing.T) {
	const perCall, perMinute, perDay = 3, 8, 60
	runs, calls := 6, 120
	if testing.Short() {
		runs = 2
	}
	changed, refused, most := 0, 0, 0
	for seed := range uint64(runs) {
		synctest.Test(t, func(t *testing.T) {
			g := newGoverned(t)
			g.grant(g.text, strings.Replace(ceilings(perCall, perMinute, perDay), "KEY", g.key.Public(), 1))
			c, l := newChaos(g.bench, seed), newLedger(g.bench)
			type spent struct {
				at time.Time
				n  int
			}
			var all []spent
			for i := range calls {
				tool, args := c.call()
				raw, err := json.Marshal(args)
				if err != nil {
					t.Fatal(err)
				}
				l.begin()
				text, a := g.call(tool, string(raw))
				n, what := l.end()
				c.heard(args, text)
				if a.Code == "denied" {
					refused++
				}
				if n > perCall {
					t.Errorf("seed %d call %d: %s %s changes %d objects: %s\n%s", seed, i, tool, raw, n, what, text)
				}
				if n > 0 && (args["dry_run"] != nil || strings.HasPrefix(text, "DRY RUN") || a.Code == "denied") {
					t.Errorf("seed %d call %d: %s %s changes %d objects: %s\n%s", seed, i, tool, raw, n, what, text)
				}
				if n > 0 {
					changed, most = changed+1, max(most, n)
					all = append(all, spent{l.at, n})
				}
				for _, q := range []struct {
					window time.Duration
					limit  int
				}{{time.Minute, perMinute}, {24 * time.Hour, perDay}} {
					sum := 0
					for _, s := range all {
						if len(all) > 0 && all[len(all)-1].at.Sub(s.at) < q.window {
							sum += s.n
						}
					}
					if n > 0 && sum > q.limit {
						t.Errorf("seed %d call %d: %s %s makes it %d objects in %v, of %d: %s", seed, i, tool, raw, sum, q.window, q.limit, what)
					}
				}
				time.Sleep(time.Duration(c.IntN(30)) * time.Second)
				if c.IntN(40) == 0 {
					time.Sleep(20 * time.Hour)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	t.Logf("%d runs of %d calls: %d changed something, at most %d objects; %d were refused", runs, calls, changed, most, refused)
	if changed < runs*10 || most < perCall {
		t.Errorf("too little was tried: %d calls changed something, at most %d objects", changed, most)
	}
}

// A job over many counts everyone in it, and a leaver those who get another manager.
func TestEveryOneOfAJobCounts(t *testing.T) {
	g := newGoverned(t)
	leads := map[any]int{}
	for _, u := range g.sandbox.Rows("users") {
		leads[u["manager"]]++
	}
	boss, reports := "", 0
	for _, u := range g.sandbox.Rows("users") {
		if n := leads[u["_id"]]; n >= 2 && (boss == "" || n < reports) {
			boss, reports = u["username"].(string), n
		}
	}
	if boss == "" {
		t.Fatal("nobody leads two others")
	}
	leaves := fmt.Sprintf(`{"user":%q,"devices":"keep","manager":"ada.king"}`, boss)
	for _, c := range []struct {
		tool, args string
		objects    int
	}{
		{"bulk_users_expire", `{"users":["ada.king","bob.stone","ben.kurz"]}`, 3},
		{"bulk_users_unlock", `{"users":["ada.king","bob.stone","ben.kurz"]}`, 3},
		{"bulk_users_create", `{"users":[{"username":"a.one","email":"a.one@acme.example"},{"username":"a.two","email":"a.two@acme.example"}]}`, 2},
		{"users_offboard", leaves, 1 + reports},
	} {
		for ceiling, allowed := range map[int]bool{c.objects - 1: false, c.objects: true} {
			g.grant(g.text, ceilings(ceiling, 1000, 1000))
			text, a := g.call(c.tool, strings.Replace(c.args, "{", `{"dry_run":true,`, 1))
			if denied := a.Code == "denied"; denied == allowed {
				t.Errorf("%s %s under a ceiling of %d: %s", c.tool, c.args, ceiling, text)
			}
		}
	}
}
