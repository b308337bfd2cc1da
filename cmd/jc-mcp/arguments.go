package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxStdin bounds the arguments that are read from stdin, as the HTTP body is bounded.
const maxStdin = 1 << 20

// node is as much of a JSON Schema as is needed to read key=value.
type node struct {
	Type       typeNames        `json:"type"`
	Properties map[string]*node `json:"properties"`
	Items      *node            `json:"items"`
	AnyOf      []*node          `json:"anyOf"`
	OneOf      []*node          `json:"oneOf"`
}

// typeNames is one name or a list of them.
type typeNames []string

func (t *typeNames) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = typeNames{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// takes reports whether a value of that type may stand here.
func (n *node) takes(name string) bool {
	if n == nil {
		return false
	}
	inside := func(m *node) bool { return m.takes(name) }
	return slices.Contains(n.Type, name) || slices.ContainsFunc(n.AnyOf, inside) || slices.ContainsFunc(n.OneOf, inside)
}

// property is the node of a field; nil when the schema does not know it.
func (n *node) property(name string) *node {
	if n == nil {
		return nil
	}
	return n.Properties[name]
}

// parseArguments reads the words after a tool's name into a JSON object:
// key=value by the schema's type, key:=JSON, a.b=v into objects, and "-" for an
// object on stdin, which the others override. Whether the result fits the tool is
// judged on the road, as for every caller; here only the form is.
func parseArguments(words []string, schema json.RawMessage, stdin io.Reader) (json.RawMessage, error) {
	var root node
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	typed, read := map[string]any{}, map[string]any(nil)
	for _, word := range words {
		var err error
		switch {
		case word != "-":
			err = readWord(typed, &root, word)
		case read != nil:
			err = usagef("- stands for stdin and can be given once")
		default:
			read, err = readObject(stdin)
		}
		if err != nil {
			return nil, err
		}
	}
	return json.Marshal(override(read, typed))
}

// readObject reads one JSON object, numbers as they are written.
func readObject(r io.Reader) (map[string]any, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxStdin+1))
	if err != nil {
		return nil, usagef("stdin cannot be read: %v", err)
	}
	if len(b) > maxStdin {
		return nil, usagef("the arguments on stdin are over 1 MiB")
	}
	v, err := decodeJSON(b)
	if err != nil {
		return nil, usagef("stdin does not hold one JSON object: %v", err)
	}
	out, ok := v.(map[string]any)
	if !ok {
		return nil, usagef("stdin holds JSON, but no object: {\"key\": value}")
	}
	return out, nil
}

func decodeJSON(b []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return v, nil
}

// readWord puts one key=value or key:=JSON into out.
func readWord(out map[string]any, root *node, word string) error {
	key, text, found := strings.Cut(word, "=")
	key, raw := strings.CutSuffix(key, ":")
	if !found || key == "" {
		return usagef("%q is not an argument: write key=value, key:=JSON, or - for a JSON object on stdin", word)
	}
	out, root, name, err := descend(out, root, key, key)
	if err != nil {
		return err
	}
	n := root.property(name)
	if !raw {
		v, err := coerce(key, text, n)
		if err != nil {
			return err
		}
		return put(out, n, key, name, v, false)
	}
	v, err := decodeJSON([]byte(text))
	if err != nil {
		return usagef("%s:= takes JSON: %v", key, err)
	}
	return put(out, n, key, name, v, true)
}

// descend follows the dots of a key into objects, making those that are not there
// yet. A field that has a dot in its own name is taken as it is.
func descend(out map[string]any, n *node, rest, key string) (map[string]any, *node, string, error) {
	first, tail, dotted := strings.Cut(rest, ".")
	if n.property(rest) != nil || !dotted {
		return out, n, rest, nil
	}
	child := n.property(first)
	switch {
	case first == "" || tail == "":
		return nil, nil, "", usagef("%q: a field is missing beside a dot", key)
	case child.takes("array"):
		return nil, nil, "", usagef("%s is a list of objects: give it as %s:=[{…}]", first, first)
	}
	inner, ok := out[first].(map[string]any)
	if !ok {
		if _, taken := out[first]; taken {
			return nil, nil, "", usagef("%s is given as a value and as an object", first)
		}
		inner = map[string]any{}
		out[first] = inner
	}
	return descend(inner, child, tail, key)
}

// put sets a field. A list takes one value a time, or the whole as JSON.
func put(out map[string]any, n *node, key, name string, v any, raw bool) error {
	was, again := out[name]
	_, whole := v.([]any)
	switch {
	case n.takes("array") && !(raw && whole):
		list, ok := was.([]any)
		if again && !ok {
			return usagef("%s is given as a value and as a list", key)
		}
		out[name] = append(list, v)
	case !again:
		out[name] = v
	case n == nil: // not known here: the road says so
		out[name] = []any{was, v}
	default:
		return usagef("%s is given twice and takes one value", key)
	}
	return nil
}

var (
	integerForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	numberForm  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// coerce reads a value by the type that the schema says. What does not fit stays
// text: the road refuses it in the words that every caller gets.
func coerce(key, text string, n *node) (any, error) {
	if n.takes("array") && !n.takes("string") {
		n = n.Items
	}
	switch {
	case n == nil || n.takes("string"):
		return text, nil
	case n.takes("boolean") && (text == "true" || text == "false"):
		return text == "true", nil
	case n.takes("integer") && integerForm.MatchString(text), n.takes("number") && numberForm.MatchString(text):
		return json.Number(text), nil
	case n.takes("object") || n.takes("array"):
		return nil, usagef("%s holds more than one value: give it as %s:=JSON, an object also as %s.field=value", key, key, key)
	}
	return text, nil
}

// override puts what was typed over what was read; objects are joined.
func override(read, typed map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, read)
	for k, v := range typed {
		was, wasObject := out[k].(map[string]any)
		if now, isObject := v.(map[string]any); wasObject && isObject {
			v = override(was, now)
		}
		out[k] = v
	}
	return out
}
