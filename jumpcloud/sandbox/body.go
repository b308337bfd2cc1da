package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// spec says which fields a body may have and of which type: s text, b
// boolean, i whole number, o object, a list, t date, e:A|B one of these. "!"
// in front means required. Fields that are not listed are passed over, as the
// API does with what it does not know.
type spec map[string]string

// check takes the known fields out of a body; problem is "" when all fit.
// A null is kept and means: clear this field; a boolean, a number or a choice
// cannot be cleared.
func check(body map[string]any, s spec) (clean map[string]any, problem string) {
	clean = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		kind, required := strings.CutPrefix(s[name], "!")
		v, sent := body[name]
		if required && (!sent || v == nil || v == "") {
			return nil, name + " is required"
		}
		if !sent {
			continue
		}
		clearable := v == nil && slices.Contains([]string{"s", "o", "a", "as", "t"}, kind)
		if !clearable && !fits(v, kind) {
			return nil, fmt.Sprintf("%s must be %s", name, kindWords(kind))
		}
		clean[name] = v
	}
	return clean, ""
}

func fits(v any, kind string) bool {
	switch kind {
	case "s":
		s, isText := v.(string)
		return isText && len(s) <= 100_000
	case "b":
		_, isBool := v.(bool)
		return isBool
	case "i":
		n, isNumber := v.(float64)
		return isNumber && n == float64(int64(n))
	case "o":
		_, isObject := v.(map[string]any)
		return isObject
	case "a":
		_, isList := v.([]any)
		return isList
	case "as":
		_, isTexts := textList(v)
		return isTexts
	case "t":
		s, isText := v.(string)
		_, err := time.Parse(time.RFC3339, s)
		return isText && err == nil
	}
	s, isText := v.(string)
	return isText && slices.Contains(strings.Split(strings.TrimPrefix(kind, "e:"), "|"), s)
}

func kindWords(kind string) string {
	words := map[string]string{"s": "text", "b": "a boolean", "i": "a whole number", "o": "an object",
		"a": "a list", "as": "a list of texts", "t": "a date and time"}
	if w := words[kind]; w != "" {
		return w
	}
	return "one of " + strings.ReplaceAll(strings.TrimPrefix(kind, "e:"), "|", ", ")
}

// changed compares two documents and gives the fields that differ, in the
// form of an event: [{field, from, to}].
func changed(before, after map[string]any) []any {
	var out []any
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, b := before[name], after[name]
		if string(encode(a)) == string(encode(b)) {
			continue
		}
		out = append(out, map[string]any{"field": name, "from": a, "to": b})
	}
	return out
}
