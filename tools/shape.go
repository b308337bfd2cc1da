package tools

import (
	"encoding/json"
	"reflect"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// checks refuses a row in which a field has another type than T says, so that a
// change of the API is an error and not an empty cell. null is no other type.
func checks[T any](row jc.Row) error {
	if !fitsStruct(map[string]any(row), reflect.TypeFor[T]()) {
		return &jc.Error{Code: jc.CodeUpstreamDown, Cause: "an answer of another shape than described"}
	}
	return nil
}

func fitsStruct(row map[string]any, t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			if !fitsStruct(row, f.Type) {
				return false
			}
			continue
		}
		if v, sent := row[name]; sent && v != nil && !fitsType(v, f.Type) {
			return false
		}
	}
	return true
}

func fitsType(v any, t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	ok := true
	switch t.Kind() {
	case reflect.String:
		_, ok = v.(string)
	case reflect.Bool:
		_, ok = v.(bool)
	case reflect.Int, reflect.Int64, reflect.Float64:
		_, ok = v.(json.Number)
	case reflect.Map:
		_, ok = v.(map[string]any)
	case reflect.Slice:
		var list []any
		if list, ok = v.([]any); ok {
			for _, e := range list {
				if e != nil && !fitsType(e, t.Elem()) {
					return false
				}
			}
		}
	case reflect.Struct:
		var m map[string]any
		if m, ok = v.(map[string]any); ok {
			return fitsStruct(m, t)
		}
	}
	return ok
}
