package tools

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// seeing allows everything, and narrows the fields of toolsets.
type seeing struct {
	auth.Policy
	fields atomic.Pointer[map[string][]string]
}

func (s *seeing) Fields(_ auth.Principal, toolset string) ([]string, bool) {
	fields, narrowed := (*s.fields.Load())[toolset]
	return fields, narrowed
}

func (s *seeing) only(fields map[string][]string) { s.fields.Store(&fields) }

func newSeeing(t *testing.T, more ...func(*Options)) (*bench, *seeing) {
	t.Helper()
	s := &seeing{Policy: auth.AllowAll{Confirm: auth.ConfirmNever}}
	s.only(nil)
	return newBench(t, sandboxOptions, append(more, func(o *Options) { o.Grants = s })...), s
}

// leaves are the texts in a value as an answer would show them.
func leaves(v any, out map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			leaves(e, out)
		}
	case []any:
		for _, e := range x {
			leaves(e, out)
		}
	case string:
		if s := cell(x); len(s) > 6 {
			out[s] = true
		}
	}
}

// canaries are values of other fields that an answer can hold only if it shows them.
func canaries(k *jc.Kind, rows []jc.Row, granted []string) (out []string) {
	other, mine := map[string]bool{}, map[string]bool{}
	for _, row := range rows {
		for name, v := range row {
			into := other
			if name == "id" || name == "_id" || slices.Contains(granted, name) || strings.HasPrefix(cell(v), k.IDOf(row)) {
				into = mine
			}
			leaves(v, into)
		}
	}
	var known strings.Builder
	for s := range mine {
		known.WriteString(s + "\n")
	}
	for s := range other {
		if !strings.Contains(known.String(), s) && !strings.Contains(k.Type, s) { // our own words are no news
			out = append(out, s)
		}
	}
	return out
}

// No way of asking shows a value of a field that is not granted, in any toolset
// that has a list.
func TestOnlyGrantedFieldsAreSeen(t *testing.T) {
	b, s := newSeeing(t)
	tried, refused, sets := 0, 0, map[string]bool{}
	for _, list := range All() {
		if !list.lists || list.kind == nil || list.Name != list.Toolset+"_list" || len(list.Operations[0].Names()) > 0 || list.Operations[0].Method != "GET" {
			continue
		}
		page, err := b.desk.o.Client.Page(jc.WithFence(b.ctx, list.Operations[0]), jc.Request{Endpoint: list.Operations[0]}, jc.Query{Limit: 20, Takes: list.takes})
		if err != nil || len(page.Rows) == 0 {
			continue
		}
		var fields []string
		for _, f := range list.outFields {
			if v, _ := page.Rows[0].At(f); f != "id" && f != "_id" && !isEmpty(v) && !isSecret(f, v) {
				fields = append(fields, f)
			}
		}
		if len(fields) < 3 {
			continue
		}
		plain := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return slices.Contains(list.kind.NameFields(), f) })
		for _, granted := range [][]string{{list.kind.NameColumn(), fields[len(fields)-1]}, plain[:min(2, len(plain))]} {
			if len(granted) == 0 || list.row != nil {
				continue
			}
			s.only(map[string][]string{list.Toolset: granted})
			sets[list.Toolset] = true
			secret := canaries(list.kind, page.Rows, granted)
			look := func(tool, args string) {
				t.Helper()
				text, _ := b.call(tool, args)
				text = strings.ReplaceAll(strings.ReplaceAll(text, "org Acme Inc", ""), args, "")
				tried++
				for _, c := range secret {
					if strings.Contains(text, c) && !strings.Contains(args, c) {
						t.Errorf("%s narrowed to %v: %s %s shows %q:\n%s", list.Toolset, granted, tool, args, c, text)
						return
					}
				}
			}
			look(list.Name, `{}`)
			for _, f := range slices.Concat(fields, []string{flagsColumn}) {
				if slices.Contains(granted, f) {
					continue
				}
				for _, args := range []map[string]any{{"fields": f}, {"count_by": f}, {"sort": f}, {"filter": f + "~a"}} {
					raw, _ := json.Marshal(args)
					look(list.Name, string(raw))
					if _, a := b.call(list.Name, string(raw)); !a.IsError {
						t.Errorf("%s narrowed to %v answers %s", list.Toolset, granted, raw)
					}
					refused++
				}
			}
			i := slices.IndexFunc(things, func(th thing) bool { return th.plural == list.Toolset })
			if i < 0 {
				continue
			}
			th := &things[i]
			id, name := list.kind.IDOf(page.Rows[0]), list.kind.NameOf(page.Rows[0])
			look(th.getter(), fmt.Sprintf(`{%q:%q}`, th.argument, id))
			look(th.getter(), fmt.Sprintf(`{%q:%q}`, th.argument, name[:len(name)-1]))
			if include := b.desk.byName[th.getter()]; strings.Contains(string(include.Schema.Full()), `"fields"`) {
				look(th.getter(), fmt.Sprintf(`{%q:%q,"fields":"all"}`, th.argument, id))
			}
			if !slices.Contains(granted, list.kind.NameColumn()) {
				if got, err := b.desk.Complete(b.ctx, Completing{Template: th.uri(), Argument: th.argument, Value: name[:1]}); err != nil || len(got.Values) > 0 {
					t.Errorf("%s narrowed to %v completes %v, %v", list.Toolset, granted, got.Values, err)
				}
			}
			c, err := b.desk.Read(b.ctx, scheme+"fields/"+list.Toolset)
			var told typeFields
			if err != nil || json.Unmarshal([]byte(c.Text), &told) != nil {
				t.Fatalf("%v: %s", err, c.Text)
			}
			for _, f := range slices.Concat(told.Fields, told.Shown) {
				if !slices.Contains(granted, f) && f != "id" && f != "_id" {
					t.Errorf("the fields of %s narrowed to %v name %s", list.Toolset, granted, f)
				}
			}
		}
	}
	if len(sets) < 8 || tried < 1000 || refused < 900 {
		t.Errorf("only %d questions in %d toolsets, %d of them for what is not granted", tried, len(sets), refused)
	}
	t.Logf("%d toolsets, %d questions, %d for what is not granted", len(sets), tried, refused)
}

// What a grant leaves of users, in the places where they are shown.
func TestFieldsOfUsers(t *testing.T) {
	dir := t.TempDir()
	b, s := newSeeing(t, func(o *Options) { o.ExportDir = dir })
	ben := b.one("users", "username", "ben.kurz")
	email, id := ben["email"].(string), ben["_id"].(string)
	s.only(map[string][]string{"users": {"username", "department", "mfa_enrolled"}})

	text := b.must("users_list", `{"limit":3}`)
	has(t, text, "username,department,flags", "nomfa")
	hasNot(t, text, "jobTitle", "suspended", "locked")
	text, a := b.call("users_list", `{"filter":"email=ben.kurz@acme.example"}`)
	if a.Code != "denied" {
		t.Errorf("an e-mail address can be asked for: %s", text)
	}
	has(t, text, "denied by this server", "Field email of users is not granted; known: username, department, mfa_enrolled")
	has(t, b.must("users_list", `{"filter":"mfa_enrolled=false","limit":2}`), "total ")
	text = b.must("users_get", `{"user":"ben.kurz","include":["mfa","keys","groups"]}`)
	has(t, text, `"username":"ben.kurz"`, "mfa (not granted)", "keys (not granted)")
	hasNot(t, text, email, "jobTitle", "state")
	if text, a := b.call("users_get", `{"user":"`+email+`"}`); a.Code != "not_found" {
		t.Errorf("an e-mail address tells whose it is: %s", text)
	}
	text = b.must("users_list", `{"export":"csv","limit":2}`)
	hasNot(t, text, email, "jobTitle")
	files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	if len(files) != 1 {
		t.Fatalf("exports: %v", files)
	}
	if raw, err := os.ReadFile(files[0]); err != nil || strings.Contains(string(raw), "acme.example") {
		t.Errorf("the export holds e-mail addresses: %v", err)
	}
	text = b.must("users_update", `{"user":"ben.kurz","jobTitle":"Other","dry_run":true}`)
	has(t, text, "jobTitle not granted -> not granted")
	if title, _ := ben["jobTitle"].(string); title == "" || strings.Contains(text, title) {
		t.Errorf("what was before is shown: %s", text)
	}
	text, a = b.call("organizations_summary", `{}`)
	if a.Code != "denied" {
		t.Errorf("a summary of users is shown although only some fields are granted: %s", text)
	}

	s.only(map[string][]string{"users": {"department"}})
	text = b.must("users_get", `{"user":"`+id+`"}`)
	has(t, text, "# user "+id)
	hasNot(t, text, "ben.kurz")
	text, _ = b.call("users_get", `{"user":"ben.kur"}`)
	hasNot(t, text, "ben.kurz")
	text = b.must("users_update", `{"user":"`+id+`","jobTitle":"Other","dry_run":true}`)
	has(t, text, "user "+id)
	hasNot(t, text, "ben.kurz")
	if text, a := b.call("users_list", `{"search":"ben"}`); a.Code != "denied" {
		t.Errorf("a name can be searched: %s", text)
	}
	for _, device := range b.sandbox.Rows("devices")[:5] {
		text := b.must("devices_get", `{"device":"`+device["_id"].(string)+`","include":["users","events"]}`)
		for _, row := range b.sandbox.Rows("users") {
			hasNot(t, text, row["username"].(string))
		}
	}
}

// A refusal for a field names the line that narrows, in the answer and in the audit.
func TestFieldsNameTheirLine(t *testing.T) {
	b := narrowBench(t, "      - {read: [users], fields: {users: [username]}}\n")
	text, a := b.call("users_list", `{"filter":"email=x"}`)
	has(t, text, "denied by this server (grants.yaml line 6: fields), not by JumpCloud", "known: username")
	if a.Code != "denied" {
		t.Error(a.Code)
	}
	has(t, b.audit.String(), `"decision":"grants.yaml line 6"`)
}

// Events have fields of their own, and tell no more of users than users do.
func TestFieldsOfEvents(t *testing.T) {
	b, s := newSeeing(t)
	s.only(map[string][]string{"insights": {"timestamp", "event_type", "success"}})
	has(t, b.must("insights_query", `{"last":"30d","limit":5}`), "timestamp,event_type,success")
	for _, q := range [][2]string{
		{"insights_query", `{"fields":"client_ip"}`}, {"insights_query", `{"filter":"initiated_by.username=ben.kurz"}`},
		{"insights_query", `{"count_by":"client_ip"}`}, {"insights_distinct", `{"field":"client_ip"}`},
		{"insights_count", `{"filter":"client_ip=198.51.100.4"}`}, {"insights_query", `{"search":"ben"}`},
		{"insights_query", `{"user":"ben.kurz"}`},
	} {
		if text, a := b.call(q[0], q[1]); a.Code != "denied" {
			t.Errorf("%s %s: %s", q[0], q[1], text)
		}
	}
	s.only(map[string][]string{"users": {"department"}})
	for _, args := range []string{`{"last":"90d","limit":200}`, `{"last":"90d","limit":200,"fields":"initiated_by,resource,changes,username"}`} {
		text := b.must("insights_query", args)
		has(t, text, "total ")
		for _, row := range b.sandbox.Rows("users") {
			hasNot(t, text, row["username"].(string), row["email"].(string))
		}
		hasNot(t, text, "SUSPENDED")
	}
	for _, field := range []string{"initiated_by.username", "username", "resource.name"} {
		if text, a := b.call("insights_distinct", `{"last":"90d","field":"`+field+`"}`); a.Code != "denied" {
			t.Errorf("%s: %s", field, text)
		}
	}
}
