package jumpcloud

import (
	"encoding/json"
)

// Object is what a reference came to: one object of the directory.
type Object struct {
	Kind *Kind
	ID   string
	Name string
	// Row is the object as it was read; nil when only its id is known.
	Row Row
}

// Ref names a T by its id or by the name people use. In JSON it is a string.
// Given is what the caller wrote; ID and Name are filled when it is resolved.
type Ref[T Named] struct {
	Given string
	Object
}

// RefAny names an object whose type a sibling field tells, by a struct tag
// `ref:"type"` that holds that field's JSON name.
type RefAny struct {
	Given string
	Object
}

// Reference is a Ref or RefAny, as the resolver sees it.
type Reference interface {
	// Wanted is what the caller wrote, "" for nothing.
	Wanted() string
	// Of is the kind that a Ref is typed with; nil for a RefAny.
	Of() *Kind
	// Set fills in what it came to.
	Set(Object)
	// Found is what it came to.
	Found() Object
}

// Wanted is what the caller wrote.
func (r *Ref[T]) Wanted() string { return r.Given }

// Of is the kind of T.
func (r *Ref[T]) Of() *Kind { var t T; return t.Kind() }

// Set fills in the object.
func (r *Ref[T]) Set(o Object) { r.Object = o }

// Found is the object, zero before it is resolved.
func (r *Ref[T]) Found() Object { return r.Object }

// UnmarshalJSON takes a JSON string.
func (r *Ref[T]) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &r.Given) }

// MarshalJSON gives the id once it is known, so that a body built from the
// value holds what the API expects.
func (r Ref[T]) MarshalJSON() ([]byte, error) { return json.Marshal(idOr(r.ID, r.Given)) }

// IsZero lets omitempty and omitzero leave an unset reference out.
func (r Ref[T]) IsZero() bool { return r.Given == "" && r.ID == "" }

// To makes a reference to an object that is already known.
func To[T Named](o Object) Ref[T] { return Ref[T]{Given: o.ID, Object: o} }

// Wanted is what the caller wrote.
func (r *RefAny) Wanted() string { return r.Given }

// Of is nil: the sibling field tells.
func (r *RefAny) Of() *Kind { return nil }

// Set fills in the object.
func (r *RefAny) Set(o Object) { r.Object = o }

// Found is the object, zero before it is resolved.
func (r *RefAny) Found() Object { return r.Object }

// UnmarshalJSON takes a JSON string.
func (r *RefAny) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &r.Given) }

// MarshalJSON gives the id once it is known.
func (r RefAny) MarshalJSON() ([]byte, error) { return json.Marshal(idOr(r.ID, r.Given)) }

// IsZero lets omitempty and omitzero leave an unset reference out.
func (r RefAny) IsZero() bool { return r.Given == "" && r.ID == "" }

func idOr(id, given string) string {
	if id != "" {
		return id
	}
	return given
}
