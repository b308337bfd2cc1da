package tools

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Rows of unknown shape show what names them, wherever that is, and never a secret.
func TestDiscover(t *testing.T) {
	for _, c := range []struct {
		rows []jc.Row
		want []string
	}{
		{[]jc.Row{{"id": "1", "name": "a", "fields": map[string]any{"Colour": "red"}}}, []string{"name", "id"}},
		{[]jc.Row{{"id": "1", "fields": map[string]any{"Name": "a", "Colour": "red", "Tags": []any{}}}}, []string{"fields.Name", "id", "fields.Colour"}},
		{[]jc.Row{{"id": "1", "made": "x"}, {"id": "2", "made": "y", "seldom": "z"}}, []string{"id", "made", "seldom"}},
		{[]jc.Row{{"id": "1", "inner": map[string]any{"apiKey": "jca_0123456789abcdef"}}}, []string{"id"}},
	} {
		if diff := cmp.Diff(c.want, discover(c.rows)); diff != "" {
			t.Errorf("%v: %s", c.rows, diff)
		}
	}
}

// An object under one key is what was changed or made.
func TestUnwrapped(t *testing.T) {
	rule := map[string]any{"id": "1", "status": "ENABLED"}
	given := map[string]any{"status": "DISABLED"}
	if got := unwrapped(jc.Row{"rule": rule}, given); got.Text("status") != "ENABLED" {
		t.Errorf("the rule is not found in %v", got)
	}
	for _, row := range []jc.Row{{"status": "x"}, {"rule": rule, "more": 1}, {"rule": map[string]any{"id": "1"}}} {
		if diff := cmp.Diff(row, unwrapped(row, given)); diff != "" {
			t.Error(diff)
		}
	}
	if id := idOf(jc.Row{"rule": rule}); id != "1" {
		t.Errorf("the id is %q", id)
	}
	if id := idOf(jc.Row{"rule": rule, "count": 1}); id != "" {
		t.Errorf("the id of something is %q", id)
	}
}

// An API that takes no notice of a filter, or rows that lack the field: neither
// passes for an answer to what was asked.
func TestUntypedFilter(t *testing.T) {
	b := newBench(t, sandboxOptions)
	b.wire.answer = func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/api/v2/alerts" {
			return refusedWith(r, 200, `[{"id":"1","title":"open one","status":"OPEN"},{"id":"2","title":"shut one","status":"RESOLVED"},{"id":"3","title":"odd one"}]`), nil
		}
		return nil, nil
	}
	text := b.must("alerts_list", `{"filter":"status=OPEN"}`)
	if !strings.Contains(text, "open one") || strings.Contains(text, "shut one") || strings.Contains(text, "odd one") || !strings.Contains(text, "1 rows left out") {
		t.Error(text)
	}
}

// A rule that raises alerts is bound to a device group once, and taken from it.
func TestAlertRuleBonds(t *testing.T) {
	b := newBench(t, sandboxOptions)
	for _, c := range []struct{ op, want string }{{"add", string(Done)}, {"add", string(NoEffect)}, {"remove", string(Done)}, {"remove", string(NoEffect)}} {
		if text := b.must("alerts_rules_associations_change", `{"rule":"Disk nearly full","group":"Kiosks","op":"`+c.op+`"}`); !strings.HasPrefix(text, c.want) {
			t.Errorf("%s: %s", c.op, text)
		}
	}
	if n := len(b.wire.writes()); n != 2 {
		t.Errorf("%d writes", n)
	}
}

// The file of a report is of the type that its answer tells, whatever was asked for.
func TestReportDownload(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, sandboxOptions, func(o *Options) { o.ExportDir = dir })
	report := b.sandbox.Rows("reports")[0]
	for i, want := range []string{".csv", ".json"} {
		artifact := report["artifacts"].([]any)[i].(map[string]any)["id"].(string)
		text := b.must("reports_download", `{"report":"`+report["id"].(string)+`","artifact":"`+artifact+`"}`)
		if !strings.Contains(text, "written to file://") || !strings.HasSuffix(strings.TrimSpace(text), want) {
			t.Errorf("want a %s file: %s", want, text)
		}
	}
}
