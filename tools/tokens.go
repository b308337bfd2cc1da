package tools

import "unicode"

// tokens is an upper estimate of the model tokens in s, made to be too high
// rather than too low: the cap on answers may not be passed. A test holds it
// against a real tokenizer.
func tokens(s string) int {
	n := 0
	var run int
	var class byte
	flush := func() {
		switch class {
		case 'a': // a word: common ones are one token, rare ones a token each three letters
			n += 1 + (run-1)/3
		case 'd': // digits: three a token
			n += (run + 2) / 3
		case 's': // spaces lead the next word
			n += run / 4
		case 'x':
			n += run
		}
		run = 0
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
