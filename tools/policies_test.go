package tools

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

func TestFieldValue(t *testing.T) {
	choice := map[string]any{"select": []any{map[string]any{"text": "Low", "value": json.Number("1")}, map[string]any{"text": "High", "value": "high"}}}
	for _, c := range []struct {
		kind    string
		options any
		was     any
		text    string
		want    any // nil for refused
	}{
		{"checkbox", nil, nil, "true", true},
		{"checkbox", nil, []any{true}, "false", []any{false}},
		{"checkbox", nil, nil, "yes", nil},
		{"number", nil, nil, "15", json.Number("15")},
		{"number", nil, nil, "15 minutes", nil},
		{"number", nil, nil, "[15]", []any{json.Number("15")}},
		{"number", nil, []any{json.Number("15")}, "20", []any{json.Number("20")}},
		{"text", nil, nil, "15", "15"},
		{"textarea", nil, nil, `[{"a":1}]`, `[{"a":1}]`},
		{"table", nil, nil, `[{"a":"b"}]`, []any{map[string]any{"a": "b"}}},
		{"table", nil, nil, "b", nil},
		{"select", choice, nil, "1", json.Number("1")},
		{"select", choice, nil, "high", "high"},
		{"select", nil, json.Number("0"), "2", json.Number("2")},
		{"select", nil, nil, "2", "2"},
	} {
		got, err := fieldValue(jc.Row{"displayType": c.kind, "name": "f", "displayOptions": c.options}, c.was, c.text)
		if err != nil && c.want != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%s %q: %v %v, want %v", c.kind, c.text, got, err, c.want)
		}
	}
}

func TestPolicyValues(t *testing.T) {
	b := newBench(t, sandboxOptions)
	sent := b.bodies()
	text := b.must("policies_create", `{"name":"Office WiFi","template":"wifi_darwin","values":[{"configFieldID":"ssid","value":"acme"}]}`)
	if !strings.HasPrefix(text, string(Done)) {
		t.Error(text)
	}
	value := rowsIn((*sent)[0]["values"])[0]
	if value["value"] != "acme" || len(value.Text("configFieldID")) != 24 {
		t.Errorf("sent %v", (*sent)[0])
	}
	if id, _ := (*sent)[0].At("template.id"); len(id.(string)) != 24 {
		t.Errorf("sent template %v", id)
	}
	*sent = nil
	text, a := b.call("policies_update", `{"policy":"Office WiFi","values":[{"configFieldID":"sid","value":"x"}]}`)
	if a.Code != string(jc.CodeInvalidArgument) || !strings.Contains(text, "ssid") || len(*sent) != 0 {
		t.Errorf("%d writes: %s", len(*sent), text)
	}
	// The PUT replaces all: what was not given goes along.
	b.must("policies_update", `{"policy":"Office WiFi","notes":"Berlin"}`)
	if values := rowsIn((*sent)[0]["values"]); len(values) != 1 || values[0]["value"] != "acme" || (*sent)[0]["name"] != "Office WiFi" {
		t.Errorf("sent %v", (*sent)[0])
	}
	if text = b.must("policies_get", `{"policy":"Office WiFi"}`); !strings.Contains(text, `"field":"ssid"`) || !strings.Contains(text, `"notes":"Berlin"`) {
		t.Error(text)
	}
}

func TestSensitiveValuesStayUnseen(t *testing.T) {
	b := newBench(t, sandboxOptions)
	const create = `{"name":"Office WiFi","template":"wifi_darwin","values":[{"configFieldID":"ssid","value":"hunter2","sensitive":true}]`
	for _, call := range [][2]string{
		{"policies_create", create + `,"dry_run":true}`}, {"policies_create", create + `}`},
		{"policies_update", `{"policy":"Office WiFi","values":[{"configFieldID":"ssid","value":"hunter3"}],"dry_run":true}`},
		{"policies_get", `{"policy":"Office WiFi"}`},
	} {
		if text := b.must(call[0], call[1]); strings.Contains(text, "hunter") {
			t.Errorf("%s: %s", call[0], text)
		}
	}
	if s := b.audit.String(); strings.Contains(s, "hunter") {
		t.Error("a sensitive value is in the audit")
	}
}

func TestFilledListsAreUnderstood(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "[1]": true, " true ": true, "1 2": false, "": false, "abc": false, `{"a":1}`: true} {
		if _, ok := jsonValue(text); ok != want {
			t.Errorf("jsonValue(%q) = %v", text, ok)
		}
	}
}
