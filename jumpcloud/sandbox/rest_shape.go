package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// shape is a type of JSON value, as rest_operations.txt writes it.
type shape struct {
	kind     string // s b i n t d y x o any id uuid sec, or enum, list, object
	options  []string
	item     *shape
	fields   []shapeField
	open     bool // an object that may have more fields
	nullable bool
}

type shapeField struct {
	name     string
	required bool
	is       *shape
}

func (s *shape) field(name string) *shape {
	if s == nil {
		return nil
	}
	for i := range s.fields {
		if s.fields[i].name == name {
			return s.fields[i].is
		}
	}
	return nil
}

// shapeReader parses one type; named gives the shapes that stand under a name.
type shapeReader struct {
	text  string
	named func(name string) *shape
}

// read parses the next type. A mistake in the table is a mistake of ours and
// panics when the table is first read, which every test does.
func (r *shapeReader) read() *shape {
	var s *shape
	switch {
	case r.takes("["):
		s = &shape{kind: "list", item: r.read()}
		r.must("]")
	case r.takes("("):
		inside, rest, found := strings.Cut(r.text, ")")
		if !found {
			panic("sandbox: no end of choices in " + r.text)
		}
		s, r.text = &shape{kind: "enum", options: strings.Split(inside, "|")}, rest
	case r.takes("{"):
		s = r.object()
	case r.takes("@"):
		named := *r.named(r.word())
		s = &named
	default:
		s = &shape{kind: r.word()}
		if !slices.Contains(strings.Fields("s b i n t d y x o any id uuid sec"), s.kind) {
			panic("sandbox: unknown type " + s.kind + " before " + r.text)
		}
	}
	s.nullable = r.takes("?") || s.nullable
	return s
}

func (r *shapeReader) object() *shape {
	s := &shape{kind: "object"}
	for !r.takes("}") {
		if r.takes("*") {
			s.open = true
			continue
		}
		name, rest, found := strings.Cut(r.text, ":")
		if !found {
			panic("sandbox: no type after " + r.text)
		}
		r.text = rest
		f := shapeField{}
		f.name, f.required = strings.CutSuffix(name, "!")
		f.is = r.read()
		s.fields = append(s.fields, f)
		r.takes(",")
	}
	return s
}

func (r *shapeReader) takes(mark string) bool {
	rest, found := strings.CutPrefix(r.text, mark)
	if found {
		r.text = rest
	}
	return found
}

func (r *shapeReader) must(mark string) {
	if !r.takes(mark) {
		panic("sandbox: want " + mark + " before " + r.text)
	}
}

func (r *shapeReader) word() string {
	end := strings.IndexAny(r.text, ",}])?")
	if end < 0 {
		end = len(r.text)
	}
	w := r.text[:end]
	r.text = r.text[end:]
	return w
}

// misfit says what is wrong with a value that was sent, "" when it fits. A
// field that the description does not name is refused: the real API may pass
// over it, and whoever sends it has misread the description.
func (s *shape) misfit(v any, at string) string {
	if v == nil {
		if s.nullable || s.kind == "any" {
			return ""
		}
		return at + " must not be null"
	}
	switch s.kind {
	case "object":
		return s.objectMisfit(v, at)
	case "list":
		list, isList := v.([]any)
		if !isList {
			return at + " must be a list"
		}
		for i, x := range list {
			if problem := s.item.misfit(x, fmt.Sprintf("%s[%d]", at, i)); problem != "" {
				return problem
			}
		}
		return ""
	case "enum":
		if text, isText := v.(string); !isText || !slices.Contains(s.options, text) {
			return at + " must be one of " + strings.Join(s.options, ", ")
		}
		return ""
	}
	if s.plainFit(v) {
		return ""
	}
	return at + " must be " + plainWords[s.kind]
}

var plainWords = map[string]string{"s": "text", "b": "a boolean", "i": "a whole number", "n": "a number", "t": "a date and time",
	"d": "a date", "y": "base64 text", "x": "bytes", "o": "an object", "id": "text", "uuid": "text", "sec": "text"}

func (s *shape) plainFit(v any) bool {
	switch s.kind {
	case "any":
		return true
	case "b", "i", "o":
		return fits(v, s.kind)
	case "n":
		_, isNumber := v.(float64)
		return isNumber
	case "t":
		return fits(v, "t")
	case "d":
		text, isText := v.(string)
		_, err := time.Parse(time.DateOnly, text)
		return isText && err == nil
	}
	return fits(v, "s")
}

func (s *shape) objectMisfit(v any, at string) string {
	m, isObject := v.(map[string]any)
	if !isObject {
		return at + " must be an object"
	}
	inner := func(name string) string {
		if at == "the body" {
			return name
		}
		return at + "." + name
	}
	for _, f := range s.fields {
		x, sent := m[f.name]
		if f.required && (!sent || x == nil || x == "") {
			return inner(f.name) + " is required"
		}
		if !sent {
			continue
		}
		if problem := f.is.misfit(x, inner(f.name)); problem != "" {
			return problem
		}
	}
	if s.open {
		return ""
	}
	for name := range m {
		if s.field(name) == nil {
			return inner(name) + " is not a field of this request"
		}
	}
	return ""
}

// holds says whether a stored value can be answered as this type.
func (s *shape) holds(v any) bool {
	switch s.kind {
	case "any":
		return true
	case "object", "o":
		_, isObject := v.(map[string]any)
		return isObject
	case "list":
		_, isList := v.([]any)
		return isList
	case "b":
		_, isBool := v.(bool)
		return isBool
	case "i", "n":
		_, isNumber := number(v)
		return isNumber
	case "enum":
		text, isText := v.(string)
		return isText && slices.Contains(s.options, text)
	}
	_, isText := v.(string)
	return isText
}
