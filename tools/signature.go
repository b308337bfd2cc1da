package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/jc-mcp/jc-mcp/auth"
)

// A signature says in one line how a tool is called:
//
//	users_suspend*(user, at?) change: Block sign-in everywhere, now or at a time.
//
// A star marks a tool of the default surface, which is called directly. Required
// arguments come first, [] is a list, {} an object, … more that is not shown.
// What is ours everywhere (filter, limit, dry_run …) is left out. The risk stands
// where it is not read.

// tokensEach is what a line may cost on average, so that five cost 150 at most: what
// is estimated may be a little under what it is.
const tokensEach = 29

// Signatures are the lines of an answer, one a hit, best first; five of them are
// at most 150 tokens.
func Signatures(hits []Hit) string { return signatures(hits) }

func signatures(hits []Hit) string {
	lines := make([]line, len(hits))
	cost := make([]int, len(hits))
	sum := 0
	for i, h := range hits {
		lines[i] = signatureOf(h.Tool, h.Preset)
		cost[i] = lines[i].cost()
		sum += cost[i]
	}
	for sum > tokensEach*len(hits) {
		i := longest(lines, cost)
		if i < 0 {
			break
		}
		lines[i].shorten()
		c := lines[i].cost()
		sum += c - cost[i]
		cost[i] = c
	}
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = lines[i].String()
	}
	return strings.Join(out, "\n")
}

// longest is the line that costs most of those that can be shorter in the way
// that is missed least.
func longest(lines []line, cost []int) int {
	for stage := range len(shorter) {
		best := -1
		for i := range lines {
			if lines[i].stage() == stage && (best < 0 || cost[i] > cost[best]) {
				best = i
			}
		}
		if best >= 0 {
			return best
		}
	}
	return -1
}

// line is a signature in its parts.
type line struct {
	name     string
	required []parameter
	optional []parameter
	more     bool // some arguments are not shown
	risk     string
	words    []string // of the description
	cut      bool     // some words are not shown
}

type parameter struct {
	name    string
	form    string   // "[]", "{}" or ": untyped"
	choices []string // values of an enum; fields of an untyped body
	more    bool     // there are more of them
}

func (p parameter) String() string { return p.name + p.values() }

func (p parameter) optional() string {
	if p.form == untypedForm {
		return p.name + "?" + p.values()
	}
	return p.name + p.form + "?"
}

const untypedForm = ": untyped"

func (p parameter) values() string {
	list := p.choices
	if p.more {
		list = append(slices.Clone(list), "…")
	}
	switch {
	case len(p.choices) == 0:
		return p.form
	case p.form == untypedForm:
		return p.form + "{" + strings.Join(list, ",") + "}"
	}
	return "=" + strings.Join(list, "|")
}

func (l *line) String() string {
	var b strings.Builder
	b.WriteString(l.name)
	b.WriteByte('(')
	var args []string
	for _, p := range l.required {
		args = append(args, p.String())
	}
	for _, p := range l.optional {
		args = append(args, p.optional())
	}
	if l.more {
		args = append(args, "…")
	}
	b.WriteString(strings.Join(args, ", "))
	b.WriteByte(')')
	if l.risk != "" {
		b.WriteString(" " + l.risk)
	}
	if len(l.words) > 0 {
		b.WriteString(": " + strings.TrimRight(strings.Join(l.words, " "), ".,;:"))
		if l.cut {
			b.WriteString("…")
		}
	}
	return b.String()
}

// cost estimates the model tokens of a line. It is closer than tokens, which has to
// hold for any text: here names are ours, and most words are common ones. A test
// holds the sum of real lines against a tokenizer.
func (l *line) cost() int {
	fifths, run, capitals := 5, 0, 0 // one for the end of the line
	flush := func() {
		if run > 0 {
			fifths += 5 + max(0, run-7) + 2*max(0, capitals-2)
		}
		run, capitals = 0, 0
	}
	var before rune
	for _, r := range l.String() {
		switch {
		case unicode.IsLetter(r):
			if unicode.IsUpper(r) {
				if unicode.IsLower(before) {
					flush()
				}
				capitals++
			}
			run++
		case r == ' ', r == '_':
			flush()
		case unicode.IsDigit(r):
			flush()
			fifths += 3
		default:
			flush()
			fifths += 5
		}
		before = r
	}
	flush()
	return (fifths + 4) / 5
}

// shorter are the ways to make a line shorter, the one that is missed least
// first: many optional arguments, a long description, more than a few values of
// an argument, the rest of the description, of the optional arguments, of the values.
var shorter = []struct {
	can func(*line) bool
	do  func(*line)
}{
	{func(l *line) bool { return len(l.optional) > 3 }, (*line).dropOptional},
	{func(l *line) bool { return len(l.words) > 12 }, (*line).dropWord},
	{func(l *line) bool { return len(l.optional) > 2 }, (*line).dropOptional},
	{func(l *line) bool { return len(l.words) > 5 }, (*line).dropWord},
	{func(l *line) bool { return l.choices() > 3 }, (*line).dropChoice},
	{func(l *line) bool { return len(l.words) > 0 }, func(l *line) { l.words = nil }},
	{func(l *line) bool { return len(l.optional) > 0 }, (*line).dropOptional},
	{func(l *line) bool { return l.choices() > 0 }, (*line).dropChoice},
}

// stage is the first of the ways in which a line can still be made shorter; -1 for none.
func (l *line) stage() int {
	for i, s := range shorter {
		if s.can(l) {
			return i
		}
	}
	return -1
}

func (l *line) shorten() { shorter[l.stage()].do(l) }

func (l *line) dropWord() { l.words, l.cut = l.words[:len(l.words)-1], true }

func (l *line) dropOptional() { l.optional, l.more = l.optional[:len(l.optional)-1], true }

// choices is the most values that an argument of the line shows.
func (l *line) choices() int {
	most := 0
	for _, p := range l.arguments() {
		most = max(most, len(p.choices))
	}
	return most
}

func (l *line) dropChoice() {
	most := l.choices()
	for _, p := range l.arguments() {
		if n := len(p.choices); n == most {
			p.choices, p.more = p.choices[:n-1], true
			return
		}
	}
}

func (l *line) arguments() (out []*parameter) {
	for i := range l.required {
		out = append(out, &l.required[i])
	}
	for i := range l.optional {
		if l.optional[i].form == untypedForm { // of others the values are not shown
			out = append(out, &l.optional[i])
		}
	}
	return out
}

// described is what a signature reads of a schema.
type described struct {
	Type       any                   `json:"type"`
	Enum       []any                 `json:"enum"`
	Properties map[string]*described `json:"properties"`
	Required   []string              `json:"required"`
}

// mostOptional is how many optional arguments a line shows.
const mostOptional = 5

func signatureOf(t *Tool, preset string) line {
	l := line{name: t.Name, words: strings.Fields(t.Doc)}
	if t.Core {
		l.name += "*"
	}
	if t.Risk != auth.Read {
		l.risk = t.Risk.String()
	}
	set, _, _ := strings.Cut(preset, "=")
	if preset != "" {
		l.required = append(l.required, parameter{name: preset})
		l.words = strings.Fields(t.aboutVariant(preset))
	}
	var listed described
	if t.Schema == nil || json.Unmarshal(t.Schema.Listed(), &listed) != nil {
		return l
	}
	for _, name := range t.Schema.Names() {
		p := listed.Properties[name]
		needed := slices.Contains(listed.Required, name)
		switch {
		case name == set:
		case p == nil:
			l.more = l.more || !slices.Contains(ourArguments, name)
		case needed:
			l.required = append(l.required, t.parameterOf(name, p, true))
		case slices.Contains(ourArguments, name):
		case len(l.optional) < mostOptional:
			l.optional = append(l.optional, t.parameterOf(name, p, false))
		default:
			l.more = true
		}
	}
	return l
}

// aboutVariant is what one use of a tool is about, in a few words.
func (t *Tool) aboutVariant(preset string) string {
	for _, v := range t.variants {
		if v.preset == preset {
			about, _, _ := strings.Cut(v.words, ",")
			return about
		}
	}
	return t.Doc
}

// mostChoices is how many values of an enum a line shows.
const mostChoices = 5

func (t *Tool) parameterOf(name string, p *described, needed bool) parameter {
	out := parameter{name: name}
	switch {
	case name == "body" && t.untyped:
		out.form, out.choices = untypedForm, t.seenUse
	case p.Type == "array":
		out.form = "[]"
	case p.Type == "object":
		out.form = "{}"
	}
	if needed {
		for _, v := range p.Enum {
			if s, ok := v.(string); ok {
				out.choices = append(out.choices, s)
			}
		}
	}
	if len(out.choices) > mostChoices {
		out.choices, out.more = out.choices[:mostChoices], true
	}
	return out
}
