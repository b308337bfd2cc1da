package tools

import (
	"cmp"
	"math"
	"slices"
	"strings"
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
			d := edits(w, k, reach)
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

// edits counts insertions, deletions, substitutions and swaps of neighbours
// between two words, or something over the limit.
func edits(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) > 32 || len(b) > 32 {
		return limit + 1
	}
	var rows [3][34]int
	two, one, now := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(b); j++ {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(one[j]+1, now[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], two[j-2]+1)
			}
			least = min(least, now[j])
		}
		if least > limit {
			return limit + 1
		}
		two, one, now = one, now, two
	}
	return one[len(b)]
}
