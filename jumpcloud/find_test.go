package jumpcloud_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

type keyed struct {
	next http.RoundTripper
	n    *atomic.Int64
}

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	k.n.Add(1)
	r = r.Clone(r.Context())
	r.Header.Set("x-api-key", "sandbox-key")
	return k.next.RoundTrip(r)
}

func overSandbox(t *testing.T, o sandbox.Options) (*jc.Client, *sandbox.Org, *atomic.Int64) {
	t.Helper()
	org, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := jc.RegionHosts("us")
	if err != nil {
		t.Fatal(err)
	}
	n := &atomic.Int64{}
	c, err := jc.New(jc.Config{Hosts: hosts, Transport: keyed{org.Transport(), n}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, org, n
}

// A look-up finds exactly what was named, in as few requests as it takes, at any size.
func TestDirectoryByName(t *testing.T) {
	c, org, n := overSandbox(t, sandbox.Options{Users: 3000})
	d := jc.NewDirectory(c)
	k := jc.User{}.Kind()
	var names []string
	ids := map[string]string{}
	for _, u := range org.Snapshot()["users"][:200] {
		names = append(names, strings.ToUpper(u["username"].(string)))
		ids[strings.ToUpper(u["username"].(string))] = u["_id"].(string)
	}
	found, err := d.ByName(t.Context(), k, names, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range ids {
		if o := found[name]; len(o) != 1 || o[0].ID != id {
			t.Errorf("%s came to %v, want %s", name, o, id)
		}
	}
	if got := n.Load(); got > 12 {
		t.Errorf("%d requests for 200 names", got)
	}
	before := n.Load()
	if _, err := d.ByName(t.Context(), k, names, false); err != nil || n.Load() != before {
		t.Errorf("asked again for what was just found: %d more requests, %v", n.Load()-before, err)
	}
	if _, err := d.ByName(t.Context(), k, names[:1], true); err != nil || n.Load() == before {
		t.Errorf("a fresh look-up was answered from memory, %v", err)
	}
	if o, err := d.ByName(t.Context(), k, []string{"ada", "ada.kin", "nobody"}, false); err != nil || len(o["ada"])+len(o["ada.kin"])+len(o["nobody"]) != 0 {
		t.Errorf("a part of a name was taken for it: %v %v", o, err)
	}
	if near := d.Nearest(t.Context(), k, "ada.kingg"); !slices.Contains(near, "ada.king") {
		t.Errorf("near ada.kingg: %v", near)
	}
}

// A comma cannot stand in a v2 filter; the group is found all the same.
func TestDirectoryNameWithComma(t *testing.T) {
	c, _, _ := overSandbox(t, sandbox.Options{})
	found, err := jc.NewDirectory(c).ByName(t.Context(), jc.UserGroup{}.Kind(), []string{"Sales, EMEA", "Sales"}, false)
	if err != nil || len(found["Sales, EMEA"]) != 1 || len(found["Sales"]) != 1 || found["Sales"][0].ID == found["Sales, EMEA"][0].ID {
		t.Errorf("%v, %v", found, err)
	}
}

// Names are found by id in chunks, and forgotten after a minute or a write.
func TestDirectoryByID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, org, n := overSandbox(t, sandbox.Options{})
		d := jc.NewDirectory(c)
		k := jc.User{}.Kind()
		var ids []string
		for _, u := range org.Snapshot()["users"] {
			ids = append(ids, u["_id"].(string))
		}
		found, err := d.ByID(t.Context(), k, append(ids, "5f0000000000000000000000"), false)
		if err != nil || len(found) != len(ids) || n.Load() > 2 {
			t.Fatalf("%d of %d found in %d requests: %v", len(found), len(ids), n.Load(), err)
		}
		at := n.Load()
		if _, err := d.ByID(t.Context(), k, ids[:3], false); err != nil || n.Load() != at {
			t.Error("asked again for what is known")
		}
		time.Sleep(61 * time.Second)
		if _, err := d.ByID(t.Context(), k, ids[:3], false); err != nil || n.Load() == at {
			t.Error("remembered for more than a minute")
		}
		at = n.Load()
		d.Forget()
		if _, err := d.ByID(t.Context(), k, ids[:1], false); err != nil || n.Load() == at {
			t.Error("remembered what was to be forgotten")
		}
	})
}

// A walk reads every page once, the later ones in parallel, and tells how far it is.
func TestWalk(t *testing.T) {
	c, org, n := overSandbox(t, sandbox.Options{Users: 1234})
	last := 0
	rows, repeated, err := c.Walk(t.Context(), jc.Request{Endpoint: jc.At("GET /api/systemusers")}, jc.Query{Fields: []string{"username"}}, 0,
		func(done, total int) {
			if done < last || total != 1234 {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			last = done
		})
	if err != nil || repeated != 0 || rows.Total != 1234 || last != 1234 || n.Load() != 13 {
		t.Fatalf("total %d, repeated %d, progress %d, %d requests, %v", rows.Total, repeated, last, n.Load(), err)
	}
	seen := map[string]bool{}
	for _, r := range rows.Rows {
		seen[r.Text("username")] = true
	}
	if len(seen) != len(org.Snapshot()["users"]) {
		t.Errorf("%d users of %d", len(seen), 1234)
	}
	part, _, err := c.Walk(t.Context(), jc.Request{Endpoint: jc.At("GET /api/systemusers")}, jc.Query{Skip: 1200, Fields: []string{"username"}}, 50, nil)
	if err != nil || len(part.Rows) != 34 {
		t.Errorf("%d rows at the end, %v", len(part.Rows), err)
	}
	bare, _, err := c.Walk(t.Context(), jc.Request{Endpoint: jc.At("GET /api/v2/usergroups")}, jc.Query{}, 0, nil)
	if err != nil || len(bare.Rows) != bare.Total {
		t.Errorf("%d groups of %d, %v", len(bare.Rows), bare.Total, err)
	}
}

// The reader copes with every envelope in use, and takes nothing else for a list.
func TestReadRows(t *testing.T) {
	for body, want := range map[string]int{
		`[]`: 0, `[{"id":"a"}]`: 1, `{"results":[{"id":"a"}],"totalCount":7}`: 1, `{"count":2,"devices":[{"id":"a"},{"id":"b"}]}`: 2,
		`{"templates":[]}`: 0, `{"results":null,"totalCount":0}`: 0,
		`{}`: -1, `{"a":[],"b":[]}`: -1, `null`: -1, `{"results":null,"totalCount":3}`: -1, `{"message":"no"}`: -1, `[1]`: -1, `[null]`: -1,
		`{"results":[null]}`: -1, `{"results":[1]}`: -1, `{"results":[],"results":[]}`: -1, `{"results":[{"a":1,"a":2}]}`: -1, `{"results":[{}],"x":{"y":1,"y":2}}`: -1,
		` {"totalCount" : 2 , "results" : [ {"id":"a"} , {"id":"b","n":1e9} ] } `: 2, `{"results":[{"id":"a"}]`: -1, `{"results":[]} x`: -1,
	} {
		rows, err := jc.ReadRows(&jc.Response{Status: 200, Header: http.Header{}, Body: []byte(body)})
		if want < 0 && err == nil || want >= 0 && (err != nil || len(rows.Rows) != want) {
			t.Errorf("%s: %d rows, %v", body, len(rows.Rows), err)
		}
	}
}
