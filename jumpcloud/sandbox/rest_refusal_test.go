package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// TestUnknownIDsAreNotFound puts an id of nothing in each place of each path:
// 404, or an empty list where children are listed.
func TestUnknownIDsAreNotFound(t *testing.T) {
	w := &walker{rig: newRig(t, Options{})}
	for _, op := range theRestTable().ops {
		for i, part := range op.parts {
			if !isID(part) || theRestTable().refs[strings.Join(op.parts[:i+1], "/")] == "any" {
				continue
			}
			parts, _ := w.ids(op)
			parts[i] = nobody
			a := w.do(op.method, op.url(parts), nil)
			if op.kind == "list" && a.StatusCode == 200 && len(op.rowsOf(t, a.body)) == 0 {
				continue
			}
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %d, want 404: %.100s", op.method, op.url(parts), a.StatusCode, a.body)
			}
		}
	}
}

func (op *restOp) rowsOf(t *testing.T, b []byte) []any {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(op.path, err)
	}
	if key := op.options["rows"]; key != "" {
		v = v.(object)[key]
	}
	list, isList := v.([]any)
	if !isList {
		t.Fatalf("%s: no list in %s", op.path, b)
	}
	return list
}

// TestWrongBodiesAreRefused sends a wrong type, a missing field and a field
// that is not known, each of them alone.
func TestWrongBodiesAreRefused(t *testing.T) {
	w := &walker{rig: newRig(t, Options{})}
	wrong, missing, unknown := 0, 0, 0
	for _, op := range theRestTable().ops {
		if op.body == nil || op.body.kind != "object" || op.options["takes"] != "" {
			continue
		}
		parts, _ := w.ids(op)
		path := op.url(parts)
		refused := func(body object, why string) {
			t.Helper()
			before := w.events()
			if a := w.do(op.method, path, op.wrapped(body)); a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s %s: %s is %d, want 400: %.100s", op.method, path, why, a.StatusCode, a.body)
			}
			if w.events() != before {
				t.Errorf("%s %s: %s left an event", op.method, path, why)
			}
		}
		for _, f := range op.body.fields {
			if f.is.kind == "any" {
				continue
			}
			body, _ := w.body(op, false).(object)
			with := maps.Clone(body)
			with[f.name] = []any{[]any{}}
			refused(with, "a list of lists for "+f.name)
			wrong++
			if f.required {
				delete(body, f.name)
				refused(body, "no "+f.name)
				missing++
			}
		}
		if !op.body.open {
			body, _ := w.body(op, false).(object)
			body["notAField"] = 1
			refused(body, "an unknown field")
			unknown++
		}
	}
	if wrong < 300 || missing < 40 || unknown < 55 {
		t.Errorf("only %d wrong, %d missing, %d unknown fields were tried", wrong, missing, unknown)
	}
}
