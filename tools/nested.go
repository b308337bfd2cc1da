package tools

import (
	"context"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// nested makes a Merge reach into objects: a field that was not given keeps its
// value at any depth, where planChange keeps it at the top only. readOnly are
// dotted paths that the API gives and does not take.
func nested(t *Tool, readOnly ...string) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		for i := range p.Steps {
			s := &p.Steps[i]
			mergeStep(s, readOnly)
			if !covers(s.Before, s.After) { // a field that is not there yet is no proof that it is so
				s.Skip = ""
			}
			s.Verify = insideToo(s.After, s.Verify)
		}
		return nil
	})
}

func mergeStep(s *Step, readOnly []string) {
	whole := jc.Row{}
	for name, given := range bodyOf(s.Request) {
		if was, known := s.Before[name]; known {
			whole[name] = overlay(was, given)
			s.Before[name] = touched(was, given)
			continue
		}
		whole[name] = given
	}
	if len(whole) == 0 {
		return
	}
	whole = whole.Clone() // what was read stays as it was read
	for _, path := range readOnly {
		drop(map[string]any(whole), strings.Split(path, "."))
	}
	s.Request.Body = map[string]any(whole)
}

// overlay puts what was given over what was there. Lists of one object each, as
// the settings of a software app are, are taken for the same object; every other
// list replaces the old one.
func overlay(was, given any) any {
	switch g := given.(type) {
	case map[string]any:
		w, ok := was.(map[string]any)
		if !ok {
			return given
		}
		out := make(map[string]any, len(w)+len(g))
		for k, v := range w {
			out[k] = v
		}
		for k, v := range g {
			if old, there := w[k]; there {
				v = overlay(old, v)
			}
			out[k] = v
		}
		return out
	case []any:
		if w, ok := was.([]any); ok && onlyObject(w) && onlyObject(g) {
			return []any{overlay(w[0], g[0])}
		}
	}
	return given
}

// touched is the part of what was there that was given anew, so that a preview
// shows no more than what changes.
func touched(was, given any) any {
	switch g := given.(type) {
	case map[string]any:
		w, ok := was.(map[string]any)
		if !ok {
			return was
		}
		out := map[string]any{}
		for k, v := range g {
			if old, there := w[k]; there {
				out[k] = touched(old, v)
			}
		}
		return out
	case []any:
		if w, ok := was.([]any); ok && onlyObject(w) && onlyObject(g) {
			return []any{touched(w[0], g[0])}
		}
	}
	return was
}

func onlyObject(list []any) bool {
	if len(list) != 1 {
		return false
	}
	_, ok := list[0].(map[string]any)
	return ok
}

// drop removes the field at a path, in every element of the lists on the way.
func drop(v any, path []string) {
	switch x := v.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(x, path[0])
			return
		}
		drop(x[path[0]], path[1:])
	case []any:
		for _, e := range x {
			drop(e, path)
		}
	}
}

// covers reports whether everything that was sent is there, at every depth:
// a field inside an object that the API does not show is not. Secrets are never
// shown and do not count.
func covers(have, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return isEmpty(have) && isEmpty(want)
		}
		for k, v := range w {
			if e, there := h[k]; !isSecret(k, v) && v != "set" && !covers(e, v) && (there || !isEmpty(v)) {
				return false
			}
		}
		return true
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			return isEmpty(have) && isEmpty(want)
		}
		for i := range w {
			if !covers(h[i], w[i]) {
				return false
			}
		}
		return true
	}
	return equal(have, want) || isEmpty(have) && isEmpty(want)
}

// insideToo makes a read-back look into the objects that were sent.
func insideToo(sent map[string]any, verify func(context.Context, *Reader, *jc.Response) (Seen, error)) func(context.Context, *Reader, *jc.Response) (Seen, error) {
	return func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		seen, err := verify(ctx, r, resp)
		if err != nil || seen.Outcome != Done {
			return seen, err
		}
		for name, want := range sent {
			if have, there := seen.Row[name]; there && !isSecret(name, want) && !covers(have, want) {
				seen.Outcome = Accepted
				seen.Note = strings.TrimPrefix(seen.Note+"; not all of "+name+" is seen", "; ")
			}
		}
		return seen, nil
	}
}

// shaped gives the object that a Get reads the form in which it is shown.
func shaped(t *Tool, form func(jc.Row) jc.Row) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		read := p.Steps[0].read
		p.Steps[0].read = func(ctx context.Context, r *Reader) (any, error) {
			v, err := read(ctx, r)
			if row, ok := v.(jc.Row); ok && err == nil {
				return form(row), nil
			}
			return v, err
		}
		return nil
	})
}
