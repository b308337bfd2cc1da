package tools

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// accessTruth is who reaches what, counted from the sandbox's edges by walking
// them from the user on.
type accessTruth struct {
	name   map[string]string            // id -> name
	user   map[string]map[string]any    // id -> row
	in     map[string][]string          // member -> groups
	holds  map[string][]string          // group -> members
	bound  map[string]map[string]string // id -> id -> sudo
	kind   map[string]string            // id -> type
	suffix map[string]string            // user -> mark
}

func accessTruthOf(b *bench) *accessTruth {
	s := b.sandbox.Snapshot()
	w := &accessTruth{map[string]string{}, map[string]map[string]any{}, map[string][]string{}, map[string][]string{}, map[string]map[string]string{}, map[string]string{}, map[string]string{}}
	for collection, key := range map[string][2]string{"users": {"_id", "username"}, "devices": {"_id", "hostname"}, "user_groups": {"id", "name"},
		"device_groups": {"id", "name"}, "applications": {"_id", "displayLabel"}, "radius_servers": {"_id", "name"}, "ldap_servers": {"id", "name"}} {
		for _, row := range s[collection] {
			id, _ := row[key[0]].(string)
			if id == "" {
				id, _ = row["id"].(string)
			}
			w.name[id], _ = row[key[1]].(string)
			w.kind[id] = collection
			if collection == "users" {
				w.user[id] = row
				switch {
				case row["state"] == "SUSPENDED":
					w.suffix[id] = "!"
				case row["state"] == "STAGED":
					w.suffix[id] = "~"
				case row["account_locked"] == true:
					w.suffix[id] = "^"
				}
			}
		}
	}
	for _, m := range s["memberships"] {
		group, member := m["group"].(string), m["member"].(string)
		w.in[member] = append(w.in[member], group)
		w.holds[group] = append(w.holds[group], member)
	}
	for _, a := range s["associations"] {
		x, y := a["from"].(string), a["to"].(string)
		attrs, _ := a["attributes"].(map[string]any)
		sudo, _ := attrs["sudo"].(map[string]any)
		right := ""
		if sudo["enabled"] == true {
			right = "*"
			if sudo["withoutPassword"] == true {
				right = "**"
			}
		}
		for _, e := range [][2]string{{x, y}, {y, x}} {
			if w.bound[e[0]] == nil {
				w.bound[e[0]] = map[string]string{}
			}
			w.bound[e[0]][e[1]] = right
		}
	}
	return w
}

// reached gives what of a collection an id reaches: id -> ways in words -> right.
func (w *accessTruth) reached(from, collection string) map[string]map[string]string {
	out := map[string]map[string]string{}
	note := func(to, way, right string) {
		if out[to] == nil {
			out[to] = map[string]string{}
		}
		if len(right) >= len(out[to][way]) {
			out[to][way] = right
		}
	}
	type start struct{ id, way string }
	starts := []start{{from, ""}}
	for _, g := range w.in[from] {
		starts = append(starts, start{g, "group " + quotedPlain(w.name[g])})
	}
	for _, s := range starts {
		for to, right := range w.bound[s.id] {
			if w.kind[to] == collection {
				way := s.way
				if way == "" {
					way = "direct"
				}
				note(to, way, right)
			}
			if w.kind[to] == "device_groups" && collection == "devices" {
				for _, d := range w.holds[to] {
					way := "device group " + quotedPlain(w.name[to])
					if s.way != "" {
						way = s.way + " > " + way
					}
					note(d, way, right)
				}
			}
		}
	}
	return out
}

// quotedPlain: a name with a comma is quoted in the words of a way.
func quotedPlain(s string) string {
	if strings.ContainsAny(s, ",|>\n") {
		b, _ := json.Marshal(s)
		return string(b)
	}
	return s
}

func wayKey(ways map[string]string) (key, right string) {
	var words []string
	for way, r := range ways {
		words = append(words, way)
		if len(r) > len(right) {
			right = r
		}
	}
	slices.SortFunc(words, func(a, b string) int {
		if (a == "direct") != (b == "direct") {
			if a == "direct" {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return strings.Join(words, " | "), right
}

// explainRows reads the CSV block of an answer, without its last line of comments.
func explainRows(t *testing.T, text string) [][]string {
	t.Helper()
	_, body, _ := strings.Cut(text, "\n")
	var lines []string
	for l := range strings.SplitSeq(body, "\n") {
		if !strings.HasPrefix(l, "# ") {
			lines = append(lines, l)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(strings.Join(lines, "\n"))).ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return rows
}

func accessTokens(t *testing.T, text string) int {
	t.Helper()
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	ids, _, _ := enc.Encode(text)
	return len(ids)
}

func (b *bench) idOf(collection, field, name string) string {
	for _, row := range b.sandbox.Rows(collection) {
		if row[field] == name {
			id, _ := row["_id"].(string)
			if id == "" {
				id, _ = row["id"].(string)
			}
			return id
		}
	}
	b.t.Fatalf("no %s %s", collection, name)
	return ""
}

func TestWhoReaches(t *testing.T) {
	b := newBench(t, sandboxOptions)
	truth := accessTruthOf(b)
	for _, c := range []struct{ arg, collection, field, name string }{
		{"application", "applications", "displayLabel", "Salesforce"}, {"application", "applications", "displayLabel", "Slack"},
		{"application", "applications", "displayLabel", "PagerDuty"}, {"application", "applications", "displayLabel", "AWS Production"},
		{"device", "devices", "hostname", "build-01"}, {"device", "devices", "hostname", "LT-042"}, {"device", "devices", "hostname", "kiosk-canteen"},
	} {
		id := b.idOf(c.collection, c.field, c.name)
		want, people, possible, suspended := map[string][]string{}, 0, 0, 0
		for user := range truth.user {
			ways, there := truth.reached(user, c.collection)[id]
			if !there {
				continue
			}
			people++
			key, right := wayKey(ways)
			mark := truth.suffix[user]
			switch mark {
			case "":
				possible++
			case "!":
				suspended++
			}
			if c.arg == "device" {
				mark += right
			}
			want[key] = append(want[key], truth.name[user]+mark)
		}
		text := b.must("access_explain", fmt.Sprintf(`{%q:%q,"limit":1000}`, c.arg, c.name))
		got := map[string][]string{}
		if people > 0 {
			for _, row := range explainRows(t, text)[1:] {
				got[row[0]] = strings.Fields(row[1])
			}
		}
		for _, list := range want {
			slices.Sort(list)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s\n%s", c.name, diff, text)
		}
		noun := map[bool]string{true: "user reaches", false: "users reach"}[people == 1]
		head, _, _ := strings.Cut(text, "\n")
		for _, part := range []string{fmt.Sprintf("# total %d %s %s %s; %d shown; org ", people, noun, c.arg, c.name, people),
			fmt.Sprintf("sign-in possible %d, suspended %d", possible, suspended)} {
			if !strings.Contains(head, part) {
				t.Errorf("no %q in %s", part, head)
			}
		}
		if n := accessTokens(t, text); c.arg == "application" && n > 90+4*people {
			t.Errorf("%s: %d tokens for %d people\n%s", c.name, n, people, text)
		} else {
			t.Logf("%s: %d people, %d tokens, %d requests\n%s", c.name, people, n, len(b.wire.seen), text)
		}
		b.wire.reset()
	}
}

var reachedTypes = []struct{ collection, one string }{
	{"applications", "application"}, {"devices", "device"}, {"device_groups", "device group"}, {"radius_servers", "RADIUS server"}, {"ldap_servers", "LDAP server"},
}

func TestWhatIsReached(t *testing.T) {
	b := newBench(t, sandboxOptions)
	truth := accessTruthOf(b)
	for _, c := range []struct{ arg, collection, field, name string }{
		{"user", "users", "username", "ada.king"}, {"user", "users", "username", "bob.stone"}, {"user", "users", "username", "liam.haddad"},
		{"user_group", "user_groups", "name", "Engineering"}, {"user_group", "user_groups", "name", "Server Admins"}, {"user_group", "user_groups", "name", "Interns"},
	} {
		id := b.idOf(c.collection, c.field, c.name)
		text := b.must("access_explain", fmt.Sprintf(`{%q:%q}`, c.arg, c.name))
		want, total := map[string][]string{}, 0
		for _, kind := range reachedTypes {
			reached := truth.reached(id, kind.collection)
			total += len(reached)
			many := kind.one + map[bool]string{true: "", false: "s"}[len(reached) == 1]
			if part := fmt.Sprintf("%d %s", len(reached), many); !strings.Contains(text, part) {
				t.Errorf("no %q in %s", part, text)
			}
			for to, ways := range reached {
				key, right := wayKey(ways)
				name := truth.name[to]
				if kind.collection == "devices" {
					own, _ := truth.user[id]["sudo"].(bool)
					if own && right == "" {
						right = "*"
					}
					name += right
				}
				want[key+","+kind.one] = append(want[key+","+kind.one], name)
			}
		}
		for _, g := range truth.in[id] {
			want["direct,user group"] = append(want["direct,user group"], quotedPlain(truth.name[g]))
		}
		got := map[string][]string{}
		if len(want) > 0 {
			for _, row := range explainRows(t, text)[1:] {
				got[row[0]+","+row[1]] = strings.Split(row[2], "; ")
			}
		}
		for _, m := range []map[string][]string{want, got} {
			for _, list := range m {
				slices.Sort(list)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s\n%s", c.name, diff, text)
		}
		if !strings.HasPrefix(text, fmt.Sprintf("# total %d reached by ", total)) {
			t.Errorf("%d: %s", total, text)
		}
		t.Logf("%d tokens, %d requests\n%s", accessTokens(t, text), len(b.wire.seen), text)
		b.wire.reset()
	}
}

func TestExplainAsksForOne(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, args := range []string{`{}`, `{"user":"ada.king","device":"LT-042"}`} {
		if text, a := b.call("access_explain", args); a.Code != string(jc.CodeInvalidArgument) {
			t.Error(text)
		}
	}
	if text, a := b.call("access_explain", `{"application":"0123456789abcdef01234567"}`); a.Code != string(jc.CodeNotFound) {
		t.Error(text)
	}
}

// What may not be read is said, and never shown as none.
func TestExplainSaysWhatIsNotRead(t *testing.T) {
	refuse := func(paths ...string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			for _, p := range paths {
				if strings.HasSuffix(r.URL.Path, p) {
					return refusedWith(r, http.StatusForbidden, `{"message":"no"}`), nil
				}
			}
			return nil, nil
		}
	}
	b := newBench(t, sandboxOptions)
	b.must("access_explain", `{"user":"ada.king"}`) // the user is known now
	b.wire.answer = refuse("/systems", "/radiusservers")
	text := b.must("access_explain", `{"user":"ada.king"}`)
	if !strings.HasPrefix(text, "# total at least ") || !strings.Contains(text, "not read: devices (403 role), RADIUS servers (403 role)") || strings.Contains(text, "0 devices") || strings.Contains(text, "RADIUS servers,") {
		t.Error(text)
	}
	b.wire.answer = refuse("/systems", "/radiusservers", "/applications", "/systemgroups", "/ldapservers", "/memberof")
	if text, a := b.call("access_explain", `{"user":"ada.king"}`); a.Code != string(jc.CodeForbidden) {
		t.Error(text)
	}
	b.wire.answer = nil
	b.must("access_explain", `{"application":"HubSpot"}`)
	b.wire.answer = refuse("/search/systemusers")
	text = b.must("access_explain", `{"application":"HubSpot"}`)
	if !strings.Contains(text, "not read: names and states of users (403 role)") || !strings.Contains(text, "sign-in not read") || strings.Contains(text, "suspended 0") {
		t.Error(text)
	}
	b = newBench(t, sandboxOptions, func(o *Options) { o.Grants = notTools{"users_devices_list", "user_groups_membership_list"} })
	if text := b.must("access_explain", `{"user":"ada.king"}`); !strings.Contains(text, "not read: devices (not granted)") {
		t.Error(text)
	}
	if text := b.must("access_explain", `{"user_group":"Sales"}`); !strings.Contains(text, "not read: members (not granted)") {
		t.Error(text)
	}
}

type notTools []string

func (n notTools) Decide(_ context.Context, _ auth.Principal, a auth.Action) auth.Decision {
	return auth.Decision{Allow: !slices.Contains(n, a.Tool), Rule: "test"}
}

func refusedWith(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// Names that hold spaces, marks and separators stay one name.
func TestExplainNamesStayApart(t *testing.T) {
	e := &explanation{limit: 9, bundles: []accessBundle{{ways: "direct", items: []reachedItem{{"1", "a b", ""}, {"2", "c!", "!"}, {"3", "d\ne", ""}, {"4", `f"g`, ""}}, shown: 4}}}
	if got := e.bundles[0].list(false); got != `"a b" "c!"! "d⏎e" "f'g"` {
		t.Error(got)
	}
	if got := e.bundles[0].list(true); got != `a b; "c!"!; "d⏎e"; "f\"g"` {
		t.Error(got)
	}
}

// Many ways to one object are counted, not spelled out.
func TestExplainManyWays(t *testing.T) {
	var paths []any
	for i := range 20 {
		edge := func(id, kind string) any { return map[string]any{"to": map[string]any{"id": id, "type": kind}} }
		paths = append(paths, []any{edge(fmt.Sprintf("g%02d", i), "user_group"), edge("a", "application")})
	}
	e := &explanation{}
	b := e.bundleOf(map[string]int{}, jc.Row{"id": "a", "paths": paths}, nil, false)
	if !strings.HasPrefix(b.ways, "group g00 | group g01 | ") || !strings.HasSuffix(b.ways, "group g07 | 12 more ways") {
		t.Error(b.ways)
	}
	if b := e.bundleOf(map[string]int{}, jc.Row{"id": "a"}, nil, false); b.ways != unread {
		t.Error(b.ways)
	}
}

// The limit is divided so that each way is seen.
func TestExplainDivides(t *testing.T) {
	sizes := []int{1, 500, 3, 40}
	e := &explanation{limit: 50}
	for _, n := range sizes {
		e.bundles = append(e.bundles, accessBundle{items: make([]reachedItem, n)})
	}
	e.divide(50)
	var got []int
	for _, b := range e.bundles {
		got = append(got, b.shown)
	}
	if diff := cmp.Diff([]int{1, 23, 3, 23}, got); diff != "" {
		t.Error(diff)
	}
	e.divide(2)
	if e.bundles[0].shown+e.bundles[1].shown+e.bundles[2].shown+e.bundles[3].shown != 2 {
		t.Error(e.bundles)
	}
}

// At ten thousand users the totals are right, what is cut is said, and the
// requests are pages and look-ups of a hundred.
func TestExplainLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand users")
	}
	b := newBench(t, sandbox.Options{Users: 10_000})
	truth := accessTruthOf(b)
	id := b.idOf("applications", "displayLabel", "Slack")
	people, possible, suspended, ways := 0, 0, 0, map[string]int{}
	for user := range truth.user {
		if reached, there := truth.reached(user, "applications")[id]; there {
			people++
			key, _ := wayKey(reached)
			ways[key]++
			switch truth.suffix[user] {
			case "":
				possible++
			case "!":
				suspended++
			}
		}
	}
	b.must("users_list", `{"limit":1}`)
	b.wire.reset()
	text := b.must("access_explain", `{"application":"Slack"}`)
	for _, want := range []string{fmt.Sprintf("# total %d users reach application Slack; 200 shown", people),
		fmt.Sprintf("sign-in possible %d, suspended %d", possible, suspended), fmt.Sprintf("%d more not shown", people-200)} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %.400s … %s", want, text, text[max(0, len(text)-200):])
		}
	}
	got := map[string]int{}
	for _, row := range explainRows(t, text)[1:] {
		n := 0
		fmt.Sscan(row[1], &n)
		got[row[0]] = n
	}
	if diff := cmp.Diff(ways, got); diff != "" {
		t.Error(diff)
	}
	pages := (people + 99) / 100
	if n := len(b.wire.seen); n > 3+2*pages+3 {
		t.Errorf("%d requests for %d pages", n, pages)
	} else {
		t.Logf("%d people, %d requests, %d tokens", people, n, accessTokens(t, text))
	}
	if text := b.must("access_explain", `{"application":"Slack","limit":1000}`); accessTokens(t, text) > maxTokens {
		t.Errorf("%d tokens", accessTokens(t, text))
	}
	group := truth.reached(b.idOf("user_groups", "name", "Server Admins"), "devices")
	text = b.must("access_explain", `{"user_group":"Server Admins"}`)
	if want := fmt.Sprintf(" %d devices", len(group)); !strings.Contains(text, want) {
		t.Errorf("no %q in %.300s", want, text)
	}
	t.Logf("%.600s", text)
}
