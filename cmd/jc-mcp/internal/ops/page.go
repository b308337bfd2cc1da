package ops

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// shownRows is how many rows a table of the page has.
const shownRows = 12

// view is what the page shows: the metrics, for people.
type view struct {
	Version, Word, Since string
	Ready                bool
	Tiles                []tile
	Tables               []table
}

type tile struct {
	Name, Value string
	Bad         bool
}

type table struct {
	Title string
	Head  []string
	Rows  []row
	More  int // rows that are not shown
}

type row struct {
	Cells   []string
	Count   int
	Percent int // of the longest bar
	Bad     bool
}

// page shows the figures to a person. It has no script and takes nothing in.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	families, err := s.in.registry.Gather()
	if err != nil {
		http.Error(w, "the metrics could not be gathered", http.StatusInternalServerError)
		return
	}
	found := figures{}
	for _, f := range families {
		found[strings.TrimPrefix(f.GetName(), "jc_mcp_")] = f
	}
	v := view{Since: s.began.UTC().Format("2006-01-02 15:04 MST"), Version: found.label("build_info", "version")}
	v.Ready, v.Word = s.check()
	v.Tiles = found.tiles()
	v.Tables = []table{
		found.table("Calls", "calls_total", "tool", "outcome", "agent", "org"),
		found.table("Requests to JumpCloud", "upstream_requests_total", "method", "path", "status", "org"),
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	_, _ = w.Write(b.Bytes())
}

// figures are metric families by name, without our prefix.
type figures map[string]*dto.MetricFamily

// label is that of the first metric of a family.
func (f figures) label(name, label string) string {
	for _, m := range f[name].GetMetric() {
		return labelOf(m, label)
	}
	return ""
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// valueOf is that of a counter or gauge.
func valueOf(m *dto.Metric) float64 { return m.GetCounter().GetValue() + m.GetGauge().GetValue() }

// sum adds up a family; there is false where there is none.
func (f figures) sum(name string) (total float64, there bool) {
	for _, m := range f[name].GetMetric() {
		total, there = total+valueOf(m), true
	}
	return total, there
}

// tiles are the figures that one looks at first; what there is not, is not shown.
func (f figures) tiles() (out []tile) {
	add := func(name, metric string, bad func(float64) bool, show func(float64) string) {
		if v, there := f.sum(metric); there {
			out = append(out, tile{name, show(v), bad(v)})
		}
	}
	never := func(float64) bool { return false }
	some := func(v float64) bool { return v != 0 }
	none := func(v float64) bool { return v == 0 }
	number := func(v float64) string { return fmt.Sprintf("%.0f", v) }
	yes := func(v float64) string { return map[bool]string{true: "yes", false: "no"}[v == 1] }
	add("calls", "calls_total", never, number)
	add("calls under way", "calls_in_flight", never, number)
	if fast, there := f.within("call_duration_seconds", .95); there {
		out = append(out, tile{"95 % of calls within", fast, false})
	}
	add("requests to JumpCloud", "upstream_requests_total", never, number)
	add("of these again", "upstream_retries_total", never, number)
	add("waited for a turn", "limiter_wait_seconds_total", never, duration)
	open := 0
	for _, m := range f["breaker_state"].GetMetric() {
		if valueOf(m) != 0 {
			open++
		}
	}
	out = append(out, tile{"circuits open", fmt.Sprint(open), open > 0})
	add("requests wait for a person", "approvals_waiting", never, number)
	add("stops in force", "kill_switch", some, number)
	add("audit can be written", "audit_up", none, yes)
	add("shared store answers", "store_up", none, yes)
	add("grant file has a mistake", "grants_stale", some, yes)
	add("token ends in", "token_expiry_seconds", none, duration)
	return out
}

// within is the bound that a share of a histogram's values keeps, all labels together.
func (f figures) within(name string, share float64) (text string, there bool) {
	counts, total := map[float64]uint64{}, uint64(0)
	for _, m := range f[name].GetMetric() {
		total += m.GetHistogram().GetSampleCount()
		for _, b := range m.GetHistogram().GetBucket() {
			counts[b.GetUpperBound()] += b.GetCumulativeCount()
		}
	}
	if total == 0 {
		return "", false
	}
	best := math.Inf(1)
	for bound, n := range counts {
		if float64(n) >= share*float64(total) {
			best = min(best, bound)
		}
	}
	if math.IsInf(best, 1) {
		return "over 60 s", true
	}
	return duration(best), true
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return fmt.Sprintf("%.3g ms", d.Seconds()*1000)
}

// table shows a counter by its labels, the most frequent first; a label that all rows
// leave empty has no column.
func (f figures) table(title, name string, labels ...string) table {
	metrics := f[name].GetMetric()
	labels = slices.DeleteFunc(labels, func(l string) bool {
		return !slices.ContainsFunc(metrics, func(m *dto.Metric) bool { return labelOf(m, l) != "" })
	})
	t := table{Title: title, Head: labels}
	most := 1.0
	for _, m := range metrics {
		most = max(most, valueOf(m))
	}
	for _, m := range metrics {
		r := row{Count: int(valueOf(m)), Percent: max(1, int(valueOf(m)/most*100))}
		for _, l := range labels {
			r.Cells = append(r.Cells, labelOf(m, l))
		}
		status := labelOf(m, "status")
		r.Bad = labelOf(m, "outcome") != fine && status == "" || status == "none" || status >= "400"
		t.Rows = append(t.Rows, r)
	}
	slices.SortFunc(t.Rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Cells, b.Cells))
	})
	if len(t.Rows) > shownRows {
		t.Rows, t.More = t.Rows[:shownRows], len(t.Rows)-shownRows
	}
	return t
}
