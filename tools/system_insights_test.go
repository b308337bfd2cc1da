package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// devicesBy counts, from the sandbox's own rows, on how many devices each value is.
func devicesBy(rows []map[string]any, field string, take func(map[string]any) bool) map[string]int {
	seen := map[string]map[string]bool{}
	for _, row := range rows {
		if !take(row) {
			continue
		}
		v := fmt.Sprint(row[field])
		if seen[v] == nil {
			seen[v] = map[string]bool{}
		}
		seen[v][row["system_id"].(string)] = true
	}
	out := map[string]int{}
	for v, ids := range seen {
		out[v] = len(ids)
	}
	return out
}

func TestSystemInsightsCountsDevices(t *testing.T) {
	checkInsightCounts(t, newBench(t, sandboxOptions), 120)
}

func checkInsightCounts(t *testing.T, b *bench, users int) {
	b.wire.reset()
	text, a := b.call("system_insights_query", `{"table":"apps","filter":"name~Slack","count_by":"version"}`)
	want := devicesBy(b.sandbox.Insights("apps"), "bundle_short_version", func(row map[string]any) bool {
		return strings.Contains(strings.ToLower(fmt.Sprint(row["name"])), "slack")
	})
	got := map[string]int{}
	for _, row := range cellsOf(t, a)[1:] {
		got[row[0]], _ = strconv.Atoi(row[1])
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) < 2 {
		t.Errorf("%d users: %v, but the devices have %v", users, got, want)
	}
	if n := realTokens(t, text); n > 80 {
		t.Errorf("%d users: %d tokens: %s", users, n, text)
	}
	if n := len(b.wire.seen); n > 3+users/100 {
		t.Errorf("%d users: %d requests", users, n)
	}
}

func TestSystemInsightsReachesEveryTable(t *testing.T) {
	api := openAPI(t)
	b := newBench(t, sandboxOptions)
	var mu sync.Mutex
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		clone := r.Clone(r.Context())
		clone.Body = io.NopCloser(bytes.NewReader(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		defer mu.Unlock()
		if _, err := api.check(clone); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		return nil, nil
	}
	tool := systemInsights[0]
	if len(tool.Operations) != 60 {
		t.Fatalf("%d tables", len(tool.Operations))
	}
	for _, e := range tool.Operations {
		table := e.Path[strings.LastIndexByte(e.Path, '/')+1:]
		_, a := b.call("system_insights_query", `{"table":"`+table+`","limit":5}`)
		if a.IsError {
			t.Errorf("%s: %s", table, a.Text[0])
			continue
		}
		rows := b.sandbox.Insights(table)
		if cells := cellsOf(t, a); len(rows) > 0 && (len(cells) < 2 || slices.Contains(cells[1], unread)) {
			t.Errorf("%s has %d rows, shown as %v", table, len(rows), cells)
		}
	}
}

func TestSystemInsightsNarrows(t *testing.T) {
	b := newBench(t, sandboxOptions)
	var filters []string
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "systeminsights") {
			filters = append(filters, r.URL.Query().Get("filter"))
		}
		return nil, nil
	}
	lt := b.found("devices", "hostname", "LT-042").Text("_id")
	for args, want := range map[string]string{
		`{"table":"programs","filter":"name=Slack"}`:                      "name:eq:Slack",
		`{"table":"programs","filter":"name=Slack|7-Zip"}`:                "name:in:Slack|7-Zip",
		`{"table":"programs","filter":"publisher=Google LLC"}`:            "",
		`{"table":"programs","filter":"name!=Slack"}`:                     "",
		`{"table":"programs","device":"LT-042"}`:                          "system_id:eq:" + lt,
		`{"table":"programs","filter":"device=LT-042, name=Slack"}`:       "system_id:eq:" + lt + ",name:eq:Slack",
		`{"table":"programs","filter":"system_id=` + lt + `"}`:            "system_id:eq:" + lt,
		`{"table":"programs","device":"LT-042","filter":"device=LT-043"}`: "none",
	} {
		filters = nil
		b.must("system_insights_query", args)
		if got := strings.Join(filters, " & "); want == "none" && len(filters) > 0 || want != "none" && got != want {
			t.Errorf("%s asked for %q, not %q", args, got, want)
		}
	}
	_, a := b.call("system_insights_query", `{"table":"uptime","filter":"group=Kiosks"}`)
	var names []string
	for _, row := range cellsOf(t, a)[1:] {
		names = append(names, strings.Split(row[0], "~")[0])
	}
	slices.Sort(names)
	if strings.Join(names, " ") != "kiosk-canteen kiosk-gate kiosk-lobby kiosk-lobby" {
		t.Errorf("the group's devices are %v", names)
	}
}

// What is not collected is not none.
func TestSystemInsightsEmpty(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for args, want := range map[string]string{
		`{"table":"apps","device":"LT-042"}`:                      "this device is Windows",
		`{"table":"os_version","device":"PX-001"}`:                "not collected, which is not none",
		`{"table":"apps","filter":"name=Slack"}`:                  "~ finds parts",
		`{"table":"programs","count_by":"version","limit":1}`:     "Windows only",
		`{"table":"linux_packages","filter":"name=curl|openssl"}`: "Linux only",
		`{"table":"programs","count_by":"device","limit":2}`:      "device,rows\n",
	} {
		if text := b.must("system_insights_query", args); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q: %s", args, want, text)
		}
	}
	for args, want := range map[string]string{
		`{"table":"app"}`:                         `did you mean "apps"`,
		`{"table":"chrome"}`:                      `did you mean "chrome_extensions"`,
		`{"table":"zzzzz"}`:                       "of the 60 osquery tables",
		`{"table":"apps","filter":"versin=1"}`:    `did you mean "version"`,
		`{"table":"apps","sort":"nothing_there"}`: "there is no field",
		`{"table":"apps","device":"nowhere"}`:     "no device is called",
	} {
		text, a := b.call("system_insights_query", args)
		if !a.IsError || !strings.Contains(text, want) || realTokens(t, text) > 100 {
			t.Errorf("%s: %s", args, text)
		}
	}
}

func TestSystemInsightsCursorAndSort(t *testing.T) {
	b := newBench(t, sandboxOptions)
	rows := b.sandbox.Insights("programs")
	n, args := 0, `{"table":"programs","limit":100}`
	for {
		text, a := b.call("system_insights_query", args)
		if a.IsError {
			t.Fatal(text)
		}
		n += len(cellsOf(t, a)) - 1
		m := nextHandle.FindStringSubmatch(text)
		if m == nil {
			break
		}
		args = `{"table":"programs","limit":100,"cursor":"` + m[1] + `"}`
	}
	if n != len(rows) {
		t.Errorf("%d rows by cursor, %d there", n, len(rows))
	}
	_, a := b.call("system_insights_query", `{"table":"uptime","sort":"-days","limit":5,"filter":"group=Kiosks"}`)
	last := 1 << 30
	for _, row := range cellsOf(t, a)[1:] {
		days, _ := strconv.Atoi(row[1])
		if days > last {
			t.Errorf("not in order: %v", cellsOf(t, a))
		}
		last = days
	}
}

// A page over the limit of an answer is asked for in smaller ones.
func TestSystemInsightsLargePages(t *testing.T) {
	b := newBench(t, sandboxOptions)
	big := `[{"system_id":"x","name":"` + strings.Repeat("a", 9<<20) + `"}]`
	tooLarge := 0
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 1000 {
			tooLarge++
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(big)), Request: r}, nil
		}
		return nil, nil
	}
	text := b.must("system_insights_query", `{"table":"programs","count_by":"name"}`)
	if want := fmt.Sprintf("total %d rows", len(b.sandbox.Insights("programs"))); tooLarge == 0 || !strings.Contains(text, want) {
		t.Errorf("%d pages were too large; not %q: %.200s", tooLarge, want, text)
	}
}

func TestSystemInsightsExports(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, sandboxOptions, func(o *Options) { o.ExportDir = dir })
	b.must("system_insights_query", `{"table":"apps","export":"json","filter":"name~Slack"}`)
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	raw, err := os.ReadFile(dir + "/" + files[0].Name())
	var rows []map[string]any
	if err != nil || json.Unmarshal(raw, &rows) != nil {
		t.Fatalf("%v: %.100s", err, raw)
	}
	want := 0
	for _, row := range b.sandbox.Insights("apps") {
		if strings.Contains(fmt.Sprint(row["name"]), "Slack") {
			want++
		}
	}
	if len(rows) != want || want == 0 {
		t.Errorf("%d rows in the file, %d are there", len(rows), want)
	}
}
