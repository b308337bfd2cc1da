package tools

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// narrowBench is a bench under one line of a grant file.
func narrowBench(t *testing.T, line string, more ...func(*Options)) *bench {
	t.Helper()
	rules, err := auth.ParseGrants("grants.yaml", []byte("version: 1\nagents:\n  a:\n    who: [{local: stdio}]\n    may:\n"+line), declaredNames{})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, sandboxOptions, append(more, func(o *Options) {
		o.Grants = auth.Enforce(rules, auth.EnforcerOptions{Members: NewMembership(o.Client)})
	})...)
	b.ctx = auth.With(t.Context(), auth.Principal{Agent: "a", Name: "stdio"})
	return b
}

// insiders are the users in the groups, as the sandbox has them.
func insiders(b *bench, group string) map[string]bool {
	at := jc.At("GET /api/v2/usergroups/{group}/membership")
	ids := map[string]bool{}
	id := b.one("user_groups", "name", group)["id"].(string)
	rows, _, err := b.desk.o.Client.Walk(jc.WithFence(b.ctx, at), jc.Request{Endpoint: at, Params: map[string]string{"group": id}}, jc.Query{}, 0, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, row := range rows.Rows {
		ids[row.Text("id")] = true
	}
	return ids
}

const onlyContractors = `      - read: [users, user_groups, devices, insights, applications, access, organizations, system_insights, reports]
        only: {user_groups: [Contractors]}
        reads: true
`

// No answer of any read of the toolsets shows a name or an id of a user or a group
// that the line leaves out, whatever is asked of it.
func TestReadsShowOnlyMembers(t *testing.T) {
	dir := t.TempDir()
	line := onlyContractors
	for _, set := range []string{"access", "reports"} {
		if _, known := Toolsets[set]; !known {
			line = strings.Replace(line, ", "+set, "", 1)
		}
	}
	b := narrowBench(t, line, func(o *Options) { o.ExportDir = dir })
	in := insiders(b, "Contractors")
	var outside []string
	some := map[string]map[string]any{}
	words := map[string]bool{} // that users have too: a department is called like its group
	for _, row := range b.sandbox.Rows("users") {
		leaves(row, words)
		if id := row["_id"].(string); !in[id] {
			outside = append(outside, id, row["username"].(string), row["email"].(string))
			some["user"] = row
		}
	}
	for _, row := range b.sandbox.Rows("user_groups") {
		if row["name"] != "Contractors" {
			outside = append(outside, row["id"].(string))
			if name := row["name"].(string); len(name) > 6 && !words[name] {
				outside = append(outside, name)
			}
			some["group"] = row
		}
	}
	if len(in) < 3 || len(outside) < 200 {
		t.Fatalf("%d inside, %d names outside", len(in), len(outside))
	}
	var anyone string
	for id := range in {
		anyone = id
	}
	group := b.one("user_groups", "name", "Contractors")["id"].(string)
	tried, answered, refused := 0, 0, 0
	look := func(tool string, args map[string]any) {
		t.Helper()
		raw, _ := json.Marshal(args)
		text, a := b.call(tool, string(raw))
		tried++
		if a.IsError {
			refused++
		} else {
			answered++
		}
		for _, v := range args {
			if s, ok := v.(string); ok && len(s) > 6 {
				if _, value, filter := strings.Cut(s, "="); filter { // what was asked for may be said again
					s = value
				}
				text = strings.ReplaceAll(text, s, "")
			}
		}
		for _, name := range outside {
			if strings.Contains(text, name) {
				t.Errorf("%s %s shows %q:\n%.600s", tool, raw, name, text)
				return
			}
		}
	}
	device := b.sandbox.Rows("devices")[0]
	for _, tool := range All() {
		if tool.Risk != auth.Read || !b.desk.asSuch(auth.Principal{Agent: "a"}, tool).Allow || tool.Toolset == "api" {
			continue
		}
		for _, values := range []map[string]any{
			{"user": anyone, "group": group}, {"user": some["user"]["_id"], "group": some["group"]["id"]},
			{"user": some["user"]["username"], "group": some["group"]["name"]},
		} {
			args := map[string]any{}
			for name, v := range values {
				if slices.Contains(tool.Schema.Names(), name) {
					args[name] = v
				}
			}
			if slices.Contains(tool.Schema.Names(), "device") {
				args["device"] = device["_id"]
			}
			look(tool.Name, args)
			for _, extra := range []map[string]any{{"limit": 200}, {"fields": "id"}, {"fields": "manager"}, {"fields": "all"}, {"count_by": "manager"},
				{"count_by": "username"}, {"count_by": "name"}, {"export": "csv"}, {"sort": "-username"}, {"search": "a"}, {"include": []string{"groups"}},
				{"include": []string{"groups", "devices", "applications", "events"}}, {"last": "90d"}, {"filter": "group=VPN Users"}, {"filter": "username~a"}} {
				more := map[string]any{}
				fits := true
				for k, v := range extra {
					fits = fits && strings.Contains(string(b.desk.schema(tool).Full()), `"`+k+`"`)
					more[k] = v
				}
				for k, v := range args {
					more[k] = v
				}
				if fits {
					look(tool.Name, more)
				}
			}
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range outside {
			if strings.Contains(string(raw), name) {
				t.Errorf("the export %s holds %q", filepath.Base(f), name)
				break
			}
		}
	}
	if answered < 30 || len(files) < 2 {
		t.Errorf("only %d of %d were answered, %d exports", answered, tried, len(files))
	}
	t.Logf("%d calls, %d answered, %d refused, %d exports, %d names and ids outside", tried, answered, refused, len(files), len(outside))
}

// What is left out is answered as what is not there, and counts tell of nothing else.
func TestWhatIsLeftOutIsNotThere(t *testing.T) {
	b := narrowBench(t, onlyUsersOfContractors)
	in := insiders(b, "Contractors")
	var member, other map[string]any
	for _, row := range b.sandbox.Rows("users") {
		if in[row["_id"].(string)] {
			member = row
		} else {
			other = row
		}
	}
	has(t, b.must("users_list", `{"limit":200}`), fmt.Sprintf("total %d; %d shown", len(in), len(in)))
	has(t, b.must("users_list", `{"limit":1}`), fmt.Sprintf("total %d; 1 shown", len(in)), "next=")
	has(t, b.must("users_list", `{"count_by":"state"}`), fmt.Sprintf("total %d;", len(in)))
	has(t, b.must("user_groups_list", `{}`), "total 1; 1 shown", "Contractors")
	has(t, b.must("user_groups_members_list", `{"group":"Contractors"}`), fmt.Sprintf("total %d", len(in)))
	has(t, b.must("users_get", `{"user":"`+member["username"].(string)+`"}`), member["username"].(string))
	for _, x := range []struct{ tool, argument, hidden, missing string }{
		{"users_get", "user", other["_id"].(string), "5f0000000000000000000000"},
		{"users_get", "user", other["username"].(string), "nobody.atall"},
		{"users_get", "user", other["email"].(string), "nobody@acme.example"},
		{"user_groups_get", "group", "VPN Users", "XPN Xsers"},
		{"user_groups_members_list", "group", "VPN Users", "XPN Xsers"},
		{"users_update", "user", other["_id"].(string), "5f0000000000000000000000"},
		{"users_update", "user", other["username"].(string), "nobody.atall"},
	} {
		args := func(v string) string {
			if x.tool == "users_update" {
				return fmt.Sprintf(`{%q:%q,"jobTitle":"x"}`, x.argument, v)
			}
			return fmt.Sprintf(`{%q:%q}`, x.argument, v)
		}
		hidden, a := b.call(x.tool, args(x.hidden))
		missing, m := b.call(x.tool, args(x.missing))
		if a.Code != "not_found" || m.Code != a.Code || strings.ReplaceAll(hidden, x.hidden, "") != strings.ReplaceAll(missing, x.missing, "") {
			t.Errorf("%s of what is left out: %q\nof what is not there: %q", x.tool, hidden, missing)
		}
	}
	text, a := b.call("organizations_summary", `{}`)
	if a.Code != "denied" {
		t.Errorf("a summary is answered: %s", text)
	}
	text, a = b.call("users_groups_list", `{"user":"`+member["username"].(string)+`"}`)
	has(t, text, "denied by this server (grants.yaml line 6: ", "cannot be narrowed")
	if a.Code != "denied" {
		t.Error(a.Code)
	}
	name := other["username"].(string)
	got, err := b.desk.Complete(b.ctx, Completing{Template: scheme + "users/{user}", Argument: "user", Value: name})
	if err != nil || len(got.Values) > 0 {
		t.Errorf("completed: %v, %v", got.Values, err)
	}
	name = member["username"].(string)
	if got, err = b.desk.Complete(b.ctx, Completing{Template: scheme + "users/{user}", Argument: "user", Value: name}); err != nil || !slices.Contains(got.Values, name) {
		t.Errorf("not completed: %v, %v", got.Values, err)
	}
}

const onlyUsersOfContractors = `      - write: [users, user_groups, organizations]
        only: {user_groups: [Contractors]}
        reads: true
`
