package tools

import (
	"fmt"
	"reflect"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// sampleUntyped gives what the schema of an untyped operation does not tell: ids
// of objects that the sandbox has, and a body.
func sampleUntyped(b *bench, x *Tool, v map[string]any) {
	if len(x.Operations) == 0 {
		return
	}
	if _, takes := v["body"]; takes && x.untyped {
		v["body"] = map[string]any{"name": "Sample " + x.Name}
		if x.selects != "" {
			v["body"] = map[string]any{"ids": []any{"65fa1c0000000000000000aa"}}
		}
	}
	fields := map[string]field{}
	for _, f := range fieldsOf(x.in) {
		if f.place == "path" {
			fields[f.name] = f
		}
	}
	path := x.Operations[0].Path
	for _, base := range []string{"/api/v2/", "/insights/directory/v1/", "/"} { // the sandbox names collections without it
		if rest, ok := strings.CutPrefix(path, base); ok {
			path = rest
			break
		}
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		name := strings.Trim(part, "{}")
		f, ours := fields[name]
		if name == part || !ours {
			continue
		}
		collection := strings.Join(parts[:i], "/")
		if f.typ.Kind() == reflect.String {
			parts[i] = b.anyIn(collection)
			if parts[i] != "" {
				v[name] = parts[i]
			}
			continue
		}
		if ref, ok := reflect.New(f.typ).Interface().(jc.Reference); ok && ref.Of() != nil {
			parts[i] = b.idOfSample(ref.Of(), fmt.Sprint(v[name]))
		}
	}
}

// anyIn is the id of the first object of a collection of the sandbox; "" when it has none.
func (b *bench) anyIn(collection string) string {
	for _, r := range b.sandbox.Rows(collection) {
		if id := idOf(r); id != "" {
			return id
		}
	}
	return ""
}

// idOfSample is the id behind the name that a sample gives.
func (b *bench) idOfSample(k *jc.Kind, name string) string {
	for _, r := range b.sandbox.Rows(sampleCollections[k.Type]) {
		if k.NameOf(jc.Row(r)) == name {
			return k.IDOf(jc.Row(r))
		}
	}
	return name
}
