package tools

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// sudoBetween tells what a direct connection in the sandbox carries: "" for no
// connection, "-" for one without sudo.
func sudoBetween(b *bench, x, y string) string {
	for _, a := range b.sandbox.Snapshot()["associations"] {
		if a["from"] == x && a["to"] == y || a["from"] == y && a["to"] == x {
			attrs, _ := a["attributes"].(map[string]any)
			sudo, _ := attrs["sudo"].(map[string]any)
			switch {
			case sudo["enabled"] != true:
				return "-"
			case sudo["withoutPassword"] == true:
				return "**"
			}
			return "*"
		}
	}
	return ""
}

func TestAccessChange(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct {
		args, begins string
		writes       int
		holds        []string
	}{
		{`{"op":"add","user_groups":["Sales"],"applications":["HubSpot"],"dry_run":true}`, "DRY RUN", 0, []string{"add user group Sales to application HubSpot"}},
		{`{"op":"add","user_groups":["Sales"],"applications":["HubSpot"]}`, "done, read back. add user group Sales to application HubSpot (", 1, nil},
		{`{"op":"add","user_groups":["Sales"],"applications":["HubSpot"]}`, "no effect: is there already", 0, nil},
		{`{"op":"add","users":["bob.stone","kim.lee"],"user_groups":["Sales"],"applications":["HubSpot","GitHub"]}`, "done: 5 done, read back, 1 no effect", 5, []string{
			"\nadd user group Sales to application HubSpot,no effect: is there already,-\n", "\nadd user kim.lee to application GitHub,\"done, read back\",c-"}},
		{`{"op":"add","users":["bob.stone","bob.stone"],"applications":["HubSpot"]}`, "no effect", 0, nil},
		{`{"op":"add","users":["bob.stone"],"devices":["LT-042"],"device_groups":["Servers"],"applications":["HubSpot"],"sudo":"password"}`, "done: 2 done", 2, []string{"add user bob.stone to device LT-042, sudo password"}},
		{`{"op":"add","users":["bob.stone"],"devices":["LT-042"],"sudo":"password"}`, "no effect: is there already, with sudo password", 0, nil},
		{`{"op":"add","users":["bob.stone"],"devices":["LT-042"]}`, "no effect", 0, nil},
		{`{"op":"add","users":["bob.stone"],"devices":["LT-042"],"sudo":"no_password"}`, "done, read back. update user bob.stone on device LT-042, sudo no_password, was password", 1, nil},
		{`{"op":"add","users":["bob.stone"],"devices":["LT-042"],"sudo":"none"}`, "done, read back. update user bob.stone on device LT-042, sudo none, was no_password", 1, nil},
		{`{"op":"remove","users":["bob.stone"],"devices":["LT-042"],"device_groups":["Servers"]}`, "done: 2 done", 2, nil},
		{`{"op":"remove","users":["bob.stone"],"applications":["HubSpot"]}`, "done, read back", 1, []string{"till reached through group Sales."}},
		{`{"op":"remove","users":["bob.stone"],"applications":["HubSpot"]}`, "no effect: no direct access to take away; it comes through group Sales", 0, nil},
		{`{"op":"remove","users":["kim.lee"],"user_groups":["Sales"],"applications":["HubSpot"]}`, "done: 2 done", 2, nil},
		{`{"op":"remove","users":["kim.lee"],"user_groups":["Engineering"],"applications":["GitHub"]}`, "done: 2 done, read back (", 2, nil},
		{`{"op":"add","users":["bob"],"applications":["HubSpot"]}`, "not_found", 0, nil},
		{`{"op":"add","users":["kim.lee"]}`, "invalid_argument", 0, nil},
		{`{"op":"add","applications":["HubSpot"]}`, "invalid_argument", 0, nil},
		{`{"op":"remove","users":["kim.lee"],"devices":["LT-042"],"sudo":"none"}`, "invalid_argument", 0, nil},
		{`{"op":"add","users":["kim.lee"],"applications":["HubSpot"],"sudo":"password"}`, "invalid_argument", 0, nil},
	} {
		b.wire.reset()
		text, _ := b.call("access_change", c.args)
		if !strings.HasPrefix(text, c.begins) || len(b.wire.writes()) != c.writes {
			t.Errorf("%s: %d writes: %s", c.args, len(b.wire.writes()), text)
		}
		for _, part := range c.holds {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in %s", part, text)
			}
		}
	}
	bob, device, app := b.idOf("users", "username", "bob.stone"), b.idOf("devices", "hostname", "LT-042"), b.idOf("applications", "displayLabel", "HubSpot")
	if sudoBetween(b, bob, device) != "" || sudoBetween(b, bob, app) != "" {
		t.Error("the connections are still there")
	}
}

// What a call says to have given is there, sudo included, and nothing else changed.
func TestAccessChangeTruth(t *testing.T) {
	b := newBench(t, sandboxOptions)
	id := func(collection, field, name string) string { return b.idOf(collection, field, name) }
	ada, sales := id("users", "username", "ada.king"), id("user_groups", "name", "Sales")
	laptop, kiosks, aws := id("devices", "hostname", "MBP-031"), id("device_groups", "name", "Kiosks"), id("applications", "displayLabel", "Figma")
	before := len(b.sandbox.Snapshot()["associations"])
	text := b.must("access_change", `{"op":"add","users":["ada.king"],"user_groups":["Sales"],"applications":["Figma"],"devices":["MBP-031"],"device_groups":["Kiosks"],"sudo":"no_password"}`)
	for _, who := range []string{ada, sales} {
		got := []string{sudoBetween(b, who, aws), sudoBetween(b, who, laptop), sudoBetween(b, who, kiosks)}
		if diff := cmp.Diff([]string{"-", "**", "**"}, got); diff != "" {
			t.Errorf("%s\n%s", diff, text)
		}
	}
	if n := len(b.sandbox.Snapshot()["associations"]); n != before+6 {
		t.Errorf("%d associations, there were %d", n, before)
	}
	if text := b.must("access_explain", `{"device":"MBP-031"}`); !strings.Contains(text, "ada.king**") {
		t.Error(text)
	}
}

// More than five pairs are asked about once, and the answer is bound to the plan.
func TestAccessChangeAsks(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = auth.AllowAll{} })
	call := Call{Tool: "access_change", CanAsk: true, Arguments: []byte(`{"op":"add","users":["bob.stone","kim.lee","maria.silva"],"applications":["HubSpot","PagerDuty"]}`)}
	a := b.desk.Call(b.ctx, call)
	if a.Ask == nil || !strings.Contains(a.Ask.Question, "add user maria.silva to application PagerDuty") || len(b.wire.writes()) != 0 {
		t.Fatal(a)
	}
	call.Reply = &Reply{Accepted: true, State: a.Ask.State}
	if a = b.desk.Call(b.ctx, call); a.IsError || len(b.wire.writes()) != 6 {
		t.Errorf("%v %v", a.Text, b.wire.writes())
	}
	call = Call{Tool: "access_change", Arguments: []byte(`{"op":"add","users":["bob.stone","kim.lee"],"applications":["Jira"]}`)}
	if a := b.desk.Call(b.ctx, call); a.Ask != nil || a.IsError {
		t.Error(a.Text)
	}
}

// A pair that fails is said, the others are done, and a repeat does what is left.
func TestAccessChangeGoesOn(t *testing.T) {
	b := newBench(t, sandboxOptions)
	github := b.idOf("applications", "displayLabel", "GitHub")
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.Method == "POST" && strings.Contains(r.URL.Path, github) {
			return refusedWith(r, http.StatusForbidden, `{"message":"no"}`), nil
		}
		return nil, nil
	}
	const args = `{"op":"add","users":["bob.stone","maria.silva"],"applications":["GitHub","Figma"]}`
	text, a := b.call("access_change", args)
	if !a.IsError || !strings.HasPrefix(text, "partly done, 2 of 4") || !strings.Contains(text, "add user bob.stone to application GitHub,\"failed: forbidden") {
		t.Error(text)
	}
	b.wire.answer = nil
	b.wire.reset()
	if text := b.must("access_change", args); len(b.wire.writes()) != 2 || !strings.HasPrefix(text, "done: 2 done, read back, 2 no effect") {
		t.Error(text)
	}
}

// 204 and nothing happens: it is not called done.
func TestAccessChangeIsReadBack(t *testing.T) {
	b := newBench(t, sandbox.Options{Traps: []string{"no-effect"}})
	text := b.must("access_change", `{"op":"add","users":["bob.stone"],"devices":["LT-042"],"sudo":"password"}`)
	if !strings.HasPrefix(text, string(Accepted)) {
		t.Error(text)
	}
}

// Each pair needs the grant of the tool that changes such a connection.
func TestAccessChangeIsGrantedByStep(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Grants = notTools{"devices_associations_change"} })
	text, a := b.call("access_change", `{"op":"add","users":["bob.stone"],"applications":["HubSpot"],"devices":["LT-042"]}`)
	if a.Code != string(jc.CodeDenied) || len(b.wire.writes()) != 0 {
		t.Error(text)
	}
}

// Many pairs fit an answer, and what is not shown is said.
func TestAccessChangeManyPairs(t *testing.T) {
	b := newBench(t, sandboxOptions)
	var users, apps []string
	for _, u := range b.sandbox.Rows("users")[:25] {
		users = append(users, `"`+u["username"].(string)+`"`)
	}
	for _, a := range b.sandbox.Rows("applications") {
		apps = append(apps, `"`+a["displayLabel"].(string)+`"`)
	}
	text := b.must("access_change", `{"op":"add","users":[`+strings.Join(users, ",")+`],"applications":[`+strings.Join(apps, ",")+`]}`)
	if n := accessTokens(t, text); n > maxTokens || !strings.Contains(text, "more pairs not shown, all ") {
		t.Errorf("%d tokens: %.300s", n, text)
	}
	snapshot := b.sandbox.Snapshot()
	for _, u := range users {
		user := b.idOf("users", "username", strings.Trim(u, `"`))
		n := 0
		for _, a := range snapshot["associations"] {
			if slices.Contains([]any{a["from"], a["to"]}, any(user)) && slices.Contains([]any{a["from_type"], a["to_type"]}, any("application")) {
				n++
			}
		}
		if n != len(apps) {
			t.Errorf("%s has %d of %d", u, n, len(apps))
		}
	}
}
