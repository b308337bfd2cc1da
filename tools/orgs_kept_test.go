package tools

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

func TestCursorsOfOrganisations(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	text := b.must("both", "users_list", `{"org":"acme","limit":5}`)
	cursor := regexp.MustCompile(`cursor=(acme:\w+)`).FindStringSubmatch(text)
	if cursor == nil {
		t.Fatal(text)
	}
	text, _ = b.call("both", "users_list", `{"org":"globex","limit":5,"cursor":"`+cursor[1]+`"}`)
	want(t, text, "cursor: it belongs to organisation acme: repeat the call with org=acme")
	text, _ = b.call("both", "users_list", `{"org":"globex","limit":5,"cursor":"`+cursor[1][5:]+`"}`)
	want(t, text, "cursor: unknown or expired")
	text, _ = b.call("acme", "users_list", `{"limit":5,"cursor":"`+cursor[1]+`"}`) // somebody else's
	want(t, text, "cursor: unknown or expired")
	want(t, b.must("both", "users_list", `{"org":"acme","limit":5,"cursor":"`+cursor[1]+`"}`), "from 6 on")
	text, _ = b.call("reader", "users_list", `{"org":"acme","limit":5,"cursor":"`+cursor[1]+`"}`) // of another credential
	want(t, text, "cursor: unknown or expired")
}

// TestSealsOfOrganisations: a yes for one organisation, or one credential, is none for another.
func TestSealsOfOrganisations(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex, func(o *Options) { o.Selection.Surface = FullSurface })
	user := b.orgs["acme"].Snapshot()["users"][0]["username"].(string)
	ask := func(agent, org string, reply *Reply) Answer {
		return b.server.Call(b.as(agent), Call{Tool: "users_delete", CanAsk: true, Reply: reply, Arguments: json.RawMessage(`{"org":"` + org + `","user":"` + user + `"}`)})
	}
	a := ask("both", "acme", nil)
	if a.Ask == nil {
		t.Fatalf("%v", a.Text)
	}
	want(t, a.Ask.Question, "(org acme (")
	yes := &Reply{Accepted: true, State: a.Ask.State}
	if got := ask("both", "globex", yes); !got.IsError {
		t.Errorf("%v", got.Text)
	}
	if got := ask("reader", "acme", yes); !got.IsError {
		t.Errorf("another agent and credential: %v", got.Text)
	}
	b.having["both"]["acme"] = "readonly" // the same caller, with another credential now
	if got := ask("both", "acme", yes); got.Code != string(jc.CodeNeedsApproval) {
		t.Errorf("another credential: %v", got.Text)
	}
	b.having["both"]["acme"] = ""
	if got := ask("both", "acme", yes); got.IsError || got.Ask != nil {
		t.Errorf("its own: %v", got.Text)
	}
}

// TestRequestsOfOrganisations: what an approver agrees to names the organisation, and
// holds there alone.
func TestRequestsOfOrganisations(t *testing.T) {
	dir, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := state.NewKey("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := auth.ParseGrants("grants.yaml", []byte(`version: 1
agents:
  both: {who: [{local: both}], orgs: [acme, globex], may: [{read: [users]}, {do: [users_delete], approve: human}]}
approvers: {it-lead: {key: "`+key.Public()+`", may: [users_delete]}}
`), declaredNames{})
	if err != nil {
		t.Fatal(err)
	}
	b := newOrgs(t, acmeAndGlobex, func(o *Options) {
		o.Selection.Surface, o.Grants = FullSurface, auth.Enforce(rules, auth.EnforcerOptions{})
		o.People = People{Dir: dir, Approvers: rules.Approvers}
	})
	ask := func(org string) string {
		t.Helper()
		text, _ := b.call("both", "users_delete", `{"org":"`+org+`","user":"dana.weiss"}`)
		m := requestCode.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("nobody is asked: %s", text)
		}
		return m[1]
	}
	acme, globex := ask("acme"), ask("globex")
	e, err := dir.Entry(acme)
	if err != nil || acme == globex || e.Org != "acme" || !strings.Contains(e.Question, "(org acme (") {
		t.Errorf("%s and %s: %+v %v", acme, globex, e.Request, err)
	}
	if n := state.NoteOf(e.Request); n.Org != "acme" || !strings.Contains(n.Say, " in acme, until ") {
		t.Errorf("%+v", n)
	}
	if err := dir.Approve(t.Context(), e.Request, key); err != nil {
		t.Fatal(err)
	}
	if again := ask("globex"); again != globex || len(b.wires["globex"].writes()) > 0 {
		t.Errorf("the approval of acme: %s, %v", again, b.wires["globex"].writes())
	}
	b.must("both", "users_delete", `{"org":"acme","user":"dana.weiss"}`)
	if sent := b.wires["acme"].writes(); len(sent) != 1 {
		t.Error(sent)
	}
}

// TestJournalOfOrganisations: a change is listed and undone where it was made.
func TestJournalOfOrganisations(t *testing.T) {
	dir, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	b := newOrgs(t, acmeAndGlobex, func(o *Options) { o.People.Dir, o.Selection = dir, Selection{Surface: FullSurface} })
	user := b.orgs["acme"].Snapshot()["users"][0]["username"].(string)
	text := b.must("both", "users_update", `{"org":"acme","user":"`+user+`","department":"Moon"}`)
	change := regexp.MustCompile(`change (c-\w+)`).FindStringSubmatch(text)
	if change == nil {
		t.Fatal(text)
	}
	want(t, text, "(org acme (")
	want(t, b.must("both", "changes_list", `{"org":"acme"}`), change[1])
	for _, other := range []string{b.must("both", "changes_list", `{"org":"globex"}`), b.must("globex", "changes_list", `{}`)} {
		if strings.Contains(other, change[1]) {
			t.Errorf("shown elsewhere: %s", other)
		}
	}
	text, _ = b.call("both", "changes_undo", `{"org":"globex","change":"`+change[1]+`"}`)
	want(t, text, "not_found.", "no change")
	want(t, b.must("both", "changes_undo", `{"org":"acme","change":"`+change[1]+`"}`), "Moon -> ")
	for line := range strings.Lines(b.audit.String()) {
		if strings.Contains(line, `"users_update"`) && !strings.Contains(line, `"org":"acme"`) && !strings.Contains(line, `in acme`) {
			t.Errorf("no organisation in %s", line)
		}
	}
	want(t, b.audit.String(), `both (test) in acme, done, read back`)
}
