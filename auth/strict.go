package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// strictFile reads a YAML file of ours without guessing: every mistake is told, each
// with its line and the nearest known word.
type strictFile struct {
	name string // without its folder, as errors cite it
	what string // "grant file"
	errs []error
}

// fail notes an error of the file.
func (p *strictFile) fail(n *yaml.Node, format string, args ...any) {
	if len(p.errs) < maxGrantErrors {
		p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.name, n.Line, fmt.Sprintf(format, args...)))
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// document reads the one document of the file.
func (p *strictFile) document(data []byte) (root *yaml.Node, err error) {
	if len(data) > maxGrantBytes {
		return nil, fmt.Errorf("%s: it is over 1 MiB, which is no %s", p.name, p.what)
	}
	defer func() {
		if recover() != nil { // of the YAML library
			root, err = nil, fmt.Errorf("%s: this is not YAML", p.name)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: the file is empty", p.name)
	case err != nil:
		m := yamlLine.FindStringSubmatch(err.Error())
		if m == nil {
			return nil, fmt.Errorf("%s: this is not YAML", p.name)
		}
		where := p.name
		if m[1] != "" {
			where += ":" + m[1]
		}
		return nil, fmt.Errorf("%s: this is not YAML: %s", where, cut(err.Error()[len(m[0]):]))
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: a second document follows: a %s is one", p.name, p.what)
	}
	if len(doc.Content) != 1 {
		return nil, fmt.Errorf("%s: the file is empty", p.name)
	}
	return doc.Content[0], nil
}

// fields reads a mapping with these keys, each once.
func (p *strictFile) fields(n *yaml.Node, what string, keys map[string]func(*yaml.Node)) (has map[string]bool) {
	has = map[string]bool{}
	p.each(n, what, func(key string, k, v *yaml.Node) {
		read, ok := keys[key]
		if !ok {
			known := make([]string, 0, len(keys))
			for name := range keys {
				known = append(known, name)
			}
			p.unknown(k, "key", key, known)
			return
		}
		has[key] = true
		read(v)
	})
	return has
}

// each reads a mapping whose keys are names, each once.
func (p *strictFile) each(n *yaml.Node, what string, read func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		p.fail(n, "%s is key: value pairs here", what)
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key, ok := p.text(k, "a key of "+what)
		if !ok {
			continue
		}
		if line, twice := seen[key]; twice {
			p.fail(k, "%q stands twice in %s (before: line %d)", cut(key), what, line)
			continue
		}
		seen[key] = k.Line
		read(key, k, v)
	}
}

// text reads a word or a name.
func (p *strictFile) text(n *yaml.Node, what string) (string, bool) {
	plain := n.Kind == yaml.ScalarNode && n.Anchor == "" && n.Alias == nil
	switch {
	case !plain, n.Tag == "!!null", n.Tag == "!!bool", n.Tag == "!!binary", n.Tag == "!!merge", strings.TrimSpace(n.Value) != n.Value, n.Value == "":
		p.fail(n, "%s is a word or a name; put quotes around one that YAML takes for something else", what)
		return "", false
	case len(n.Value) > 1000 || strings.ContainsFunc(n.Value, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		p.fail(n, "%s holds characters that no name has, or too many", what)
		return "", false
	}
	return n.Value, true
}

// items reads a list of something, not empty.
func (p *strictFile) items(n *yaml.Node, what string, read func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode || n.Anchor != "" || len(n.Content) == 0 {
		p.fail(n, "%s is a list with something in it: [a, b]", what)
		return
	}
	for _, e := range n.Content {
		read(e)
	}
}

// words reads a list of words, each once; check says what is wrong with one.
func (p *strictFile) words(n *yaml.Node, what string, check func(*yaml.Node, string)) (out []string) {
	seen := map[string]bool{}
	p.items(n, what, func(e *yaml.Node) {
		w, ok := p.text(e, what)
		if !ok {
			return
		}
		if seen[w] {
			p.fail(e, "%q stands twice in %s", cut(w), what)
			return
		}
		if check != nil {
			check(e, w)
		}
		seen[w], out = true, append(out, w)
	})
	return out
}

func (p *strictFile) number(n *yaml.Node, what string, into *int) {
	v := 0
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(&v) != nil || v < 1 || v > maxQuota {
		p.fail(n, "%s is a number from 1 to %d", what, maxQuota)
		return
	}
	*into = v
}

func (p *strictFile) yes(n *yaml.Node, what string, into *bool) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(into) != nil {
		p.fail(n, "%s is true or false", what)
	}
}

// unknown refuses a word, with the nearest known one or else all.
func (p *strictFile) unknown(n *yaml.Node, what, word string, known []string) {
	if len(p.errs) >= maxGrantErrors {
		return // it would not be told, and looking for near words takes time
	}
	known = slices.Sorted(slices.Values(known))
	if near := nearestName(word, known); near != "" {
		p.fail(n, "unknown %s %q; did you mean %q?", what, cut(word), near)
		return
	}
	if len(known) > 60 {
		p.fail(n, "unknown %s %q", what, cut(word))
		return
	}
	p.fail(n, "unknown %s %q; known: %s", what, cut(word), strings.Join(known, ", "))
}
