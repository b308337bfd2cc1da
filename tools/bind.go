package tools

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// field is a field of an input, with its place in the request.
type field struct {
	index []int
	name  string // the argument
	api   string // the API's name for it, in query or body
	place string // path, query, body, or "-" for ours
	typ   reflect.Type
}

// fieldsOf lists the fields of an input struct, embedded ones included. Where a
// tag `in` says nothing the place is the body.
func fieldsOf(in reflect.Type) []field {
	var out []field
	for _, f := range reflect.VisibleFields(in) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		x := field{index: f.Index, name: name, api: name, place: f.Tag.Get("in"), typ: f.Type}
		if api := f.Tag.Get("api"); api != "" {
			x.api = api
		}
		if x.place == "" {
			x.place = "body"
		}
		out = append(out, x)
	}
	return out
}

// Bodied is an input that finishes its own body: constants that the API wants,
// values that are computed from what was given.
type Bodied interface {
	Body(body map[string]any) error
}

// bind puts every field of a resolved input where its tag says.
func bind(t *Tool, e jc.Endpoint, in any) (jc.Request, error) {
	req := jc.Request{Endpoint: e, Effect: t.Effect, Params: map[string]string{}, Query: url.Values{}}
	v := reflect.ValueOf(in)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	body := map[string]any{}
	for _, f := range fieldsOf(v.Type()) {
		fv := v.FieldByIndex(f.index)
		if f.place == "-" || fv.IsZero() && f.place != "path" {
			continue
		}
		switch f.place {
		case "path":
			req.Params[f.name] = textOf(fv)
		case "query":
			req.Query.Set(f.api, textOf(fv))
		default:
			value, err := jsonOf(fv)
			if err != nil {
				return req, err
			}
			body[f.api] = value
		}
	}
	if b, ok := in.(Bodied); ok {
		if err := b.Body(body); err != nil {
			return req, err
		}
	}
	if len(body) > 0 {
		req.Body = body
	}
	return req, nil
}

// jsonOf is the field as the JSON value that goes into a body.
func jsonOf(v reflect.Value) (any, error) {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, err
	}
	r, err := jc.ToRow(map[string]json.RawMessage{"v": b})
	return r["v"], err
}

// textOf is the field as text for a path or a query; lists are joined by commas.
func textOf(v reflect.Value) string {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.CanAddr() {
		if ref, ok := v.Addr().Interface().(jc.Reference); ok {
			return ref.Found().ID
		}
	}
	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = textOf(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v.Interface())
}
