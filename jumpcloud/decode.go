package jumpcloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
)

// Decode reads the whole body into v, strictly: one JSON value of v's shape,
// nothing after it. Numbers stay exact where v has `any`. An unknown field is
// passed over, but an object that shares no field with v's struct is not taken
// for one, nor null for a struct, a list or a map, nor an object that gives one
// field twice. The error is an *Error with upstream_down.
func (r *Response) Decode(v any) error { return r.unless(decode(r.Body, v)) }

// unless gives the error of an answer that cannot be used for this cause; "" is none.
func (r *Response) unless(cause string) error {
	if cause == "" {
		return nil
	}
	e := &Error{Code: CodeUpstreamDown, Endpoint: r.endpoint, Status: r.Status, Attempts: r.Attempts, Cause: cause, Outcome: NotDone}
	if r.effect != Safe {
		e.Outcome = Unknown
	}
	return e
}

// decode gives the reason why body is not a v; "" when it is.
func decode(body []byte, v any) string {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return "nothing to decode into"
	}
	body, cause := wellFormed(body)
	if cause != "" {
		return cause
	}
	w := shapeWalk{body: body}
	if w.value(rv.Type().Elem(), true); w.cause != "" {
		return w.cause
	}
	return fill(body, v)
}

// wellFormed gives the JSON value that body is, without the space around it, or the
// reason why it is none.
func wellFormed(body []byte) (value []byte, cause string) {
	value = trim(body)
	switch {
	case len(value) == 0:
		return nil, "empty answer"
	case looksLikeHTML(value):
		return nil, "HTML instead of JSON"
	case !json.Valid(value):
		return nil, "not JSON"
	}
	return value, ""
}

// members splits an object that is the whole of body. The values stand in body.
func members(body []byte) (out map[string][]byte, cause string) {
	body, cause = wellFormed(body)
	if cause != "" {
		return nil, cause
	}
	if body[0] != '{' {
		return nil, "an answer of another shape"
	}
	w := shapeWalk{body: body}
	out = map[string][]byte{}
	w.members(func(key string) {
		if _, twice := out[key]; twice {
			w.cause = "a field given twice"
		}
		from := w.at
		w.value(nil, false)
		out[key] = body[from:w.at]
	})
	return out, w.cause
}

// fill has encoding/json decode what was looked at.
func fill(body []byte, v any) (cause string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return "wrong type in the answer"
		}
		return "an answer of another shape"
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "not JSON"
	}
	return ""
}

// trim takes off what JSON calls space; bytes.TrimSpace knows more kinds.
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }

// shapeWalk goes once over valid JSON beside the type that it is meant for, and
// finds what encoding/json lets pass: a field given twice (it takes the last,
// and takes ID for id), null where an object belongs, objects of another kind.
type shapeWalk struct {
	body  []byte
	at    int
	cause string
	types map[reflect.Type]*fieldSet
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// value walks one value. t is nil where the type says nothing. top holds for the
// answer itself and for the elements of an answer that is a list.
func (w *shapeWalk) value(t reflect.Type, top bool) {
	w.space()
	if t != nil && reflect.PointerTo(t).Implements(unmarshaler) {
		t = nil
	}
	switch w.body[w.at] {
	case '{':
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		w.object(t, top)
	case '[':
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		w.array(t, top)
	case '"':
		w.str()
	case 'n':
		if top && t != nil && t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer {
			w.cause = "null instead of an object"
		}
		w.scalar()
	default:
		w.scalar()
	}
}

func (w *shapeWalk) object(t reflect.Type, top bool) {
	var fields *fieldSet
	var elem reflect.Type
	if t != nil {
		switch t.Kind() {
		case reflect.Struct:
			fields = w.fieldsOf(t)
		case reflect.Map:
			elem = t.Elem()
		}
	}
	var seen keys
	known := 0
	w.members(func(key string) {
		ft := elem
		if fields != nil {
			if f, ok := fields.find(key); ok {
				known++
				key, ft = f.name, f.typ // two spellings of one field are one field given twice
			}
		}
		if !seen.add(key) {
			w.cause = "a field given twice"
		}
		w.value(ft, false)
	})
	if top && fields != nil && len(fields.exact) > 0 && known == 0 && seen.n() > 0 {
		w.cause = "an answer of another shape"
	}
}

// members goes over an object; value is called where the value of a member begins, and
// goes over that.
func (w *shapeWalk) members(value func(key string)) {
	w.at++
	for w.space(); w.body[w.at] != '}'; w.space() {
		if w.body[w.at] == ',' {
			w.at++
			continue
		}
		key := w.key()
		w.space()
		w.at++ // the colon
		w.space()
		value(key)
	}
	w.at++
}

func (w *shapeWalk) array(t reflect.Type, top bool) {
	var elem reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		elem = t.Elem()
	}
	w.at++
	for w.space(); w.body[w.at] != ']'; w.space() {
		if w.body[w.at] == ',' {
			w.at++
			continue
		}
		w.value(elem, top)
	}
	w.at++
}

func (w *shapeWalk) space() {
	for w.at < len(w.body) && (w.body[w.at] == ' ' || w.body[w.at] == '\n' || w.body[w.at] == '\t' || w.body[w.at] == '\r') {
		w.at++
	}
}

func (w *shapeWalk) str() (raw []byte, escaped bool) {
	start := w.at
	for w.at++; w.body[w.at] != '"'; w.at++ {
		if w.body[w.at] == '\\' {
			escaped = true
			w.at++
		}
	}
	w.at++
	return w.body[start:w.at], escaped
}

func (w *shapeWalk) key() string {
	raw, escaped := w.str()
	if !escaped {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // valid: the whole body is
	return s
}

func (w *shapeWalk) scalar() {
	for w.at < len(w.body) {
		switch w.body[w.at] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return
		}
		w.at++
	}
}

// keys is a set that costs little while it is small, as objects are.
type keys struct {
	few  [24]string
	used int // of few
	many map[string]bool
}

func (k *keys) n() int { return k.used + len(k.many) }

func (k *keys) add(s string) bool {
	if k.many == nil && k.used == len(k.few) {
		k.many = make(map[string]bool, 64)
		for _, f := range k.few {
			k.many[f] = true
		}
		k.used = 0
	}
	if k.many != nil {
		if k.many[s] {
			return false
		}
		k.many[s] = true
		return true
	}
	for _, f := range k.few[:k.used] {
		if f == s {
			return false
		}
	}
	k.few[k.used] = s
	k.used++
	return true
}

// fieldSet is how encoding/json sees a struct: names, exact and folded.
type fieldSet struct {
	exact  map[string]field
	folded map[string]field
}

type field struct {
	name string
	typ  reflect.Type
}

func (s *fieldSet) find(key string) (field, bool) {
	if f, ok := s.exact[key]; ok {
		return f, true
	}
	f, ok := s.folded[strings.ToLower(key)]
	return f, ok
}

// fieldsOf is made once for a walk: a list has many objects of one type.
func (w *shapeWalk) fieldsOf(t reflect.Type) *fieldSet {
	s := w.types[t]
	if s == nil {
		s = &fieldSet{map[string]field{}, map[string]field{}}
		s.collect(t, map[reflect.Type]bool{})
		if w.types == nil {
			w.types = map[reflect.Type]*fieldSet{}
		}
		w.types[t] = s
	}
	return s
}

func (s *fieldSet) collect(t reflect.Type, within map[reflect.Type]bool) {
	if within[t] {
		return
	}
	within[t] = true
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		ft := f.Type
		if f.Anonymous && name == "" {
			for ft.Kind() == reflect.Pointer {
				ft = ft.Elem()
			}
			if ft.Kind() == reflect.Struct {
				embedded = append(embedded, ft)
				continue
			}
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s.put(field{name, f.Type})
	}
	for _, e := range embedded { // outer fields first: they win
		s.collect(e, within)
	}
}

func (s *fieldSet) put(f field) {
	if _, taken := s.exact[f.name]; !taken {
		s.exact[f.name] = f
	}
	if low := strings.ToLower(f.name); s.folded[low].name == "" {
		s.folded[low] = f
	}
}
