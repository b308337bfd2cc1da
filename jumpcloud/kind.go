package jumpcloud

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Kind says what a type of object is called, how one is found by id and by
// name, and what people ask about it. Everything that names objects (refs,
// answers, read-back, audit) uses it.
type Kind struct {
	// Type is the word of the API's graph: "user", "system", "user_group".
	Type string
	// Noun is the word of the console: "user", "device", "user group".
	Noun string
	// ID is the field of the id, "_id" in v1 and "id" in v2.
	ID string
	// Label is the field people call it by; the first of Names when empty.
	Label string
	// Names are the fields a given name is compared with.
	Names []Name
	// Get reads one by id; its only brace is the id. Zero where the API cannot.
	Get Endpoint
	// Find lists or searches by name; zero where objects have no names.
	Find Endpoint
	// TypeField is the field of Find's rows that holds Type, where it lists other types too.
	TypeField string
	// IDForm accepts ids that are neither 24 hex digits nor a UUID; nil when there are none.
	IDForm *regexp.Regexp
	// Facts are fields of our own, computed from those of the API.
	Facts []Fact
	// in holds the ids that fill the braces of Get and Find before the object's own;
	// see [Kind.In].
	in map[string]string
	// State says how the object stands, for a person who has to decide ("last seen …"); nil when there is nothing to say.
	State func(Row) string
}

// Name is a field that names an object; Fold says that case does not matter in it.
type Name struct {
	Field string
	Fold  bool
}

// Fact is a question about an object under a name of our own.
type Fact struct {
	Name string
	// Needs are the API's fields that answer it.
	Needs []string
	// API is the field of the API that holds the same value; "" where there is none,
	// and a filter is then answered in this process.
	API string
	// Of answers; known is false when the row does not hold what is needed.
	Of func(Row) (value any, known bool)
	// Flag is the word shown in the flags column when the fact is the exception
	// ("nomfa"); "" when it is no flag.
	Flag string
	// Exception is the value that raises the flag.
	Exception bool
	// Bool says that it is true or false, as each fact with a Flag is.
	Bool bool
}

// Parents are the braces of Get and Find that an object above fills: the graph
// types of the kinds above, "{duo_account}" of "/duo/accounts/{duo_account}/applications/{id}".
func (k *Kind) Parents() []string {
	out := k.Find.Names()
	if names := k.Get.Names(); len(names) > 1 && len(out) == 0 {
		out = names[:len(names)-1]
	}
	return out
}

// In gives the kind as it is inside the objects with these ids, by graph type. A
// kind without [Kind.Parents] is the same everywhere.
func (k *Kind) In(ids map[string]string) *Kind {
	if k == nil || len(k.Parents()) == 0 {
		return k
	}
	inside := *k
	inside.in = map[string]string{}
	for _, p := range k.Parents() {
		inside.in[p] = ids[p]
	}
	return &inside
}

// key tells objects of this kind from all others in what is remembered.
func (k *Kind) key() string {
	s := k.Type
	for _, p := range k.Parents() {
		s += "\x00" + k.in[p]
	}
	return s + "\x00"
}

// finding is the look-up by name.
func (k *Kind) finding() Request { return Request{Endpoint: k.Find, Params: maps.Clone(k.in)} }

// getting is the look-up by id.
func (k *Kind) getting(id string) Request {
	params := map[string]string{}
	for i, name := range k.Get.Names() {
		if params[name] = k.in[name]; i == len(k.Get.Names())-1 {
			params[name] = id
		}
	}
	return Request{Endpoint: k.Get, Params: params}
}

// Named is a type of object that has a Kind.
type Named interface{ Kind() *Kind }

// IsID reports whether s has the form of an id of this kind: 24 hex digits, a
// UUID, or the kind's own form.
func (k *Kind) IsID(s string) bool {
	return isObjectID(s) || k.IDForm != nil && k.IDForm.MatchString(s)
}

// label is the field shown for an object.
func (k *Kind) label() string {
	if k.Label != "" {
		return k.Label
	}
	if len(k.Names) > 0 {
		return k.Names[0].Field
	}
	return k.ID
}

// NameOf is what people call the object in the row; its id when it has no name.
func (k *Kind) NameOf(r Row) string {
	if s := r.Text(k.label()); s != "" {
		return s
	}
	for _, n := range k.Names {
		if s := r.Text(n.Field); s != "" {
			return s
		}
	}
	return r.Text(k.ID)
}

// IDOf is the id of the object in the row, under either generation's name for it.
func (k *Kind) IDOf(r Row) string {
	for _, f := range []string{k.ID, "id", "_id"} {
		if s := r.Text(f); s != "" {
			return s
		}
	}
	return ""
}

// NameColumn is the column that names the object in a list.
func (k *Kind) NameColumn() string { return k.label() }

// NameFields are the fields that NameOf looks at.
func (k *Kind) NameFields() []string {
	out := []string{k.label()}
	for _, n := range k.Names {
		if !slices.Contains(out, n.Field) {
			out = append(out, n.Field)
		}
	}
	return out
}

// Owns refuses a row that is no object of the kind: it has no id. An error in the
// place of an object must not be taken for one.
func (k *Kind) Owns(r Row) error {
	if k != nil && k.IDOf(r) == "" {
		return &Error{Code: CodeUpstreamDown, Cause: "an answer that is not the object asked for"}
	}
	return nil
}

// Fact gives the fact of that name, or nil.
func (k *Kind) Fact(name string) *Fact {
	for i := range k.Facts {
		if k.Facts[i].Name == name {
			return &k.Facts[i]
		}
	}
	return nil
}

// matches reports whether one of the row's names is exactly what was given.
func (k *Kind) matches(r Row, given string) bool {
	for _, n := range k.Names {
		s := r.Text(n.Field)
		if s != "" && (s == given || n.Fold && strings.EqualFold(s, given)) {
			return true
		}
	}
	return false
}

// isObjectID accepts 24 lower-case hex digits and canonical lower-case UUIDs.
// No regular expression: `$` and flags are known traps there.
func isObjectID(s string) bool {
	hex := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
	switch len(s) {
	case 24:
		for i := range len(s) {
			if !hex(s[i]) {
				return false
			}
		}
		return true
	case 36:
		for i := range len(s) {
			if dash := i == 8 || i == 13 || i == 18 || i == 23; dash && s[i] != '-' || !dash && !hex(s[i]) {
				return false
			}
		}
		return true
	}
	return false
}
