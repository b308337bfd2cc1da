package tools

import (
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
)

// splitWords cuts text at everything that is no letter or digit, in lower case.
// With camel, capitals inside a word cut too: names of arguments and paths.
func splitWords(s string, camel bool) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	var before rune
	for _, r := range s {
		switch {
		case r == '\'' || r == '’':
			before = r
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case before == '\'' || before == '’': // the s of "user's", the t of "don't"
			if r == 's' {
				flush()
				before = 0
				continue
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			if camel && unicode.IsUpper(r) && unicode.IsLower(before) {
				flush()
			}
			b.WriteRune(unicode.ToLower(r))
		}
		before = r
	}
	flush()
	return out
}

// word is a word as it was written and as it is compared.
type word struct{ raw, stem string }

// vocabulary turns text into words. It remembers stems, since most words come often.
type vocabulary struct {
	stems map[string]string
	known map[string]int  // words that people write, and how often; what may be split off or corrected to
	plain map[string]bool // words that are known, and that nothing is made into
	canon phrases
}

func newVocabulary() *vocabulary {
	return &vocabulary{stems: make(map[string]string, 4096), known: make(map[string]int, 4096), plain: make(map[string]bool, 1024)}
}

func (v *vocabulary) stem(w string) string {
	if s, ok := v.stems[w]; ok {
		return s
	}
	s := stemOf(w)
	v.stems[w] = s
	return s
}

// stemOf is the form in which words are compared: British and American spelling are one.
func stemOf(w string) string {
	switch {
	case w == "logged" || w == "signed": // who is logged in is another matter than how to log in
		return w
	case strings.HasSuffix(w, "isation"):
		w = w[:len(w)-7] + "ization"
	case strings.HasSuffix(w, "isations"):
		w = w[:len(w)-8] + "ization"
	}
	return english.Stem(w, false)
}

func (v *vocabulary) words(list []string) []word {
	out := make([]word, len(list))
	for i, w := range list {
		out[i] = word{w, v.stem(w)}
	}
	return out
}

// split cuts a run-together word ("clearactivationlock") into known words, as few
// as can be; nil when it is known itself or cannot be cut.
func (v *vocabulary) split(w string) []string {
	const least = 3
	n := len(w)
	if n < 2*least || n > 48 || v.known[w] > 0 {
		return nil
	}
	from := make([]int, n+1) // where the last piece of the best cut of w[:i] begins
	pieces := make([]int, n+1)
	for i := 1; i <= n; i++ {
		pieces[i] = 1 << 20
		for j := max(0, i-24); j <= i-least; j++ {
			if pieces[j]+1 < pieces[i] && v.known[w[j:i]] > 0 {
				pieces[i], from[i] = pieces[j]+1, j
			}
		}
	}
	if pieces[n] >= 1<<20 {
		return nil
	}
	out := make([]string, pieces[n])
	for i, k := n, pieces[n]-1; k >= 0; i, k = from[i], k-1 {
		out[k] = w[from[i]:i]
	}
	return out
}

// phrases find the longest known run of words at a place.
type phrases map[string][]phrase // by the first stem, the longest first

type phrase struct {
	stems []string
	to    []string // what stands for it, as stems
	entry int      // of the concept table
}

func (p phrases) add(stems, to []string, entry int) {
	list := p[stems[0]]
	at := 0
	for at < len(list) && len(list[at].stems) >= len(stems) {
		at++
	}
	list = append(list, phrase{})
	copy(list[at+1:], list[at:])
	list[at] = phrase{stems, to, entry}
	p[stems[0]] = list
}

// match gives the longest phrase that begins with these words.
func (p phrases) match(words []word) *phrase {
	if len(words) == 0 {
		return nil
	}
	list := p[words[0].stem]
next:
	for i := range list {
		if len(list[i].stems) > len(words) {
			continue
		}
		for j, s := range list[i].stems {
			if words[j].stem != s {
				continue next
			}
		}
		return &list[i]
	}
	return nil
}

// terms are the terms of a declaration's text: split, canonical, without words
// that say nothing.
func (v *vocabulary) terms(list []string, quiet map[string]bool, use func(string)) {
	pieces := make([]string, 0, len(list))
	for _, w := range list {
		if cut := v.split(w); cut != nil {
			pieces = append(pieces, cut...)
		} else {
			pieces = append(pieces, w)
		}
	}
	words := v.words(pieces)
	for i := 0; i < len(words); {
		if m := v.canon.match(words[i:]); m != nil {
			for _, t := range m.to {
				use(t)
			}
			i += len(m.stems)
			continue
		}
		if w := words[i]; !quiet[w.raw] {
			use(w.stem)
		}
		i++
	}
}
