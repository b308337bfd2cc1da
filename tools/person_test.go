package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// declaredNames is what a grant file may name.
type declaredNames struct{}

func (declaredNames) Toolsets() (out []string) {
	for name := range Toolsets {
		out = append(out, name)
	}
	return out
}

func (declaredNames) Tools() (out []auth.ToolFact) {
	for _, t := range All() {
		out = append(out, auth.ToolFact{Name: t.Name, Toolset: t.Toolset, Risk: t.Risk, Grave: t.Grave})
	}
	return out
}

// governedBench is a bench under a grant file, with a person who has a key.
type governedBench struct {
	*bench
	dir  *state.Dir
	key  *state.Key
	text string // of the grant file
}

// grant puts other words into the grant file in force.
func (g *governedBench) grant(was, is string) {
	g.t.Helper()
	if !strings.Contains(g.text, was) {
		g.t.Fatalf("the grant file has no %q", was)
	}
	g.text = strings.Replace(g.text, was, is, 1)
	rules, err := auth.ParseGrants("grants.yaml", []byte(g.text), declaredNames{})
	if err != nil {
		g.t.Fatal(err)
	}
	g.desk.o.Grants = auth.Enforce(rules, auth.EnforcerOptions{Members: NewMembership(g.desk.o.Client), Meter: g.dir.Meter()})
}

const helpdeskGrants = `version: 1
ceiling: {objects_per_call: 3}
protect:
  users: [ada.king@acme.example]
agents:
  helpdesk:
    who: [{local: stdio}]
    may:
      - read: [users, devices, user_groups]
      - write: [users]
        only: {user_groups: [Contractors]}
      - write: [user_groups]
        only: {user_groups: [Contractors]}
        at_most: {per_hour: 2}
      - do: [users_unlock, users_reset_mfa, devices_fde_key_get]
        approve: human
    never: [users_state_suspend]
approvers:
  it-lead: {key: "KEY", may: [users_reset_mfa, devices_fde_key_get, users_unlock]}
`

func newGoverned(t *testing.T) *governedBench {
	t.Helper()
	dir, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := state.NewKey("it-lead")
	if err != nil {
		t.Fatal(err)
	}
	g := &governedBench{dir: dir, key: key, text: strings.Replace(helpdeskGrants, "KEY", key.Public(), 1)}
	rules, err := auth.ParseGrants("grants.yaml", []byte(g.text), declaredNames{})
	if err != nil {
		t.Fatal(err)
	}
	g.bench = newBench(t, sandboxOptions, func(o *Options) {
		who := NewMembership(o.Client)
		o.Grants = auth.Enforce(rules, auth.EnforcerOptions{Members: who, Meter: dir.Meter()})
		o.People = People{Dir: dir, Approvers: rules.Approvers}
	})
	who, known := rules.AgentOf("stdio")
	if !known {
		t.Fatal("nobody is on stdio")
	}
	g.ctx = auth.With(t.Context(), who)
	return g
}

var requestCode = regexp.MustCompile("jc-mcp approve ([0-9A-Z]{8})")

// ask makes a call that has to wait for a person, and gives the code of the request.
func (g *governedBench) ask(tool, args string) string {
	g.t.Helper()
	text, a := g.call(tool, args)
	m := requestCode.FindStringSubmatch(text)
	if !a.IsError || a.Code != "needs_approval" || m == nil {
		g.t.Fatalf("%s %s asks for nobody: %s", tool, args, text)
	}
	return m[1]
}

func (g *governedBench) answer(code string, yes bool) {
	g.t.Helper()
	e, err := g.dir.Entry(code)
	if err == nil && yes {
		err = g.dir.Approve(g.t.Context(), e.Request, g.key)
	} else if err == nil {
		err = g.dir.Refuse(g.t.Context(), e.Request, g.key)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// A person approves a call, and exactly that call runs, once.
func TestPersonApproves(t *testing.T) {
	g := newGoverned(t)
	reset := `{"user":"ben.kurz"}`
	code := g.ask("users_reset_mfa", reset)
	if again := g.ask("users_reset_mfa", reset); again != code {
		t.Errorf("asked twice: %s and %s", code, again)
	}
	if w := g.wire.writes(); len(w) != 0 {
		t.Fatalf("sent before anybody agreed: %v", w)
	}
	g.answer(code, true)
	if other := g.ask("users_reset_mfa", `{"user":"maria.silva"}`); other == code {
		t.Error("another user is covered by the same approval")
	}
	if other := g.ask("users_unlock", reset); other == code {
		t.Error("another tool is covered by the same approval")
	}
	if text := g.must("users_reset_mfa", reset); !strings.HasPrefix(text, "done") && !strings.HasPrefix(text, "accepted") {
		t.Errorf("approved, and answered %s", text)
	}
	sent := len(g.wire.writes())
	if sent == 0 || !strings.Contains(g.audit.String(), `"approver":"it-lead"`) {
		t.Errorf("%d requests; who approved is not written down:\n%s", sent, g.audit.String())
	}
	if third, _ := g.call("users_reset_mfa", reset); strings.HasPrefix(third, "done") || len(g.wire.writes()) != sent {
		t.Errorf("one approval was used twice: %s", third)
	}
}

func TestPersonRefuses(t *testing.T) {
	g := newGoverned(t)
	code := g.ask("users_reset_mfa", `{"user":"ben.kurz"}`)
	g.answer(code, false)
	if text, a := g.call("users_reset_mfa", `{"user":"ben.kurz"}`); !a.IsError || a.Code != "denied" || !strings.Contains(text, "a person refused") {
		t.Errorf("refused, and answered %s", text)
	}
	if w := g.wire.writes(); len(w) != 0 {
		t.Errorf("sent although refused: %v", w)
	}
}

// A secret goes to the person who approved, and to nobody else: not into the
// answer, not into the audit, not in clear onto the disk.
func TestSecretGoesToThePerson(t *testing.T) {
	g := newGoverned(t)
	code := g.ask("devices_fde_key_get", `{"device":"MBP-031"}`)
	g.answer(code, true)
	text := g.must("devices_fde_key_get", `{"device":"MBP-031"}`)
	if !strings.Contains(text, "sent to it-lead") || !strings.Contains(text, "jc-mcp approve "+code+" --show") {
		t.Errorf("the receipt does not say where it went: %s", text)
	}
	secrets, err := g.dir.Reveal(t.Context(), code, g.key)
	if err != nil || len(secrets) != 1 || !bytes.Contains(secrets[0], []byte("sbx-secret-")) {
		t.Fatalf("the person got %q, %v", secrets, err)
	}
	var got map[string]string
	if err := json.Unmarshal(secrets[0], &got); err != nil || got["key"] == "" {
		t.Fatalf("%q is no key: %v", secrets[0], err)
	}
	if strings.Contains(text, got["key"]) || strings.Contains(g.audit.String(), got["key"]) {
		t.Error("the secret stands in the answer or in the audit")
	}
	_ = filepath.WalkDir(g.dir.Path(), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(got["key"])) {
			t.Errorf("the secret lies in clear in %s", path)
		}
		return err
	})
	if _, err := g.dir.Reveal(t.Context(), code, g.key); err == nil {
		t.Error("it was shown twice")
	}
}

// What the grant rules out is refused by this server, with the line, and sends nothing.
func TestGrantsOnTheRoad(t *testing.T) {
	g := newGoverned(t)
	for _, c := range []struct{ tool, args, says string }{
		{"users_state_suspend", `{"user":"ben.kurz"}`, "never users_state_suspend"},
		{"devices_update", `{"device":"LT-042","displayName":"x"}`, "grants.yaml line"},
		{"users_update", `{"user":"ada.king","department":"X"}`, "protected"},
		{"users_update", `{"user":"ben.kurz","department":"X"}`, "only members of user groups Contractors"},
		{"user_groups_members_change", `{"group":"VPN Users","add":["maria.silva"]}`, "only user groups Contractors"},
		{"user_groups_members_change", `{"group":"Contractors","add":["maria.silva","bob.stone","kim.lee","ben.kurz"]}`, "ceiling"},
	} {
		text, a := g.call(c.tool, c.args)
		if !a.IsError || a.Code != "denied" || !strings.Contains(text, "denied by this server (") || !strings.Contains(text, c.says) {
			t.Errorf("%s %s: %s, which does not say %q", c.tool, c.args, text, c.says)
		}
	}
	if w := g.wire.writes(); len(w) != 0 {
		t.Errorf("refused calls sent %v", w)
	}
	for _, l := range g.desk.List(g.ctx) {
		if l.Name == "users_state_suspend" || l.Name == "devices_update" || l.Name == "commands_list" {
			t.Errorf("%s is listed without a grant", l.Name)
		}
	}
	contractor := ""
	for _, u := range g.sandbox.Rows("users") {
		if u["employeeType"] == "Contractor" && contractor == "" {
			contractor = u["username"].(string)
		}
	}
	g.must("users_update", `{"user":"`+contractor+`","department":"Moved"}`)
}

// A quota counts what was done, and not what certainly was not.
func TestQuotaOnTheRoad(t *testing.T) {
	g := newGoverned(t)
	g.must("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`)
	g.must("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`) // no effect, no charge
	g.must("user_groups_members_change", `{"group":"Contractors","add":["bob.stone"]}`)
	text, a := g.call("user_groups_members_change", `{"group":"Contractors","add":["kim.lee"]}`)
	if !a.IsError || a.Code != "denied" || !strings.Contains(text, "an hour") {
		t.Errorf("the third object of two an hour: %s", text)
	}
}

func TestKillSwitch(t *testing.T) {
	g := newGoverned(t)
	if _, err := g.dir.Stop("helpdesk", "", "looks odd"); err != nil {
		t.Fatal(err)
	}
	text, a := g.call("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`)
	if !a.IsError || !strings.Contains(text, "looks odd") || len(g.wire.writes()) != 0 {
		t.Errorf("stopped, and answered %s", text)
	}
	if text, a = g.call("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"],"dry_run":true}`); !a.IsError || !strings.Contains(text, "looks odd") {
		t.Errorf("stopped, and shown what would be: %s", text)
	}
	g.must("users_get", `{"user":"ben.kurz"}`)
	if _, err := g.dir.Resume("helpdesk", ""); err != nil {
		t.Fatal(err)
	}
	if text, a = g.call("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`); a.IsError {
		t.Errorf("resumed, and still %s", text)
	}
}

// A stop ends a call that is under way before its next step.
func TestKillSwitchBetweenSteps(t *testing.T) {
	dir, err := state.Open(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, sandboxOptions, func(o *Options) { o.People = People{Dir: dir} })
	var once sync.Once
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet && strings.HasSuffix(r.URL.Path, "/members") {
			once.Do(func() { // others wait until it is done
				if _, err := dir.Stop("test", "", "looks odd"); err != nil {
					t.Error(err)
				}
				for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
					if why, err := dir.Halted("test", ""); err == nil && why != "" {
						return
					}
				}
				t.Error("the stop is not seen")
			})
		}
		return nil, nil
	}
	var names []string
	for _, u := range b.sandbox.Rows("users")[:20] {
		names = append(names, fmt.Sprintf("%q", u["username"]))
	}
	text, a := b.call("user_groups_members_change", `{"group":"Contractors","add":[`+strings.Join(names, ",")+`]}`)
	if sent := len(b.wire.writes()); sent == 0 || sent > 8 { // so many steps run side by side
		t.Errorf("%d changes were sent", sent)
	}
	if !a.IsError || !strings.Contains(text, "looks odd") {
		t.Errorf("stopped on the way, and answered %s", text)
	}
}

// Ten refused changes in a minute stop an agent.
func TestBurstOfRefusals(t *testing.T) {
	g := newGoverned(t)
	told := 0
	g.desk.o.People.Tell = func(n state.Note) {
		if n.Event == "agent_stopped" {
			told++
		}
	}
	for range 12 {
		g.call("users_update", `{"user":"ada.king","department":"X"}`)
	}
	if text, _ := g.call("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`); !strings.Contains(text, "stopped") || told != 1 {
		t.Errorf("told %d times; %s", told, text)
	}
}

// A client that can ask waits for the approver in the agent's place. Its yes alone
// approves nothing.
func TestClientWaitsForTheApprover(t *testing.T) {
	g := newGoverned(t)
	call := func(r *Reply) (string, Answer) {
		a := g.desk.Call(g.ctx, Call{Tool: "users_reset_mfa", Arguments: json.RawMessage(`{"user":"ben.kurz"}`), CanAsk: true, Reply: r})
		return strings.Join(a.Text, "\n"), a
	}
	text, a := call(nil)
	m := requestCode.FindStringSubmatch(text)
	if a.Ask == nil || m == nil || !strings.Contains(a.Ask.Question, "jc-mcp approve "+m[1]) || !strings.Contains(a.Ask.Question, "ben.kurz") {
		t.Fatalf("the client is not asked to wait: %+v %s", a.Ask, text)
	}
	state := a.Ask.State
	for _, accepted := range []bool{true, false} {
		if text, a := call(&Reply{Accepted: accepted, State: state}); a.Code != "needs_approval" || a.Ask != nil || len(g.wire.writes()) != 0 {
			t.Errorf("the client said %v, nobody approved: %s", accepted, text)
		}
	}
	g.answer(m[1], true)
	if text, a := call(&Reply{Accepted: true, State: state}); a.IsError || len(g.wire.writes()) != 1 {
		t.Errorf("approved: %s", text)
	}
}

// What a plan makes up, the name of a command or a time counted from now, is the same
// when the call comes back: else no approval would ever fit it.
func TestPersonApprovesWhatIsMadeUp(t *testing.T) {
	g := newGoverned(t)
	g.grant("      - do: [users_unlock, users_reset_mfa, devices_fde_key_get]", "      - do: [users_unlock, users_reset_mfa, devices_fde_key_get, commands_run, access_requests_create]")
	g.grant("may: [users_reset_mfa, devices_fde_key_get, users_unlock]", "may: [users_reset_mfa, commands_run, access_requests_create]")
	g.grant("objects_per_call: 3", "objects_per_call: 25")
	rules, err := auth.ParseGrants("grants.yaml", []byte(g.text), declaredNames{})
	if err != nil {
		t.Fatal(err)
	}
	g.desk.o.People.Approvers = rules.Approvers
	for _, c := range []struct{ tool, args, again string }{
		{"commands_run", `{"script":"uptime","devices":["LT-042"],"wait":0}`, `{"devices":["LT-042"],"wait":0,"script":"uptime"}`},
		{"access_requests_create", `{"user":"ben.kurz","device":"LT-042","expiry":"2h"}`, `{"expiry":"2h","user":"ben.kurz","device":"LT-042"}`},
	} {
		before := len(g.wire.writes())
		code := g.ask(c.tool, c.args)
		if again := g.ask(c.tool, c.again); again != code {
			t.Errorf("%s, repeated, asks anew: %s and %s", c.tool, code, again)
		}
		g.answer(code, true)
		text, a := g.call(c.tool, c.again)
		if a.IsError || len(g.wire.writes()) == before {
			t.Errorf("%s, approved: %s", c.tool, text)
		}
		if next := g.ask(c.tool, c.args); next == code {
			t.Errorf("%s: one approval counts twice", c.tool)
		}
	}
}

// TestARotatedToken: what an agent did with one token of the grant file is its own with
// the next one too, and nobody else's. What a person agreed to names the token, and is
// for it alone.
func TestARotatedToken(t *testing.T) {
	g := newGoverned(t)
	g.grant("      - write: [users]\n", "      - write: [changes]\n      - write: [users]\n")
	g.grant("at_most: {per_hour: 2}", "at_most: {per_hour: 9}")
	who, _ := auth.From(g.ctx)
	as := func(name string) {
		who.Name = name
		g.ctx = auth.With(t.Context(), who)
	}
	as("token 0123abcd")
	change := regexp.MustCompile(`c-\w+`).FindString(g.must("user_groups_members_change", `{"group":"Contractors","add":["maria.silva"]}`))
	code := g.ask("users_reset_mfa", `{"user":"ben.kurz"}`)
	g.answer(code, true)

	as("token x at https://login.example.com")
	text, _ := g.call("changes_undo", `{"change":"`+change+`"}`)
	unknown, _ := g.call("changes_undo", `{"change":"c-00000000"}`)
	if strings.ReplaceAll(text, change, "") != strings.ReplaceAll(unknown, "c-00000000", "") {
		t.Errorf("a foreign change is not unknown: %s", text)
	}
	if other := g.ask("users_reset_mfa", `{"user":"ben.kurz"}`); other == code {
		t.Error("somebody else's approval is found")
	}

	as("token 4567abcd")
	want(t, g.must("changes_list", `{}`), change)
	want(t, g.must("changes_undo", `{"change":"`+change+`"}`), "done")
	if other := g.ask("users_reset_mfa", `{"user":"ben.kurz"}`); other == code {
		t.Error("the person agreed to another token")
	}
	as("token 0123abcd")
	want(t, g.must("users_reset_mfa", `{"user":"ben.kurz"}`), "done")
}
