package jumpcloud

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Row is one object as the API sent it: every field is kept, whether a type
// names it or not. Numbers are json.Number, so that big integers stay exact.
type Row map[string]any

// At follows a dotted path ("fde.active"). ok is false when the API did not
// send that field, which is not the same as sending null or "".
func (r Row) At(path string) (v any, ok bool) {
	if v, ok = r[path]; ok {
		return v, true
	}
	head, rest, dotted := strings.Cut(path, ".")
	if !dotted {
		return nil, false
	}
	switch inner := r[head].(type) {
	case map[string]any:
		return Row(inner).At(rest)
	case Row:
		return inner.At(rest)
	}
	return nil, false
}

// Text is the field as a string; "" when it is absent or not a string.
func (r Row) Text(path string) string {
	v, _ := r.At(path)
	s, _ := v.(string)
	return s
}

// Bool is the field as a boolean, and whether the API sent one.
func (r Row) Bool(path string) (value, known bool) {
	v, _ := r.At(path)
	value, known = v.(bool)
	return value, known
}

// Clone copies the row, nested objects and arrays included.
func (r Row) Clone() Row {
	out, _ := cloneValue(map[string]any(r)).(map[string]any)
	return out
}

func cloneValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(x))
		for k, e := range x {
			m[k] = cloneValue(e)
		}
		return m
	case []any:
		s := make([]any, len(x))
		for i, e := range x {
			s[i] = cloneValue(e)
		}
		return s
	}
	return v
}

// ToRow turns a value into the row that its JSON is.
func ToRow(v any) (Row, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var r Row
	return r, dec.Decode(&r)
}
