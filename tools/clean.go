package tools

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const maxRunes = 256 // of one field of directory text

// clean removes what a person cannot see and a model can (control, bidi,
// zero-width, tag and private-use characters, lone variation selectors), makes
// line breaks visible and bounds the length. Letters of every script stay.
func clean(s string) string {
	if ordinary(s) {
		return s
	}
	var b strings.Builder
	n := 0
	for len(s) > 0 {
		r, w := utf8.DecodeRuneInString(s)
		broken := r == utf8.RuneError && w == 1
		s = s[w:]
		switch {
		case r == '\n' || r == '\r' && !strings.HasPrefix(s, "\n") || r == '\u2028' || r == '\u2029':
			r = '⏎'
		case r == '\t':
			r = ' '
		case broken || jc.Hidden(r):
			continue
		}
		if n == maxRunes {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// ordinary text is short and has nothing in it that would have to go.
func ordinary(s string) bool {
	if len(s) > maxRunes {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

var plain = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@+()/ '-]*$`)

// plainName is a name that may stand in a sentence of ours: quoted unless it
// is made of ordinary characters.
func plainName(s string) string {
	if s = clean(s); plain.MatchString(s) {
		return s
	}
	b, _ := json.Marshal(s)
	return string(b)
}

// inline is a value in a sentence of ours.
func inline(v any) string {
	switch x := v.(type) {
	case nil:
		return "-"
	case string:
		if x == "" {
			return "-"
		}
		return plainName(x)
	}
	b, _ := json.Marshal(cleanValue(v))
	return clean(string(b))
}

// cleanValue cleans every string in a value and drops secrets at any depth.
func cleanValue(v any) any {
	switch x := v.(type) {
	case string:
		return clean(x)
	case jc.Row:
		return cleanValue(map[string]any(x))
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			if isSecret(k, e) {
				continue
			}
			out[clean(k)] = cleanValue(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = cleanValue(e)
		}
		return out
	}
	return v
}

// secretWords mark fields that are never shown, wherever they stand and whoever asks.
var (
	secretWords = []string{"password", "passwd", "secret", "privatekey", "private_key", "apikey", "api_key", "connectkey", "connect_key",
		"token", "recoverykey", "recovery_key", "fdekey", "pin", "totpkey", "totp_key", "seed", "credential", "enrollmentcode", "psk"}
	secretExact = map[string]bool{"key": true, "idpprivatekey": true, "public_key": false}
	harmless    = regexp.MustCompile(`(?i)(expir|date|policy|never|allow|status|state|count|enabled|present|less|type|length|sync|method|days|created|updated|at$|id$|url$|name$|pending|pinned|shipping|mapping)`)
)

// isSecret reports whether a field holds what must not be shown: its name says so
// and its value could be one. Booleans, numbers and dates are facts about secrets.
func isSecret(name string, v any) bool {
	switch v.(type) {
	case bool, json.Number, float64, int, nil:
		return false
	}
	low := strings.ToLower(name)
	if s, known := secretExact[low]; known {
		return s
	}
	for _, w := range secretWords {
		if w == "pin" || w == "seed" || w == "psk" {
			if low == w || strings.HasSuffix(name, "Pin") || strings.HasSuffix(name, "PIN") || strings.HasSuffix(low, "_"+w) {
				return true
			}
			continue
		}
		if strings.Contains(low, w) && !harmless.MatchString(strings.Replace(low, w, "", 1)) {
			return true
		}
	}
	return false
}

// hideSecrets gives a copy of a body with "set" where a secret is.
func hideSecrets(body map[string]any) map[string]any {
	out := make(map[string]any, len(body))
	for k, v := range body {
		if isSecret(k, v) {
			v = "set"
		}
		out[k] = v
	}
	return out
}

// echoes reports whether a text repeats a secret of a body.
func echoes(text string, body any) bool {
	switch x := body.(type) {
	case map[string]any:
		for k, v := range x {
			if s, ok := v.(string); ok && isSecret(k, v) && s != "" && strings.Contains(text, s) {
				return true
			}
			if echoes(text, v) {
				return true
			}
		}
	case []any:
		for _, v := range x {
			if echoes(text, v) {
				return true
			}
		}
	}
	return false
}
