// Command schemas makes JSON Schemas for kubeconform from what Kubernetes and the
// authors of custom resources publish: an OpenAPI document (swagger.json) or CRDs.
// Unknown fields are refused by them, as kubectl --validate=strict does.
//
//	schemas OUT FILE…
//
// writes OUT/GROUP/KIND_VERSION.json for each kind; for those without a group
// kubeconform looks under their version, so there GROUP is v1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: schemas OUT FILE…")
		os.Exit(2)
	}
	kinds := 0
	for _, file := range os.Args[2:] {
		n, err := convert(os.Args[1], file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "schemas: %s: %v\n", file, err)
			os.Exit(1)
		}
		kinds += n
	}
	fmt.Fprintln(os.Stderr, kinds, "kinds")
}

// convert writes the schemas of a file, and says how many kinds there were.
func convert(out, file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	if filepath.Ext(file) == ".json" {
		return fromOpenAPI(out, text)
	}
	return fromCRD(out, text)
}

// fromOpenAPI takes all kinds of an OpenAPI 2 document.
func fromOpenAPI(out string, text []byte) (int, error) {
	var doc struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return 0, err
	}
	for _, d := range doc.Definitions {
		strict(d)
	}
	for name, replaced := range map[string][]any{
		"io.k8s.apimachinery.pkg.api.resource.Quantity":   {"string", "number"},
		"io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"string", "integer"},
	} {
		if _, known := doc.Definitions[name]; !known {
			return 0, fmt.Errorf("%s is not defined: this is no document of Kubernetes", name)
		}
		doc.Definitions[name] = map[string]any{"type": replaced}
	}
	kinds := 0
	for name, d := range doc.Definitions {
		gvks, _ := d["x-kubernetes-group-version-kind"].([]any)
		for _, gvk := range gvks {
			g, _ := gvk.(map[string]any)
			schema := map[string]any{"$ref": "#/definitions/" + name, "definitions": reached(doc.Definitions, name)}
			if err := write(out, fmt.Sprint(g["group"]), fmt.Sprint(g["version"]), fmt.Sprint(g["kind"]), schema); err != nil {
				return 0, err
			}
			kinds++
		}
	}
	return kinds, nil
}

// reached is the definition of a name, and all that it refers to.
func reached(all map[string]map[string]any, name string) map[string]any {
	found := map[string]any{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, is := v["$ref"].(string); is {
				if name := strings.TrimPrefix(ref, "#/definitions/"); found[name] == nil {
					found[name] = all[name]
					walk(all[name])
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	found[name] = all[name]
	walk(all[name])
	return found
}

// fromCRD takes the versions of a CustomResourceDefinition.
func fromCRD(out string, text []byte) (int, error) {
	var crd struct {
		Kind string
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return 0, err
	}
	if crd.Kind != "CustomResourceDefinition" || len(crd.Spec.Versions) == 0 {
		return 0, fmt.Errorf("a %q is no CustomResourceDefinition", crd.Kind)
	}
	for _, v := range crd.Spec.Versions {
		strict(v.Schema.OpenAPIV3Schema)
		if err := write(out, crd.Spec.Group, v.Name, crd.Spec.Names.Kind, v.Schema.OpenAPIV3Schema); err != nil {
			return 0, err
		}
	}
	return len(crd.Spec.Versions), nil
}

// strict makes a schema refuse fields that it does not name, and turns what only
// OpenAPI has into JSON Schema.
func strict(schema map[string]any) {
	if schema["x-kubernetes-int-or-string"] == true || schema["format"] == "int-or-string" {
		schema["type"] = []any{"integer", "string"}
		delete(schema, "format")
		delete(schema, "anyOf")
	}
	if of, is := schema["type"].(string); is && schema["nullable"] == true {
		schema["type"] = []any{of, "null"}
	}
	properties, _ := schema["properties"].(map[string]any)
	_, more := schema["additionalProperties"]
	if len(properties) > 0 && !more && schema["x-kubernetes-preserve-unknown-fields"] != true {
		schema["additionalProperties"] = false
	}
	for _, p := range properties {
		inner(p)
	}
	inner(schema["items"])
	inner(schema["additionalProperties"])
}

func inner(v any) {
	if schema, is := v.(map[string]any); is {
		strict(schema)
	}
}

func write(out, group, version, kind string, schema map[string]any) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	if group == "" {
		group = version
	}
	file := filepath.Join(out, group, strings.ToLower(kind)+"_"+version+".json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
