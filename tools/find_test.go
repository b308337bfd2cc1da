package tools

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFindIsOfTheList: a tool is found as it is listed, and none that is not listed.
func TestFindIsOfTheList(t *testing.T) {
	b := newOrgs(t, acmeAndGlobex)
	for _, agent := range []string{"both", "globex", "reader", "nobody"} {
		ctx := b.as(agent)
		listed := map[string]Listed{}
		for _, l := range b.server.List(ctx) {
			listed[l.Name] = l
		}
		for _, tool := range All() {
			got, ok := b.server.Find(ctx, tool.Name)
			want, in := listed[tool.Name]
			if ok != in {
				t.Errorf("%s, %s: found %v, listed %v", agent, tool.Name, ok, in)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, %s: %s", agent, tool.Name, d)
			}
		}
		if _, ok := b.server.Find(ctx, "users_list2"); ok {
			t.Errorf("%s: what is not there is found", agent)
		}
	}
	if _, ok := b.server.Find(t.Context(), "users_list"); ok {
		t.Error("a tool is found for nobody")
	}
}
