package tools

import (
	"strconv"
	"strings"
)

// intent is what kind of tool a verb asks for; several are or-ed.
type intent uint8

const (
	toRead intent = 1 << iota
	toCreate
	toUpdate
	toRemove
	toLink // who belongs to what, who reaches what
	toAct
)

var intentNames = map[string]intent{
	"read": toRead, "create": toCreate, "update": toUpdate, "remove": toRemove, "link": toLink, "act": toAct,
}

// lexicon is the tables of search_lexicon.go, read.
type lexicon struct {
	stop     map[string]bool // words that are not looked for
	generic  map[string]bool // verbs that say the intent and nothing else
	fill     map[string]bool
	ask      map[string]bool
	verbs    phrases // entry is an intent
	concepts phrases // entry is an index into parts
	parts    [][]seek
}

// seek is one thing to look for: its best fitting alternative counts.
type seek []alternative

type alternative struct {
	stem   string
	weight float64
}

func wordSet(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// readLexicon reads the tables. All words in them become known to the vocabulary.
func readLexicon(v *vocabulary) *lexicon {
	l := &lexicon{stop: wordSet(lexiconStop), fill: wordSet(lexiconFill), ask: wordSet(lexiconAsk), generic: map[string]bool{}, verbs: phrases{}, concepts: phrases{}}
	for w := range l.stop {
		v.known[w]++
	}
	for w := range wordSet(lexiconPlain) {
		v.plain[w] = true
	}
	v.canon = phrases{}
	for line := range tableLines(lexiconCanon) {
		left, right, _ := strings.Cut(line, " = ")
		var to []string
		for _, w := range strings.Fields(right) {
			to = append(to, v.learn(w))
		}
		for item := range strings.SplitSeq(left, ",") {
			v.canon.add(v.learnAll(item), to, 0)
		}
	}
	l.readVerbs(v)
	l.readConcepts(v)
	return l
}

func (l *lexicon) readVerbs(v *vocabulary) {
	all := map[string]intent{}
	var order []string
	for line := range tableLines(lexiconVerbs) {
		kind, words, _ := strings.Cut(line, ": ")
		for _, w := range strings.Fields(words) {
			bare := strings.ReplaceAll(strings.TrimPrefix(w, "!"), "_", " ")
			if bare != w && !strings.Contains(bare, " ") {
				l.generic[bare] = true
			}
			if all[bare] == 0 {
				order = append(order, bare)
			}
			all[bare] |= intentNames[kind]
		}
	}
	seen := map[string]bool{}
	for _, w := range order {
		stems := v.learnAll(w)
		if key := strings.Join(stems, " "); !seen[key] {
			seen[key] = true
			l.verbs.add(stems, nil, int(all[w]))
		}
	}
}

func (l *lexicon) readConcepts(v *vocabulary) {
	at := map[string]int{}
	for line := range tableLines(lexiconConcepts) {
		left, right, _ := strings.Cut(line, " > ")
		var parts []seek
		for side := range strings.SplitSeq(right, " + ") {
			var p seek
			for _, w := range strings.Fields(side) {
				name, weight, weighted := strings.Cut(w, "*")
				a := alternative{v.learn(name), 1}
				if weighted {
					a.weight, _ = strconv.ParseFloat(weight, 64) // a test reads them all
				}
				p = append(p, a)
			}
			parts = append(parts, p)
		}
		for item := range strings.SplitSeq(left, ",") {
			v.learnAll(item)
			var stems []string
			v.canonical(v.words(splitWords(item, false)), func(t token) { stems = append(stems, t.stem) })
			key := strings.Join(stems, " ")
			if i, there := at[key]; there { // a word of two lines means either
				if len(parts) == 1 && len(l.parts[i]) == 1 {
					l.parts[i] = []seek{append(append(seek{}, l.parts[i][0]...), parts[0]...)}
				}
				continue
			}
			at[key] = len(l.parts)
			l.concepts.add(stems, nil, len(l.parts))
			l.parts = append(l.parts, parts)
		}
	}
}

// learn makes a word known and gives its stem.
func (v *vocabulary) learn(w string) string {
	v.known[w]++
	return v.stem(w)
}

func (v *vocabulary) learnAll(text string) []string {
	var out []string
	for _, w := range splitWords(text, false) {
		out = append(out, v.learn(w))
	}
	return out
}

// token is a word of a query in its canonical form.
type token struct {
	word
	// beside says that it is what a name of several words leaves beside its one
	// form ("group" of "device group"), and must not be widened by itself.
	beside bool
	// at is the place of the word, or of the first word, in the query.
	at int
}

func (v *vocabulary) canonical(words []word, use func(token)) {
	for i := 0; i < len(words); {
		m := v.canon.match(words[i:])
		if m == nil {
			use(token{word: words[i], at: i})
			i++
			continue
		}
		for k, t := range m.to {
			use(token{word: word{t, t}, beside: k > 0, at: i})
		}
		i += len(m.stems)
	}
}

func tableLines(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !yield(line) {
				return
			}
		}
	}
}
