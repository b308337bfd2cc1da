package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// maxDepth is how deep a message may be nested. Tools need less than ten.
const maxDepth = 64

var (
	errTwice = errors.New("a member stands twice in one object")
	errDeep  = errors.New("nested too deeply")
)

// The functions of this file read JSON that json.Valid accepted. They exist
// because encoding/json takes the last of two equal members, and takes "Name"
// for "name": what a gateway checked and what would run could differ.

// unambiguous walks the value at b[i:], refuses an object that has a member
// twice, at any depth, and gives the index after the value.
func unambiguous(b []byte, i, depth int) (int, error) {
	if depth > maxDepth {
		return i, errDeep
	}
	switch b[i] {
	case '{':
		return unambiguousObject(b, i+1, depth)
	case '[':
		return unambiguousArray(b, i+1, depth)
	default:
		return skipScalar(b, i), nil
	}
}

func unambiguousObject(b []byte, i, depth int) (int, error) {
	var seen names
	for {
		i = skipSpace(b, i)
		if b[i] == '}' {
			return i + 1, nil
		}
		end := skipScalar(b, i)
		if !seen.add(nameOf(b[i:end])) {
			return i, errTwice
		}
		i = skipSpace(b, end) + 1 // the colon
		var err error
		if i, err = unambiguous(b, skipSpace(b, i), depth+1); err != nil {
			return i, err
		}
		if i = skipSpace(b, i); b[i] == ',' {
			i++
		}
	}
}

func unambiguousArray(b []byte, i, depth int) (int, error) {
	for {
		i = skipSpace(b, i)
		if b[i] == ']' {
			return i + 1, nil
		}
		var err error
		if i, err = unambiguous(b, i, depth+1); err != nil {
			return i, err
		}
		if i = skipSpace(b, i); b[i] == ',' {
			i++
		}
	}
}

// names is a set that stays a short slice until an object is unusually wide.
type names struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

// add says false for a name that was there.
func (n *names) add(s string) bool {
	if n.many != nil {
		before := len(n.many)
		n.many[s] = struct{}{}
		return len(n.many) > before
	}
	if slices.Contains(n.few[:n.n], s) {
		return false
	}
	if n.n < len(n.few) {
		n.few[n.n] = s
		n.n++
		return true
	}
	n.many = make(map[string]struct{}, 2*len(n.few))
	for _, k := range n.few {
		n.many[k] = struct{}{}
	}
	n.many[s] = struct{}{}
	return true
}

// members calls visit with each member of the object obj, in order.
func members(obj []byte, visit func(key string, value []byte)) {
	i := skipSpace(obj, 0) + 1
	for {
		i = skipSpace(obj, i)
		if obj[i] == '}' {
			return
		}
		end := skipScalar(obj, i)
		key := nameOf(obj[i:end])
		i = skipSpace(obj, skipSpace(obj, end)+1)
		end = skipValue(obj, i)
		visit(key, obj[i:end])
		if i = skipSpace(obj, end); obj[i] == ',' {
			i++
		}
	}
}

// member gives the value of one member of obj, nil when obj is no object or lacks it.
func member(obj []byte, name string) (found []byte) {
	if !isObject(obj) {
		return nil
	}
	members(obj, func(key string, value []byte) {
		if key == name {
			found = value
		}
	})
	return found
}

func isObject(b []byte) bool { return len(b) > 0 && b[0] == '{' }

func isString(b []byte) bool { return len(b) > 0 && b[0] == '"' }

// text gives the string that b holds, "" when it holds something else.
func text(b []byte) string {
	if !isString(b) {
		return ""
	}
	return unquote(b)
}

// nameOf is unquote for the name of a member: those of the protocol take no memory.
func nameOf(b []byte) string {
	if s, ok := protocolNames[string(b[1:len(b)-1])]; ok {
		return s
	}
	return unquote(b)
}

func unquote(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : len(b)-1])
	}
	var s string
	_ = json.Unmarshal(b, &s) // b is a valid string literal
	return s
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipScalar gives the index after the string, number or word at b[i:].
func skipScalar(b []byte, i int) int {
	if b[i] == '"' {
		for i++; b[i] != '"'; i++ {
			if b[i] == '\\' {
				i++
			}
		}
		return i + 1
	}
	for i < len(b) && strings.IndexByte(",]} \t\n\r", b[i]) < 0 {
		i++
	}
	return i
}

// skipValue gives the index after the value at b[i:].
func skipValue(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			i = skipScalar(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
		default:
			i = skipScalar(b, i)
		}
		if depth == 0 {
			return i
		}
	}
}
