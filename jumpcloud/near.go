package jumpcloud

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/sync/errgroup"
)

// Nearest gives up to five names of objects that were most likely meant by a
// name that no object has, the nearest first: those that contain it, and those
// that differ by few letters wherever the slip is. It never tells which object
// is meant: it is for an answer that has to say that there is none.
func (d *Directory) Nearest(ctx context.Context, k *Kind, given string) []string {
	if k.Find.Path == "" || len(k.Names) == 0 || len(given) < 2 {
		return nil
	}
	low := strings.ToLower(given)
	for _, terms := range [][]string{{low}, halves(low), edges(low)} {
		if out := d.ranked(ctx, k, low, terms); len(out) > 0 {
			return out
		}
	}
	return nil
}

// ranked asks for the names that contain one of the terms, and keeps those near to what was given.
func (d *Directory) ranked(ctx context.Context, k *Kind, low string, terms []string) []string {
	var mu sync.Mutex
	scores := map[string]int{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, term := range terms {
		g.Go(func() error {
			list, err := d.page(ctx, k, d.naming(k, term))
			if err != nil {
				return nil // fewer names are offered
			}
			mu.Lock()
			defer mu.Unlock()
			for _, row := range list.Rows {
				if score, near := nearness(k, row, low); near {
					scores[k.NameOf(row)] = score
				}
			}
			return nil
		})
	}
	_ = g.Wait()
	out := make([]string, 0, len(scores))
	for name := range scores {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int {
		if scores[a] != scores[b] {
			return scores[a] - scores[b]
		}
		return strings.Compare(a, b)
	})
	if len(out) > 0 && scores[out[0]] > 0 { // beside a near one, what is much farther only distracts
		best := scores[out[0]]
		out = slices.DeleteFunc(out, func(name string) bool { return scores[name] > best+1 })
	}
	return out[:min(len(out), candidates)]
}

// nearness is the least number of slips between what was given and a name of the
// object; 0 where a name contains it.
func nearness(k *Kind, row Row, low string) (score int, near bool) {
	score = 2 + len(low)/4 // more slips than this make another name
	for _, field := range k.NameFields() {
		name := strings.ToLower(row.Text(field))
		switch {
		case name == "":
		case strings.Contains(name, low):
			return 0, true
		default:
			if n := slips(low, name, score); n <= score {
				score, near = n, true
			}
		}
	}
	return score, near
}

// halves are the words of a name and its two halves: one slip leaves most of them whole.
func halves(low string) []string {
	terms := strings.FieldsFunc(low, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	r := []rune(low)
	terms = append(terms, string(r[:(len(r)+1)/2]), string(r[len(r)/2:]))
	return termsOf(terms, 3)
}

// edges are the beginning and the end of a name, for a slip in the very middle of a short one.
func edges(low string) []string {
	r := []rune(low)
	n := max(2, len(r)/3)
	if len(r) < n {
		return nil
	}
	return termsOf([]string{string(r[:n]), string(r[len(r)-n:])}, 2)
}

// termsOf keeps terms of at least so many letters, each once, six at most.
func termsOf(terms []string, least int) (out []string) {
	for _, t := range terms {
		if t = strings.TrimSpace(t); len(t) >= least && !slices.Contains(out, t) && len(out) < 6 {
			out = append(out, t)
		}
	}
	return out
}

// slips counts the letters that are missing, too many, other or swapped between
// two names; more than most where they are farther apart.
func slips(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > most || len(y)-len(x) > most || len(x) > 128 {
		return most + 1
	}
	before, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			other := 1
			if x[i-1] == y[j-1] {
				other = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+other)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(y)]
}
