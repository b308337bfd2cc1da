package tools

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	brokenCalls  = 200
	brokenTokens = 60 // of an answer that names the fix
)

// brokenCall is a call with one thing wrong in it.
type brokenCall struct {
	kind  string
	tool  *Tool
	args  map[string]any
	right map[string]any // the call that was meant; nil where there is none
	fix   []string       // what an answer has to name
}

// breaker breaks calls. Everything it knows comes from the schemas and the sandbox.
type breaker struct {
	b     *bench
	r     *rand.Rand
	bases map[string]string
}

// TestBrokenCalls: of 200 calls with one slip, made from the schemas of all
// tools, 98 in 100 are put right (reads only, and said) or answered with the
// exact fix in at most 60 tokens. What changes something is never put right.
func TestBrokenCalls(t *testing.T) {
	b := newBench(t, sandboxOptions)
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	calls := (&breaker{b: b, r: rand.New(rand.NewPCG(7, 7)), bases: map[string]string{}}).calls()
	if len(calls) != brokenCalls {
		t.Fatalf("%d calls were made, not %d", len(calls), brokenCalls)
	}
	type tally struct{ all, mended, answered, missed int }
	sums := map[string]*tally{}
	missed := 0
	for _, c := range calls {
		s := sums[c.kind]
		if s == nil {
			s = &tally{}
			sums[c.kind] = s
		}
		s.all++
		mended, why := b.judge(c, func(text string) int { n, _ := enc.Count(text); return n })
		switch {
		case why != "":
			s.missed++
			missed++
			raw, _ := json.Marshal(c.args)
			t.Logf("miss: %s: %s %s: %s", c.kind, c.tool.Name, raw, why)
		case mended:
			s.mended++
		default:
			s.answered++
		}
	}
	for _, kind := range brokenKinds {
		if s := sums[kind.name]; s != nil {
			t.Logf("%-22s %3d: %3d put right, %3d answered with the fix, %d missed", kind.name, s.all, s.mended, s.answered, s.missed)
		}
	}
	good := 100 * float64(brokenCalls-missed) / brokenCalls
	t.Logf("%d broken calls: %.1f in 100 put right or answered with the fix", brokenCalls, good)
	if good < 98 {
		t.Errorf("%.1f in 100, at least 98", good)
	}
}

var handleInText = regexp.MustCompile(`(cursor=|next=)[a-z0-9]+|c-[a-z0-9]{8}`)

// judge makes the call. why is "" when it was put right or answered with the fix.
func (b *bench) judge(c brokenCall, count func(string) int) (mended bool, why string) {
	raw, err := json.Marshal(c.args)
	if err != nil {
		return false, err.Error()
	}
	b.wire.reset()
	text, a := b.call(c.tool.Name, string(raw))
	if w := b.wire.writes(); len(w) > 0 {
		return false, fmt.Sprintf("it was sent: %v", w)
	}
	if a.IsError {
		for _, f := range c.fix {
			if !strings.Contains(text, f) {
				return false, fmt.Sprintf("the fix %q is not in %q", f, text)
			}
		}
		if n := count(text); n > brokenTokens {
			return false, fmt.Sprintf("%d tokens: %q", n, text)
		}
		return false, ""
	}
	switch {
	case c.kind == "name for id": // every ref takes every name: nothing has to be put right
	case c.tool.Risk != auth.Read:
		return false, "a change was put right: " + text
	case !strings.Contains(a.Text[0], "read "):
		return false, fmt.Sprintf("taken, and nothing said of it: %q", a.Text[0])
	}
	meant, err := json.Marshal(c.right)
	if err != nil {
		return false, err.Error()
	}
	_, should := b.call(c.tool.Name, string(meant))
	plain := func(a Answer) string { return handleInText.ReplaceAllString(strings.Join(a.Text[1:], "\n"), "") }
	if plain(a) != plain(should) || len(a.Text) != len(should.Text) {
		return false, fmt.Sprintf("it answers another question: %q, meant was %q", text, should.Text)
	}
	return true, ""
}

// brokenKinds are the ways to break a call; each gives false where it cannot.
var brokenKinds = []struct {
	name string
	make func(*breaker, *Tool, map[string]any) (brokenCall, bool)
}{
	{"typo in an argument", (*breaker).misspell},
	{"typo in an enum", (*breaker).misspellWord},
	{"typo in a field", (*breaker).misspellField},
	{"missing argument", (*breaker).forget},
	{"extra argument", (*breaker).add},
	{"wrong type", (*breaker).mistype},
	{"near-miss object name", (*breaker).misname},
	{"name for id", (*breaker).otherName},
}

// calls takes turns with the ways and goes through the tools until there are enough.
func (k *breaker) calls() (out []brokenCall) {
	tools := slices.Clone(All())
	seen := map[string]bool{}
	for range 20 {
		for i, kind := range brokenKinds {
			k.r.Shuffle(len(tools), func(i, j int) { tools[i], tools[j] = tools[j], tools[i] })
			made := 0
			for _, t := range tools {
				if len(out) == brokenCalls {
					return out
				}
				if made == 3-i/6 { // the last two kinds are fewer
					break
				}
				base := k.base(t)
				c, ok := kind.make(k, t, base)
				if !ok {
					continue
				}
				c.kind, c.tool = kind.name, t
				raw, _ := json.Marshal(c.args)
				if key := kind.name + t.Name + string(raw); !seen[key] {
					seen[key] = true
					out = append(out, c)
					made++
				}
			}
		}
	}
	return out
}

// base is a call of the tool that is right.
func (k *breaker) base(t *Tool) map[string]any {
	if k.bases[t.Name] == "" {
		k.bases[t.Name] = sampleArgs(k.b, t, false)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(k.bases[t.Name]), &out); err != nil {
		k.b.t.Fatal(err)
	}
	return out
}

func brokenProps(t *Tool) map[string]map[string]any {
	out := map[string]map[string]any{}
	props, _ := schemaOf(t)["properties"].(map[string]any)
	for name, p := range props {
		out[name], _ = p.(map[string]any)
	}
	return out
}

func (k *breaker) one(names []string) string {
	slices.Sort(names)
	return names[k.r.IntN(len(names))]
}

// typo swaps two letters, or loses or doubles one, behind the first.
func (k *breaker) typo(s string) string {
	r := []rune(s)
	if len(r) < 4 {
		return s
	}
	i := 1 + k.r.IntN(len(r)-2)
	switch k.r.IntN(3) {
	case 0:
		if r[i] != r[i+1] {
			r[i], r[i+1] = r[i+1], r[i]
			return string(r)
		}
		fallthrough
	case 1:
		return string(slices.Delete(r, i, i+1))
	}
	return string(slices.Insert(r, i, r[i]))
}

func brokenWithout(m map[string]any, name string) map[string]any {
	out := map[string]any{}
	for key, v := range m {
		if key != name {
			out[key] = v
		}
	}
	return out
}

func brokenWith(m map[string]any, name string, v any) map[string]any {
	out := brokenWithout(m, name)
	out[name] = v
	return out
}

func (k *breaker) misspell(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	if len(base) == 0 {
		if !t.lists {
			return c, false
		}
		base = map[string]any{"limit": 3}
	}
	name := k.one(brokenKeys(base))
	wrong := k.typo(name)
	if slices.Contains(t.Schema.Names(), wrong) {
		return c, false
	}
	return brokenCall{args: brokenWith(brokenWithout(base, name), wrong, base[name]), right: base, fix: []string{fmt.Sprintf("%q", name)}}, wrong != name
}

func brokenKeys(m map[string]any) (out []string) {
	for name := range m {
		out = append(out, name)
	}
	return out
}

func (k *breaker) misspellWord(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	props := brokenProps(t)
	var names []string
	for name, p := range props {
		items, _ := p["items"].(map[string]any)
		if len(anySlice(p["enum"])) > 1 || len(anySlice(items["enum"])) > 1 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return c, false
	}
	name := k.one(names)
	words, list := anySlice(props[name]["enum"]), false
	if words == nil {
		words, list = anySlice(props[name]["items"].(map[string]any)["enum"]), true
	}
	word, _ := words[k.r.IntN(len(words))].(string)
	wrong := k.typo(word)
	if k.r.IntN(3) == 0 && strings.ToLower(word) == word {
		wrong = strings.ToUpper(word)
	}
	if wrong == word || slices.Contains(words, any(wrong)) {
		return c, false
	}
	put := func(w string) map[string]any {
		if list {
			return brokenWith(base, name, []any{w})
		}
		return brokenWith(base, name, w)
	}
	return brokenCall{args: put(wrong), right: put(word), fix: []string{word}}, true
}

func (k *breaker) misspellField(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	if !t.lists || t.Name == "system_insights_query" || len(t.outFields) == 0 {
		return c, false
	}
	args := []string{"fields", "filter"}
	if slices.Contains(t.Schema.Names(), "count_by") {
		args = append(args, "count_by")
	}
	var fields []string
	for _, f := range t.columns {
		if f != flagsColumn && len(f) > 3 {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return c, false
	}
	field := k.one(fields)
	wrong := k.typo(field)
	if wrong == field || slices.Contains(t.fieldNames(), wrong) {
		return c, false
	}
	arg := k.one(args)
	form := map[string]string{"fields": "%s", "count_by": "%s", "filter": "%s=zzz"}[arg]
	base = brokenWith(base, "limit", 3)
	return brokenCall{args: brokenWith(base, arg, fmt.Sprintf(form, wrong)), right: brokenWith(base, arg, fmt.Sprintf(form, field)), fix: []string{field}}, true
}

func (k *breaker) forget(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	var required []string
	for _, r := range anySlice(schemaOf(t)["required"]) {
		required = append(required, r.(string))
	}
	if len(required) == 0 {
		return c, false
	}
	name := k.one(required)
	return brokenCall{args: brokenWithout(base, name), fix: []string{name, "required"}}, true
}

func (k *breaker) add(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	name := k.one([]string{"verbose", "because", "confirm", "format", "dryrun2", "x_request"})
	if slices.Contains(t.Schema.Names(), name) {
		return c, false
	}
	return brokenCall{args: brokenWith(base, name, true), right: base, fix: []string{fmt.Sprintf("no argument %q", name)}}, true
}

// mistype gives "5" for 5, "true" for true, a lone value for a list, a number for a text.
func (k *breaker) mistype(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	type slip struct{ is, wrong any }
	slips := map[string]slip{}
	for name, p := range brokenProps(t) {
		switch p["type"] {
		case "integer":
			slips[name] = slip{json.Number("5"), "5"}
		case "boolean":
			if name != "dry_run" {
				slips[name] = slip{true, "true"}
			}
		case "array":
			if items, _ := p["items"].(map[string]any); items["type"] == "string" && base[name] != nil {
				slips[name] = slip{base[name], anySlice(base[name])[0]}
			}
		case "string":
			if base[name] != nil && p["enum"] == nil {
				slips[name] = slip{base[name], []any{base[name]}}
			}
		}
	}
	if len(slips) == 0 {
		return c, false
	}
	var names []string
	for name := range slips {
		names = append(names, name)
	}
	name := k.one(names)
	s := slips[name]
	return brokenCall{args: brokenWith(base, name, s.wrong), right: brokenWith(base, name, s.is), fix: []string{name, "must be"}}, true
}

// brokenRefs are the arguments that name one object, with their kinds.
func brokenRefs(t *Tool, base map[string]any) map[string]*jc.Kind {
	out := map[string]*jc.Kind{}
	for _, f := range fieldsOf(t.in) {
		if _, given := base[f.name].(string); !given {
			continue
		}
		if kinds := refKinds(f.typ); len(kinds) == 1 && len(kinds[0].Names) > 0 && kinds[0].Find.Path != "" {
			out[f.name] = kinds[0]
		}
	}
	return out
}

func (k *breaker) misname(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	refs := brokenRefs(t, base)
	if len(refs) == 0 {
		return c, false
	}
	var names []string
	for name := range refs {
		names = append(names, name)
	}
	name := k.one(names)
	given := base[name].(string)
	wrong := k.typo(given)
	if wrong == given {
		return c, false
	}
	return brokenCall{args: brokenWith(base, name, wrong), right: base, fix: []string{given}}, true
}

// otherName names a user by e-mail and a device by serial number, in another case.
func (k *breaker) otherName(t *Tool, base map[string]any) (c brokenCall, ok bool) {
	collection := map[string][2]string{"user": {"users", "email"}, "system": {"devices", "serialNumber"}}
	for name, kind := range brokenRefs(t, base) {
		at, known := collection[kind.Type]
		if t.Toolset == "access_requests" { // two of them run by now: another question
			return c, false
		}
		if !known || t.Risk != auth.Read && !slices.Contains(t.Schema.Names(), "dry_run") {
			continue
		}
		for _, row := range k.b.sandbox.Rows(at[0]) {
			if kind.NameOf(jc.Row(row)) != base[name] {
				continue
			}
			if t.Risk != auth.Read {
				base = brokenWith(base, "dry_run", true)
			}
			other := strings.ToUpper(row[at[1]].(string))
			return brokenCall{args: brokenWith(base, name, other), right: base, fix: []string{base[name].(string)}}, true
		}
	}
	return c, false
}
