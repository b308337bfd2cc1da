package schemas

import "strings"

// Nearest is the known word that a slip most likely meant; "" when none is near.
// Case and separators do not count; a word that starts with the slip is near.
func Nearest(word string, known []string) string {
	flat := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
	}
	w := flat(word)
	best, bestCost := "", 1+len(w)/3
	for _, k := range known {
		f := flat(k)
		cost := Edits(w, f, bestCost)
		if len(w) >= 3 && (strings.HasPrefix(f, w) || strings.HasPrefix(w, f) && len(f) >= 3) {
			cost = min(cost, 1)
		} else if abbreviates(w, f) {
			cost = min(cost, 2)
		}
		if cost < bestCost || cost == bestCost && best == "" {
			best, bestCost = k, cost
		}
	}
	return best
}

// abbreviates reports whether the letters of w stand in f in the same order,
// from the first letter on ("dept" in "department").
func abbreviates(w, f string) bool {
	if len(w) < 3 || len(f) < len(w) || w[0] != f[0] {
		return false
	}
	i := 0
	for j := 0; j < len(f) && i < len(w); j++ {
		if w[i] == f[j] {
			i++
		}
	}
	return i == len(w)
}

// longestEdited is how many letters of a word are compared beside those that it has
// in common with the other at its beginning and its end.
const longestEdited = 64

// Edits counts the insertions, deletions, substitutions and swaps of neighbours
// between two words; it gives more than most where they are farther apart.
func Edits(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d > most || -d > most {
		return most + 1
	}
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	if len(x) > longestEdited || len(y) > longestEdited {
		return most + 1
	}
	var rows [3][longestEdited + 1]int
	two, one, row := &rows[0], &rows[1], &rows[2]
	for j := range y {
		one[j+1] = j + 1
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
		two, one, row = one, row, two
	}
	return one[len(y)]
}
