package tools

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Where the grant asks for a reason no change is made without one, and the one that is
// given stands in the audit, the journal and the request for a person.
func TestReasons(t *testing.T) {
	g := newGoverned(t)
	g.grant("        at_most: {per_hour: 2}\n", "        reason: true\n")
	g.grant("        approve: human\n", "        approve: human\n        reason: true\n")
	add := `{"group":"Contractors","add":["ben.kurz"]`
	text, a := g.call("user_groups_members_change", add+`}`)
	has(t, text, "reason: this server (grants.yaml line 12) wants to know why", "Nothing was changed")
	if a.Code != "invalid_argument" || len(g.wire.writes()) != 0 {
		t.Errorf("without a reason: %s, %v", a.Code, g.wire.writes())
	}
	has(t, g.must("user_groups_members_change", add+`,"dry_run":true}`), "It needs a reason.")
	for _, bad := range []string{`""`, `" a\u200b "`, `true`, `"` + strings.Repeat("x", 201) + `"`, `["why"]`} {
		if text, a := g.call("user_groups_members_change", add+`,"reason":`+bad+`}`); a.Code != "invalid_argument" || !strings.Contains(text, "reason: ") {
			t.Errorf("%s: %s", bad, text)
		}
	}
	text = g.must("user_groups_members_change", add+`,"reason":"ticket\n 4711\u202e, \"as agreed\""}`)
	has(t, text, "done, read back")
	const said = `ticket⏎ 4711, \"as agreed\"`
	has(t, g.audit.String(), `"reason":"`+said+`"`, `it says why: `)
	kept, err := g.dir.Changes()
	if err != nil || len(kept) != 1 || kept[0].Reason != strings.ReplaceAll(said, `\"`, `"`) {
		t.Errorf("the journal: %+v, %v", kept, err)
	}

	code := g.ask("users_reset_mfa", `{"user":"ben.kurz","reason":"lost phone"}`)
	e, err := g.dir.Entry(code)
	if err != nil || !strings.Contains(e.Question, `The agent says why: "lost phone".`) {
		t.Errorf("the person is told: %+v, %v", e.Request, err)
	}
	if other := g.ask("users_reset_mfa", `{"user":"ben.kurz","reason":"another one"}`); other == code {
		t.Error("a yes to one reason counts for another")
	}
	g.answer(code, true)
	g.must("users_reset_mfa", `{"user":"ben.kurz","reason":"lost phone"}`)
}

// A reason that nobody asked for is taken and written down; reads take none; a secret
// is none.
func TestReasonsThatNobodyAskedFor(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("users_update", `{"user":"ben.kurz","jobTitle":"Lead","reason":"promoted"}`)
	has(t, b.audit.String(), `"reason":"promoted"`)
	if text, a := b.call("users_list", `{"reason":"promoted"}`); a.Code != "invalid_argument" {
		t.Errorf("a read takes it: %s", text)
	}
	text, a := b.call("users_update", `{"user":"ben.kurz","password":"Canary-7f3a-Pass!","reason":"set to Canary-7f3a-Pass!"}`)
	if a.Code != "invalid_argument" || strings.Contains(b.audit.String()+text, "Canary") {
		t.Errorf("a secret as a reason: %s", text)
	}
	for _, tool := range All() {
		for _, name := range tool.Schema.Names() {
			if name == "reason" && tool.Risk != auth.Read {
				t.Errorf("%s has an argument reason of its own, which never arrives", tool.Name)
			}
		}
	}
}

// Only whose grant asks for it is shown the argument.
func TestWhoIsShownTheReason(t *testing.T) {
	list := func(line string) (with, without int) {
		b := narrowBench(t, line)
		for _, l := range b.desk.List(b.ctx) {
			if strings.Contains(string(l.InputSchema), `"reason"`) {
				if l.ReadOnly || !strings.Contains(string(l.InputSchema), `"required":[`) {
					t.Errorf("%s: %s", l.Name, l.InputSchema)
				}
				with++
			} else {
				without++
			}
		}
		return with, without
	}
	if with, _ := list("      - {write: [user_groups]}\n"); with != 0 {
		t.Errorf("%d tools show it to those who need none", with)
	}
	with, without := list("      - {write: [user_groups], reason: true}\n")
	if with < 4 || without < 3 {
		t.Errorf("%d tools show it, %d do not", with, without)
	}
	b := narrowBench(t, "      - {write: [user_groups], reason: true}\n")
	has(t, b.must("api_search", `{"query":"=user_groups_update"}`), "reason (why, as text) is required too: user_groups_update")
	for _, tool := range All() {
		if tool.Risk != auth.Read && tool.reasoned != nil {
			if err := tool.reasoned().Compile(); err != nil || tool.reasoned() == tool.Schema {
				t.Errorf("%s with a reason: %v", tool.Name, err)
			}
		}
	}
	has(t, fmt.Sprint(b.must("api_search", `{"query":"rename a user group"}`)), "is required too: ")
}
