package tools

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// handCount counts events of a window by what a test reads off them.
func handCount(t *testing.T, events []map[string]any, from, to time.Time, of func(jc.Row) string) (map[string]int, int) {
	t.Helper()
	counts, n := map[string]int{}, 0
	for _, m := range events {
		at, err := time.Parse(time.RFC3339, m["timestamp"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if at.Before(from) || !at.Before(to) {
			continue
		}
		if v := of(jc.Row(m)); v != "" {
			counts[v]++
			n++
		}
	}
	return counts, n
}

// counted reads an answer of counts: its rows, what the last line says is left, and the head.
func counted(t *testing.T, text string) (rows map[string]int, order []int, moreRows, moreEvents int, head string) {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n")
	rows = map[string]int{}
	var keep []string
	for _, line := range strings.Split(body, "\n") {
		if strings.HasPrefix(line, "# ") {
			if _, err := fmt.Sscanf(line, "# %d more rows, %d events", &moreRows, &moreEvents); err != nil {
				t.Errorf("%q: %v", line, err)
			}
			continue
		}
		keep = append(keep, line)
	}
	all, err := csv.NewReader(strings.NewReader(strings.Join(keep, "\n"))).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, row := range all[1:] {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			t.Errorf("%v: %v", row, err)
		}
		rows[row[0]] = n
		order = append(order, n)
	}
	return rows, order, moreRows, moreEvents, head
}

func plainText(path string) func(jc.Row) string {
	return func(r jc.Row) string {
		switch v, _ := r.At(path); v := v.(type) {
		case nil:
			return "(none)"
		default:
			return fmt.Sprint(v)
		}
	}
}

// whoDid is who is named in an event, found without the code under test.
func whoDid(r jc.Row) string {
	m, _ := r["initiated_by"].(map[string]any)
	for _, f := range []string{"username", "email", "name", "id"} {
		if s, _ := m[f].(string); s != "" {
			return s
		}
	}
	if m["type"] == "system" {
		return "system"
	}
	return "(none)"
}

func TestInsightsCountBy(t *testing.T) {
	failed := func(of func(jc.Row) string) func(jc.Row) string {
		return func(r jc.Row) string {
			if r["success"] != false {
				return ""
			}
			return of(r)
		}
	}
	signIns := func(of func(jc.Row) string) func(jc.Row) string {
		return func(r jc.Row) string {
			if e := r["event_type"]; e == "sso_auth" || e == "admin_login_attempt" {
				return ""
			}
			return of(r)
		}
	}
	for _, users := range []int{120, 2000} {
		b := newBench(t, sandbox.Options{Users: users})
		events, end := b.sandbox.Snapshot()["events"], time.Now().UTC().Truncate(time.Second)
		for _, c := range []struct {
			field, filter string
			hours         int
			of            func(jc.Row) string
			asked         bool // JumpCloud's own count is exact: no event is read
		}{
			{"event_type", "", 48, plainText("event_type"), true},
			{"service", "", 24, plainText("service"), true},
			{"success", "", 24, plainText("success"), true},
			{"auth_method", "", 24, plainText("auth_method"), false},
			{"auth_method", "", 240, plainText("auth_method"), true},
			{"initiated_by.type", "", 24, plainText("initiated_by.type"), true},
			{"initiated_by.id", "success=false", 24, failed(plainText("initiated_by.id")), false},
			{"initiated_by", "success=false", 24, failed(whoDid), true},
			{"user", "success=false", 24, failed(whoDid), true},
			{"initiated_by", "", 60, whoDid, false},
			{"client_ip", "", 60, plainText("client_ip"), false},
			{"initiated_by", "event_type!=sso_auth, event_type!=admin_login_attempt", 24, signIns(whoDid), false},
			{"geoip.country_code", "event_type!=sso_auth, event_type!=admin_login_attempt", 24, signIns(plainText("geoip.country_code")), false},
		} {
			from := end.Add(-time.Duration(c.hours) * time.Hour)
			want, total := handCount(t, events, from, end, c.of)
			args, _ := json.Marshal(map[string]any{"start_time": from, "end_time": end, "filter": c.filter, "count_by": c.field, "limit": 1000})
			b.wire.reset()
			rows, order, moreRows, moreEvents, head := counted(t, b.must("insights_query", string(args)))
			at := fmt.Sprintf("%d users, %s", users, args)
			sum := moreEvents
			for v, n := range rows {
				if sum += n; want[v] != n {
					t.Errorf("%s: %s is %d, want %d", at, v, n, want[v])
				}
			}
			if len(rows)+moreRows != len(want) || sum != total || !strings.HasPrefix(head, fmt.Sprintf("# total %d; %d values of ", total, len(want))) {
				t.Errorf("%s: %d rows and %d more, %d events; want %d, %d\n%s", at, len(rows), moreRows, sum, len(want), total, head)
			}
			if !slices.IsSortedFunc(order, func(a, b int) int { return b - a }) {
				t.Errorf("%s: not sorted: %v", at, order)
			}
			read := slices.Contains(b.wire.seen, eventsQuery.String())
			if users == 120 && read == c.asked || !read && len(want) >= bucketsCap {
				t.Errorf("%s: events read: %v, with %d values\n%v", at, read, len(want), b.wire.seen)
			}
		}
	}
}

func TestInsightsCountByIsShort(t *testing.T) {
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	size := func(s string) int { ids, _, _ := enc.Encode(s); return len(ids) }
	small, large := newBench(t, sandboxOptions), newBench(t, sandbox.Options{Users: 2000})
	for _, c := range []struct {
		b    *bench
		args string
		most int
	}{
		{small, `{"last":"24h","filter":"success=false","count_by":"initiated_by"}`, 350},
		{small, `{"last":"7d","limit":100}`, 3000},
		{small, `{"last":"7d","interval":"day"}`, 250},
		{large, `{"last":"48h","count_by":"initiated_by"}`, 1000},
		{large, `{"last":"48h","count_by":"client_ip","limit":1000}`, 6000},
		{large, `{"last":"90d","interval":"hour"}`, 6000},
	} {
		text := c.b.must("insights_query", c.args)
		n := size(text)
		t.Logf("%s: %d tokens", c.args, n)
		if n > c.most {
			t.Errorf("%s: %d tokens, at most %d\n%s", c.args, n, c.most, text)
		}
	}
}

func TestInsightsByInterval(t *testing.T) {
	lengths := map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour}
	for _, users := range []int{120, 2000} {
		b := newBench(t, sandbox.Options{Users: users})
		events, end := b.sandbox.Snapshot()["events"], time.Now().UTC().Truncate(time.Second)
		from := end.Add(-7 * 24 * time.Hour)
		for name, length := range lengths {
			for filter, skipped := range map[string][]string{"": nil, "event_type!=sso_auth, event_type!=radius_auth": {"sso_auth", "radius_auth"}} {
				if filter != "" && users > 120 {
					continue
				}
				want, total := handCount(t, events, from, end, func(r jc.Row) string {
					if slices.Contains(skipped, r.Text("event_type")) {
						return ""
					}
					at, _ := time.Parse(time.RFC3339, r.Text("timestamp"))
					return at.UTC().Truncate(length).Format("2006-01-02 15:04Z")
				})
				args, _ := json.Marshal(map[string]any{"start_time": from, "end_time": end, "filter": filter, "interval": name})
				rows, _, more, _, head := counted(t, b.must("insights_query", string(args)))
				if diff := cmp.Diff(want, rows); diff != "" || more != 0 || !strings.HasPrefix(head, fmt.Sprintf("# total %d; by %s, %d with events; window ", total, name, len(want))) {
					t.Errorf("%d users, %s: %s\n%s", users, args, head, diff)
				}
			}
		}
	}
}

// More than are looked through: said, and the total is still right.
func TestInsightsCountByIsCut(t *testing.T) {
	b := newBench(t, sandbox.Options{Users: 2000})
	end := time.Now().UTC().Truncate(time.Second)
	from := end.Add(-30 * 24 * time.Hour) // a window of its own: what is counted by hand must not lie later
	args, _ := json.Marshal(map[string]any{"start_time": from, "end_time": end, "count_by": "client_ip", "limit": 2})
	text := b.must("insights_query", string(args))
	_, total := handCount(t, b.sandbox.Snapshot()["events"], from, end, plainText("id"))
	rows, _, _, more, head := counted(t, text)
	sum := more
	for _, n := range rows {
		sum += n
	}
	if total <= maxEvents || sum != maxEvents || !strings.HasPrefix(head, fmt.Sprintf("# total %d; ", total)) {
		t.Errorf("%d events, %d counted: %s", total, sum, head)
	}
	want(t, head, "only the first 10000 events", "not complete")
}

func TestInsightsTallyUnreadAndNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // no time passes between the two counts
		b := newBench(t, sandboxOptions)
		nameless := `[{"id":"1","timestamp":"2026-11-22T01:00:00Z","initiated_by":{"type":"user"}},{"id":"2","timestamp":"2026-11-22T01:00:00Z","initiated_by":{}},
			{"id":"3","timestamp":"2026-11-22T01:00:00Z","username":"kim.lee"},{"id":"4","timestamp":"2026-11-22T01:00:00Z","initiated_by":{"type":"user","username":"(none)"}},
			{"id":"5","timestamp":"2026-11-22T01:00:00Z","command":{"token":"hush"}}]`
		b.answerJSON(eventsQuery.Path, 200, nameless)
		for args, lines := range map[string][]string{
			`{"filter":"organization!=x,service!=y","count_by":"initiated_by"}`:  {"(none),3", "kim.lee,1", `"(none) ",1`, "# total 5; 3 values of initiated_by; "},
			`{"filter":"organization!=x,service!=y","count_by":"auth_method"}`:   {"(not read),5"},
			`{"filter":"organization!=x,service!=y","count_by":"command.token"}`: {"(none),4", "(not read),1"},
		} {
			text := b.must("insights_query", args)
			want(t, text, lines...)
			if strings.Contains(text, "hush") {
				t.Error(text)
			}
		}
		// An answer for distinct values that may not be all, or that cannot be read, is not used.
		b.wire.answer = nil
		whole := b.must("insights_query", `{"last":"24h","count_by":"event_type"}`)
		for _, body := range []string{`{}`, `<html>`, `{"buckets":[{"key":"a","doc_count":1}],"sum_other_doc_count":3}`,
			`{"buckets":[{"key":"a","doc_count":1}],"doc_count_error_upper_bound":2}`, `{"buckets":[{"key":"a","doc_count":100000}]}`, `{"buckets":[]}`} {
			b.answerJSON(eventsDistinct.Path, 200, body)
			if diff := cmp.Diff(whole, b.must("insights_query", `{"last":"24h","count_by":"event_type"}`)); diff != "" {
				t.Errorf("%s: %s", body, diff)
			}
		}
		b.answerJSON(eventsDistinct.Path, 400, `{"message":"no"}`)
		if diff := cmp.Diff(whole, b.must("insights_query", `{"last":"24h","count_by":"event_type"}`)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestInsightsTallyRefuses(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, args := range []string{
		`{"count_by":"service","interval":"day"}`, `{"count_by":"service","cursor":"abcdef"}`,
		`{"interval":"day","cursor":"abcdef"}`, `{"count_by":"timestamp"}`, `{"count_by":"a b"}`, `{"count_by":"service","last":"24"}`,
	} {
		b.wire.reset()
		if text, a := b.call("insights_query", args); a.Code != "invalid_argument" || slices.ContainsFunc(b.wire.seen, func(s string) bool { return strings.Contains(s, "/insights/") }) {
			t.Errorf("%s sent %v: %s", args, b.wire.seen, text)
		}
	}
}

// What is about rows is not used for counts, and that is said.
func TestInsightsTallyNotes(t *testing.T) {
	b := newBench(t, sandboxOptions)
	want(t, b.must("insights_query", `{"count_by":"service","fields":"service"}`), " values of service; ", "fields not used")
	want(t, b.must("insights_query", `{"interval":"day","sort":"timestamp"}`), "; by day, ", "sort not used")
}

// Events are shown without the year, which the head has.
func TestInsightsTimes(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.answerJSON(eventsQuery.Path, 200, `[{"id":"a","timestamp":"2026-11-22T04:56:00.123Z"},{"id":"b","timestamp":"2026-11-22T04:56:01+02:00"}]`)
	want(t, b.must("insights_query", `{"fields":"timestamp,id"}`), "; times UTC; ", "timestamp,id\n11-22 04:56:00,a\n11-22 02:56:01,b")
	want(t, b.must("insights_query", `{"fields":"timestamp,id","last":"800d"}`), "2026-11-22 04:56:00,a")
}
