package oauth

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
)

// foreign are claims of tokens that are no access tokens: those of a sign-in (OpenID
// Connect Core 2 and 3.3.2.11) and of a logout.
var foreign = []string{"nonce", "at_hash", "c_hash", "s_hash", "events"}

// maxName bounds subjects and clients, which go into audit lines.
const maxName = 256

// claims checks what a verified token says.
func (v *Verifier) claims(payload []byte, h header, now time.Time) (t Token, err error) {
	c, err := object(payload)
	if err != nil {
		return t, Refused("the token's claims are no JSON object with each name once")
	}
	if t.Issuer, err = textOf(c, "iss"); err != nil || t.Issuer != v.o.Issuer {
		return t, Refused("the token is of another issuer")
	}
	aud, ok := listOf(c, "aud")
	if !ok || !slices.ContainsFunc(aud, func(a string) bool { return slices.Contains(v.o.Audiences, a) }) {
		return t, Refused("the token is not made out to this server")
	}
	if t.Expires, err = times(c, now); err != nil {
		return t, err
	}
	if t.Subject, err = textOf(c, "sub"); err != nil || !plainName(t.Subject) {
		return t, Refused("the token names no subject")
	}
	if t.Client, err = client(c); err != nil {
		return t, err
	}
	scoped := false
	if t.Scopes, scoped, err = scopes(c); err != nil {
		return t, err
	}
	if err := access(c, h, scoped); err != nil {
		return t, err
	}
	t.Certificate, err = bound(c)
	return t, err
}

// times checks exp, nbf and iat.
func times(c map[string]json.RawMessage, now time.Time) (exp time.Time, err error) {
	exp, there, ok := timeOf(c, "exp")
	switch {
	case !ok || !there:
		return exp, Refused("the token does not say when it expires")
	case !now.Before(exp.Add(leeway)):
		return exp, Refused("the token has expired")
	}
	if nbf, there, ok := timeOf(c, "nbf"); !ok || there && nbf.After(now.Add(leeway)) {
		return exp, Refused("the token is not in force yet")
	}
	iat, there, ok := timeOf(c, "iat")
	switch {
	case !ok || !there:
		return exp, Refused("the token does not say when it was made")
	case iat.After(now.Add(leeway)):
		return exp, Refused("the token was made in the future: the clocks differ")
	case exp.Sub(iat) > maxLife+leeway:
		return exp, Refused("the token is made for more than a day")
	}
	return exp, nil
}

// access refuses what is no access token.
func access(c map[string]json.RawMessage, h header, scoped bool) error {
	const other = Refused("the token is no access token")
	for _, name := range foreign {
		if _, there := c[name]; there {
			return other
		}
	}
	for name, want := range map[string]string{"typ": "bearer", "token_use": "access"} { // Keycloak; Cognito
		use, err := textOf(c, name)
		if err != nil || use != "" && !strings.EqualFold(use, want) {
			return other
		}
	}
	if h.typ != "at+jwt" && !scoped {
		return Refused("the token is no access token: its typ is not at+jwt, and it has no scope")
	}
	return nil
}

// client is who the token was given to: client_id (RFC 9068), azp, or cid of Okta.
func client(c map[string]json.RawMessage) (id string, err error) {
	for _, name := range []string{"client_id", "azp", "cid"} {
		s, err := textOf(c, name)
		switch {
		case err != nil, s != "" && !plainName(s), s != "" && id != "" && s != id:
			return "", Refused("the token does not say clearly which client it was given to")
		case s != "":
			id = s
		}
	}
	return id, nil
}

// scopes are those of scope (RFC 9068) or scp (Entra ID: text; Okta: a list).
func scopes(c map[string]json.RawMessage) (text string, there bool, err error) {
	for _, name := range []string{"scope", "scp"} {
		if _, has := c[name]; !has {
			continue
		}
		words, ok := listOf(c, name)
		if !ok || there {
			return "", true, Refused("the token's scopes cannot be read")
		}
		text, there = strings.Join(words, " "), true
	}
	return text, there, nil
}

// bound is the certificate that the token is bound to; "" when it is bound to nothing.
// One that is bound to something else (a key, by DPoP) cannot be checked here.
func bound(c map[string]json.RawMessage) (string, error) {
	raw, there := c["cnf"]
	if !there {
		return "", nil
	}
	const other = Refused("the token is bound to something that cannot be checked here")
	how, err := object(raw)
	if err != nil || len(how) != 1 {
		return "", other
	}
	sum, err := textOf(how, "x5t#S256")
	if err != nil || sum == "" {
		return "", other
	}
	return sum, nil
}

// listOf reads a text, or a list of texts.
func listOf(c map[string]json.RawMessage, name string) (list []string, ok bool) {
	if s, err := textOf(c, name); err == nil {
		return []string{s}, s != ""
	}
	var all []*string
	if json.Unmarshal(c[name], &all) != nil {
		return nil, false
	}
	for _, s := range all {
		if s == nil {
			return nil, false
		}
		list = append(list, *s)
	}
	return list, all != nil
}

// timeOf reads seconds since 1970, which may have a fraction. Times that no token
// has (before 1970, after 2200: milliseconds) are not ok.
func timeOf(c map[string]json.RawMessage, name string) (at time.Time, there, ok bool) {
	raw, there := c[name]
	if !there {
		return at, false, true
	}
	var s *float64
	if json.Unmarshal(raw, &s) != nil || s == nil || !(*s > 0 && *s < 7_258_118_400) {
		return at, true, false
	}
	whole, part := math.Modf(*s)
	return time.Unix(int64(whole), int64(part*1e9)), true, true
}

// plainName is text that can stand in a grant file and an audit line.
func plainName(s string) bool {
	return s != "" && len(s) <= maxName && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}
