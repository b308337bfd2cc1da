package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// shownIncludes is the answer in the making.
type shownIncludes struct {
	*getting
	asked asked
	sees  sight
	parts []includePart
}

// answer is a head of ours, the object, and a block for each include.
func (s *shownIncludes) answer(ctx context.Context, r *Reader, o *shownObject) Answer {
	k := s.tool.kind
	name := k.NameOf(s.sees.mask(o.row))
	head := []string{"# " + k.Noun + " " + plainName(name)}
	object, more, large := s.object(o, r.room(1200))
	left := r.room(500) - tokens(object)
	var counts, missing, notes, cut []string
	blocks := s.blocks(r, name, left)
	for i := range s.parts {
		p := &s.parts[i]
		if p.missing != "" {
			missing = append(missing, p.name+" ("+p.missing+")")
			continue
		}
		counts = append(counts, p.got.counts...)
		missing = append(missing, p.got.missing...)
		notes = append(notes, p.got.notes...)
		if blocks[i].lost > 0 {
			cut = append(cut, fmt.Sprintf("%s %d", p.name, blocks[i].lost))
		}
	}
	if len(counts) > 0 {
		head = append(head, strings.Join(counts, ", "))
	}
	if len(missing) > 0 {
		head = append(head, "not read: "+strings.Join(missing, ", "))
	}
	head = append(head, notes...)
	if len(cut) > 0 {
		head = append(head, "left out: "+joinNames(cut))
	}
	if len(large) > 0 {
		head = append(head, "too large to show: "+joinNames(large))
	}
	if more > 0 && len(s.parts) == 0 {
		head = append(head, fmt.Sprintf("%d more with fields=all", more))
	}
	a := Answer{Text: []string{strings.Join(append(head, r.orgName(ctx)), "; "), object}}
	for _, b := range blocks {
		if b.text != "" {
			a.Text = append(a.Text, b.text)
		}
	}
	return a
}

// block is an include as it is shown.
type includeBlock struct {
	text string
	lost int // lines and names that are left out
}

// blocks divides the tokens that are left: who needs little gets it whole, and the
// rest is shared out evenly among those who need more.
func (s *shownIncludes) blocks(r *Reader, name string, left int) []includeBlock {
	out := make([]includeBlock, len(s.parts))
	var order []int
	need := map[int]int{}
	for i := range s.parts {
		if p := s.parts[i].got; p != nil && len(p.lines) > 0 {
			text, _ := p.render(1<<30, "")
			order, need[i] = append(order, i), tokens(text)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return need[a] - need[b] })
	for n, i := range order {
		share := left / (len(order) - n)
		p := s.parts[i].got
		out[i].text, out[i].lost = p.render(share, p.rest(r, name))
		left -= tokens(out[i].text)
	}
	return out
}

// pair is a field as it is shown.
type pair struct{ name, json string }

// object is compact JSON, the natural key first. more is how many fields are set
// that are not shown, large which ones did not fit.
func (s *shownIncludes) object(o *shownObject, budget int) (text string, more int, large []string) {
	var pairs []pair
	shown := map[string]bool{}
	k := s.tool.kind
	names, must := s.fieldsOf(o.row)
	names = s.sees.of(names)
	for _, name := range names {
		v, read := valueOf(k, o.row, name)
		if isSecret(name[strings.LastIndexByte(name, '.')+1:], v) {
			continue
		}
		id, _ := v.(string)
		v = set(v)
		switch nothing := isEmpty(v) || s.asked.fields == "" && v == s.dull[name]; {
		case !read && must[name]:
			v = unread
		case !read, nothing && !must[name], nothing && s.dull[name] != "" && s.asked.fields == "":
			continue
		case nothing:
			v = nil
		}
		if n := o.names[id]; n != "" {
			v = clean(n)
		}
		shown[name] = true
		if f := k.Fact(name); f != nil {
			for _, n := range f.Needs {
				shown[n] = true
			}
		}
		pairs = append(pairs, pair{name, compact(v)})
	}
	for name, v := range o.row {
		if !shown[name] && s.sees.has(name) && !isSecret(name, v) && !isEmpty(set(v)) {
			more++
		}
	}
	pairs, large = fitting(pairs, budget)
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = compact(p.name) + ":" + p.json
	}
	return "{" + strings.Join(parts, ",") + "}", more, large
}

// fitting leaves out the largest fields until the rest fits, and names them.
func fitting(pairs []pair, budget int) (rest []pair, large []string) {
	size := func() (n int) {
		for _, p := range pairs {
			n += tokens(p.name) + tokens(p.json) + 4
		}
		return n
	}
	for size() > budget {
		i := 0
		for j := range pairs {
			if len(pairs[j].json) > len(pairs[i].json) {
				i = j
			}
		}
		large = append(large, pairs[i].name)
		pairs = slices.Delete(pairs, i, i+1)
	}
	return pairs, large
}

// fieldsOf are the fields to show, and those of them that are shown in any case.
func (s *shownIncludes) fieldsOf(row jc.Row) (names []string, must map[string]bool) {
	must = map[string]bool{}
	k := s.tool.kind
	switch given := fieldList(s.asked.fields); {
	case slices.Contains(given, allFields):
		s.asked.fields = allFields
		names = slices.Sorted(maps.Keys(row))
		for _, f := range s.fields { // the order people know, then the rest
			if f = strings.TrimSuffix(f, "!"); k.Fact(f) == nil {
				names = slices.DeleteFunc(names, func(n string) bool { return n == f })
			}
		}
		for i := len(s.fields) - 1; i >= 0; i-- {
			if f := strings.TrimSuffix(s.fields[i], "!"); k.Fact(f) == nil {
				names = slices.Insert(names, 0, f)
			}
		}
		return names, must
	case len(given) > 0:
		for _, f := range given {
			must[f] = true
		}
		for _, f := range given {
			if !slices.Contains(names, f) {
				names = append(names, f)
			}
		}
		return names, must
	}
	for _, f := range s.fields {
		name, always := strings.CutSuffix(f, "!")
		if with := s.instead[name]; with != "" && slices.Contains(s.asked.include, with) {
			continue
		}
		if name == s.same[0] && s.saysTheSame(row) {
			continue
		}
		must[name] = always || k.Fact(name) != nil
		names = append(names, name)
	}
	return names, must
}

func (s *shownIncludes) saysTheSame(row jc.Row) bool {
	a, _ := valueOf(s.tool.kind, row, s.same[0])
	b, _ := valueOf(s.tool.kind, row, s.same[1])
	return a == b
}

// compact is JSON without escapes for browsers.
func compact(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return "null"
	}
	return strings.TrimSpace(b.String())
}
