package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// exactly says how a list differs from the truth: the shown values are among
// those wanted, the total is theirs, and all are shown unless the answer says
// that there are more.
func (a answer) exactly(column string, want []string) error {
	total, shown, ok := a.totals()
	if !ok {
		return fmt.Errorf("no totals in %q", first(a.text))
	}
	got, err := a.column(column)
	if err != nil {
		return err
	}
	if total != len(want) {
		return fmt.Errorf("total %d, really %d", total, len(want))
	}
	if len(got) != shown {
		return fmt.Errorf("%d rows, it says %d", len(got), shown)
	}
	left := map[string]int{}
	for _, w := range want {
		left[w]++
	}
	for _, g := range got {
		g, _, _ = strings.Cut(g, "~") // two of one name carry the end of their ids
		if left[g]--; left[g] < 0 {
			return fmt.Errorf("%q does not belong here, or comes too often", g)
		}
	}
	if shown < total && shown < 50 && a.tokens < 3000 {
		return fmt.Errorf("only %d of %d are shown", shown, total)
	}
	return nil
}

// counted compares counts by value with the truth.
func (a answer) counted(want map[string]int) error {
	rows, err := a.rows()
	if err != nil {
		return err
	}
	got, shownSum := map[string]int{}, 0
	for _, row := range rows {
		if len(row) < 2 {
			return fmt.Errorf("the row %v has no count", row)
		}
		n, err := strconv.Atoi(row[1])
		if err != nil {
			return fmt.Errorf("%v: %w", row, err)
		}
		got[row[0]], shownSum = n, shownSum+n
		if want[row[0]] != n {
			return fmt.Errorf("%s: %d, really %d", row[0], n, want[row[0]])
		}
	}
	if len(got) < len(want) && !moreForm.MatchString(a.last()) {
		return fmt.Errorf("%d values of %d and no word of more: missing %v", len(got), len(want), missing(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got))))
	}
	return nil
}

func missing(want, got []string) (out []string) {
	for _, w := range want {
		if !slices.Contains(got, w) {
			out = append(out, w)
		}
	}
	return out
}

// says looks for words that have to stand in the answer, whole.
func (a answer) says(words ...string) error {
	for _, w := range words {
		if !hasWord(a.text, w) {
			return fmt.Errorf("%q is not in the answer", w)
		}
	}
	return nil
}

// saysNone looks for words that must not stand in it.
func (a answer) saysNone(words ...string) error {
	for _, w := range words {
		if hasWord(a.text, w) {
			return fmt.Errorf("%q is in the answer and does not belong there", w)
		}
	}
	return nil
}

// saysCount looks for a number that stands alone.
func (a answer) saysCount(n int) error {
	if !hasWord(a.text, fmt.Sprint(n)) && !hasWord(a.text, thousands(n)) {
		return fmt.Errorf("the number %d is not in the answer", n)
	}
	return nil
}

// saysOf looks for a number behind a word: "suspended 6", "suspended: 6".
func (a answer) saysOf(word string, n int) error {
	form := regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(word) + `\W{0,3}(\d+)\b`)
	for _, m := range form.FindAllStringSubmatch(a.text, -1) {
		if m[1] == fmt.Sprint(n) {
			return nil
		}
	}
	return fmt.Errorf("it does not say %s %d", word, n)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// hasWord finds a word that no letter, digit, dot or dash continues. A name in
// CSV has its quotes doubled.
func hasWord(s, w string) bool {
	for _, form := range []string{w, strings.ReplaceAll(w, `"`, `""`)} {
		for from := 0; ; {
			i := strings.Index(s[from:], form)
			if i < 0 {
				break
			}
			i += from
			if !continues(s, i-1, -1) && !continues(s, i+len(form), 1) {
				return true
			}
			from = i + 1
		}
	}
	return false
}

// continues reports whether the byte at i belongs to the word beside it; a dot
// or a dash only when a letter or digit follows it.
func continues(s string, i, step int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	alnum := func(i int) bool {
		return i >= 0 && i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z')
	}
	return alnum(i) || (s[i] == '.' || s[i] == '-' || s[i] == '_') && alnum(i+step)
}

func first(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	if len(line) > 160 {
		line = line[:160] + "…"
	}
	return line
}

// all gives the first thing that is wrong.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
