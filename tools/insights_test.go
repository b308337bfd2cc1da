package tools

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// truth are the events of the sandbox that a test of its own picks, counted
// without any of the code under test.
func (b *bench) truth(last time.Duration, pick func(jc.Row) bool) (out []jc.Row) {
	from := time.Now().Add(-last)
	for _, m := range b.sandbox.Snapshot()["events"] {
		at, _ := time.Parse(time.RFC3339, m["timestamp"].(string))
		if row := jc.Row(m); at.After(from) && pick(row) {
			out = append(out, row)
		}
	}
	return out
}

// pages follows the cursor of insights_query to the end and gives the rows of all pages.
func (b *bench) pages(args map[string]any, between func()) (rows []string, heads []string) {
	b.t.Helper()
	for range 200 {
		raw, _ := json.Marshal(args)
		a := b.desk.Call(b.ctx, Call{Tool: "insights_query", Arguments: raw})
		if a.IsError {
			b.t.Fatalf("%s: %s", raw, a.Text[0])
		}
		heads = append(heads, a.Text[0])
		if len(a.Text) > 1 {
			for _, line := range strings.Split(a.Text[1], "\n")[1:] {
				if !strings.HasPrefix(line, "# ") {
					rows = append(rows, line)
				}
			}
		}
		_, next, more := strings.Cut(a.Text[0], "next=")
		if !more {
			return rows, heads
		}
		args["cursor"], _, _ = strings.Cut(next, ";")
		if between != nil {
			between()
		}
	}
	b.t.Fatal("the pages do not end")
	return nil, nil
}

func unique(rows []string) int {
	return len(slices.Compact(slices.Sorted(slices.Values(rows))))
}

func total(t *testing.T, head string) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscanf(head, "# total %d", &n); err != nil {
		t.Fatalf("no total in %q", head)
	}
	return n
}

// Events that come in while somebody turns the pages neither shift nor repeat a row.
func TestInsightsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, sandboxOptions)
		want := b.truth(7*24*time.Hour, func(jc.Row) bool { return true })
		i := 0
		rows, heads := b.pages(map[string]any{"last": "7d", "limit": 170, "fields": "id,timestamp"}, func() {
			time.Sleep(3 * time.Second)
			i++
			b.must("user_groups_create", fmt.Sprintf(`{"name":"Extra %d"}`, i))
		})
		if len(heads) < 5 || len(rows) != len(want) || unique(rows) != len(want) || total(t, heads[len(heads)-1]) != len(want) {
			t.Errorf("%d pages, %d rows, %d of them different; there are %d events\n%s", len(heads), len(rows), unique(rows), len(want), heads[len(heads)-1])
		}
	})
}

// A page that is cut at the cap goes on where it was cut.
func TestInsightsCutPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes between the two counts
		b := newBench(t, sandboxOptions)
		want := b.truth(48*time.Hour, func(jc.Row) bool { return true })
		rows, heads := b.pages(map[string]any{"last": "48h", "limit": 1000, "fields": "id,timestamp,event_type,useragent,geoip,initiated_by"}, nil)
		if len(heads) < 2 || !strings.Contains(heads[0], "cut at ") || len(rows) != len(want) || unique(rows) != len(want) {
			t.Errorf("%d pages, %d rows, %d different; there are %d\n%s", len(heads), len(rows), unique(rows), len(want), heads[0])
		}
		if n := tokens(heads[0]); n > 200 {
			t.Errorf("a head of %d tokens", n)
		}
	})
}

func TestInsightsConditions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes between the two counts
		b := newBench(t, sandboxOptions)
		b.must("access_requests_create", `{"user":"ada.king","device":"LT-042","expiry":"1h"}`)
		b.must("user_groups_members_change", `{"group":"Sales","add":["ada.king"]}`)
		ada, lt := b.found("users", "username", "ada.king").Text("_id"), b.found("devices", "hostname", "LT-042").Text("_id")
		text := func(path, want string) func(jc.Row) bool {
			return func(r jc.Row) bool { return r.Text(path) == want }
		}
		failed := func(r jc.Row) bool { return r["success"] == false }
		about := func(id string) func(jc.Row) bool { return func(r jc.Row) bool { return mentions(r, id) } }
		both := func(f ...func(jc.Row) bool) func(jc.Row) bool {
			return func(r jc.Row) bool {
				return !slices.ContainsFunc(f, func(one func(jc.Row) bool) bool { return !one(r) })
			}
		}
		not := func(f func(jc.Row) bool) func(jc.Row) bool { return func(r jc.Row) bool { return !f(r) } }
		for _, c := range []struct {
			args string
			pick func(jc.Row) bool
		}{
			{`{"last":"30d"}`, func(jc.Row) bool { return true }},
			{`{"last":"30d","service":["sso","radius"]}`, func(r jc.Row) bool { return r["service"] == "sso" || r["service"] == "radius" }},
			{`{"last":"30d","filter":"success=false"}`, failed},
			{`{"last":"30d","filter":"success=false, event_type=user_login_attempt"}`, both(failed, text("event_type", "user_login_attempt"))},
			{`{"last":"30d","filter":"event_type!=user_login_attempt"}`, not(text("event_type", "user_login_attempt"))},
			{`{"last":"30d","filter":"event_type!=user_login_attempt, service!=sso"}`, both(not(text("event_type", "user_login_attempt")), not(text("service", "sso")))},
			{`{"last":"30d","filter":"success=false, event_type!=user_login_attempt"}`, both(failed, not(text("event_type", "user_login_attempt")))},
			{`{"last":"30d","filter":"event_type=a, event_type=b"}`, func(jc.Row) bool { return false }},
			{`{"last":"30d","filter":"resource=, success=true"}`, func(r jc.Row) bool { return r["resource"] == nil && r["success"] == true }},
			{`{"last":"30d","user":"ada.king"}`, about(ada)},
			{`{"last":"30d","user":"` + ada + `"}`, about(ada)},
			{`{"last":"30d","device":"LT-042"}`, about(lt)},
			{`{"last":"30d","user":"ada.king","device":"LT-042"}`, both(about(ada), about(lt))},
			{`{"last":"30d","user":"ada.king","filter":"success=true, service!=sso"}`, both(about(ada), func(r jc.Row) bool { return r["success"] == true }, not(text("service", "sso")))},
		} {
			want := len(b.truth(30*24*time.Hour, c.pick))
			for _, tool := range []string{"insights_count", "insights_query"} {
				if head := b.must(tool, c.args); total(t, head) != want {
					t.Errorf("%s %s: want %d\n%s", tool, c.args, want, strings.SplitN(head, "\n", 2)[0])
				}
			}
			distinct := b.must("insights_distinct", strings.Replace(c.args, "{", `{"field":"auth_method",`, 1))
			interval := b.must("insights_interval", c.args)
			for _, text := range []string{distinct, interval} {
				sum := 0
				for i, line := range strings.Split(text, "\n") {
					if cells := strings.Split(line, ","); i > 1 {
						n, _ := strconv.Atoi(cells[len(cells)-1])
						sum += n
					}
				}
				if total(t, text) != want || sum != want {
					t.Errorf("%s: the rows sum up to %d, want %d\n%s", c.args, sum, want, text)
				}
			}
		}
	})
}

// Counting here and asking JumpCloud to count come to the same.
func TestInsightsCountedHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes between the two counts
		b := newBench(t, sandboxOptions)
		for _, c := range []struct{ tool, args string }{
			{"insights_distinct", `{"field":"initiated_by.username","last":"7d","filter":"success=false%s"}`},
			{"insights_interval", `{"last":"7d","interval":"day","filter":"success=false%s"}`},
			{"insights_interval", `{"last":"7d","interval":"day","timezone":"Europe/Berlin","filter":"success=false%s"}`},
		} {
			there := strings.SplitN(b.must(c.tool, fmt.Sprintf(c.args, "")), "\n", 2)
			here := strings.SplitN(b.must(c.tool, fmt.Sprintf(c.args, ", event_type!=never")), "\n", 2)
			if diff := cmp.Diff(strings.Split(there[1], "\n"), strings.Split(here[1], "\n")); diff != "" {
				t.Errorf("%s %s: JumpCloud and here differ\n%s", c.tool, c.args, diff)
			}
		}
	})
}

func TestInsightsCoverage(t *testing.T) {
	now := time.Now().UTC()
	b := newBench(t, sandboxOptions)
	want(t, b.must("insights_count", `{}`), "fully covered; services read: all")
	want(t, b.must("insights_count", `{"last":"60d"}`), "fully covered")
	want(t, b.must("insights_count", `{"last":"200d","service":["sso"]}`), ", covered from ", "services read: sso")
	old := fmt.Sprintf(`{"start_time":%q,"end_time":%q}`, now.AddDate(0, 0, -300).Format(time.RFC3339), now.AddDate(0, 0, -200).Format(time.RFC3339))
	want(t, b.must("insights_count", old), "# total 0; ", ", not covered: the oldest event kept is of ")
	b.answerJSON(eventsQuery.Path, 200, `[]`)
	want(t, b.must("insights_count", old), ", not covered: no event of that time or later is kept")
	b.answerJSON(eventsQuery.Path, 403, `{"message":"no"}`)
	want(t, b.must("insights_count", old), ", how far back events are kept could not be read")
}

func TestInsightsUnreadIsNotEmpty(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for path, bodies := range map[string][]string{
		eventsQuery.Path:    {`{}`, `null`, `[1]`, `[{"timestamp":5}]`, `<html></html>`, `[{`, `{"message":"x"}`},
		eventsCount.Path:    {`{}`, `null`, `[]`, `{"count":"many"}`, `{"count":null}`},
		eventsDistinct.Path: {`{}`, `null`, `[]`, `{"buckets":null}`, `{"buckets":{}}`},
		eventsInterval.Path: {`{}`, `null`, `{"buckets":null}`, `{"buckets":[{"key":"x","doc_count":1}]}`},
	} {
		tool := map[string]string{eventsQuery.Path: "insights_query", eventsCount.Path: "insights_count", eventsDistinct.Path: "insights_distinct", eventsInterval.Path: "insights_interval"}[path]
		args := map[string]string{"insights_distinct": `{"field":"service"}`}[tool]
		for _, body := range bodies {
			b.answerJSON(path, 200, body)
			if text, a := b.call(tool, args); !a.IsError {
				t.Errorf("%s read %s as\n%s", tool, body, text)
			}
		}
	}
	b.answerJSON(eventsCount.Path, 403, `{}`)
	want(t, b.must("insights_query", `{"limit":1}`), "# total could not be read; 1 shown; next=")
}

func TestInsightsSaysThatItCannotGoOn(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.answerJSON(eventsQuery.Path, 200, `[{"id":"a","timestamp":"2026-11-22T10:00:00Z"}]`, "X-Result-Count", "1", "X-Limit", "1")
	text := b.must("insights_query", `{"limit":1}`)
	want(t, text, "there are more, but JumpCloud did not say where they begin")
	if strings.Contains(text, "next=") {
		t.Error(text)
	}
}

func TestInsightsRefuses(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range [][2]string{
		{"insights_query", `{"last":"24"}`}, {"insights_query", `{"last":"-1h"}`}, {"insights_query", `{"last":"1h","start_time":"2026-01-01T00:00:00Z"}`},
		{"insights_query", `{"start_time":"2999-01-01T00:00:00Z"}`}, {"insights_query", `{"start_time":"2026-01-02T00:00:00Z","end_time":"2026-01-01T00:00:00Z"}`},
		{"insights_query", `{"start_time":"yesterday"}`}, {"insights_query", `{"service":["sso","nosuch"]}`}, {"insights_query", `{"filter":"success"}`},
		{"insights_query", `{"search":"a","exact_match":"b"}`}, {"insights_query", `{"sort":"event_type"}`}, {"insights_query", `{"limit":0}`},
		{"insights_query", `{"cursor":"abcdef"}`}, {"insights_query", `{"user":"nobody"}`},
		{"insights_distinct", `{}`}, {"insights_distinct", `{"field":"resource"}`}, {"insights_distinct", `{"field":"a b"}`},
		{"insights_interval", `{"timezone":"Mars/Olympus"}`}, {"insights_interval", `{"interval":"hour","interval_unit":"d"}`},
	} {
		b.wire.reset()
		text, a := b.call(c[0], c[1])
		if a.Code != "invalid_argument" && a.Code != "not_found" || slices.ContainsFunc(b.wire.seen, func(s string) bool { return strings.Contains(s, "/insights/") }) {
			t.Errorf("%s %s sent %v: %s", c[0], c[1], b.wire.seen, text)
		}
	}
	page := b.must("insights_query", `{"limit":1}`)
	_, next, _ := strings.Cut(page, "next=")
	next, _, _ = strings.Cut(next, ";")
	if text, a := b.call("insights_query", `{"limit":1,"last":"48h","cursor":"`+next+`"}`); a.Code != "invalid_argument" {
		t.Errorf("a cursor of another question was taken: %s", text)
	}
}

func TestInsightsCells(t *testing.T) {
	row := jc.Row{
		"timestamp": "2026-11-22T13:58:07.123Z", "username": "kim.lee", "success": false,
		"initiated_by": map[string]any{"type": "user"},
		"changes": []any{map[string]any{"field": "department", "from": nil, "to": "Legal"}, map[string]any{"field": "password", "from": "old", "to": "new-secret"},
			map[string]any{"field": "mfa", "from": false, "to": true}},
		"association": map[string]any{"op": "add", "connection": map[string]any{
			"from": map[string]any{"object_id": "1", "type": "user_group", "name": "Sales"}, "to": map[string]any{"object_id": "2", "type": "user"}}},
		"resource": map[string]any{"id": "9", "name": "#total"},
		"command":  map[string]any{"payload": "p", "token": "hush"},
	}
	for column, want := range map[string]string{
		"timestamp": "2026-11-22 13:58:07Z", "initiated_by": "kim.lee", "resource": "add: Sales > 2", "success": "false", "nothing": "-",
		"changes": "department - -> Legal, password (not shown), mfa false -> true", "command": `{"payload":"p"}`, "command.token": "?",
	} {
		if got := eventCell(row, column); got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
}

func TestInsightsNotesUnknownFields(t *testing.T) {
	b := newBench(t, sandboxOptions)
	want(t, b.must("insights_query", `{"filter":"colour=blue"}`), "# total 0; ", `no event field "colour" is known here`)
}
