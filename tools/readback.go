package tools

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// AsSent gives an object as it is read the form in which it is sent, so that a
// merge sends nothing that the API refuses and a read-back compares like with like.
func AsSent(form func(jc.Row) jc.Row) Option { return func(t *Tool) { t.asSent = form } }

// sent is the row in the form of what is sent. An answer of which the shape is not
// published may hold the object under one key.
func (t *Tool) sent(row jc.Row, given map[string]any) jc.Row {
	if t.untyped {
		row = unwrapped(row, given)
	}
	if t.asSent != nil {
		return t.asSent(row)
	}
	return row
}

// unwrapped is the object under the only key of the row, where the row itself has
// none of the fields that were given and that object has.
func unwrapped(row jc.Row, given map[string]any) jc.Row {
	if len(row) != 1 {
		return row
	}
	for _, v := range row {
		inner, ok := v.(map[string]any)
		for name := range given {
			if _, there := row[name]; there {
				return row
			}
			if _, there := inner[name]; ok && there {
				return inner
			}
		}
	}
	return row
}

// compare holds the row against what was sent: the fields that differ, and those
// that cannot be told, secrets and what the API takes and never shows.
func (t *Tool) compare(row jc.Row, sent map[string]any) (differ, untold []string) {
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		want := sent[name]
		have, there := row[name]
		switch {
		case isSecret(name, want) || !there && !slices.Contains(t.outFields, name):
			untold = append(untold, name)
		case !equal(have, want) && (there || !isEmpty(want)):
			differ = append(differ, name)
		}
	}
	return differ, untold
}

// seen is the end of a change that was read back. Done is said only when every
// field that can be told agrees, and at least one could be told.
func (t *Tool) seen(row jc.Row, sent map[string]any, note string) Seen {
	differ, untold := t.compare(row, sent)
	out := Seen{Outcome: Done, Row: row}
	if len(differ) > 0 {
		out.Outcome = Accepted
		note += "; still different: " + joinNames(differ)
	}
	if len(untold) > 0 {
		note += "; the API does not show " + joinNames(untold)
		if len(untold) == len(sent) {
			out.Outcome = Accepted
		}
	}
	out.Note = strings.TrimPrefix(note, "; ")
	return out
}

// equal compares JSON values. Objects agree when every field that was sent and is
// shown does: the API adds fields of its own and keeps some to itself. Times agree when they are the same instant.
func equal(have, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return false
		}
		told := 0
		for k, v := range w {
			e, there := h[k]
			if there && !equal(e, v) && (!isEmpty(e) || !isEmpty(v)) {
				return false
			}
			if there {
				told++
			}
		}
		return told > 0 || len(w) == 0
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return false
		}
		for i := range w {
			if !equal(h[i], w[i]) {
				return false
			}
		}
		return true
	case string:
		h, ok := have.(string)
		return ok && (h == w || sameInstant(h, w))
	}
	return fmt.Sprint(have) == fmt.Sprint(want)
}

func isEmpty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}
