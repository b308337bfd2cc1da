package tools

import (
	"cmp"
	"math"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Index finds tools by words, without a model: BM25F over what the declarations
// say, widened by a lexicon of the domain. It is safe for concurrent use.
type Index struct {
	vocabulary *vocabulary
	lexicon    *lexicon
	quiet      map[string]bool // words of declarations that say nothing
	documents  []document
	terms      map[string]int // stem -> term
	postings   [][]posting    // by term
	rarity     []float64      // by term
	typos      typos
}

// posting is how well a term describes a document.
type posting struct {
	document int
	impact   float64
}

// Hit is a tool that was found.
type Hit struct {
	Tool *Tool
	// Preset is the argument that makes the tool what was asked for ("table=programs"); "" for a whole tool.
	Preset string
	// Operations are those of this use of the tool.
	Operations []jc.Endpoint
	// Score compares the hits of one query with each other.
	Score float64
}

// NewIndex reads all declarations. It takes some tens of milliseconds.
func NewIndex(all []*Tool) *Index {
	v := newVocabulary()
	x := &Index{vocabulary: v, lexicon: readLexicon(v), quiet: map[string]bool{}, terms: map[string]int{}}
	for _, m := range []map[string]bool{x.lexicon.stop, x.lexicon.generic} {
		for w := range m {
			x.quiet[w] = true
		}
	}
	// Sentences are written by people: their words are what run-together names are cut into.
	for _, t := range all {
		for _, w := range splitWords(t.Doc+" "+strings.ReplaceAll(t.Name, "_", " "), false) {
			v.known[w]++
		}
	}
	for _, doc := range Toolsets {
		for _, w := range splitWords(doc, false) {
			v.known[w]++
		}
	}
	var drafts []draft
	for _, t := range all {
		if t.Toolset != "api" { // what finds and calls the others is not what is looked for
			drafts = append(drafts, x.drafts(t)...)
		}
	}
	x.weigh(drafts)
	x.typos = newTypos(v, x.quiet)
	v.stems = nil // queries may come at once; nothing is remembered from them
	return x
}

// saturation is how soon more of the same word counts no more (k1 of BM25).
const saturation = 1.3

// weigh makes the postings (BM25F).
func (x *Index) weigh(drafts []draft) {
	var average [placeCount]float64
	for i := range drafts {
		for f := range average {
			average[f] += float64(len(drafts[i].terms[f])) / float64(len(drafts))
		}
	}
	for i := range drafts {
		d := &drafts[i]
		weights := map[int]float64{}
		for f, terms := range d.terms {
			if len(terms) == 0 {
				continue
			}
			w := placeWeights[f]
			each := w.weight / (1 - w.length + w.length*float64(len(terms))/average[f])
			for _, s := range terms {
				weights[x.term(s)] += each
			}
		}
		for term, tf := range weights {
			x.postings[term] = append(x.postings[term], posting{i, tf})
		}
		d.about, d.owner, d.head = x.termsOf(d.names), x.termsOf(d.owners), x.termsOf(d.heads)
		x.documents = append(x.documents, d.document)
	}
	x.rarity = make([]float64, len(x.postings))
	for term, list := range x.postings {
		df := float64(len(list))
		x.rarity[term] = rarity(df, len(drafts))
		for i := range list {
			tf := list[i].impact
			list[i].impact = tf * (saturation + 1) / (tf + saturation)
		}
	}
}

// rarity is how much it says that a word is in so many of n documents.
func rarity(in float64, n int) float64 {
	in = min(in, float64(n))
	return math.Log(1 + (float64(n)-in+0.5)/(in+0.5))
}

func (x *Index) term(stem string) int {
	id, ok := x.terms[stem]
	if !ok {
		id = len(x.postings)
		x.terms[stem] = id
		x.postings = append(x.postings, nil)
	}
	return id
}

func (x *Index) termsOf(stems []string) []int {
	var out []int
	for _, s := range stems {
		if id := x.term(s); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Search finds tools, best first, at most limit. The same query finds the same.
func (x *Index) Search(query string, limit int) []Hit {
	return x.SearchAmong(query, limit, nil)
}

// SearchAmong finds among the tools that may be found; nil for all.
func (x *Index) SearchAmong(query string, limit int, may func(*Tool) bool) []Hit {
	q := x.read(query)
	n := len(x.documents)
	sum, covered, best := make([]float64, n), make([]float64, n), make([]float64, n)
	asked := make([]float64, len(x.postings)) // how much each term is asked for
	most := 0.0
	var touched []int
	for _, g := range q.groups {
		weight, spread := 0.0, 0.0
		for _, a := range g.alternatives {
			spread += a.weight * float64(len(x.postings[a.term]))
		}
		together := rarity(spread, n)
		touched = touched[:0]
		for _, a := range g.alternatives {
			asked[a.term] = max(asked[a.term], a.weight)
			rare := apart*x.rarity[a.term] + (1-apart)*min(together, x.rarity[a.term])
			weight = max(weight, a.weight*rare)
			for _, p := range x.postings[a.term] {
				if best[p.document] == 0 {
					touched = append(touched, p.document)
				}
				best[p.document] = max(best[p.document], a.weight*rare*p.impact)
			}
		}
		most += g.share * weight
		for _, d := range touched {
			sum[d] += g.share * best[d]
			covered[d] += g.share * weight
			best[d] = 0
		}
	}
	var out []Hit
	name := strings.Join(splitWords(query, false), "_")
	for i := range x.documents {
		d := &x.documents[i]
		if sum[i] == 0 || may != nil && !may(d.tool) {
			continue
		}
		s := sum[i] * d.prior * (coverBase + (1-coverBase)*covered[i]/most)
		s *= d.fits(asked) * q.wants(d) * q.heads(d)
		if d.external && !d.named(asked) {
			s *= externalLoss
		}
		if d.tool.Name == name {
			s *= nameGain
		}
		out = append(out, Hit{d.tool, d.preset, d.operations, s})
	}
	slices.SortFunc(out, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Tool.Name, b.Tool.Name), strings.Compare(a.Preset, b.Preset))
	})
	return out[:min(len(out), max(limit, 0))]
}

const (
	// coverBase is what is left of a score when hardly anything asked for is there.
	coverBase = 0.45
	// fitBase is what is left of it when nothing of what the name is about was asked for.
	fitBase = 0.6
	// apart is how much the rarity of each word of a group counts beside that of all
	// together: a rare word does not make what is common rare.
	apart = 0.5
	// externalLoss is for what belongs to another party that was not named.
	externalLoss = 0.8
	// nameGain is for the tool of exactly that name.
	nameGain = 3
)

// fits is how much of what the name is about was asked for: a tool about more
// than that is less likely meant.
func (d *document) fits(asked []float64) float64 {
	sum, all := 0.0, 0.0
	for _, t := range d.about {
		sum, all = sum+asked[t], all+1
	}
	for _, t := range d.owner {
		w := 0.5 / float64(len(d.owner))
		if len(d.about) == 0 {
			w = 1 / float64(len(d.owner))
		}
		sum, all = sum+w*asked[t], all+w
	}
	if all == 0 {
		return 1
	}
	return fitBase + (1-fitBase)*sum/all
}

// named reports whether the toolset was asked for.
func (d *document) named(asked []float64) bool {
	return slices.ContainsFunc(d.owner, func(t int) bool { return asked[t] >= 0.6 })
}
