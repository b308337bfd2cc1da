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
	if _, there := x.terms[stem]; there || x.vocabulary.known[w] > 0 || x.knows(stem) {
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
				g.share = 0.4
				x.widen(q, &g, m.entry, synonymWeight)
				q.keep(g)
			}
			return 0
		}
		if first.beside {
			g.share = 0.4
		} else if lead { // its kind is what it says
			g.share = 0.5
		}
		x.add(&g, first.stem, 1)
		if m != nil && !first.beside {
			x.widen(q, &g, m.entry, synonymWeight)
		}
		for _, d := range words[first.at].doubt { // it may have been another word
			x.add(&g, stemOf(d), 0.8)
			if m := x.lexicon.concepts.match([]word{{d, stemOf(d)}}); m != nil && len(x.lexicon.parts[m.entry]) == 1 {
				x.widen(q, &g, m.entry, 0.7)
			}
		}
		q.keep(g)
		return 1
	}
	g := group{share: 1}
	x.widen(q, &g, m.entry, 0.95)
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

// widen adds the first part of a concept to the group; further parts are groups
// of their own, before it.
func (x *Index) widen(q *query, g *group, entry int, weight float64) {
	for i, p := range x.lexicon.parts[entry] {
		to := g
		if i > 0 {
			to = &group{share: 0.6}
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

// intent finds the verb that leads the query and what it asks for. It gives the
// number of words that the lead takes.
func (x *Index) intent(q *query, words []spelt, starts map[int]bool) int {
	list := make([]word, len(words))
	for i, w := range words {
		list[i] = w.word
	}
	lead := 0
	for i := range list {
		switch {
		case i == 0 && x.lexicon.ask[list[0].raw] && !x.polite(list):
			q.asks, q.want = true, toRead
			if list[0].raw == "who" || list[0].raw == "whose" {
				x.headTerm(q, "user", 1)
				x.imply(q, 0.4, alternative{"user", 1})
			}
			return 1
		case x.lexicon.fill[list[i].raw]:
			continue
		}
		if m := x.lexicon.verbs.match(list[i:]); m != nil && !strings.HasSuffix(list[i].raw, "ed") { // "saved reports" are a noun
			q.want, lead = intent(m.entry), i+len(m.stems)
		}
		break
	}
	if q.want == 0 { // "they lost their phone, reset it", "our domains, which of them …"
		for i := 1; i < len(list); i++ {
			if !starts[i] {
				continue
			}
			if x.lexicon.ask[list[i].raw] {
				q.want = toRead
				return i + 1
			}
			if m := x.lexicon.verbs.match(list[i:]); m != nil {
				q.want = intent(m.entry)
			}
		}
	}
	if q.want&toLink != 0 {
		x.imply(q, 0.3, alternative{"associ", 0.9}, alternative{"member", 0.9}, alternative{"access", 0.7})
		for _, w := range list[min(lead, len(list)):] {
			if w.raw == "to" || w.raw == "into" || w.raw == "from" || w.raw == "in" {
				q.prefer = toLink // add a user to a group, not a user
			}
		}
	}
	return lead
}

// polite reports whether the query begins as a question and is none: "how do I …".
func (x *Index) polite(list []word) bool {
	return list[0].raw == "how" && len(list) > 2 && (list[1].raw == "do" || list[1].raw == "can" || list[1].raw == "to")
}

// imply adds a group for what was not said and is meant.
func (x *Index) imply(q *query, share float64, what ...alternative) {
	g := group{share: share}
	for _, a := range what {
		x.add(&g, a.stem, a.weight)
	}
	q.keep(g)
}

func (x *Index) headTerm(q *query, stem string, weight float64) {
	if id, there := x.terms[stem]; there {
		q.head[id] = max(q.head[id], weight)
	}
}

// details are words of who wants to see one object.
var details = wordSet("details detail single specific individual one particular info information everything profile")

// onePenalty is for a tool that shows one object where a list was asked for, or
// the other way round.
const (
	onePenalty = 0.93
	preferGain = 1.12
)

// breaks end the first noun and its adjectives.
var breaks = wordSet("of for in on at to from with by into onto that which who is are was were does do did has have had a the an so when where he she they we i you it and or as per before after through via under about bound")

// light nouns leave it to the noun after "of" what is asked for.
var light = wordSet("status state health list overview number count settings setting configuration name names copy version content contents kind summary")

// filters begin what narrows a list: "users without MFA".
var filters = wordSet("that whose with without where having not")

// headOf finds what is asked for, the last noun before the first preposition, and
// whose it is, the noun after that.
func (x *Index) headOf(q *query, words []spelt, tokens []token, from []int, lead int) {
	last, owner := -1, false
	if q.asks && lead < len(words) && auxiliary[words[lead].raw] {
		owner = true // "what can this group …" asks for something of the group's
	}
	for i, t := range tokens {
		r := words[t.at].raw
		if t.at < lead {
			continue
		}
		if last >= 0 && (breaks[r] || filters[r] || strings.HasSuffix(r, "ed")) { // "groups allowed to …"
			if owner {
				x.role(q.owner, q.groups[last], 1)
				return
			}
			if filters[r] {
				q.narrowed = true
				if q.want == 0 {
					q.want = toRead
				}
			}
			weight := 1.0
			if light[words[tokens[i-1].at].raw] {
				weight = 0.4
			}
			x.role(q.head, q.groups[last], weight)
			last, owner = -1, weight == 1
			if owner && !relations[r] {
				return
			}
		}
		if from[i] < 0 {
			continue
		}
		if last >= 0 && !owner {
			x.role(q.head, q.groups[last], 0.5)
		}
		last = from[i]
	}
	switch {
	case last < 0:
	case owner:
		x.role(q.owner, q.groups[last], 1)
	default:
		x.role(q.head, q.groups[last], 1)
	}
}

// relations stand between what is asked for and whose it is.
var relations = wordSet("of for in on at to from with by a an the does do did can is are was has have bound into via through under about which who he she they")

var auxiliary = wordSet("does do did can could is are was were has have may")

// role notes that a group plays a part in the query.
func (x *Index) role(part map[int]float64, g group, weight float64) {
	for _, a := range g.alternatives {
		part[a.term] = max(part[a.term], weight*a.weight)
	}
}

const (
	// synonymWeight is how much a word counts that was not said.
	synonymWeight = 0.85
	// phraseOwn is how much the words of a phrase count by themselves.
	phraseOwn  = 0.35
	headGain   = 0.35
	ownerGain  = 0.12
	narrowGain = 0.3
	// Without a verb a noun is mostly to be read.
	nounRead, nounOther, nounRemove = 1.15, 0.88, 0.75
	// With one, what a tool does is what is wanted, near it, or another matter.
	doesIt, doesNear, doesOther  = 1.3, 1.02, 0.88
	readForChange, changeForRead = 0.72, 0.65
)

// heads is how well what a document answers with is what the query is about.
func (q *query) heads(d *document) float64 {
	best := 0.0
	for _, t := range d.head {
		best = max(best, q.head[t])
	}
	owner := 0.0
	for _, t := range d.owner {
		owner = max(owner, q.owner[t])
	}
	f := 1 + headGain*best
	switch {
	case len(d.about) > 0:
		f *= 1 + ownerGain*owner
	case q.narrowed && d.kind == toRead && !d.one: // the list of all can be filtered
		f *= 1 + narrowGain*best
	}
	return f
}

// wants is how well what a document does is what the query wants done.
func (q *query) wants(d *document) float64 {
	if q.want == 0 { // a noun: mostly to be read
		switch {
		case d.kind&toRead != 0:
			f := nounRead
			if d.one != q.single {
				f *= onePenalty
			}
			return f
		case d.kind == toRemove:
			return nounRemove
		}
		return nounOther
	}
	f := 0.0
	for w := toRead; w <= toAct; w <<= 1 {
		if q.want&w == 0 {
			continue
		}
		for k := toRead; k <= toAct; k <<= 1 {
			if d.kind&k != 0 {
				f = max(f, suits(w, k))
			}
		}
	}
	if d.kind == toRead && d.one != q.single {
		f *= onePenalty
	}
	if d.kind&q.prefer != 0 {
		f *= preferGain
	}
	return f
}

// suits is how well a tool that does one thing serves who wants another.
func suits(want, does intent) float64 {
	switch {
	case want == does:
		return doesIt
	case want == toRead:
		return changeForRead
	case does == toRead:
		return readForChange
	case want == toRemove && does == toCreate, want == toCreate && does == toRemove, want == toUpdate && does == toRemove:
		return 0.6
	case does == toRemove:
		return 0.78
	case want == toLink && does == toAct, want == toAct && (does == toUpdate || does == toCreate), want == toCreate && does == toAct, want == toUpdate && does == toAct, want == toRemove && does == toAct:
		return doesNear
	case want == toCreate && does == toLink, want == toRemove && does == toLink, want == toAct && does == toLink:
		return 0.95
	}
	return doesOther
}

func cutRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
