package schemas

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

type ref struct{ Given string }

func (r *ref) Wanted() string { return r.Given }

type address struct {
	City string `json:"city,omitempty" jsonschema:"maxLength=20"`
	Kind string `json:"kind,omitempty" jsonschema:"enum=home,enum=work"`
}

type deep struct {
	A *address `json:"a,omitempty"`
}

type sample struct {
	User    ref       `json:"user" in:"path" jsonschema:"required"`
	Name    string    `json:"name,omitempty" jsonschema:"minLength=2,maxLength=10"`
	State   string    `json:"state,omitempty" jsonschema:"enum=ACTIVATED,enum=SUSPENDED"`
	When    string    `json:"when,omitempty" jsonschema:"format=date-time"`
	Count   *int      `json:"count,omitempty" jsonschema:"minimum=1,maximum=9"`
	On      *bool     `json:"on,omitempty"`
	Tags    []string  `json:"tags,omitempty" jsonschema:"maxItems=2,uniqueItems=true"`
	Homes   []address `json:"homes,omitempty"`
	Deep    *deep     `json:"deep,omitempty"`
	Free    any       `json:"free,omitempty"`
	Seldom  string    `json:"seldom,omitempty" rare:"true"`
	OtherID string    `json:"otherId,omitempty" jsonschema:"pattern=^[a-z]+$"`
}

func of(t *testing.T, parts ...any) *Schema {
	t.Helper()
	var types []reflect.Type
	for _, p := range parts {
		types = append(types, reflect.TypeOf(p))
	}
	s, err := Of(types...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Compile(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestListedLeavesOut(t *testing.T) {
	s := of(t, sample{})
	if !s.Hidden() {
		t.Error("something is hidden and it does not say so")
	}
	for _, c := range []struct {
		raw  json.RawMessage
		want string
		in   bool
	}{
		{s.Full(), `"seldom"`, true}, {s.Listed(), `"seldom"`, false},
		{s.Full(), `"city"`, true}, {s.Listed(), `"deep":{"type":"object"}`, true},
		{s.Listed(), `"user":{"type":"string"}`, true}, {s.Full(), `"user":{"type":"string","minLength":1}`, true}, {s.Listed(), `"minLength":2`, true},
		{s.Full(), `"additionalProperties":false`, true},
	} {
		if strings.Contains(string(c.raw), c.want) != c.in {
			t.Errorf("%s in %s: want %v", c.want, c.raw, c.in)
		}
	}
}

func TestCheck(t *testing.T) {
	s := of(t, sample{})
	for args, says := range map[string]string{
		`{"user":"x"}`: "",
		`{"user":"x","name":"ada","state":"ACTIVATED","when":"2026-01-31T09:00:00Z","count":3,"on":false,"tags":["a","b"],"free":{"x":1},"seldom":"y"}`: "",
		`{}`:                                       "user: required",
		`{"user":""}`:                              "user: must not be empty",
		`{"user":3}`:                               "user: must be string, not number",
		`{"user":null}`:                            "user: must be string, not null",
		`{"user":"x","User":"y"}`:                  `there is no argument "User"; did you mean "user"`,
		`{"usr":"x"}`:                              `there is no argument "usr"; did you mean "user"`,
		`{"user":"x","name":"a"}`:                  "name: must have at least 2 characters",
		`{"user":"x","name":"abcdefghijkl"}`:       "name: must have at most 10 characters",
		`{"user":"x","state":"ACTIVE"}`:            `state: did you mean "ACTIVATED"`,
		`{"user":"x","when":"tomorrow"}`:           "when: must be a time such as",
		`{"user":"x","count":0}`:                   "count: must be at least 1",
		`{"user":"x","count":10}`:                  "count: must be at most 9",
		`{"user":"x","count":1.5}`:                 "count: must be integer, not number",
		`{"user":"x","on":"yes"}`:                  "on: must be boolean, not string",
		`{"user":"x","tags":"a"}`:                  "tags: must be array, not string",
		`{"user":"x","tags":["a","a"]}`:            "tags: has the same value twice",
		`{"user":"x","tags":["a","b","c"]}`:        "tags: takes at most 2",
		`{"user":"x","homes":[{"kind":"castle"}]}`: "homes.0.kind: must be one of home, work",
		`{"user":"x","homes":[{"town":"y"}]}`:      `there is no argument "town"`,
		`{"user":"x","otherId":"A"}`:               "otherId: must match ^[a-z]+$",
		`[]`:                                       "the arguments are not a JSON object",
		`{"user":"x"} {}`:                          "the arguments are not one JSON object",
		`nonsense`:                                 "the arguments are not one JSON object",
	} {
		err := s.Check(json.RawMessage(args))
		if says == "" {
			if err != nil {
				t.Errorf("%s: %v", args, err)
			}
			continue
		}
		var inv *Invalid
		if !errors.As(err, &inv) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s", args, err, says)
		}
	}
}

type optionalBool struct {
	On bool `json:"on,omitempty"`
}
type optionalCount struct {
	N int `json:"n,omitempty"`
}
type nameless struct{ X string }
type rareRequired struct {
	X string `json:"x" rare:"true" jsonschema:"required"`
}
type nested struct {
	Inner *optionalBool `json:"inner,omitempty"`
}
type noOmit struct {
	X string `json:"x"`
}

// What an agent could not use as the API means it does not become a schema.
func TestUnfit(t *testing.T) {
	for _, v := range []any{optionalBool{}, optionalCount{}, nameless{}, rareRequired{}, nested{}, noOmit{}, 3} {
		if _, err := Of(reflect.TypeOf(v)); err == nil {
			t.Errorf("%T became a schema", v)
		}
	}
	if _, err := Of(reflect.TypeFor[sample](), reflect.TypeFor[sample]()); err == nil {
		t.Error("an argument was declared twice")
	}
}
