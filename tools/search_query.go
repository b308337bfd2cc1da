package tools

import (
	"strings"
)

// query is a question, read.
type query struct {
	groups   []group
	want     intent          // what kind of tool; 0 when no verb says it
	prefer   intent          // of those, what "to" and "from" make likelier
	asks     bool            // a question
	single   bool            // asks for one object
	narrowed bool            // asks for those of a kind that have something
	head     map[int]float64 // what is asked for
	owner    map[int]float64 // whose it is
}

// group is one thing that is looked for, in all the words it may have.
type group struct {
	alternatives []weighted
	share        float64 // how much it counts among the groups
}

type weighted struct {
	term   int
	weight float64
}

// read takes a query apart: slips, verbs, names of several words, concepts.
func (x *Index) read(text string) *query {
	words, starts := x.correct(text)
	q := &query{head: map[int]float64{}, owner: map[int]float64{}}
	verb := x.intent(q, words, starts)
	for _, w := range words {
		q.single = q.single || details[w.raw]
	}
	var tokens []token
	canonical(x, words, func(t token) {
		if n := len(tokens); n > 0 && isNumber(tokens[n-1].raw) && timeUnits[t.raw] {
			tokens = tokens[:n-1] // "30 days" says when, not what
			return
		}
		tokens = append(tokens, t)
	})
	from := make([]int, len(tokens)) // group of each token, or -1
	for i := 0; i < len(tokens); {
		n := x.group(q, tokens[i:], words, tokens[i].at < verb && q.want&toAct == 0)
		for k := range n {
			from[i+k] = len(q.groups) - 1
		}
		if n == 0 {
			from[i] = -1
			n = 1
		}
		i += n
	}
	x.headOf(q, words, tokens, from, verb)
	return q
}

var timeUnits = wordSet("second seconds minute minutes hour hours day days week weeks month months year years h d min mins")

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

func canonical(x *Index, words []spelt, use func(token)) {
	list := make([]word, len(words))
	for i, w := range words {
		list[i] = w.word
	}
	x.vocabulary.canonical(list, use)
}

// spelt is a word of a query as it was meant.
type spelt struct {
	word
	doubt []string // what else it may have been
}

// correct cuts the query into words and puts right what no declaration and no
// table knows. starts are the words that begin a clause.
func (x *Index) correct(text string) (out []spelt, starts map[int]bool) {
	starts = map[int]bool{}
	for clause := range strings.FieldsFuncSeq(cutRunes(text, 400), func(r rune) bool { return strings.ContainsRune(",;:.?!()", r) }) {
		starts[len(out)] = true
		for _, w := range splitWords(clause, false) {
			x.spell(w, func(s spelt) { out = append(out, s) })
		}
	}
	return out, starts
}

func (x *Index) spell(w string, use func(spelt)) {
	stem := stemOf(w)
	if _, there := x.terms[stem]; there || x.vocabulary.known[w] > 0 || x.vocabulary.plain[w] || x.knows(stem) {
		use(spelt{word: word{w, stem}})
		return
	}
	near, distance := x.typos.near(w, 3)
	if distance > 1 { // two slips in a word are less likely than two words in one
		if cut := x.vocabulary.split(w); cut != nil {
			for _, c := range cut {
				use(spelt{word: word{c, stemOf(c)}})
			}
			return
		}
	}
	if len(near) == 0 {
		use(spelt{word: word{w, stem}})
		return
	}
	use(spelt{word: word{near[0], stemOf(near[0])}, doubt: near[1:]})
}

// knows reports whether a stem begins a phrase of a table.
func (x *Index) knows(stem string) bool {
	return x.lexicon.concepts[stem] != nil || x.lexicon.verbs[stem] != nil || x.vocabulary.canon[stem] != nil
}

const (
	// synonymWeight is how much a word counts that was not said, phraseWeight the
	// same for a phrase, doubtWeight for a word that may have been meant.
	synonymWeight, phraseWeight, doubtWeight = 0.85, 0.95, 0.8
	// phraseOwn is how much the words of a phrase count by themselves.
	phraseOwn = 0.35
	// besideShare is how much a word counts that only goes along with another,
	// leadShare a verb that has said its kind already, partShare a further part of a concept.
	besideShare, leadShare, partShare = 0.4, 0.5, 0.6
)

// group makes the group of the phrase or word at the start of the tokens, and
// says how many tokens it took; 0 when it says nothing.
func (x *Index) group(q *query, tokens []token, words []spelt, lead bool) int {
	list := make([]word, 0, 8)
	for _, t := range tokens[:min(len(tokens), 8)] {
		list = append(list, t.word)
	}
	m := x.lexicon.concepts.match(list)
	first := tokens[0]
	if m == nil || len(m.stems) == 1 {
		g := group{share: 1}
		if x.quiet[first.raw] {
			if m != nil { // "check" says little, and something
				g.share = besideShare
				x.widen(q, &g, m.entry, synonymWeight)
				q.keep(g)
			}
			return 0
		}
		if first.beside {
			g.share = besideShare
		} else if lead { // its kind is what it says
			g.share = leadShare
		}
		x.add(&g, first.stem, 1)
		if m != nil && !first.beside {
			x.widen(q, &g, m.entry, synonymWeight)
		}
		for _, d := range words[first.at].doubt { // it may have been another word
			x.add(&g, stemOf(d), doubtWeight)
			if m := x.lexicon.concepts.match([]word{{d, stemOf(d)}}); m != nil && len(x.lexicon.parts[m.entry]) == 1 {
				x.widen(q, &g, m.entry, doubtWeight*synonymWeight)
			}
		}
		q.keep(g)
		return 1
	}
	g := group{share: 1}
	x.widen(q, &g, m.entry, phraseWeight)
	for _, t := range tokens[:len(m.stems)] {
		if !x.quiet[t.raw] {
			x.add(&g, t.stem, phraseOwn)
		}
	}
	q.keep(g)
	return len(m.stems)
}

func (q *query) keep(g group) {
	if len(g.alternatives) > 0 {
		q.groups = append(q.groups, g)
	}
}

// imply adds a group for what was not said and is meant.
func (x *Index) imply(q *query, share float64, what ...alternative) {
	g := group{share: share}
	for _, a := range what {
		x.add(&g, a.stem, a.weight)
	}
	q.keep(g)
}

// widen adds the first part of a concept to the group; further parts are groups
// of their own, before it.
func (x *Index) widen(q *query, g *group, entry int, weight float64) {
	for i, p := range x.lexicon.parts[entry] {
		to := g
		if i > 0 {
			to = &group{share: partShare}
		}
		for _, a := range p {
			x.add(to, a.stem, a.weight*weight)
		}
		if i > 0 {
			q.keep(*to)
		}
	}
}

func (x *Index) add(g *group, stem string, weight float64) {
	id, there := x.terms[stem]
	if !there {
		return
	}
	for i := range g.alternatives {
		if g.alternatives[i].term == id {
			g.alternatives[i].weight = max(g.alternatives[i].weight, weight)
			return
		}
	}
	g.alternatives = append(g.alternatives, weighted{id, weight})
}

func cutRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
