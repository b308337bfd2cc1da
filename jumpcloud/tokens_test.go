package jumpcloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A list that is paged by tokens is read to its end, no further than is wanted, and
// not for ever where a token comes again.
func TestTokens(t *testing.T) {
	const all = 7
	var asked []string
	again := false
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("max")+"@"+q.Get("token"))
		size, _ := strconv.Atoi(q.Get("max"))
		from, _ := strconv.Atoi(q.Get("token"))
		users := []any{}
		for i := from; i < min(from+size, all); i++ {
			users = append(users, map[string]any{"id": fmt.Sprint(i)})
		}
		next := ""
		if from+size < all {
			next = strconv.Itoa(from + size)
		}
		if again {
			next = "0"
		}
		for _, counted := range []string{"limit", "skip", "sort", "filter"} {
			if q.Has(counted) {
				t.Errorf("%s was sent", counted)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"users": users, "next": next})
	})
	c := dialled(t, u.URL, nil)
	req := Request{Endpoint: At("GET /api/v2/gsuites/{directory}/import/users"), Params: map[string]string{"directory": "65fa1c0000000000000000aa"}}
	q := Query{Takes: []string{}, Tokens: &Tokens{Param: "token", Field: "next", Size: "max", Most: 3}}
	for _, x := range []struct {
		name            string
		skip, want      int
		again           bool
		first, n, total int
		requests        []string
	}{
		{name: "all", n: 7, total: 7, requests: []string{"3@", "3@3", "3@6"}},
		{name: "some", want: 2, n: 2, total: -1, requests: []string{"2@"}},
		{name: "further", skip: 2, want: 3, first: 2, n: 3, total: -1, requests: []string{"3@", "3@3"}},
		{name: "the last", skip: 6, want: 5, first: 6, n: 1, total: 7, requests: []string{"3@", "3@3", "3@6"}},
		{name: "a token again", again: true, n: 3, total: -1, requests: []string{"3@", "3@0"}},
	} {
		asked, again = nil, x.again
		q.Skip = x.skip
		rows, _, err := c.Walk(t.Context(), req, q, x.want, nil)
		if err != nil || len(rows.Rows) != x.n || rows.Total != x.total || rows.Rows[0].Text("id") != strconv.Itoa(x.first) {
			t.Errorf("%s: %v, total %d, %v", x.name, rows.Rows, rows.Total, err)
		}
		if diff := cmp.Diff(x.requests, asked); diff != "" {
			t.Errorf("%s: %s", x.name, diff)
		}
	}
	again, q.Skip = false, 0
	read := 0
	if err := c.Each(t.Context(), req, q, func(rows []Row, _ int) error { read += len(rows); return nil }); err != nil || read != all {
		t.Errorf("%d rows in all, %v", read, err)
	}
}
