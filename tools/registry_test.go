package tools

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var toolName = regexp.MustCompile(`^[a-z]+[0-9]*(_[a-z]+)+$`)

// TestRegistry walks every declaration: what one of them forgets fails here.
func TestRegistry(t *testing.T) {
	all := All()
	if err := Check(all); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, x := range all {
		used[x.Toolset] = true
		t.Run(x.Name, func(t *testing.T) {
			if !toolName.MatchString(x.Name) || len(x.Name) > 64 {
				t.Errorf("%q is no tool name", x.Name)
			}
			if err := x.Schema.Compile(); err != nil {
				t.Errorf("its schema does not compile: %v", err)
			}
			if x.lists {
				if e := x.exports(); e.Compile() != nil || !slices.Contains(e.Names(), "export") {
					t.Error("its schema with exports is not one")
				}
			}
			for _, raw := range []json.RawMessage{x.Schema.Full(), x.Schema.Listed()} {
				checkSchema(t, raw)
			}
			if len(x.Operations) == 0 && x.Toolset != "api" && x.Toolset != "changes" { // these send what others declare
				t.Error("it declares no operation")
			}
			for _, e := range x.Operations {
				read := e.Method == "GET" && !actingGet[e.String()] || e.Method == "POST" && readPost(e)
				if (x.Risk == auth.Read) != read && x.Risk != auth.Reveal {
					t.Errorf("%s does not go with risk %s", e, x.Risk)
				}
			}
			for _, e := range x.lookups() {
				if e.Method != "GET" && !readPost(e) || actingGet[e.String()] {
					t.Errorf("the derived read %s is no read", e)
				}
			}
			l := x.Listed()
			if l.ReadOnly == l.Destructive && l.ReadOnly {
				t.Error("its hints contradict each other")
			}
			for _, c := range x.columns {
				if c == flagsColumn {
					continue
				}
				if _, err := x.field("fields", c); err != nil {
					t.Errorf("its column %q is no field: %v", c, err)
				}
			}
		})
	}
	for name, doc := range Toolsets {
		if !regexp.MustCompile(`^[a-z]+[0-9]*(_[a-z]+)*$`).MatchString(name) || !strings.HasSuffix(doc, ".") {
			t.Errorf("toolset %q or its description %q is not in form", name, doc)
		}
	}
}

// readPost tells the POSTs that only read.
func readPost(e jc.Endpoint) bool { return e.Method == "POST" && readPosts.MatchString(e.Path) }

var readPosts = regexp.MustCompile(`^/api/search/|^/insights/directory/v1/events|/directoryinsights/` +
	`|^/api/v2/authn/policy-evaluations/|^/api/v2/identityrisk/factors-timeline$|^/api/v2/softwareapps/validate$|^/api/v2/activedirectories/translation-rules/preview$`)

// actingGet tells the GETs that do something: this one sends a mail.
var actingGet = map[string]bool{"GET /api/users/reactivate/{administrator}": true}

// checkSchema: what clients reject or drop must not be there.
func checkSchema(t *testing.T, raw json.RawMessage) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil || root["type"] != "object" {
		t.Fatalf("the schema is no object: %s", raw)
	}
	if root["additionalProperties"] != false {
		t.Error("the schema lets unknown arguments through")
	}
	var walk func(any)
	walk = func(v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		for _, bad := range []string{"$ref", "oneOf", "anyOf", "allOf", "$schema", "$id"} {
			if _, there := m[bad]; there {
				t.Errorf("the schema holds %s, which some clients reject", bad)
			}
		}
		if _, typed := m["type"].(string); !typed {
			t.Errorf("a part of the schema has no type: %v", m)
		}
		if props, ok := m["properties"].(map[string]any); ok {
			for _, p := range props {
				walk(p)
			}
		}
		if items, there := m["items"]; there {
			walk(items)
		}
	}
	walk(root)
}

// TestGolden keeps the list of tools as clients see it; UPDATE_GOLDEN=1 writes it anew.
func TestGolden(t *testing.T) {
	b := newBench(t, sandboxOptions)
	got, err := json.MarshalIndent(b.desk.List(b.ctx), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const path = "testdata/tools.json"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the list of tools changed; if that is meant, UPDATE_GOLDEN=1 go test ./tools -run TestGolden\n%s", diff)
	}
}

// TestBudget counts what a client puts into a model's context.
func TestBudget(t *testing.T) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	count := func(v any) int {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		ids, _, _ := enc.Encode(string(raw))
		return len(ids)
	}
	type shown struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"input_schema"`
	}
	sum, n, core, micro, worst := 0, 0, 0, 0, ""
	most := 0
	var lines strings.Builder
	for _, x := range sorted(All()) {
		c := count(shown{x.Name, x.Doc, x.Schema.Listed()})
		fmt.Fprintf(&lines, "%s %d\n", x.Name, c)
		sum, n = sum+c, n+1
		switch x.Surface() {
		case MicroSurface:
			micro += c
			core += c
		case CoreSurface:
			core += c
		}
		if x.Core {
			t.Logf("core %-32s %4d", x.Name, c)
		}
		if c > 200 {
			t.Errorf("%s costs %d tokens to list; at most 200", x.Name, c)
		}
		if c > most {
			most, worst = c, x.Name
		}
	}
	instructions := func(s Surface) int {
		b := newBench(t, sandboxOptions, func(o *Options) { o.Selection = Selection{Surface: s} })
		ids, _, _ := enc.Encode(b.desk.Instructions(b.ctx))
		return len(ids)
	}
	said, brief := instructions(CoreSurface), instructions(MicroSurface)
	t.Logf("core with instructions %d; instructions %d; micro with its own %d; full %d tools, %d on average, most %d (%s)",
		core+said, said, micro+brief, n, sum/n, most, worst)
	if core+said > 3600 || said > 110 || micro+brief > 300 || sum/n > 100 {
		t.Error("at most 3,600 for core with instructions, 110 for these, 300 for micro with its own, 100 a tool on average")
	}
	const path = "listed_tokens.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(listedTokens, lines.String()); diff != "" {
		t.Errorf("%s is stale; UPDATE_GOLDEN=1 go test ./tools -run 'TestGolden|TestBudget'\n%s", path, diff)
	}
}

// sorted are tools by name.
func sorted(list []*Tool) []*Tool {
	return slices.SortedFunc(slices.Values(list), func(a, b *Tool) int { return strings.Compare(a.Name, b.Name) })
}

// TestTokensOverestimates: the cap on answers holds only if our count is never under the real one.
func TestTokensOverestimates(t *testing.T) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, sandboxOptions)
	texts := []string{"7e06abbab0ea4db05b90dfdc,fdc348419e1ab67bbefa941e", "日本語のテキスト, Ελληνικά, кириллица", strings.Repeat("a1b2", 100), "!!??--==,,;;::\"\"", "\U0001F600\U0001F680 emoji"}
	for _, c := range [][2]string{{"users_list", `{"limit":100}`}, {"users_list", `{"limit":100,"fields":"_id,username,email,created,manager"}`},
		{"devices_list", `{"limit":100}`}, {"devices_get", `{"device":"LT-042"}`}, {"user_groups_list", `{}`}} {
		texts = append(texts, b.must(c[0], c[1]))
	}
	for _, s := range texts {
		ids, _, _ := enc.Encode(s)
		if ours := tokens(s); ours < len(ids) {
			t.Errorf("counted %d, really %d: %.60q", ours, len(ids), s)
		} else {
			t.Logf("counted %d, really %d", ours, len(ids))
		}
	}
}

// TestImports holds the direction in which packages know each other.
func TestImports(t *testing.T) {
	root := ".."
	allowed := map[string][]string{
		"auth": nil, "jumpcloud": nil, "schemas": nil, "jumpcloud/sandbox": nil,
		"auth/state": {"auth"}, "auth/oauth": nil, "tools": {"auth", "auth/state", "jumpcloud", "schemas"},
	}
	ours := regexp.MustCompile(`"github\.com/jc-mcp/jc-mcp/([^"]+)"`)
	for dir, may := range allowed {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range ours.FindAllStringSubmatch(string(src), -1) {
				if !slices.Contains(may, m[1]) {
					t.Errorf("%s imports %s", f, m[1])
				}
			}
			if strings.Contains(string(src), "mark3labs/mcp-go") {
				t.Errorf("%s imports mcp-go; only the transport may", f)
			}
			if strings.Contains(string(src), "go-resty/resty") && dir != "jumpcloud" {
				t.Errorf("%s imports resty; only the client may", f)
			}
		}
	}
}
