package oauth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// algorithms are the ones that are taken: those that need a public key, and no weak one.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

// keyBringing are headers by which a token would say with which key to verify it,
// or that need something special to be understood.
var keyBringing = []string{"jwk", "jku", "x5c", "x5u", "crit", "b64", "zip", "enc"}

// header is what counts of a token's header.
type header struct {
	alg jose.SignatureAlgorithm
	kid string
	typ string // lower case, without "application/"; "" for none
}

// plainKid is a name as issuers give it: some take base64 of a hash, with + and /.
var plainKid = regexp.MustCompile(`^[A-Za-z0-9_=+.:~@-][A-Za-z0-9_=+/.:~@-]{0,255}$`)

const malformed = Refused("the token is not a signed JWT")

// readHeader reads the header of a compact JWS, strictly.
func readHeader(raw string) (h header, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || slices.Contains(parts, "") || strings.ContainsAny(raw, "\r\n") { // which decoders pass over
		return h, malformed
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return h, malformed
	}
	fields, err := object(text)
	if err != nil {
		return h, malformed
	}
	for _, name := range keyBringing {
		if _, there := fields[name]; there {
			return h, Refused("the token's header has " + name + ", which is not taken")
		}
	}
	alg, err := textOf(fields, "alg")
	if err != nil {
		return h, malformed
	}
	h.alg = jose.SignatureAlgorithm(alg)
	if !slices.Contains(algorithms, h.alg) {
		return h, Refused("the token's algorithm is not taken: RS256, PS256, ES256 and EdDSA are")
	}
	if h.kid, err = textOf(fields, "kid"); err != nil || !plainKid.MatchString(h.kid) || strings.Contains(h.kid, "..") {
		return h, Refused("the token does not name its key by a plain kid")
	}
	typ, err := textOf(fields, "typ")
	if err != nil {
		return h, malformed
	}
	h.typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	if h.typ != "" && h.typ != "at+jwt" && h.typ != "jwt" {
		return h, Refused("the token is no access token: its typ is another")
	}
	if _, there := fields["cty"]; there {
		return h, Refused("the token holds another one, which is not taken")
	}
	return h, nil
}

var errNoObject = errors.New("no JSON object with each name once")

// object reads a JSON object with each name once, and nothing behind it. Names keep
// their case, which encoding/json does not mind for structs.
func object(text []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNoObject
		}
		if _, twice := out[name]; twice {
			return nil, errNoObject
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, errNoObject
		}
		out[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, errNoObject
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoObject
	}
	return out, nil
}

// textOf reads a string; "" when there is none of that name.
func textOf(fields map[string]json.RawMessage, name string) (string, error) {
	raw, there := fields[name]
	if !there {
		return "", nil
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", errNoObject
	}
	return *s, nil
}
