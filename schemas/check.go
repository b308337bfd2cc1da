package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Invalid says what is wrong with one argument, and how it would be right.
type Invalid struct {
	// Argument is its path ("filter", "addresses.0.type"); "" for the object as a whole.
	Argument string
	// Problem is a short sentence without the argument's value, unless that is needed to see the slip.
	Problem string
}

func (e *Invalid) Error() string {
	if e.Argument == "" {
		return e.Problem
	}
	return e.Argument + ": " + e.Problem
}

// Check reports the first thing that is wrong with the arguments, as *Invalid.
func (s *Schema) Check(args json.RawMessage) error {
	if err := s.Compile(); err != nil {
		return err
	}
	v, err := validator.UnmarshalJSON(bytes.NewReader(args))
	if err != nil {
		return &Invalid{Problem: "the arguments are not one JSON object"}
	}
	if _, ok := v.(map[string]any); !ok {
		return &Invalid{Problem: "the arguments are not a JSON object"}
	}
	err = s.checker.Validate(v)
	if err == nil {
		return nil
	}
	var ve *validator.ValidationError
	if !errors.As(err, &ve) {
		return &Invalid{Problem: "the arguments cannot be checked"}
	}
	return s.explain(first(ve))
}

// first picks the leaf that helps most: a misspelt name before a missing one,
// because the one usually explains the other.
func first(e *validator.ValidationError) *validator.ValidationError {
	var leaves []*validator.ValidationError
	var walk func(*validator.ValidationError)
	walk = func(e *validator.ValidationError) {
		if len(e.Causes) == 0 {
			leaves = append(leaves, e)
		}
		for _, c := range e.Causes {
			walk(c)
		}
	}
	walk(e)
	sort.SliceStable(leaves, func(i, j int) bool { return rank(leaves[i]) < rank(leaves[j]) })
	return leaves[0]
}

func rank(e *validator.ValidationError) int {
	switch e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return 0
	case *kind.Required:
		return 1
	}
	return 2
}

func (s *Schema) explain(e *validator.ValidationError) *Invalid {
	at := strings.Join(e.InstanceLocation, ".")
	out := &Invalid{Argument: at}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		slices.Sort(k.Properties)
		name := k.Properties[0]
		known := s.known(e.InstanceLocation)
		out.Problem = fmt.Sprintf("there is no argument %q", clip(name))
		switch near := Nearest(name, known); {
		case near != "":
			out.Problem += fmt.Sprintf("; did you mean %q", near)
		case len(known) == 0:
			out.Problem += "; it takes none"
		default:
			out.Problem += "; known: " + some(known)
		}
	case *kind.Required:
		out.Argument = strings.TrimPrefix(at+"."+k.Missing[0], ".")
		out.Problem = "required"
	case *kind.Type:
		out.Problem = fmt.Sprintf("must be %s, not %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		want := make([]string, len(k.Want))
		for i, w := range k.Want {
			want[i] = fmt.Sprint(w)
		}
		out.Problem = "must be one of " + some(want)
		if got, ok := k.Got.(string); ok {
			if near := Nearest(got, want); near != "" {
				out.Problem = fmt.Sprintf("did you mean %q", near)
			}
		}
	case *kind.MinLength:
		out.Problem = "must not be empty"
		if k.Want > 1 {
			out.Problem = fmt.Sprintf("must have at least %d characters", k.Want)
		}
	case *kind.MaxLength:
		out.Problem = fmt.Sprintf("must have at most %d characters", k.Want)
	case *kind.MinItems:
		out.Problem = fmt.Sprintf("needs at least %d", k.Want)
	case *kind.MaxItems:
		out.Problem = fmt.Sprintf("takes at most %d", k.Want)
	case *kind.UniqueItems:
		out.Problem = "has the same value twice"
	case *kind.Pattern:
		out.Problem = "must match " + k.Want
	case *kind.Format:
		out.Problem = "must be a " + formatName(k.Want)
	case *kind.Minimum:
		f, _ := k.Want.Float64()
		out.Problem = fmt.Sprintf("must be at least %g", f)
	case *kind.Maximum:
		f, _ := k.Want.Float64()
		out.Problem = fmt.Sprintf("must be at most %g", f)
	default:
		out.Problem = "does not have the form that the schema states"
	}
	return out
}

// some lists names, not more than one reads.
func some(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}

func formatName(f string) string {
	switch f {
	case "date-time":
		return "time such as 2026-01-31T09:00:00Z"
	case "email":
		return "e-mail address"
	}
	return f
}

// known lists the properties of the object at a place in the full schema.
func (s *Schema) known(at []string) []string {
	if len(at) == 0 {
		return s.names
	}
	var node map[string]any
	if json.Unmarshal(s.Full(), &node) != nil {
		return nil
	}
	for _, step := range at {
		if props, ok := node["properties"].(map[string]any); ok {
			node, _ = props[step].(map[string]any)
		} else {
			node, _ = node["items"].(map[string]any)
		}
	}
	props, _ := node["properties"].(map[string]any)
	out := make([]string, 0, len(props))
	for name := range props {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
