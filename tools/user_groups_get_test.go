package tools

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

func emptyListAt(suffix string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			return nil, nil
		}
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader("[]")), Request: r}, nil
	}
}

// TestUserGroupsGet holds members and grants against the graph, also where the API does not count.
func TestUserGroupsGet(t *testing.T) {
	for _, o := range []sandbox.Options{{}, {Users: 2500, Traps: []string{"no-total-count"}}} {
		b := newBench(t, o)
		groupsGive(t, b, webOf(b), 3)
	}
}

func groupsGive(t *testing.T, b *bench, w *web, more int) {
	t.Helper()
	for _, g := range some(b.sandbox.Rows("user_groups"), 17, more) {
		id, name := g["id"].(string), g["name"].(string)
		_, a := b.call("user_groups_get", fmt.Sprintf(`{"group":%q,"include":["members","grants"]}`, name))
		head, object, tables := shownBlocks(t, a)
		if object["name"] != name {
			t.Errorf("%v", object)
		}
		ids := map[string][]string{}
		for _, m := range w.members[id] {
			ids["direct"] = append(ids["direct"], m.id)
		}
		members, n := w.named(ids)
		want(t, head, fmt.Sprintf("members %d,", n))
		if strings.Contains(head, "left out: members") {
			shown := strings.Split(tables["members"][0][1], " | ")
			for _, s := range shown {
				if _, found := slices.BinarySearch(members["direct"], s); !found {
					t.Errorf("%s is no member of %s", s, name)
				}
			}
			want(t, head, fmt.Sprintf("left out: members %d", n-len(shown)))
		} else {
			w.same(t, name+" members", tables["members"], members)
		}
		given := map[string][]string{}
		for kind, plural := range map[string]string{"application": "applications", "system": "devices", "system_group": "device groups",
			"radius_server": "RADIUS servers", "ldap_server": "LDAP servers", "active_directory": "directories"} {
			ways, n := w.ways(id, kind, true)
			for way, list := range ways {
				given[strings.ReplaceAll(plural, " ", "_")+"/"+way] = list
			}
			want(t, head, fmt.Sprintf("%s %d", plural, n))
		}
		w.same(t, name+" grants", tables["names"], given)
	}
}
