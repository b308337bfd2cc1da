package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/tools"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func declaredTools(t *testing.T, args ...string) []declared {
	t.Helper()
	r := jcmcp(t, nil, append([]string{"tools", "--json"}, args...)...)
	r.want(t, exitDone)
	var out []declared
	if err := json.Unmarshal([]byte(r.out), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestToolsJSONSaysAllOfAll(t *testing.T) {
	list := declaredTools(t)
	if len(list) != len(tools.All()) {
		t.Errorf("%d of %d tools", len(list), len(tools.All()))
	}
	if !slices.IsSortedFunc(list, func(a, b declared) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted by name")
	}
	for _, d := range list {
		var schema struct{ Type string }
		if err := json.Unmarshal(d.InputSchema, &schema); err != nil || schema.Type != "object" {
			t.Errorf("%s: schema %s", d.Name, d.InputSchema)
		}
		if d.Toolset == "" || d.Title == "" || d.Description == "" || d.Risk == "" || d.Effect == "" || d.Operations == nil {
			t.Errorf("%s leaves something out: %+v", d.Name, d)
		}
	}
	i := slices.IndexFunc(list, func(d declared) bool { return d.Name == "users_delete" })
	if i < 0 || list[i].Risk != "destroy" || !slices.Contains(list[i].Operations, "DELETE /api/systemusers/{user}") {
		t.Errorf("users_delete: %+v", list[max(i, 0)])
	}
}

func TestToolsNarrowed(t *testing.T) {
	for _, d := range declaredTools(t, "--read-only", "--toolsets", "users") {
		if d.Risk != "read" || d.Toolset != "users" {
			t.Errorf("%s is %s of %s", d.Name, d.Risk, d.Toolset)
		}
	}
	for _, d := range declaredTools(t, "--surface=core") {
		if !d.Core {
			t.Errorf("%s is not core", d.Name)
		}
	}
	plain := strings.Split(strings.TrimSpace(jcmcp(t, nil, "tools").out), "\n")
	if core := declaredTools(t, "--surface=core"); len(plain) != len(core) || !strings.HasPrefix(plain[0], core[0].Name+" ") {
		t.Errorf("%d lines for %d core tools: %q", len(plain), len(core), plain[0])
	}
	jcmcp(t, nil, "tools", "--json", "--markdown").want(t, exitUsage, "two forms")
}

func TestToolsMarkdown(t *testing.T) {
	r := jcmcp(t, nil, "tools", "--markdown")
	r.want(t, exitDone, "# Tools\n", "\n## users\n\n"+tools.Toolsets["users"], "| name | risk | effect | surface | tokens | operations | description |",
		"| `users_delete` | destroy | idempotent |", "`DELETE /api/systemusers/{user}`", "\n### users_delete\n\n- `user`* string")
	for _, x := range tools.All() {
		if !strings.Contains(r.out, "\n| `"+x.Name+"` | ") || !strings.Contains(r.out, "\n### "+x.Name+"\n") {
			t.Errorf("%s is missing", x.Name)
		}
	}
	if again := jcmcp(t, nil, "tools", "--markdown"); again.out != r.out {
		t.Error("not the same twice")
	}
}

func TestWords(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"string"}`:                                               "string",
		`{"type":"string","format":"date-time"}`:                          "string (date-time)",
		`{"type":"integer","minimum":1,"maximum":10}`:                     "integer, 1 to 10",
		`{"type":"integer","minimum":0}`:                                  "integer, at least 0",
		`{"type":["string","null"]}`:                                      "string or null",
		`{"enum":["a","b"],"type":"string"}`:                              "one of `a`, `b`",
		`{"type":"array","items":{"type":"string"}}`:                      "list of string",
		`{"anyOf":[{"type":"string"},{"type":"integer"}]}`:                "string or integer",
		`{"type":"object","properties":{"b":{},"a":{}},"required":["b"]}`: "object (`a`, `b*`)",
		`{}`: "any value",
	} {
		var d described
		if err := json.Unmarshal([]byte(schema), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.words(); got != want {
			t.Errorf("%s: %q, want %q", schema, got, want)
		}
	}
}
