package tools

import "unicode"

// tokens is an upper estimate of the model tokens in s, made to be too high
// rather than too low: the cap on answers may not be passed. A test holds it
// against a real tokenizer.
func tokens(s string) int {
	n := 0
	var run int
	var class, before byte
	flush := func() {
		switch {
		case class == 'a' && before == 'd': // ids: letters between digits
			n += (run + 1) / 2
		case class == 'a': // a word: common ones are one token, rare ones a token each three letters
			n += 1 + (run-1)/3
		case class == 'd': // digits: three a token; a space before them is one of its own
			n += (run + 2) / 3
			if before == 's' {
				n++
			}
		case class == 's': // spaces lead the next word
			n += run / 4
		case class == 'x':
			n += run
		}
		before, run = class, 0
	}
	for _, r := range s {
		c := byte('x')
		weight := 1
		switch {
		case r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'):
			c = 'a'
		case r >= '0' && r <= '9':
			c = 'd'
		case r == ' ':
			c = 's'
		case r >= 0x80 && unicode.IsLetter(r) && r < 0x250:
			c = 'a'
		case r >= 0x80:
			weight = 3
		}
		if c != class {
			flush()
			class = c
		}
		run += weight
	}
	flush()
	return n
}
