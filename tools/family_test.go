package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tiktoken-go/tokenizer"
)

// TestGraphContract calls every tool of the graph with what it requires and with
// all it takes, and holds each request against the published description. Where
// the sandbox has the connection already the call takes it away.
func TestGraphContract(t *testing.T) {
	api := openAPI(t)
	reached := map[string]bool{}
	for _, x := range slices.Concat(graph, access) {
		if slices.Contains(All(), x) {
			continue // TestContract calls it
		}
		for _, all := range []bool{false, true} {
			b := newBench(t, sandboxOptions, withAccess)
			var mu sync.Mutex
			b.wire.answer = func(r *http.Request) (*http.Response, error) {
				var body []byte
				if r.Body != nil {
					body, _ = io.ReadAll(r.Body)
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				clone := r.Clone(r.Context())
				clone.Body = io.NopCloser(bytes.NewReader(body))
				mu.Lock()
				defer mu.Unlock()
				op, err := api.check(clone)
				reached[op] = true
				if err != nil {
					t.Errorf("%s sent %s %s\n%s\n%v", x.Name, r.Method, r.URL, body, err)
				}
				return nil, nil
			}
			args := sampleArgs(b, x, all)
			text, a := b.call(x.Name, args)
			if strings.HasPrefix(text, string(NoEffect)) {
				text, a = b.call(x.Name, strings.Replace(args, `"op":"add"`, `"op":"remove"`, 1))
			}
			if a.IsError {
				t.Errorf("%s %s: %s", x.Name, args, text)
			}
		}
		for _, e := range x.Operations {
			if path := strings.TrimPrefix(e.Path, "/api/v2"); x.Toolset != "access" && !reachedShape(reached, e.Method+" "+path) {
				t.Errorf("%s declares %s, which no call came to", x.Name, e)
			}
		}
	}
}

func reachedShape(reached map[string]bool, op string) bool {
	for have := range reached {
		x, y := strings.Split(have, "/"), strings.Split(op, "/")
		same := len(x) == len(y)
		for i := 0; same && i < len(x); i++ {
			same = x[i] == y[i] || strings.HasPrefix(x[i], "{") && strings.HasPrefix(y[i], "{")
		}
		if same {
			return true
		}
	}
	return false
}

// The jobs want what their schema cannot say.
func init() {
	sampleFixes["access_explain"] = func(v map[string]any, all bool) {
		clear(v)
		if v["application"] = "Salesforce"; all {
			clear(v)
			v["user"], v["limit"] = "ada.king", 5
		}
	}
	sampleFixes["access_change"] = func(v map[string]any, all bool) {
		if !all {
			v["op"], v["users"], v["applications"] = "remove", []any{"bob.stone"}, []any{"Salesforce"}
		}
	}
}

// TestGraphDeclarations: what the registry test holds all tools to, for these.
func TestGraphDeclarations(t *testing.T) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0, 0
	for _, x := range slices.Concat(graph, access) {
		if x.err != nil {
			t.Error(x.err)
		}
		if err := x.Schema.Compile(); err != nil {
			t.Errorf("%s: %v", x.Name, err)
		}
		raw, _ := json.Marshal(map[string]any{"name": x.Name, "description": x.Doc, "input_schema": x.Schema.Listed()})
		ids, _, _ := enc.Encode(string(raw))
		if len(ids) > 200 {
			t.Errorf("%s: %d tokens", x.Name, len(ids))
		}
		if sum, n = sum+len(ids), n+1; x.Core {
			t.Logf("core %s: %d tokens", x.Name, len(ids))
		}
	}
	t.Logf("%d tools, %d tokens on average", n, sum/n)
}

// Connections are changed from either side, and what is so already is not sent.
func TestBondChanges(t *testing.T) {
	b := newBench(t, sandboxOptions, withAccess)
	for _, c := range []struct {
		tool, args, begins string
		writes             int
	}{
		{"users_associations_change", `{"user":"bob.stone","op":"add","type":"application","object":"HubSpot"}`, string(Done), 1},
		{"users_associations_change", `{"user":"bob.stone","op":"add","type":"application","object":"HubSpot"}`, string(NoEffect), 0},
		{"users_associations_change", `{"user":"bob.stone","op":"add","type":"system","object":"LT-042","attributes":{"sudo":{"enabled":true,"withoutPassword":false}}}`, string(Done), 1},
		{"devices_associations_change", `{"device":"LT-042","op":"add","type":"user","object":"bob.stone"}`, string(NoEffect), 0},
		{"devices_associations_change", `{"device":"LT-042","op":"add","type":"user","object":"bob.stone","attributes":{"sudo":{"enabled":true,"withoutPassword":true}}}`, "conflict", 0},
		{"devices_associations_change", `{"device":"LT-042","op":"update","type":"user","object":"bob.stone","attributes":{"sudo":{"enabled":true,"withoutPassword":true}}}`, string(Done), 1},
		{"devices_associations_change", `{"device":"LT-042","op":"update","type":"user","object":"kim.lee","attributes":{"sudo":{"enabled":true,"withoutPassword":true}}}`, "not_found", 0},
		{"devices_associations_change", `{"device":"LT-042","op":"update","type":"user","object":"bob.stone"}`, "invalid_argument", 0},
		{"devices_associations_change", `{"device":"LT-042","op":"remove","type":"user","object":"bob.stone"}`, string(Done), 1},
		{"devices_associations_change", `{"device":"LT-042","op":"remove","type":"user","object":"bob.stone"}`, string(NoEffect), 0},
		{"device_groups_associations_change", `{"group":"Kiosks","op":"add","type":"user_group","object":"Sales"}`, string(Done), 1},
		{"user_groups_associations_change", `{"group":"Sales","op":"remove","type":"system_group","object":"Kiosks"}`, string(Done), 1},
		{"user_groups_associations_change", `{"group":"Sales","op":"add","type":"user","object":"bob.stone"}`, "invalid_argument", 0},
		{"ldap_servers_associations_change", `{"ldap_server":"jumpcloud","op":"add","type":"user","object":"con.tractor"}`, string(Done), 1},
	} {
		b.wire.reset()
		text, _ := b.call(c.tool, c.args)
		if !strings.HasPrefix(text, c.begins) || len(b.wire.writes()) != c.writes {
			t.Errorf("%s %s: %d writes: %s", c.tool, c.args, len(b.wire.writes()), text)
		}
	}
	user, device := b.idOf("users", "username", "bob.stone"), b.idOf("devices", "hostname", "LT-042")
	if got := sudoBetween(b, user, device); got != "" {
		t.Errorf("bob.stone is on LT-042 with %q", got)
	}
}

// Traversals and lists of the graph agree with the edges of the sandbox.
func TestGraphListsAgreeWithTheEdges(t *testing.T) {
	b := newBench(t, sandboxOptions, withAccess)
	truth := accessTruthOf(b)
	for _, c := range []struct {
		tool, arg, name, collection, field, target string
	}{
		{"users_applications_list", "user", "ada.king", "users", "username", "applications"},
		{"users_devices_list", "user", "ada.king", "users", "username", "devices"},
		{"users_device_groups_list", "user", "ada.king", "users", "username", "device_groups"},
		{"user_groups_devices_list", "group", "Engineering", "user_groups", "name", "devices"},
		{"users_radius_servers_list", "user", "ada.king", "users", "username", "radius_servers"},
		{"users_ldap_servers_list", "user", "ada.king", "users", "username", "ldap_servers"},
	} {
		text := b.must(c.tool, fmt.Sprintf(`{%q:%q}`, c.arg, c.name))
		reached := truth.reached(b.idOf(c.collection, c.field, c.name), c.target)
		if want := fmt.Sprintf("# total %d; %d shown", len(reached), len(reached)); !strings.HasPrefix(text, want) {
			t.Errorf("%s: no %q in %s", c.tool, want, text)
		}
		for id := range reached {
			if !strings.Contains(text, "\n"+truth.name[id]+",") {
				t.Errorf("%s: no %s in %s", c.tool, truth.name[id], text)
			}
		}
	}
	text := b.must("users_groups_list", `{"user":"ada.king"}`)
	for _, g := range truth.in[b.idOf("users", "username", "ada.king")] {
		if !strings.Contains(text, "\n"+truth.name[g]+",direct") {
			t.Errorf("no %s in %s", truth.name[g], text)
		}
	}
}
