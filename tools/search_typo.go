package tools

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/schemas"
)

// typos finds the known words that an unknown one most likely was meant to be.
type typos struct {
	words map[int][]string // by length, sorted
	count map[string]int
	small map[string]bool // words that are no names
}

func newTypos(v *vocabulary, small map[string]bool) typos {
	t := typos{words: map[int][]string{}, count: v.known, small: small}
	for w := range v.known {
		if len(w) >= 3 {
			t.words[len(w)] = append(t.words[len(w)], w)
		}
	}
	for n := range t.words {
		slices.Sort(t.words[n])
	}
	return t
}

// farAway is the distance of a word that is near none.
const farAway = 9

// near gives the known words that are the fewest edits away, the likeliest first,
// and how many edits that is: one, or two in a longer word that begins the same.
// Swapping two neighbours is one edit, and with one edit the first letter may be
// wrong too.
func (t typos) near(w string, most int) (words []string, distance int) {
	reach := 1
	if len(w) >= 5 {
		reach = 2
	}
	if len(w) < 3 || len(w) > 30 {
		return nil, farAway
	}
	type candidate struct {
		word string
		cost float64
	}
	var found []candidate
	for n := len(w) - reach; n <= len(w)+reach; n++ {
		for _, k := range t.words[n] {
			d := schemas.Edits(w, k, reach)
			same := k[0] == w[0]
			switch {
			case d > reach, d > 1 && !same:
				continue
			case len(w) == 3 && n <= 3 && !t.small[k]: // so short a word is more likely a name
				continue
			}
			cost := float64(d)
			if !same {
				cost += 0.4
			}
			if len(w) > 3 && (strings.HasPrefix(k, w) || strings.HasPrefix(w, k)) {
				cost -= 0.2 // the end is what is lost most easily
			}
			found = append(found, candidate{k, cost})
		}
	}
	if len(found) == 0 {
		return nil, farAway
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), t.count[b.word]-t.count[a.word], cmp.Compare(a.word, b.word))
	})
	for _, c := range found {
		if len(words) == most || c.cost > found[0].cost+0.5 {
			break
		}
		words = append(words, c.word)
	}
	return words, int(math.Ceil(found[0].cost - 0.4))
}
