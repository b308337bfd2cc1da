package tools

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// includesOf are the includes by tool, with an object that has something of each.
var includesOf = []struct {
	tool, object string
	all          []include
}{
	{"users_get", `"user":"ada.king"`, userIncludes},
	{"devices_get", `"device":"LT-044"`, deviceIncludes},
	{"user_groups_get", `"group":"Server Admins"`, userGroupIncludes},
}

// shownBlocks are the tables of an answer by their last column, and the head.
func shownBlocks(t *testing.T, a Answer) (head string, object map[string]any, tables map[string][][]string) {
	t.Helper()
	tables = map[string][][]string{}
	if a.IsError {
		t.Fatalf("%s", a.Text)
	}
	if err := json.Unmarshal([]byte(a.Text[1]), &object); err != nil {
		t.Fatalf("the second block is no object: %v\n%s", err, a.Text[1])
	}
	for _, b := range a.Text[2:] {
		r := csv.NewReader(strings.NewReader(b))
		r.Comment = '#'
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		tables[rows[0][len(rows[0])-1]] = rows[1:]
	}
	return a.Text[0], object, tables
}

// web is the graph of the sandbox, read from its snapshot and walked here.
type web struct {
	parents, members, bound map[string][]strand
	names                   map[string]string
}

type strand struct{ kind, id, sudo string }

func webOf(b *bench) *web {
	all := b.sandbox.Snapshot()
	w := &web{map[string][]strand{}, map[string][]strand{}, map[string][]strand{}, map[string]string{}}
	for _, m := range all["memberships"] {
		group, member := m["group"].(string), m["member"].(string)
		w.parents[member] = append(w.parents[member], strand{m["group_type"].(string), group, ""})
		w.members[group] = append(w.members[group], strand{m["member_type"].(string), member, ""})
	}
	for _, m := range all["associations"] {
		sudo := ""
		attributes, _ := m["attributes"].(map[string]any)
		if s, ok := attributes["sudo"].(map[string]any); ok && s["enabled"] == true {
			sudo = map[bool]string{true: "no_password", false: "password"}[s["withoutPassword"] == true]
		}
		from, to := m["from"].(string), m["to"].(string)
		w.bound[from] = append(w.bound[from], strand{m["to_type"].(string), to, sudo})
		w.bound[to] = append(w.bound[to], strand{m["from_type"].(string), from, sudo})
	}
	for _, of := range []struct{ collection, id, name string }{{"users", "_id", "username"}, {"devices", "_id", "hostname"}, {"user_groups", "id", "name"},
		{"device_groups", "id", "name"}, {"applications", "_id", "displayLabel"}, {"policies", "id", "name"}, {"radius_servers", "_id", "name"},
		{"ldap_servers", "id", "name"}, {"active_directories", "id", "domain"}} {
		for _, m := range all[of.collection] {
			name := m[of.name].(string)
			if m["state"] == "SUSPENDED" {
				name += "!"
			}
			w.names[m[of.id].(string)] = name
		}
	}
	return w
}

// ways are the objects of a kind that one reaches, by "via" or "via/sudo", sorted.
func (w *web) ways(from, kind string, sudo bool) (out map[string][]string, distinct int) {
	ids := map[string][]string{}
	put := func(via []string, right, id string) {
		key := strings.Join(via, " > ")
		if key == "" {
			key = "direct"
		}
		if sudo {
			if right == "" {
				right = "-"
			}
			key += "/" + right
		}
		ids[key] = append(ids[key], id)
	}
	leap := func(via []string, at string) {
		for _, s := range w.bound[at] {
			if s.kind == kind {
				put(via, s.sudo, s.id)
			}
			if s.kind == kind+"_group" {
				for _, m := range w.members[s.id] {
					put(append(slices.Clone(via), w.names[s.id]), s.sudo, m.id)
				}
			}
		}
	}
	leap(nil, from)
	for _, p := range w.parents[from] {
		leap([]string{w.names[p.id]}, p.id)
	}
	return w.named(ids)
}

// named gives the names; two of one name in one line have the end of their id.
func (w *web) named(ids map[string][]string) (map[string][]string, int) {
	out, seen := map[string][]string{}, map[string]bool{}
	for key, list := range ids {
		many := map[string]int{}
		for _, id := range list {
			seen[id] = true
			many[w.names[id]]++
		}
		for _, id := range list {
			name := w.names[id]
			if many[name] > 1 {
				name += "~" + id[18:]
			}
			out[key] = append(out[key], name)
		}
		slices.Sort(out[key])
	}
	return out, len(seen)
}

var notNamedForm = regexp.MustCompile(`^(\d+) not named$`)

// same holds the lines of an answer against the ways of the web.
func (w *web) same(t *testing.T, what string, rows [][]string, want map[string][]string) {
	t.Helper()
	got := map[string][]string{}
	for _, row := range rows {
		key := strings.Join(row[:len(row)-1], "/")
		if m := notNamedForm.FindStringSubmatch(row[len(row)-1]); m != nil {
			if fmt.Sprint(len(want[key])) != m[1] {
				t.Errorf("%s: %s has %s, really %d", what, key, m[1], len(want[key]))
			}
			got[key] = want[key]
			continue
		}
		got[key] = strings.Split(row[len(row)-1], " | ")
		slices.Sort(got[key])
	}
	if len(want) == 0 {
		want = map[string][]string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", what, diff)
	}
}

// TestIncludesAreTold: an include that fails, or is forbidden, is said in the
// head; nothing stands where it would have stood, and the others are there.
func TestIncludesAreTold(t *testing.T) {
	for _, x := range includesOf {
		for _, in := range x.all {
			for _, at := range in.at {
				b := newBench(t, sandboxOptions)
				shape := regexp.MustCompile("^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(at), "[^/]+") + "$")
				var asked atomic.Bool // includes are read side by side
				b.wire.answer = func(r *http.Request) (*http.Response, error) {
					if shape.MatchString(r.Method + " " + r.URL.Path) {
						asked.Store(true)
						return &http.Response{StatusCode: 403, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"message":"Forbidden"}`)), Request: r}, nil
					}
					return nil, nil
				}
				_, a := b.call(x.tool, fmt.Sprintf(`{%s,"include":[%q]}`, x.object, in.name))
				head, object, _ := shownBlocks(t, a)
				if !asked.Load() {
					continue // of another system, or no request to read
				}
				if !strings.Contains(head, "not read: ") || !strings.Contains(head, "(403 role or plan)") || len(object) == 0 {
					t.Errorf("%s %s without %s: %s", x.tool, in.name, at, head)
				}
				if strings.Contains(head, in.name+" 0") {
					t.Errorf("%s %s reads as none: %s", x.tool, in.name, head)
				}
			}
		}
	}
}

// notThese is a grant that denies tools.
type notThese struct {
	tools []string
	mu    sync.Mutex
	asked []string
}

func (g *notThese) Decide(_ context.Context, _ auth.Principal, a auth.Action) auth.Decision {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, a.Tool)
	return auth.Decision{Allow: !slices.Contains(g.tools, a.Tool), Rule: "test", Reason: "never"}
}

// TestIncludesNeedGrants: what belongs to another tool is left out where that
// tool is not granted, is said, and is not asked for.
func TestIncludesNeedGrants(t *testing.T) {
	for _, x := range includesOf {
		for _, in := range x.all {
			if in.needs == "" {
				continue
			}
			b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = &notThese{tools: []string{in.needs}} })
			_, a := b.call(x.tool, fmt.Sprintf(`{%s,"include":[%q,%q]}`, x.object, in.name, x.all[0].name))
			head, _, tables := shownBlocks(t, a)
			if !strings.Contains(head, in.name+" (not granted)") || tables[in.name] != nil {
				t.Errorf("%s %s: %s", x.tool, in.name, head)
			}
			for _, seen := range b.wire.seen {
				if end := in.at[0][strings.LastIndexByte(in.at[0], '/'):]; strings.HasSuffix(seen, end) && in.name != x.all[0].name {
					t.Errorf("%s was sent for %s", seen, in.name)
				}
			}
		}
	}
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = &notThese{tools: []string{"applications_list"}} })
	_, a := b.call("user_groups_get", `{"group":"Sales","include":["grants"]}`)
	if head, _, tables := shownBlocks(t, a); !strings.Contains(head, "not read: applications (not granted)") || strings.Contains(head, "applications 0") || len(tables["names"]) > 0 {
		t.Errorf("%s %v", head, tables)
	}
}

// TestIncludeDeclarations: the schema offers what is declared, and grants are
// asked for tools that there are.
func TestIncludeDeclarations(t *testing.T) {
	offered := [][]any{userInclude("").JSONSchema().Enum, deviceInclude("").JSONSchema().Enum, userGroupInclude("").JSONSchema().Enum}
	for i, x := range includesOf {
		var names []any
		for _, in := range x.all {
			names = append(names, in.name)
			if _, known := Toolsets[toolsetOf(in.needs)]; in.needs != "" && !known {
				t.Errorf("%s %s needs %q, which is in no toolset", x.tool, in.name, in.needs)
			}
			for _, at := range in.at {
				jc.At(at)
			}
		}
		if diff := cmp.Diff(offered[i], names); diff != "" {
			t.Errorf("%s: %s", x.tool, diff)
		}
	}
	for _, tool := range slices.Concat(usersGet, devicesGet, userGroupsGet) {
		if err := Check([]*Tool{tool}); err != nil {
			t.Error(err)
		}
		if tool.Risk != auth.Read || !tool.Core {
			t.Errorf("%s: risk %s, core %v", tool.Name, tool.Risk, tool.Core)
		}
	}
}

// TestGetWithNothingRead: what the API did not send is "?", and never a fact.
func TestGetWithNothingRead(t *testing.T) {
	for _, x := range []struct {
		tool, args, path, body string
		want                   []string
		not                    []string
	}{
		{"users_get", `"user":"ada.king"`, "/api/systemusers/", `{"_id":"ID","username":"ada.king"}`,
			[]string{`"state":"?"`, `"locked":"?"`, `"mfa_enrolled":"?"`}, nil},
		{"users_get", `"user":"ada.king","include":["mfa"]`, "/api/systemusers/", `{"_id":"ID","username":"ada.king"}`,
			[]string{"\n?,?,?,?"}, []string{"mfa_enrolled\":"}},
		{"users_get", `"user":"ada.king","include":["mfa"]`, "/api/systemusers/", `{"_id":"ID","username":"ada.king","totp_enabled":true}`,
			[]string{"\ntrue,?,?,totp; others ?"}, nil},
		{"users_get", `"user":"ada.king","fields":"suspended,department"`, "/api/systemusers/", `{"_id":"ID","username":"ada.king","department":""}`,
			[]string{`{"suspended":"?","department":null}`}, nil},
		{"devices_get", `"device":"LT-042"`, "/api/systems/", `{"_id":"ID","hostname":"LT-042"}`,
			[]string{`"encrypted":"?"`, `"online":"?"`, `"user":"?"`, `"mdm_vendor":"?"`, `"policies_failed":"?"`}, nil},
		{"devices_get", `"device":"LT-042","include":["encryption"]`, "/api/systems/", `{"_id":"ID","hostname":"LT-042"}`,
			[]string{"encrypted,recovery_key,volumes\n?,?,?"}, nil},
		{"user_groups_get", `"group":"Sales"`, "/api/v2/usergroups/", `{"id":"ID","name":"Sales"}`,
			[]string{`"dynamic":"?"`}, nil},
	} {
		b := newBench(t, sandboxOptions)
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			id := strings.TrimPrefix(r.URL.Path, x.path)
			if r.Method != "GET" || id == r.URL.Path || strings.Contains(id, "/") {
				return nil, nil
			}
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(strings.Replace(x.body, "ID", id, 1))), Request: r}, nil
		}
		text := b.must(x.tool, "{"+x.args+"}")
		want(t, text, x.want...)
		for _, not := range x.not {
			if strings.Contains(text, not) {
				t.Errorf("%s says %s", text, not)
			}
		}
	}
}

// TestGetOfNothing: an object that is not there is no empty one.
func TestGetOfNothing(t *testing.T) {
	const gone = "0123456789abcdef01234567"
	for _, o := range []sandbox.Options{{}, {Traps: []string{"empty-children"}}} {
		b := newBench(t, o)
		for _, call := range [][2]string{{"users_get", `{"user":"` + gone + `","include":["groups","devices"]}`}, {"devices_get", `{"device":"` + gone + `","include":["users"]}`},
			{"user_groups_get", `{"group":"` + gone + `","include":["members","grants"]}`}} {
			if text, a := b.call(call[0], call[1]); a.Code != "not_found" {
				t.Errorf("%s: %s", call, text)
			}
		}
	}
}

// TestGetFields: a field that is not there is answered with the nearest one.
func TestGetFields(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for args, says := range map[string]string{
		`{"user":"ada.king","fields":"zzz"}`:                `there is no field "zzz"`,
		`{"user":"ada.king","fields":"email,locked,email"}`: `{"email":"ada.king@acme.example","locked":false}`,
		`{"user":"ada.king","fields":"manager"}`:            `{"manager":"?"}`,
		`{"user":"kim.lee","fields":"manager"}`:             `{"manager":"ada.king"}`,
		`{"user":"eve.sum"}`:                                `"displayname":"=HYPERLINK(\"http://evil.example\",\"salary\")"`,
		`{"user":"ada.king","include":["group"]}`:           `groups`,
	} {
		text, _ := b.call("users_get", args)
		want(t, text, says)
	}
	text := b.must("users_get", `{"user":"ada.king","fields":"all"}`)
	row := b.found("users", "username", "ada.king")
	var shown map[string]any
	_, body, _ := strings.Cut(text, "\n")
	if err := json.Unmarshal([]byte(body), &shown); err != nil {
		t.Fatal(err)
	}
	for name, v := range row {
		raw, _ := json.Marshal(v)
		if _, there := shown[name]; !there && !slices.Contains([]string{"null", `""`, "[]", "{}"}, string(raw)) {
			t.Errorf("all lacks %s", name)
		}
	}
}

// TestIncludesAt10000 does with one large organisation what other tests do with a small one.
func TestIncludesAt10000(t *testing.T) {
	b := newBench(t, sandbox.Options{Users: 10_000})
	budgetW01(t, b) // first, with nothing remembered
	budgetW11(t, b, 10_000)
	w := webOf(b)
	usersReach(t, b, w, 4)
	devicesReach(t, b, w, 4)
	groupsGive(t, b, w, 3)
	neverTooLong(t, b)
}

// getTokens counts as models do.
func getTokens(t *testing.T, text string) int {
	t.Helper()
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	ids, _, _ := enc.Encode(text)
	return len(ids)
}

// neverTooLong: the largest answers keep to the cap, and say what is left out.
func neverTooLong(t *testing.T, b *bench) {
	t.Helper()
	for _, call := range [][2]string{
		{"user_groups_get", `{"group":"All Staff","include":["members","grants"],"fields":"all"}`},
		{"users_get", `{"user":"ada.king","include":["groups","devices","applications","mfa","keys","policies","logins"],"fields":"all"}`},
		{"devices_get", `{"device":"build-01","include":["users","groups","policies","software","encryption","requests","events"],"fields":"all"}`},
	} {
		b.wire.reset()
		text := b.must(call[0], call[1])
		if n := getTokens(t, text); n > maxTokens {
			t.Errorf("%s: %d tokens", call, n)
		}
		if call[0] != "user_groups_get" {
			continue
		}
		head, _, _ := strings.Cut(text, "\n")
		var total, left int
		if _, err := fmt.Sscanf(head[strings.Index(head, "members "):], "members %d", &total); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		if _, err := fmt.Sscanf(head[strings.Index(head, "left out: members "):], "left out: members %d", &left); err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		i := strings.Index(text, "\ndirect,")
		line, _, _ := strings.Cut(text[i+1:], "\n")
		if named := strings.Count(line, " | ") + 1; named+left != total {
			t.Errorf("%d named, %d left out, of %d", named, left, total)
		}
		want(t, text, fmt.Sprintf("\n# %d more", left))
	}
}

// TestNamesCannotForge: a name that looks like several, or like a mark of ours, is quoted.
func TestNamesCannotForge(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, name := range []string{"A | B", "x!", "7 not named", "?", "# total 3", "direct"} {
		raw, _ := json.Marshal(name)
		b.must("user_groups_create", fmt.Sprintf(`{"name":%s}`, raw))
		b.must("user_groups_members_change", fmt.Sprintf(`{"group":%s,"add":["eve.sum"]}`, raw))
	}
	_, a := b.call("users_get", `{"user":"eve.sum","include":["groups"]}`)
	_, _, tables := shownBlocks(t, a)
	got := strings.Split(tables["groups"][0][1], " | ")
	for _, s := range []string{`"x!"`, `"7 not named"`, `"?"`, "# total 3", "direct"} {
		if !slices.Contains(got, s) {
			t.Errorf("%s is not among %q", s, got)
		}
	}
	if !strings.Contains(tables["groups"][0][1], `"A | B"`) {
		t.Errorf("%q", tables)
	}
}
