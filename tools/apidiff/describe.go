package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// operation is one operation as a description has it.
type operation struct {
	at    string           // "GET /api/v2/usergroups/{id}"
	query map[string]shape // nil where parameters are not described
	body  *shape           // nil where there is none, or none is described
	plain bool             // only method and path are described
}

// shape is as much of a schema as is compared.
type shape struct {
	required bool
	enum     []string
	fields   map[string]shape // of an object, or of the objects in a list
}

var argument = regexp.MustCompile(`\{[^}]*\}`)

// form is an operation with its path arguments unnamed.
func form(at string) string { return argument.ReplaceAllString(at, "{}") }

func read(files []string) (map[string]*operation, error) {
	out := map[string]*operation{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var list []*operation
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err == nil && doc["paths"] != nil {
			list = (&document{doc}).operations()
		} else if list, err = lines(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, o := range list {
			out[form(o.at)] = o
		}
	}
	return out, nil
}

// lines reads operations one a line.
func lines(raw []byte) (out []*operation, err error) {
	sc := bufio.NewScanner(bytes.NewReader(raw))
	sc.Buffer(nil, 8<<20)
	for n := 1; sc.Scan(); n++ {
		var o struct{ Method, Path string }
		if err := json.Unmarshal(sc.Bytes(), &o); err != nil || o.Method == "" || o.Path == "" {
			return nil, fmt.Errorf("line %d is neither a description nor an operation", n)
		}
		out = append(out, &operation{at: strings.ToUpper(o.Method) + " " + o.Path, plain: true})
	}
	return out, sc.Err()
}

// document is an OpenAPI or Swagger file.
type document struct{ root map[string]any }

// base is the path that the file's operations stand under.
func (d *document) base() string {
	if s, ok := d.root["basePath"].(string); ok {
		return strings.TrimSuffix(s, "/")
	}
	servers, _ := d.root["servers"].([]any)
	if len(servers) == 0 {
		return ""
	}
	first, _ := servers[0].(map[string]any)
	s, _ := first["url"].(string)
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

func (d *document) operations() (out []*operation) {
	paths, _ := d.root["paths"].(map[string]any)
	for path, v := range paths {
		item, _ := v.(map[string]any)
		for method, v := range item {
			if !slices.Contains([]string{"get", "post", "put", "patch", "delete"}, method) {
				continue
			}
			op, _ := v.(map[string]any)
			o := &operation{at: strings.ToUpper(method) + " " + d.base() + path, query: map[string]shape{}}
			d.parameters(o, item["parameters"])
			d.parameters(o, op["parameters"])
			if body := d.resolve(op["requestBody"]); body != nil {
				content, _ := body["content"].(map[string]any)
				media, _ := content["application/json"].(map[string]any)
				if s := d.resolve(media["schema"]); s != nil {
					b := d.shape(s, 0)
					o.body = &b
				}
			}
			out = append(out, o)
		}
	}
	return out
}

func (d *document) parameters(o *operation, list any) {
	all, _ := list.([]any)
	for _, v := range all {
		p := d.resolve(v)
		schema := d.resolve(p["schema"])
		if schema == nil {
			schema = p // Swagger 2
		}
		s := d.shape(schema, 0)
		s.required, _ = p["required"].(bool)
		name, _ := p["name"].(string)
		switch p["in"] {
		case "query":
			o.query[name] = s
		case "body":
			o.body = &s
		}
	}
}

// resolve follows references; nil for what is no object.
func (d *document) resolve(v any) map[string]any {
	m, _ := v.(map[string]any)
	for range 20 {
		ref, ok := m["$ref"].(string)
		if !ok {
			return m
		}
		var at any = d.root
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			inner, _ := at.(map[string]any)
			at = inner[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
		m, _ = at.(map[string]any)
	}
	return m
}

const deepest = 4 // levels of a body that are compared; some describe themselves

func (d *document) shape(m map[string]any, depth int) shape {
	out := shape{fields: map[string]shape{}}
	for _, v := range list(m["enum"]) {
		if s, ok := v.(string); ok && s != "" {
			out.enum = append(out.enum, s)
		}
	}
	if items := d.resolve(m["items"]); items != nil {
		return d.shape(items, depth)
	}
	if depth >= deepest {
		return out
	}
	parts := slices.Concat(list(m["allOf"]), list(m["oneOf"]), list(m["anyOf"]), []any{m})
	for _, part := range parts {
		p := d.resolve(part)
		required := list(p["required"])
		props, _ := p["properties"].(map[string]any)
		for name, v := range props {
			inner := d.resolve(v)
			if only, _ := inner["readOnly"].(bool); only {
				continue
			}
			s := d.shape(inner, depth+1)
			s.required = slices.Contains(required, any(name))
			if was, twice := out.fields[name]; twice { // alternatives
				s.enum, s.required = slices.Concat(was.enum, s.enum), was.required && s.required
				maps.Copy(s.fields, was.fields)
			}
			out.fields[name] = s
		}
	}
	return out
}

func list(v any) []any { l, _ := v.([]any); return l }
