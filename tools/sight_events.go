package tools

import (
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Events tell of users and devices: what is not granted of these is not told there
// either. The fields of events themselves are narrowed as those of a toolset.

// eventSight is what a caller sees of events.
type eventSight struct {
	own  sight                  // of events, for those who ask for them
	kind func(k *jc.Kind) sight // of the objects that events tell of
}

func (r *Reader) seesEvents() eventSight {
	s := eventSight{kind: func(k *jc.Kind) sight { return r.d.seesKind(r.trip.who, k) }}
	if r.trip.tool.Toolset == "insights" {
		s.own = r.sees(r.trip.tool)
	}
	return s
}

// narrowsObjects reports whether something of users or devices is kept back.
func (s eventSight) narrowsObjects() bool {
	return len(s.kind(jc.User{}.Kind())) > 0 || len(s.kind(jc.Device{}.Kind())) > 0
}

// eventObjects are the fields of an event that tell of an object, with its kind; nil
// where the object says it.
var eventObjects = map[string]*jc.Kind{
	"initiated_by": jc.User{}.Kind(), "resource": nil, "target_resource": nil, "association": nil,
	"system": jc.Device{}.Kind(), "application": jc.Application{}.Kind(),
}

// eventPlain are fields of an event's objects that tell no more than which one is meant.
var eventPlain = []string{"id", "_id", "object_id", "type", "op"}

// userTexts are the fields of an event that hold a user's name in a text.
var userTexts = []string{"username", "dn", "filter", "base", "message", "error_message", "command"}

// part reports whether a field of an object in an event may be seen. Its "name" is
// whichever name the service knows.
func (s sight) part(k *jc.Kind, leaf string) bool {
	switch {
	case len(s) == 0, slices.Contains(eventPlain, leaf):
		return true
	case leaf == "name":
		return len(s.of(k.NameFields())) == len(k.NameFields())
	}
	return s.has(leaf)
}

// asks refuses a condition or a count on what may not be seen.
func (s eventSight) asks(field string) error {
	if !s.own.has(field) {
		return s.own.refuse(field)
	}
	head, _, _ := strings.Cut(field, ".")
	leaf := field[strings.LastIndexByte(field, '.')+1:]
	if leaf == head {
		leaf = "name" // an object is counted by its name
	}
	user := jc.User{}.Kind()
	of, object := eventObjects[head]
	kinds := []*jc.Kind{of}
	switch {
	case slices.Contains(userTexts, head):
		kinds, leaf = []*jc.Kind{user}, user.NameColumn()
	case head == "changes":
		kinds, leaf = []*jc.Kind{user, jc.Device{}.Kind()}, field // no field of theirs is called so
	case !object:
		return nil
	case of == nil:
		kinds = nil
		for i := range things {
			kinds = append(kinds, things[i].kind)
		}
	}
	for _, k := range kinds {
		if seen := s.kind(k); !seen.part(k, leaf) {
			return seen.refuse(leaf)
		}
	}
	return nil
}

// shows refuses a column that may not be seen; what objects in it tell is masked.
func (s eventSight) shows(field string) error {
	if !s.own.has(field) {
		return s.own.refuse(field)
	}
	return nil
}

// columns are those of the usual ones that may be seen, else those that are granted.
func (s eventSight) columns(usual []string) []string {
	if out := s.own.of(usual); len(out) > 0 {
		return out
	}
	return s.own[0].fields
}

// mask leaves of an event what may be seen.
func (s eventSight) mask(row jc.Row) jc.Row {
	if len(s.own) > 0 {
		whole := row
		row = s.own.mask(whole)
		row["timestamp"] = whole["timestamp"] // pages and coverage go by it
	}
	if !s.narrowsObjects() {
		return row
	}
	out := row.Clone()
	if seen := s.kind(jc.User{}.Kind()); !seen.names(jc.User{}.Kind()) {
		for _, f := range userTexts {
			delete(out, f)
		}
	}
	about := jc.KindOf(row.Text("resource.type"))
	for name, of := range eventObjects {
		if v, ok := out[name]; ok {
			out[name] = s.object(v, of)
		}
	}
	if list, ok := out["changes"].([]any); ok {
		seen := s.kind(about)
		if about == nil { // of whom is not told: of anybody
			seen = append(s.kind(jc.User{}.Kind()), s.kind(jc.Device{}.Kind())...)
		}
		out["changes"] = hiddenChanges(list, seen)
	}
	return out
}

// object leaves of an object in an event, and of those inside it, what may be seen.
func (s eventSight) object(v any, of *jc.Kind) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if word, _ := m["type"].(string); word != "" {
		of = jc.KindOf(word)
	}
	out := map[string]any{}
	for name, e := range m {
		switch inner := e.(type) {
		case map[string]any:
			out[name] = s.object(inner, of)
		default:
			if of == nil || s.kind(of).part(of, name) {
				out[name] = e
			}
		}
	}
	return out
}

// hiddenChanges names the fields that changed, without values where they may not be seen.
func hiddenChanges(list []any, seen sight) []any {
	out := slices.Clone(list)
	for i, e := range out {
		m, _ := e.(map[string]any)
		if field, _ := m["field"].(string); m != nil && !seen.has(field) {
			out[i] = map[string]any{"field": field, "from": notGranted, "to": notGranted}
		}
	}
	return out
}
