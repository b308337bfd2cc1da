package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jc-mcp/jc-mcp/tools"
)

// usual are the parameters that all lists share, under names of ours.
var usual = []string{"limit", "skip", "sort", "filter", "fields"}

// compare gives a sentence a difference, sorted.
func compare(described map[string]*operation, all []*tools.Tool) (out []string) {
	declared := map[string]bool{}
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, t := range all {
		for i, e := range t.Operations {
			at := form(e.String())
			declared[at] = true
			o := described[at]
			switch {
			case o == nil && t.Untyped() && typed(described): // a file of shapes has none of these
			case o == nil:
				say("gone: %s (%s)", e, t.Name)
			case i == 0 && !o.plain:
				if parts := t.Parts(); parts != nil {
					arguments(t, o, parts, say)
				}
			}
		}
	}
	for at, o := range described {
		if !declared[at] {
			say("new: %s", o.at)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// typed reports whether shapes are described, and not only methods and paths.
func typed(described map[string]*operation) bool {
	for _, o := range described {
		if !o.plain {
			return true
		}
	}
	return false
}

// arguments compares what a plain tool sends with what is described.
func arguments(t *tools.Tool, o *operation, parts []tools.Part, say func(string, ...any)) {
	if t.Untyped() {
		if o.body != nil || len(o.query) > 0 {
			say("now described: %s (%s is untyped)", o.at, t.Name)
		}
		return
	}
	ours := map[string]map[string]shape{"query": {}, "body": {}}
	full := ownShape(t.Schema.Full())
	for _, p := range parts {
		if ours[p.Place] != nil {
			ours[p.Place][p.API] = full.fields[p.Argument]
		}
	}
	theirs := maps.Clone(o.query)
	for _, name := range usual {
		delete(theirs, name)
	}
	differ(t.Name+", query", theirs, ours["query"], say)
	if o.body != nil {
		differ(t.Name+", body", o.body.fields, ours["body"], say)
	}
}

// differ compares the fields of one object.
func differ(where string, theirs, ours map[string]shape, say func(string, ...any)) {
	for name, s := range theirs {
		own, known := ours[name]
		switch {
		case !known && s.required:
			say("%s: %q was added, and is required", where, name)
		case !known:
			say("%s: %q was added", where, name)
		case s.required && !own.required:
			say("%s: %q is required now", where, name)
		}
		if !known {
			continue
		}
		for _, v := range s.enum {
			if len(own.enum) > 0 && !slices.Contains(own.enum, v) {
				say("%s: %q takes %q too", where, name, v)
			}
		}
		for _, v := range own.enum {
			if len(s.enum) > 0 && !slices.Contains(s.enum, v) {
				say("%s: %q does not take %q any more", where, name, v)
			}
		}
		if len(s.fields) > 0 && len(own.fields) > 0 {
			differ(where+"."+name, s.fields, own.fields, say)
		}
	}
	for name := range ours {
		if _, known := theirs[name]; !known {
			say("%s: %q is gone", where, name)
		}
	}
}

// ownShape reads the schema of a tool.
func ownShape(raw []byte) shape {
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		return shape{}
	}
	s := (&document{map[string]any{}}).shape(root, -1)
	return s
}
