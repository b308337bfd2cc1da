// Package schemas turns Go structs into the JSON Schemas that agents see, and
// checks arguments against them.
//
// One struct makes two schemas: the full one is what arguments are checked
// against; the listed one is what clients see in the list of tools, without the
// fields tagged `rare:"true"` and with deep objects shown as plain objects.
package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is what a tool takes. Its JSON is made when it is first needed: a program
// declares many tools and lists few. It is safe for concurrent use.
type Schema struct {
	parts    []reflect.Type
	argument string // that carries a note
	note     string
	choice   *choice

	made         sync.Once
	whole, brief *jsonschema.Schema
	hidden       bool
	names        []string

	madeFull, madeListed sync.Once
	full, listed         json.RawMessage

	once    sync.Once
	checker *validator.Schema
	err     error
}

// Of makes the schema of an object that has the fields of all the given struct
// types. It fails on a field that no agent could fill in: one without a type, an
// optional boolean or number that cannot say false or 0, or a name used twice.
func Of(parts ...reflect.Type) (*Schema, error) {
	s := &Schema{}
	seen := map[string]bool{}
	for _, t := range parts {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if err := fits(t, t.Name()); err != nil {
			return nil, err
		}
		rare := rareFields(t)
		for _, f := range reflect.VisibleFields(t) {
			if f.Anonymous || !f.IsExported() || len(f.Index) > 1 && !promoted(t, f) {
				continue
			}
			name := jsonName(f)
			if seen[name] {
				return nil, fmt.Errorf("schemas: %v: argument %q is declared twice", t, name)
			}
			seen[name] = true
			if rare[name] && required(f) {
				return nil, fmt.Errorf("schemas: argument %q is required and rare", name)
			}
		}
		s.parts = append(s.parts, t)
	}
	return s, nil
}

// promoted reports whether a field of an embedded struct is reached by its bare name.
func promoted(t reflect.Type, f reflect.StructField) bool {
	own, ok := t.FieldByName(f.Name)
	return ok && slices.Equal(own.Index, f.Index)
}

// required reports whether a field's tag says so.
func required(f reflect.StructField) bool {
	return slices.Contains(strings.Split(f.Tag.Get("jsonschema"), ","), "required")
}

// Noting gives the schema with a description on one argument, in both forms. It
// is for what differs between tools that share a struct; an empty note changes nothing.
func (s *Schema) Noting(argument, note string) *Schema {
	if s == nil || note == "" {
		return s
	}
	return &Schema{parts: s.parts, argument: argument, note: note, choice: s.choice}
}

// choice is a required argument with a closed list of values.
type choice struct {
	argument string
	values   []any
}

// Choosing gives the schema with one more argument, the first, that has to be one of
// the values. It is for what depends on the caller and not on the tool.
func (s *Schema) Choosing(argument string, values []string) *Schema {
	c := &choice{argument: argument}
	for _, v := range values {
		c.values = append(c.values, v)
	}
	return &Schema{parts: s.parts, argument: s.argument, note: s.note, choice: c}
}

// Full is what arguments are checked against.
func (s *Schema) Full() json.RawMessage {
	s.make()
	s.madeFull.Do(func() { s.full = encode(s.whole) })
	return s.full
}

// Listed is what clients see; every call made from it passes Full.
func (s *Schema) Listed() json.RawMessage {
	s.make()
	s.madeListed.Do(func() { s.listed = encode(s.brief) })
	return s.listed
}

// Hidden says that Full has fields that Listed leaves out.
func (s *Schema) Hidden() bool { s.make(); return s.hidden }

// Names are the arguments in the order of the struct.
func (s *Schema) Names() []string { s.make(); return s.names }

func (s *Schema) make() {
	s.made.Do(func() {
		s.whole, s.brief = object(), object()
		if c := s.choice; c != nil {
			for _, form := range []*jsonschema.Schema{s.whole, s.brief} {
				form.Properties.Set(c.argument, &jsonschema.Schema{Type: "string", Enum: c.values})
				form.Required = append(form.Required, c.argument)
			}
			s.names = append(s.names, c.argument)
		}
		for _, t := range s.parts {
			part := reflectType(t)
			rare := rareFields(t)
			for p := part.Properties.Oldest(); p != nil; p = p.Next() {
				if p.Key == s.argument {
					p.Value.Description = s.note
				}
				s.whole.Properties.Set(p.Key, p.Value)
				s.names = append(s.names, p.Key)
				if rare[p.Key] {
					s.hidden = true
					continue
				}
				brief, cut := shallow(p.Value)
				s.hidden = s.hidden || cut
				s.brief.Properties.Set(p.Key, brief)
			}
			s.whole.Required = append(s.whole.Required, part.Required...)
			s.brief.Required = append(s.brief.Required, part.Required...)
		}
	})
}

// encode is a schema as JSON; nil, which compiles to an error, where that fails.
func encode(s *jsonschema.Schema) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return raw
}

// Compile builds the checker now instead of at the first call.
func (s *Schema) Compile() error {
	s.once.Do(func() {
		doc, err := validator.UnmarshalJSON(bytes.NewReader(s.Full()))
		if err == nil {
			c := validator.NewCompiler()
			c.AssertFormat()
			if err = c.AddResource("mem:schema", doc); err == nil {
				s.checker, err = c.Compile("mem:schema")
			}
		}
		s.err = err
	})
	return s.err
}

func object() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
}

func reflectType(t reflect.Type) *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true,
		Mapper: mapType,
	}
	return r.ReflectFromType(t)
}

// reference is how a type that names an object looks from here.
type reference interface{ Wanted() string }

// mapType gives the types that invopop would describe wrongly.
func mapType(t reflect.Type) *jsonschema.Schema {
	one := uint64(1)
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[reference]()):
		return &jsonschema.Schema{Type: "string", MinLength: &one}
	case t.Kind() == reflect.Interface, t == reflect.TypeFor[json.RawMessage](),
		t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Interface:
		return &jsonschema.Schema{Type: "object"}
	}
	return nil
}

func rareFields(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("rare") == "true" {
			out[jsonName(f)] = true
		}
	}
	return out
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// shallow keeps what fits in a list of tools, without bounds that no call meets: scalars, arrays of scalars and
// flat objects of at most three fields. It reports whether something was left out.
func shallow(s *jsonschema.Schema) (*jsonschema.Schema, bool) {
	out := *s
	if out.MinLength != nil && *out.MinLength <= 1 { // nobody needs to be told that a name is not empty
		out.MinLength = nil
	}
	if out.MaxLength != nil && *out.MaxLength >= 256 {
		out.MaxLength = nil
	}
	switch {
	case s.Type == "object" && s.Properties != nil && s.Properties.Len() > 0:
		for p := s.Properties.Oldest(); p != nil; p = p.Next() {
			if p.Value.Type == "object" || p.Value.Type == "array" || s.Properties.Len() > 3 {
				return &jsonschema.Schema{Type: "object", Description: s.Description}, true
			}
		}
	case s.Type == "array" && s.Items != nil:
		items, cut := shallow(s.Items)
		out.Items = items
		return &out, cut
	}
	return &out, false
}

// fits refuses fields that an agent could not use as the API means them.
func fits(t reflect.Type, at string) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("schemas: %v is not a struct", t)
	}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name := jsonName(f)
		if name == "" || name == "-" {
			return fmt.Errorf("schemas: %s.%s has no json name", at, f.Name)
		}
		switch k := f.Type.Kind(); {
		case required(f):
		case k == reflect.Bool, k >= reflect.Int && k <= reflect.Float64:
			if f.Tag.Get("in") != "-" && f.Tag.Get("in") != "query" {
				return fmt.Errorf("schemas: %s.%s is optional and cannot say %v: make it a pointer", at, f.Name, reflect.Zero(f.Type))
			}
		case !strings.Contains(f.Tag.Get("json"), "omit"):
			return fmt.Errorf("schemas: %s.%s is optional and lacks omitempty", at, f.Name)
		}
		if inner := structOf(f.Type); inner != nil {
			if err := fits(inner, at+"."+f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// structOf is the struct in a field's type that the schema describes field by field, or nil.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || mapType(t) != nil || t.PkgPath() == "time" {
		return nil
	}
	return t
}
