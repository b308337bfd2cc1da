package jumpcloud_test

import (
	"context"
	"errors"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// Pages come in order, each row once, and an end of the reader ends the reading.
func TestEach(t *testing.T) {
	c, org, n := overSandbox(t, sandbox.Options{Users: 2345})
	seen := map[string]bool{}
	last := ""
	list := jc.Request{Endpoint: jc.At("GET /api/systemusers")}
	err := c.Each(t.Context(), list, jc.Query{Fields: []string{"username"}}, func(rows []jc.Row, total int) error {
		for _, r := range rows {
			if id := r.Text("_id"); id <= last || seen[id] {
				t.Fatalf("%s after %s", id, last)
			} else {
				last, seen[id] = id, true
			}
		}
		if total != 2345 {
			t.Errorf("total %d", total)
		}
		return nil
	})
	if err != nil || len(seen) != len(org.Rows("users")) || n.Load() != 24 {
		t.Errorf("%d users in %d requests, %v", len(seen), n.Load(), err)
	}
	enough := errors.New("enough")
	pages := 0
	err = c.Each(t.Context(), list, jc.Query{}, func([]jc.Row, int) error {
		if pages++; pages == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || pages != 3 {
		t.Errorf("%d pages, %v", pages, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = c.Each(ctx, list, jc.Query{}, func([]jc.Row, int) error { cancel(); return nil })
	if err == nil {
		t.Error("a cancelled reading came to its end")
	}
	groups := 0
	if err := c.Each(t.Context(), jc.Request{Endpoint: jc.At("GET /api/v2/usergroups")}, jc.Query{Filters: []string{"name:ne:Sales"}},
		func(rows []jc.Row, _ int) error { groups += len(rows); return nil }); err != nil || groups != len(org.Rows("user_groups"))-1 {
		t.Errorf("%d groups, %v", groups, err)
	}
}
