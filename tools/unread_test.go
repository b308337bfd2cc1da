package tools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// hides takes fields out of the rows that JumpCloud answers with, at the
// operations of one tool; look-ups beside them stay whole.
type hides struct {
	next   http.RoundTripper
	at     []jc.Endpoint
	fields map[string]bool
	rows   atomic.Int64 // that went by
}

func (h *hides) answer(r *http.Request) (*http.Response, error) {
	if !slices.ContainsFunc(h.at, func(e jc.Endpoint) bool { return e.Method == r.Method && fitsTemplate(e.Path, r.URL.Path) }) {
		return nil, nil
	}
	resp, err := h.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	if envelope, ok := v.(map[string]any); ok {
		for _, key := range []string{"results", "events", "records", "data"} {
			if inner, ok := envelope[key].([]any); ok {
				list = inner
			}
		}
	}
	for _, e := range list {
		if row, ok := e.(map[string]any); ok {
			h.rows.Add(1)
			hide(row, h.fields)
		}
	}
	if raw, err = json.Marshal(v); err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	resp.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	return resp, nil
}

// hide takes the fields out of an object, and out of those in it.
func hide(v any, fields map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		for name, inner := range x {
			if fields[name] {
				delete(x, name)
				continue
			}
			hide(inner, fields)
		}
	case []any:
		for _, e := range x {
			hide(e, fields)
		}
	}
}

// fitsTemplate reports whether a path is one of a template's.
func fitsTemplate(template, path string) bool {
	a, b := strings.Split(template, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// sourcesOf are the fields of the API behind a column, as a row has them at its
// top; those that make a row an object of its kind are left.
func sourcesOf(t *Tool, column string) map[string]bool {
	out := map[string]bool{}
	names := append(t.needs(column), column)
	names = append(names, eventCellNeeds[column]...)
	if f := eventFactNeeds(t, column); f != nil {
		names = append(names, f...)
	}
	for _, n := range names {
		head, _, _ := strings.Cut(n, ".")
		if head != "_id" && head != "id" {
			out[head] = true
		}
	}
	delete(out, flagsColumn)
	return out
}

// eventFactNeeds are the fields that lists of whole rows may take a column from:
// all of what they answer with.
func eventFactNeeds(t *Tool, column string) []string {
	if t.row == nil || column == flagsColumn {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.outFields), func(f string) bool { return f == "id" || f == "_id" || f == "type" || f == "to" })
}

// TestNotReadIsNeverNone walks every default column and every flag of every
// list with what it is read from taken out of all answers: nothing is shown as
// none, no flag is claimed to have been read, and a count says "(not read)".
func TestNotReadIsNeverNone(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks all tools: the run without -short does")
	}
	b := newBench(t, sandboxOptions)
	walked, flags := 0, 0
	for _, x := range All() {
		if !x.lists || len(x.columns) == 0 {
			continue
		}
		var args map[string]any
		if err := json.Unmarshal([]byte(sampleArgs(b, x, false)), &args); err != nil {
			t.Fatal(err)
		}
		for i, column := range x.columns {
			h := &hides{next: b.wire.next, at: append(slices.Clone(x.Operations), searchOf(x)...), fields: sourcesOf(x, column)}
			b.wire.answer = h.answer
			b.desk.dir.Forget()
			raw, _ := json.Marshal(args)
			text, a := b.call(x.Name, string(raw))
			b.wire.answer = nil
			if a.IsError || h.rows.Load() == 0 || len(h.fields) == 0 || len(a.Text) < 2 {
				if a.IsError || h.rows.Load() > 0 && len(h.fields) > 0 {
					t.Logf("%s, %s: %.160s", x.Name, column, text)
				}
				continue // an error, or nothing to read, is no false "none"
			}
			walked++
			if column == flagsColumn {
				flags += flagsHidden(t, x, text)
				continue
			}
			for _, row := range rowsOf(t, text) {
				if i < len(row) && row[i] == noneMark {
					t.Errorf("%s: %s was not read and is shown as none:\n%.300s", x.Name, column, text)
					break
				}
			}
			countHidden(t, b, x, column, args, h)
		}
	}
	t.Logf("%d columns and %d flags without their source", walked, flags)
	if walked < 40 || flags < 8 {
		t.Errorf("only %d columns and %d flags were walked", walked, flags)
	}
}

func searchOf(t *Tool) []jc.Endpoint {
	if t.search == nil {
		return nil
	}
	return []jc.Endpoint{*t.search}
}

// flagsHidden: no flag stands in the list of those that were read, each in that of
// those that were not.
func flagsHidden(t *testing.T, x *Tool, text string) (n int) {
	t.Helper()
	head, _, _ := strings.Cut(text, "\n")
	for _, f := range x.kind.Facts {
		if f.Flag == "" {
			continue
		}
		n++
		_, read, _ := strings.Cut(head, "flags read: ")
		read, _, _ = strings.Cut(read, ";")
		_, not, _ := strings.Cut(head, "flags not read: ")
		not, _, _ = strings.Cut(not, ";")
		if slices.Contains(strings.Fields(read), f.Flag) || !slices.Contains(strings.Fields(not), f.Flag) {
			t.Errorf("%s: the flag %s was not read and the head does not say so: %s", x.Name, f.Flag, head)
		}
	}
	for _, row := range rowsOf(t, text) {
		if last := row[len(row)-1]; last == noneMark {
			t.Errorf("%s: flags that were not read are shown as none: %v", x.Name, row)
			break
		}
	}
	return n
}

// countHidden: what is counted by a field that was not read is "(not read)".
func countHidden(t *testing.T, b *bench, x *Tool, column string, args map[string]any, h *hides) {
	t.Helper()
	if !slices.Contains(x.Schema.Names(), "count_by") {
		return
	}
	counting := map[string]any{"count_by": column}
	for k, v := range args {
		counting[k] = v
	}
	raw, _ := json.Marshal(counting)
	b.wire.answer = h.answer
	text, a := b.call(x.Name, string(raw))
	b.wire.answer = nil
	if !a.IsError && strings.Contains(text, fmt.Sprintf("\n%s,", noValue)) {
		t.Errorf("%s count_by=%s: what was not read is counted as none:\n%.300s", x.Name, column, text)
	}
}
