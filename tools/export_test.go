package tools

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

var exportLink = regexp.MustCompile(`file://(\S+?)[; ]`)

// The whole list is in the file, whatever the answer shows, and conditions hold.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, sandbox.Options{Users: 1500}, func(o *Options) { o.ExportDir = dir })
	read := func(text string) [][]string {
		t.Helper()
		m := exportLink.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("no link in %s", text)
		}
		f, err := os.Open(m[1])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[1:]
	}
	text := b.must("users_list", `{"all":true,"export":"csv","fields":"username,email,name,manager"}`)
	want(t, text, "# exported 1500 rows to file://", "the first 5 of 1500 rows")
	rows := read(text)
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r[0]] = true
		if strings.ContainsAny(r[2][:1], "=+@") {
			t.Errorf("a spreadsheet would run %q", r[2])
		}
	}
	if len(rows) != 1500 || len(seen) != 1500 {
		t.Errorf("%d rows, %d of them different", len(rows), len(seen))
	}
	suspended := 0
	for _, u := range b.sandbox.Rows("users") {
		if u["state"] == "SUSPENDED" {
			suspended++
		}
	}
	if n := len(read(b.must("users_list", `{"export":"csv","filter":"suspended=true"}`))); n != suspended {
		t.Errorf("%d suspended users in the file, really %d", n, suspended)
	}
	text = b.must("users_list", `{"export":"json","filter":"group=Contractors"}`)
	raw, err := os.ReadFile(exportLink.FindStringSubmatch(text)[1])
	if err != nil {
		t.Fatal(err)
	}
	var objects []map[string]string
	if err := json.Unmarshal(raw, &objects); err != nil || len(objects) == 0 {
		t.Errorf("%d objects, %v", len(objects), err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*.part"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A folder that cannot be written is said, and leaves nothing behind.
func TestExportCannotWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	b := newBench(t, sandboxOptions, func(o *Options) { o.ExportDir = dir })
	text, a := b.call("users_list", `{"export":"csv"}`)
	want(t, text, "could not be written")
	if !a.IsError {
		t.Error("that is no success")
	}
	b = newBench(t, sandboxOptions)
	text, _ = b.call("users_list", `{"export":"csv"}`)
	want(t, text, `no argument "export"`)
}

// Where a list has no columns of its own they are those of its first rows, also
// when the pages before had none.
func TestExportColumnsFromRows(t *testing.T) {
	for format, text := range map[string]string{
		"csv":  "name,id\na,1\nb,2\n",
		"json": "[\n{\"name\":\"a\",\"id\":\"1\"},\n{\"name\":\"b\",\"id\":\"2\"}\n]\n",
	} {
		r := &Reader{d: &Desk{o: Options{ExportDir: t.TempDir()}}, trip: &trip{}}
		r.trip.args.export.Export = format
		l := &listing{tool: &Tool{Name: "x_list"}}
		got, err := l.save(r, func(write pageFunc) error {
			return errors.Join(write(nil, -1), write([]jc.Row{{"id": "1", "name": "a"}}, -1), write([]jc.Row{{"id": "2", "name": "b"}}, -1))
		})
		if err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(got.path)
		if err != nil || string(written) != text || got.rows != 2 {
			t.Errorf("%s: %d rows, %q, %v", format, got.rows, written, err)
		}
	}
}

// The structured copy has the form it promises, and says what the text says.
func TestStructured(t *testing.T) {
	b := newBench(t, sandboxOptions, func(o *Options) { o.Structured = true })
	doc, err := validator.UnmarshalJSON(strings.NewReader(string(outputSchema)))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("mem:out", doc); err != nil {
		t.Fatal(err)
	}
	form := c.MustCompile("mem:out")
	for _, call := range [][2]string{
		{"users_list", `{"limit":3}`}, {"users_list", `{"count_by":"department"}`}, {"users_get", `{"user":"ada.king"}`}, {"users_get", `{"user":"nobody"}`},
		{"user_groups_update", `{"group":"Sales","description":"x"}`}, {"users_list", `{"filter":"department=None such"}`}, {"users_list", `{"limit":"x"}`},
	} {
		text, a := b.call(call[0], call[1])
		v, err := validator.UnmarshalJSON(strings.NewReader(string(a.Structured)))
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
		if err := form.Validate(v); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		var d data
		if err := json.Unmarshal(a.Structured, &d); err != nil {
			t.Fatal(err)
		}
		if a.IsError != (d.Error != nil) || a.IsError && d.Error.Code != a.Code {
			t.Errorf("%s: %s", call, a.Structured)
		}
		if d.Columns == nil {
			continue
		}
		if rows := rowsOf(t, text); len(rows) != len(d.Rows) {
			t.Errorf("%s: %d rows in the text, %d in the copy", call, len(rows), len(d.Rows))
		}
		if strings.Contains(text, "next=") && !strings.Contains(d.Head, "next=") {
			t.Errorf("%s: the copy loses the cursor", call)
		}
	}
	for _, l := range b.desk.List(b.ctx) {
		if string(l.OutputSchema) != string(outputSchema) {
			t.Fatalf("%s has another output schema", l.Name)
		}
	}
	a := failure(&jc.Error{Code: jc.CodeRateLimited, RetryAt: time.Unix(100, 0)}, false)
	a.structure(time.Unix(40, 0))
	want(t, string(a.Structured), `"retryable":true`, `"retry_after_s":60`)
}
