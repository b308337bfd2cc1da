package tools

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// found is a reference somewhere in an input, with the argument it stands in.
type found struct {
	ref  jc.Reference
	kind *jc.Kind
	arg  string
}

// references walks the whole value: embedded structs, pointers, slices, bodies.
func references(v reflect.Value, arg string, out *[]found) error {
	if v.CanAddr() && v.CanInterface() {
		if ref, ok := v.Addr().Interface().(jc.Reference); ok {
			if ref.Wanted() != "" && ref.Of() != nil {
				*out = append(*out, found{ref, ref.Of(), arg})
			}
			return nil
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return references(v.Elem(), arg, out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := references(v.Index(i), arg, out); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() && !f.Anonymous {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = arg
			}
			if f.Type == reflect.TypeFor[jc.RefAny]() {
				any := v.Field(i).Addr().Interface().(*jc.RefAny)
				if any.Wanted() == "" {
					continue
				}
				k, err := siblingKind(v, f)
				if err != nil {
					return err
				}
				*out = append(*out, found{any, k, name})
				continue
			}
			if err := references(v.Field(i), name, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// siblingKind is the kind that the field beside a RefAny tells.
func siblingKind(parent reflect.Value, f reflect.StructField) (*jc.Kind, error) {
	want := f.Tag.Get("ref")
	for i := range parent.NumField() {
		name, _, _ := strings.Cut(parent.Type().Field(i).Tag.Get("json"), ",")
		if name == want {
			if k := jc.KindOf(fmt.Sprint(parent.Field(i).Interface())); k != nil {
				return k, nil
			}
		}
	}
	return nil, invalid(want, "no such type of object")
}

// resolve turns every name in the input into the object it means: one look-up a
// type for ids, one for names. Nothing is sent when one of them is unknown or
// ambiguous. Before anything that is not a read, ids are looked up too, and nothing
// is answered from memory, so that a plan holds objects that exist now.
func resolve(ctx context.Context, dir *finder, risk auth.Risk, in any) error {
	var all []found
	if err := references(reflect.ValueOf(in), "", &all); err != nil {
		return err
	}
	for _, f := range all {
		if err := legible(f); err != nil {
			return err
		}
	}
	fresh := risk != auth.Read
	byKind := map[*jc.Kind][]found{}
	var kinds []*jc.Kind
	for _, f := range all {
		if byKind[f.kind] == nil {
			kinds = append(kinds, f.kind)
		}
		byKind[f.kind] = append(byKind[f.kind], f)
	}
	// What lies inside other objects is looked up after these.
	slices.SortStableFunc(kinds, func(a, b *jc.Kind) int { return len(a.Parents()) - len(b.Parents()) })
	for _, k := range kinds {
		inside := k
		if len(k.Parents()) > 0 {
			inside = k.In(parentsOf(in))
		}
		if err := resolveKind(ctx, dir, inside, byKind[k], fresh); err != nil {
			return err
		}
	}
	return nil
}

// legible refuses what can be neither an id nor a name: a blank, and characters that
// steer what prints them.
func legible(f found) error {
	given := f.ref.Wanted()
	if strings.TrimSpace(given) == "" {
		return invalid(f.arg, "must not be empty")
	}
	if strings.ContainsFunc(given, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
		return invalid(f.arg, "holds a control character; give "+aName(f.kind)+" as it is shown")
	}
	return nil
}

// aName is what an object of a kind is named by.
func aName(k *jc.Kind) string {
	if k.Find.Path == "" {
		return "the id of " + article(k.Noun)
	}
	return "the name or id of " + article(k.Noun)
}

func resolveKind(ctx context.Context, dir *finder, k *jc.Kind, refs []found, fresh bool) error {
	var ids, names []string
	for _, f := range refs {
		if given := f.ref.Wanted(); k.IsID(given) {
			ids = append(ids, given)
		} else if bare, _ := splitHandle(given); k.Find.Path == "" {
			return invalid(f.arg, fmt.Sprintf("%q is not an id of %s, which can only be named by id", clip(given), article(k.Noun)))
		} else {
			names = append(names, bare)
		}
	}
	byID := map[string]jc.Object{}
	if fresh && len(ids) > 0 && k.Get.Path != "" {
		var err error
		if byID, err = dir.ByID(ctx, k, ids, true); err != nil {
			return err
		}
	}
	byName, err := dir.ByName(ctx, k, names, fresh)
	if err != nil {
		return err
	}
	for _, f := range refs {
		given := f.ref.Wanted()
		if k.IsID(given) {
			o, ok := byID[given]
			if !ok && fresh && k.Get.Path != "" {
				return notFound(f.arg, fmt.Sprintf("there is no %s with the id %s", k.Noun, given))
			}
			if !ok {
				o = jc.Object{Kind: k, ID: given}
			}
			if !ok && len(dir.known(ctx, k, []jc.Object{o})) == 0 { // to the caller it is not there
				return notFound(f.arg, fmt.Sprintf("there is no %s with the id %s", k.Noun, given))
			}
			f.ref.Set(o)
			continue
		}
		f.kind = k // as it is inside the objects above it
		o, err := theOne(ctx, dir, f, byName)
		if err != nil {
			return err
		}
		f.ref.Set(o)
	}
	return nil
}

// theOne picks the object that a name means, or says which there are.
func theOne(ctx context.Context, dir *finder, f found, byName map[string][]jc.Object) (jc.Object, error) {
	given := f.ref.Wanted()
	name, tail := splitHandle(given)
	objects := byName[name]
	seen := dir.of(f.kind)
	if dir.shown && len(seen) > 0 { // that a name is another object's would tell what may not be compared with
		objects = slices.DeleteFunc(slices.Clone(objects), func(o jc.Object) bool { return !seen.called(o, name) })
	}
	if tail != "" {
		for _, o := range objects {
			if strings.HasSuffix(o.ID, tail) {
				return o, nil
			}
		}
		objects = nil
	}
	switch len(objects) {
	case 1:
		return objects[0], nil
	case 0:
		problem := fmt.Sprintf("no %s is called %q", f.kind.Noun, clip(given))
		if strings.ContainsFunc(given, jc.Hidden) {
			problem += ", with the characters in it that do not show"
		}
		if near := dir.offers(ctx, f.kind, name); len(near) > 0 {
			problem += "; there is " + quoted(near)
		}
		return jc.Object{}, notFound(f.arg, problem)
	}
	if len(seen) > 0 && !seen.names(f.kind) {
		return jc.Object{}, &Refusal{Code: jc.CodeAmbiguous, Text: fmt.Sprintf("%s: several %ss are called %q; give the id", f.arg, f.kind.Noun, clip(given))}
	}
	var handles []string
	for _, o := range objects {
		handles = append(handles, handle(o.Name, o.ID))
	}
	return jc.Object{}, &Refusal{Code: jc.CodeAmbiguous, Text: fmt.Sprintf("%s: %d %ss are called %q: %s; give one of these",
		f.arg, len(objects), f.kind.Noun, clip(given), quoted(handles))}
}

// handle is a name with enough of the id to tell it from its namesakes.
func handle(name, id string) string { return name + "~" + id[max(0, len(id)-6):] }

// splitHandle undoes handle; tail is "" for a plain name.
func splitHandle(s string) (name, tail string) {
	i := strings.LastIndexByte(s, '~')
	if i <= 0 || len(s)-i-1 != 6 || strings.Trim(s[i+1:], "0123456789abcdef") != "" {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// refKinds are the kinds of the refs in an input type; a RefAny brings those its tag `kinds` lists.
func refKinds(in reflect.Type) (out []*jc.Kind) {
	for in.Kind() == reflect.Pointer || in.Kind() == reflect.Slice {
		in = in.Elem()
	}
	if ref, ok := reflect.New(in).Interface().(jc.Reference); ok {
		if k := ref.Of(); k != nil {
			out = append(out, k)
		}
		return out
	}
	if in.Kind() != reflect.Struct {
		return nil
	}
	for i := range in.NumField() {
		f := in.Field(i)
		if f.Type == reflect.TypeFor[jc.RefAny]() {
			for _, name := range strings.Split(f.Tag.Get("kinds"), ",") {
				if k := jc.KindOf(name); k != nil {
					out = append(out, k)
				}
			}
			continue
		}
		if f.IsExported() || f.Anonymous {
			out = append(out, refKinds(f.Type)...)
		}
	}
	return out
}
