package main

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// lifetimes collects when secrets end: each object that says so. The fields of a service
// account are not published (U), so they are known by the words in their names.
func lifetimes(v any, out *[]lifetime) {
	switch x := v.(type) {
	case []any:
		for _, inner := range x {
			lifetimes(inner, out)
		}
	case map[string]any:
		var l lifetime
		for _, key := range slices.Sorted(maps.Keys(x)) {
			word := strings.ToLower(key)
			switch {
			case strings.HasPrefix(word, "expir"):
				l.ends = later(l.ends, instant(x[key]))
			case strings.HasPrefix(word, "created"):
				l.made = instant(x[key])
			default:
				lifetimes(x[key], out)
			}
		}
		if !l.ends.IsZero() {
			*out = append(*out, l)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// readTime is a time in a field of an object; zero where there is none.
func readTime(v any, field string) time.Time {
	m, _ := v.(map[string]any)
	return instant(m[field])
}

// instant reads a time as the API writes it.
func instant(v any) time.Time {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
