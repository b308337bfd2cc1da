package jumpcloud

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxSegment bounds a value that goes into a path, in bytes.
const maxSegment = 256

// Endpoint is one operation of the API: its method and its path template.
type Endpoint struct {
	// Method is upper case: GET, POST, PUT, PATCH, DELETE or HEAD.
	Method string
	// Path is the template, "/api/v2/usergroups/{group}"; a brace is always a whole segment.
	Path string
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}

// At reads an endpoint from a literal such as "GET /api/v2/usergroups/{group}".
// It panics when the literal is malformed: that is a mistake in the program, and
// must stop it at start.
func At(s string) Endpoint {
	method, path, _ := strings.Cut(s, " ")
	e := Endpoint{Method: method, Path: path}
	if _, err := e.segments(); err != nil {
		panic(fmt.Sprintf("jumpcloud: endpoint %q: %v", s, err))
	}
	return e
}

// String gives the literal back.
func (e Endpoint) String() string { return e.Method + " " + e.Path }

// Names are the brace names of the path, in order.
func (e Endpoint) Names() []string {
	var names []string
	for part := range strings.SplitSeq(e.Path, "/") {
		if name, ok := brace(part); ok {
			names = append(names, name)
		}
	}
	return names
}

// Fill puts the values into the path. It is the only way a value gets into one:
// a value that is empty, ".", "..", longer than 256 bytes, or holds anything that
// could end or change a segment (/ ? # % \ ; control, space, non-ASCII) is
// refused, so that the result has exactly the segments of the template. Each
// brace needs a value and each value a brace.
func (e Endpoint) Fill(params map[string]string) (string, error) {
	parts, err := e.segments()
	if err != nil {
		return "", err
	}
	filled := 0
	for i, part := range parts {
		name, ok := brace(part)
		if !ok {
			continue
		}
		value, given := params[name]
		if !given {
			return "", fmt.Errorf("no value for %s", name)
		}
		if why := unfit(value); why != "" {
			return "", fmt.Errorf("%s cannot be part of a path: %s", name, why)
		}
		parts[i] = url.PathEscape(value)
		filled++
	}
	if filled != len(params) {
		return "", errors.New("a value that the path has no place for")
	}
	return "/" + strings.Join(parts, "/"), nil
}

// unfit says why a value may not be a path segment; "" when it may.
func unfit(v string) string {
	switch {
	case v == "":
		return "it is empty"
	case v == "." || v == "..":
		return "it is a dot segment"
	case len(v) > maxSegment:
		return "it is too long"
	}
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c > '~' || strings.IndexByte(`/?#%\;`, c) >= 0 {
			return "it has a character that ids and names here do not have"
		}
	}
	return ""
}

// segments splits the template and checks that it is one.
func (e Endpoint) segments() ([]string, error) {
	if !slices.Contains(methods, e.Method) {
		return nil, errors.New("unknown method")
	}
	rest, ok := strings.CutPrefix(e.Path, "/")
	if !ok {
		return nil, errors.New("the path must start with /")
	}
	parts := strings.Split(rest, "/")
	var seen []string
	for _, part := range parts {
		name, ok := brace(part)
		if !ok {
			if !literal(part) {
				return nil, fmt.Errorf("bad segment %q", part)
			}
			continue
		}
		if slices.Contains(seen, name) {
			return nil, fmt.Errorf("%s stands twice", name)
		}
		seen = append(seen, name)
	}
	return parts, nil
}

// sameShape compares methods and templates, whatever their braces are called: {id} and
// {user} are the same place.
func (e Endpoint) sameShape(other Endpoint) bool {
	if e.Method != other.Method {
		return false
	}
	for a, b, more := e.Path, other.Path, true; more; {
		var x, y string
		var moreB bool
		x, a, more = strings.Cut(a, "/")
		y, b, moreB = strings.Cut(b, "/")
		if more != moreB {
			return false
		}
		if x == y {
			continue
		}
		_, one := brace(x)
		_, two := brace(y)
		if !one || !two {
			return false
		}
	}
	return true
}

// brace gives the name inside "{name}".
func brace(part string) (name string, ok bool) {
	if len(part) < 3 || part[0] != '{' || part[len(part)-1] != '}' {
		return "", false
	}
	name = part[1 : len(part)-1]
	for i := range len(name) {
		if c := name[i]; !letter(c) && !digit(c) && c != '_' && c != '-' {
			return "", false
		}
	}
	return name, true
}

// literal reports whether a fixed segment is made of the characters that the API uses.
func literal(part string) bool {
	if part == "" || part == "." || part == ".." {
		return false
	}
	for i := range len(part) {
		if c := part[i]; !letter(c) && !digit(c) && strings.IndexByte("_-.:~", c) < 0 {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// Effect says what sending a request again would do.
type Effect uint8

const (
	// Safe changes nothing: reads, and the POSTs that search.
	Safe Effect = iota
	// Idempotent has the same result when it is sent twice.
	Idempotent
	// Once must never be done twice.
	Once
)

// String is the word used in declarations.
func (e Effect) String() string {
	switch e {
	case Safe:
		return "safe"
	case Idempotent:
		return "idempotent"
	case Once:
		return "once"
	}
	return "unknown effect"
}
