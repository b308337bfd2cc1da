package tools

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAccessRequestsList(t *testing.T) {
	b := newBench(t, sandboxOptions)
	checkAccessList(t, b, "active", "ended", "all")
}

// checkAccessList holds the list against the requests that the sandbox has.
func checkAccessList(t *testing.T, b *bench, which ...string) {
	states := map[string]int{}
	for _, m := range b.sandbox.Rows("access_requests") {
		states[m["accessState"].(string)]++
	}
	ended := states["expired"] + states["revoked"]
	if states["granted"] == 0 || ended == 0 {
		t.Fatalf("nothing to find: %v", states)
	}
	for _, state := range which {
		shown := map[string]int{"active": states["granted"], "ended": ended, "all": states["granted"] + ended}[state]
		text, a := b.call("access_requests_list", `{"state":"`+state+`"}`)
		rows := len(cellsOf(t, a)) - 1
		if want := fmt.Sprintf("# %d active, %d ended; %d shown", states["granted"], ended, rows); a.IsError || !strings.HasPrefix(text, want) {
			t.Errorf("%s: not %q: %.300s", state, want, text)
		}
		if rows != shown && !strings.Contains(text, "cut at") {
			t.Errorf("%s: %d rows of %d, and no word of a cut", state, rows, shown)
		}
		if n := tokens(text); n > maxTokens {
			t.Errorf("%s: %d tokens", state, n)
		}
	}
}

func TestAccessRequestsListNames(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.must("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h","remarks":"INC-1"}`)
	text, a := b.call("access_requests_list", `{"user":"maria.silva"}`)
	rows := cellsOf(t, a)
	if len(rows) != 2 || rows[1][0] != "maria.silva" || rows[1][1] != "LT-042" || rows[1][3] != "granted" || rows[1][5] != "INC-1" {
		t.Fatal(text)
	}
	for _, want := range []string{"JumpCloud lists none", "sources: Directory Insights (access_management events of 90 days, ", "), this server's audit since ", "each request read now", "elsewhere in the last minutes may be missing"} {
		if !strings.Contains(a.Text[0], want) {
			t.Errorf("it is not said where the list comes from (%s): %s", want, a.Text[0])
		}
	}
	b.must("access_requests_revoke", `{"user":"maria.silva","device":"LT-042"}`)
	if text := b.must("access_requests_list", `{"user":"maria.silva"}`); !strings.HasPrefix(text, "# 0 active, 1 ended; 0 shown") {
		t.Error(text)
	}
	if _, a := b.call("access_requests_list", `{"device":"LT-042","state":"all"}`); len(cellsOf(t, a)) < 2 {
		t.Error("nothing by device")
	}
}

// What cannot be read is not none.
func TestAccessRequestsListForbidden(t *testing.T) {
	forbid := func(b *bench, path string) {
		b.wire.answer = func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, path) {
				return &http.Response{StatusCode: 403, Header: http.Header{"Content-Type": {"application/json"}}, Body: http.NoBody, Request: r}, nil
			}
			return nil, nil
		}
	}
	b := newBench(t, sandboxOptions)
	forbid(b, "/insights/")
	if text, a := b.call("access_requests_list", `{}`); a.Code != "forbidden" || !strings.Contains(text, "Directory Insights") {
		t.Errorf("%s", text)
	}
	b.must("access_requests_create", `{"user":"maria.silva","device":"LT-042","expiry":"1h"}`)
	if text := b.must("access_requests_list", `{}`); !strings.Contains(text, "maria.silva,LT-042") || !strings.Contains(text, "events not read (403 role)") {
		t.Errorf("%s", text)
	}
	b = newBench(t, sandboxOptions)
	forbid(b, "/systemusers")
	if text := b.must("access_requests_list", `{}`); !strings.Contains(text, "user names not read (403 role)") || !strings.Contains(text, "granted") {
		t.Errorf("%s", text)
	}
}
