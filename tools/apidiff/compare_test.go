package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/tools"
)

const description = `{"servers":[{"url":"https://console.example.com/api/v2"}],"paths":{
 "/iplists":{"get":{"parameters":[{"in":"query","name":"limit","schema":{"type":"integer"}},{"in":"query","name":"owner","required":true,"schema":{"type":"string"}}]},
  "post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/list"}}}}}},
 "/ldapservers/{id}":{"patch":{"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{
   "userLockoutAction":{"type":"string","enum":["disable","archive"]},"userPasswordExpirationAction":{"type":"string","enum":["disable","remove"]}}}}}}}},
 "/moonbases":{"get":{}}},
 "components":{"schemas":{"list":{"type":"object","required":["ips"],"properties":{"ips":{"type":"array","items":{"type":"string"}},"id":{"type":"string","readOnly":true},
   "name":{"type":"string"},"colour":{"type":"string"}}}}}}`

// Each kind of difference is found, and nothing that is alike is named.
func TestCompare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "api.json")
	if err := os.WriteFile(file, []byte(description), 0o600); err != nil {
		t.Fatal(err)
	}
	described, err := read([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	var some []*tools.Tool
	for _, x := range tools.All() {
		switch x.Name {
		case "ip_lists_list", "ip_lists_create", "ip_lists_get", "ldap_servers_update":
			some = append(some, x)
		}
	}
	want := []string{
		`gone: GET /api/v2/iplists/{ip_list} (ip_lists_get)`,
		`ip_lists_create, body: "colour" was added`,
		`ip_lists_create, body: "description" is gone`,
		`ip_lists_create, body: "ips" is required now`,
		`ip_lists_list, query: "owner" was added, and is required`,
		`ldap_servers_update, body: "userLockoutAction" does not take "remove" any more`,
		`ldap_servers_update, body: "userLockoutAction" takes "archive" too`,
		`new: GET /api/v2/moonbases`,
	}
	if got := compare(described, some); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var out strings.Builder
	if n := report(&out, described, some, map[string]bool{want[0]: true}); n != len(want)-1 || !strings.Contains(out.String(), "4 operations described, 7 differences") {
		t.Errorf("reported %d: %s", n, out.String())
	}
}

// What the tools declare is what is published, but for what known.txt says; and
// nothing stands there that is no difference any more.
func TestPublished(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "jumpcloud", "openapi", "*.json"))
	if len(files) == 0 {
		t.Skip("the published OpenAPI files are not here")
	}
	described, err := read(files)
	if err != nil {
		t.Fatal(err)
	}
	got := compare(described, tools.All())
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("known.txt", []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(known), "\n"), got); diff != "" {
		t.Errorf("look at each, then UPDATE_GOLDEN=1 go test ./tools/apidiff\n%s", diff)
	}
}

func TestLines(t *testing.T) {
	raw, _ := json.Marshal(map[string]string{"method": "get", "path": "/api/x/{id}"})
	got, err := lines(raw)
	if err != nil || len(got) != 1 || got[0].at != "GET /api/x/{id}" || !got[0].plain {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := lines([]byte("no JSON")); err == nil {
		t.Error("what is no operation was read as one")
	}
}
