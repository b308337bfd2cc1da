package tools

import (
	"encoding/json"
	"fmt"
	"maps"
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
		if body := sampleBodies[x.Name]; body != "" {
			v["body"] = json.RawMessage(body)
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
			if made, _ := v[name].(string); parts[i] != "" && strings.HasPrefix(made, "Sample") { // one of an enum stays
				v[name] = parts[i]
			}
			continue
		}
		if ref, ok := reflect.New(f.typ).Interface().(jc.Reference); ok && ref.Of() != nil {
			parts[i] = b.idOfSample(ref.Of(), fmt.Sprint(v[name]))
		}
	}
	if find := sampleFound[x.Name]; find != nil {
		find(b, v)
	}
}

// Bodies that the sandbox wants more of, files, and paths that are no collection.
func init() {
	body := func(given map[string]any) func(map[string]any, bool) {
		return func(v map[string]any, _ bool) { v["body"] = given }
	}
	file := func(v map[string]any, _ bool) { v["file"] = "UEsDBA==" }
	hook := map[string]any{"webhook": map[string]any{"url": "https://hooks.example.com/x"}}
	maps.Copy(sampleFixes, map[string]func(map[string]any, bool){
		"service_accounts_create":             body(map[string]any{"name": "Backup robot", "roleId": "65fa1c0000000000000000aa"}),
		"service_accounts_credentials_create": body(map[string]any{"authType": "API_KEY"}),
		"notifications_channels_create":       body(map[string]any{"channel": map[string]any{"name": "On call", "config": hook}}),
		"notifications_channels_update":       body(map[string]any{"channel": map[string]any{"enabled": false}}),
		// the sandbox's first item and first user are bound already
		"password_manager_items_associations_change": func(v map[string]any, _ bool) { v["op"] = "remove" },
		"password_vault_credentials_read_columns":    file, "password_vault_credentials_import": file, "password_vault_credentials_import_mapped": file,
	})
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
