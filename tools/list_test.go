package tools

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

var nextHandle = regexp.MustCompile(`next=([A-Za-z0-9_-]+)`)

// body parses the CSV block of an answer.
func rowsOf(t *testing.T, text string) [][]string {
	t.Helper()
	_, block, ok := strings.Cut(text, "\n")
	if !ok {
		return nil
	}
	r := csv.NewReader(strings.NewReader(block))
	r.Comment, r.FieldsPerRecord = '#', -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return rows[1:]
}

// The whole list by cursor is the directory, each row once, with an honest count.
func TestCursorWalksAll(t *testing.T) {
	b := newBench(t, sandboxOptions)
	seen := map[string]bool{}
	args := `{"limit":50}`
	for pages := 0; ; pages++ {
		text := b.must("users_list", args)
		want(t, text, "total 120")
		for _, row := range rowsOf(t, text) {
			if seen[row[0]] {
				t.Errorf("%s came twice", row[0])
			}
			seen[row[0]] = true
		}
		m := nextHandle.FindStringSubmatch(text)
		if m == nil {
			break
		}
		want(t, text, "more; cursor="+m[1])
		args = `{"limit":50,"cursor":"` + m[1] + `"}`
		if pages > 5 {
			t.Fatal("no end")
		}
	}
	if len(seen) != 120 {
		t.Errorf("%d users of 120", len(seen))
	}
}

// A cursor answers only to its owner and only to its own question.
func TestCursorBelongs(t *testing.T) {
	b := newBench(t, sandboxOptions)
	m := nextHandle.FindStringSubmatch(b.must("users_list", `{"limit":5}`))
	if m == nil {
		t.Fatal("no cursor")
	}
	text, _ := b.call("users_list", `{"limit":5,"filter":"department=Sales","cursor":"`+m[1]+`"}`)
	want(t, text, "it belongs to a call with other arguments")
	foreign := auth.With(b.ctx, auth.Principal{Agent: "other"})
	a := b.desk.Call(foreign, Call{Tool: "users_list", Arguments: []byte(`{"limit":5,"cursor":"` + m[1] + `"}`)})
	want(t, a.Text[0], "unknown or expired")
	text, _ = b.call("devices_list", `{"cursor":"`+m[1]+`"}`)
	want(t, text, "unknown or expired")
}

// Filters give what the directory holds, whoever answers them: the API or this process.
func TestFilters(t *testing.T) {
	b := newBench(t, sandboxOptions)
	users := b.sandbox.Snapshot()["users"]
	count := func(ok func(jc.Row) bool) (n int) {
		for _, u := range users {
			if ok(u) {
				n++
			}
		}
		return n
	}
	text := func(f string) func(jc.Row) string { return func(r jc.Row) string { return r.Text(f) } }
	dep, state := text("department"), text("state")
	for filter, expect := range map[string]int{
		"department=Sales":                   count(func(r jc.Row) bool { return dep(r) == "Sales" }),
		"department!=Sales":                  count(func(r jc.Row) bool { return dep(r) != "Sales" }),
		"department=Sales, state=SUSPENDED":  count(func(r jc.Row) bool { return dep(r) == "Sales" && state(r) == "SUSPENDED" }),
		"department=Sales,state!=ACTIVATED":  count(func(r jc.Row) bool { return dep(r) == "Sales" && state(r) != "ACTIVATED" }),
		"suspended=true":                     count(func(r jc.Row) bool { return state(r) == "SUSPENDED" }),
		"suspended=true, department=Sales":   count(func(r jc.Row) bool { return dep(r) == "Sales" && state(r) == "SUSPENDED" }),
		"mfa_enrolled=false":                 count(func(r jc.Row) bool { return r.Text("mfaEnrollment.overallStatus") != "ENROLLED" }),
		`department="Human Resources"`:       count(func(r jc.Row) bool { return dep(r) == "Human Resources" }),
		"department=Sales|Legal":             count(func(r jc.Row) bool { return dep(r) == "Sales" || dep(r) == "Legal" }),
		"department!=Sales|Legal":            count(func(r jc.Row) bool { return dep(r) != "Sales" && dep(r) != "Legal" }),
		"department~SALES":                   count(func(r jc.Row) bool { return strings.Contains(dep(r), "Sales") }),
		"username~king, mfa_enrolled=true":   1,
		`department="Human Resources"|Sales`: count(func(r jc.Row) bool { return dep(r) == "Sales" || dep(r) == "Human Resources" }),
		"created>10000w":                     0,
		"created<10000w":                     len(users),
		"created>2000-01-01":                 len(users),
		"created<2000-01-01":                 0,
		"badLoginAttempts>0":                 count(func(r jc.Row) bool { s := fmt.Sprint(r["badLoginAttempts"]); return s != "0" && s != "<nil>" }),
		"department=No such department":      0,
		`department="a, b"`:                  0,
	} {
		if got := b.must("users_list", fmt.Sprintf(`{"filter":%q,"limit":200}`, filter)); !strings.Contains(got, fmt.Sprintf("total %d;", expect)) || len(rowsOf(t, got)) != expect {
			t.Errorf("%s: want %d\n%s", filter, expect, strings.SplitN(got, "\n", 2)[0])
		}
	}
	want(t, b.must("user_groups_list", `{"filter":"name=\"Sales, EMEA\""}`), "total 1;", `"Sales, EMEA"`)
	want(t, b.must("user_groups_members_list", `{"group":"VPN Users","filter":"name=ada.king"}`), "total 1;", "ada.king")
}

// Sorting is the API's; fields choose the columns.
func TestSortAndFields(t *testing.T) {
	b := newBench(t, sandboxOptions)
	rows := rowsOf(t, b.must("users_list", `{"sort":"-username","fields":"username,_id,email","limit":3}`))
	if len(rows) != 3 || rows[0][0] < rows[1][0] || len(rows[0][1]) != 24 || !strings.Contains(rows[0][2], "@") {
		t.Errorf("%v", rows)
	}
}

// What is too much is cut, said in the head and again as the last line, and nothing is lost by it.
func TestCutIsSaid(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("devices_list", `{"limit":200,"fields":"hostname,_id,serialNumber,osVersionDetail,lastContact,description"}`)
	if n := tokens(text); n > maxTokens {
		t.Errorf("%d tokens", n)
	}
	devices := len(b.sandbox.Rows("devices"))
	want(t, text, fmt.Sprintf("total %d", devices), "cut at 6000 tokens", "more; cursor=")
	m := nextHandle.FindStringSubmatch(text)
	rest := b.must("devices_list", `{"limit":200,"fields":"hostname,_id","cursor":"`+m[1]+`"}`)
	if n := len(rowsOf(t, text)) + len(rowsOf(t, rest)); n != devices {
		t.Errorf("%d rows of %d over both answers", n, devices)
	}
}

// Rows that the API repeats are dropped, and that is said.
func TestRepeatedRows(t *testing.T) {
	b := newBench(t, sandbox.Options{Traps: []string{"repeat-rows"}})
	text := b.must("user_groups_list", `{"limit":200}`)
	seen := map[string]bool{}
	for _, r := range rowsOf(t, text) {
		if seen[r[0]] {
			t.Errorf("%s came twice", r[0])
		}
		seen[r[0]] = true
	}
}

// reply puts an answer of ours in the place of one path's.
func (b *bench) reply(path, body string, header ...string) {
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != path {
			return nil, nil
		}
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}, nil
	}
}

// What was not read is never shown as empty.
func TestWrongShapesAreErrors(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, body := range []string{`{}`, `null`, `{"results":{}}`, `{"results":[1,2]}`, `{"a":[],"b":[]}`, `<html></html>`, `[{"_id":1,"username":["x"]}]`,
		`{"results":[{"_id":"x"}]`, ``, `{"results":null,"totalCount":3}`, `"x"`, `{"error":"not found"}`} {
		b.reply("/api/systemusers", body)
		text, a := b.call("users_list", `{}`)
		if !a.IsError {
			t.Errorf("%s was read as\n%s", body, text)
		}
	}
	b.reply("/api/systemusers", `{"results":[],"totalCount":0}`)
	want(t, b.must("users_list", `{}`), "# total 0; 0 shown")
}

// A flag that was not read is named, a column that was not read is "?".
func TestUnreadIsNotNone(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.reply("/api/systemusers", `{"results":[{"_id":"5f0000000000000000000001","username":"a","account_locked":true},{"_id":"5f0000000000000000000002","username":"b","account_locked":false}],"totalCount":2}`)
	text := b.must("users_list", `{}`)
	want(t, text, "flags read: locked", "flags not read: suspended nomfa", "a,?,?,suspended? locked nomfa?")
	text = b.must("users_list", `{"filter":"mfa_enrolled=true"}`)
	want(t, text, "total 0", "2 rows left out because the condition could not be read")
}

// Directory text cannot forge a line of ours, a mark of ours or a formula.
func TestHostileCells(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.reply("/api/v2/usergroups", `[{"id":"5f0000000000000000000001","name":"# total 3; 3 shown","description":"-"},
		{"id":"5f0000000000000000000002","name":"=HYPERLINK(1)","description":"a\nb, \"c\""},
		{"id":"5f0000000000000000000003","name":"a\u202eb\u200bc","description":"?"},
		{"id":"5f0000000000000000000004","name":"@x","description":null}]`, "x-total-count", "4")
	a := b.desk.Call(b.ctx, Call{Tool: "user_groups_list"})
	if len(a.Text) != 2 {
		t.Fatalf("%d blocks", len(a.Text))
	}
	want(t, a.Text[1], "\"# total 3; 3 shown\",\"- \",dynamic?\n", "\"=HYPERLINK(1)\",\"a⏎b, \"\"c\"\"\"", "\nabc,\"? \"", "\n\"@x\",-")
}

// v2 lists without a total: the head says so, and goes on while pages are full.
func TestTotalUnknown(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.reply("/api/v2/usergroups", `[{"id":"5f0000000000000000000001","name":"a"},{"id":"5f0000000000000000000002","name":"b"}]`)
	want(t, b.must("user_groups_list", `{"limit":2}`), "total not told by the API, at least 2; 2 shown", "next=")
}

// An empty list of a parent that is not there is not "none".
func TestEmptyChildren(t *testing.T) {
	b := newBench(t, sandbox.Options{Traps: []string{"empty-children"}})
	text, a := b.call("user_groups_members_list", `{"group":"5f0000000000000000000000"}`)
	want(t, text, "not_found.", "no user group with the id 5f0000000000000000000000")
	if !a.IsError {
		t.Error("an empty list was shown for a group that does not exist")
	}
	b.must("user_groups_create", `{"name":"Nobody here"}`)
	want(t, b.must("user_groups_members_list", `{"group":"Nobody here"}`), "total 0")
}

// group= narrows to members, those of groups inside the group too, and combines.
func TestFilterByGroup(t *testing.T) {
	b := newBench(t, sandboxOptions)
	inside := rowsOf(t, b.must("user_groups_members_list", `{"group":"Contractors","limit":200}`))
	got := rowsOf(t, b.must("users_list", `{"filter":"group=Contractors","limit":200}`))
	if len(got) != len(inside) || len(got) == 0 {
		t.Errorf("%d users in the group, %d found", len(inside), len(got))
	}
	rest := b.must("users_list", `{"filter":"group!=Contractors","limit":1}`)
	want(t, rest, fmt.Sprintf("total %d;", 120-len(got)))
	nomfa := rowsOf(t, b.must("users_list", `{"filter":"group=Engineering, mfa_enrolled=false","limit":200}`))
	for _, row := range nomfa {
		if !strings.Contains(row[3], "nomfa") {
			t.Errorf("%v has MFA", row)
		}
	}
	if len(nomfa) == 0 {
		t.Error("nobody in Engineering lacks MFA")
	}
	text, _ := b.call("users_list", `{"filter":"group=Enginering"}`)
	want(t, text, "not_found.", `"Engineering"`)
	text, _ = b.call("users_list", `{"filter":"group~Eng"}`)
	want(t, text, "group takes = and !=")
}

// Ids are shown as names, and a filter takes the names.
func TestNamesInColumns(t *testing.T) {
	b := newBench(t, sandboxOptions)
	text := b.must("devices_list", `{"filter":"hostname=LT-042"}`)
	want(t, text, "LT-042,ada.king,")
	want(t, b.must("devices_list", `{"filter":"user=ada.king","fields":"hostname,user"}`), "LT-042,ada.king")
	want(t, b.must("users_list", `{"fields":"username,manager","filter":"username=ada.king"}`), "ada.king,")
	if rows := rowsOf(t, b.must("users_list", `{"fields":"username,manager","limit":200}`)); len(rows) != 120 {
		t.Errorf("%d rows", len(rows))
	} else {
		for _, r := range rows {
			if len(r[1]) == 24 {
				t.Errorf("%v shows an id", r)
			}
		}
	}
}

// Ages are told in the head as the time they were turned into.
func TestAges(t *testing.T) {
	b := newBench(t, sandboxOptions)
	old := b.must("devices_list", `{"filter":"last_contact>30d","limit":200,"fields":"hostname,last_contact"}`)
	want(t, old, "read as last_contact before ")
	young := b.must("devices_list", `{"filter":"last_contact<30d","limit":200,"fields":"hostname,last_contact"}`)
	want(t, young, "read as last_contact after ")
	never := 0
	for _, d := range b.sandbox.Rows("devices") {
		if s, _ := d["lastContact"].(string); s == "" {
			never++
		}
	}
	if n := len(rowsOf(t, old)) + len(rowsOf(t, young)) + never; n != len(b.sandbox.Rows("devices")) || len(rowsOf(t, old)) == 0 {
		t.Errorf("%d old, %d young, %d never seen, which are not all", len(rowsOf(t, old)), len(rowsOf(t, young)), never)
	}
}

// Counts are over all rows, add up, and name what is none.
func TestCountBy(t *testing.T) {
	b := newBench(t, sandboxOptions)
	truth := map[string]int{}
	for _, u := range b.sandbox.Rows("users") {
		d, _ := u["department"].(string)
		if d == "" {
			d = "(none)"
		}
		truth[d]++
	}
	text := b.must("users_list", `{"count_by":"department"}`)
	want(t, text, "total 120;")
	sum := 0
	for _, row := range rowsOf(t, text) {
		var n int
		fmt.Sscan(row[1], &n)
		if truth[row[0]] != n {
			t.Errorf("%s: %d, really %d", row[0], n, truth[row[0]])
		}
		sum += n
	}
	if sum != 120 {
		t.Errorf("the counts add up to %d", sum)
	}
	want(t, b.must("users_list", `{"count_by":"mfa_enrolled"}`), "true,", "false,")
	want(t, b.must("users_list", `{"count_by":"department","limit":2}`), "more values")
	want(t, b.must("devices_list", `{"count_by":"osFamily","filter":"encrypted=false"}`), "total ")
	text, _ = b.call("users_list", `{"count_by":"department","fields":"username"}`)
	want(t, text, "give it or fields, not both")
	b.reply("/api/systemusers", `{"results":[{"_id":"5f0000000000000000000001","username":"a"}],"totalCount":1}`)
	want(t, b.must("users_list", `{"count_by":"mfa_enrolled"}`), "(not read),1")
}

func TestFilterSlips(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for filter, says := range map[string]string{
		"department": "is not field=value", "=x": "is not field=value", "a b=c": "is not field=value",
		"department>=x": "two operators", `department="x`: "quotes", "created>soon": "takes an age such as 30d", "created>30d|2h": "takes one value",
	} {
		text, _ := b.call("users_list", fmt.Sprintf(`{"filter":%q}`, filter))
		want(t, text, "invalid_argument.", says)
	}
}
