package oauth

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"
)

type attack struct {
	name, token, why string
}

// attacks are tokens that must not be taken, each with a part of the reason that it
// has to be refused for.
func attacks(is *issuer) []attack {
	good := is.token(nil)
	parts := strings.Split(good, ".")
	der, err := x509.MarshalPKIXPublicKey(is.rsa.Public())
	if err != nil {
		panic(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	now := time.Now().Unix()
	foreignKey := rsaJWK("evil", "RS256", is.other)
	const (
		noJWT     = "not a signed JWT"
		alg       = "algorithm is not taken"
		signature = "signature is wrong"
		unknown   = "does not publish"
		kid       = "plain kid"
		aud       = "not made out to this server"
		access    = "no access token"
	)
	return []attack{
		{"alg none, no signature", b64([]byte(`{"alg":"none","kid":"rsa","typ":"at+jwt"}`)) + "." + parts[1] + ".", noJWT},
		{"alg none, with a signature", is.headed(fields{"alg": "none"}), alg},
		{"alg None", is.headed(fields{"alg": "None"}), alg},
		{"HS256 with the public key (PEM) as secret", is.sign(public, head("HS256", "rsa").text(), body().text()), alg},
		{"HS256 with the public key (DER) as secret", is.sign(string(der), head("HS256", "rsa").text(), body().text()), alg},
		{"HS256 with the issuer's symmetric key", is.sign("0123456789abcdef0123456789abcdef", head("HS256", "shared").text(), body().text()), alg},
		{"RS256 naming the symmetric key", is.sign("RS256", head("RS256", "shared").text(), body().text()), unknown},
		{"alg in lower case", is.headed(fields{"alg": "rs256"}), alg},
		{"RS384", is.headed(fields{"alg": "RS384"}), alg},
		{"RS512", is.headed(fields{"alg": "RS512"}), alg},
		{"ES256K", is.headed(fields{"alg": "ES256K"}), alg},
		{"alg missing", is.headed(fields{"alg": nil}), alg},
		{"alg a list", is.headed(fields{"alg": []string{"RS256"}}), noJWT},
		{"a foreign key under a known kid", is.sign("foreign", head("RS256", "rsa").text(), body().text()), signature},
		{"a foreign key under its own kid", is.sign("foreign", head("RS256", "evil").text(), body().text()), unknown},
		{"a key in the header (jwk)", is.sign("foreign", head("RS256", "rsa").with(fields{"jwk": foreignKey}).text(), body().text()), "jwk"},
		{"an address of keys in the header (jku)", is.sign("foreign", head("RS256", "rsa").with(fields{"jku": "https://evil.example/keys"}).text(), body().text()), "jku"},
		{"an address of a certificate (x5u)", is.sign("foreign", head("RS256", "rsa").with(fields{"x5u": "https://evil.example/cert"}).text(), body().text()), "x5u"},
		{"a certificate in the header (x5c)", is.sign("foreign", head("RS256", "rsa").with(fields{"x5c": []string{b64(der)}}).text(), body().text()), "x5c"},
		{"an unknown crit", is.headed(fields{"crit": []string{"future"}, "future": true}), "crit"},
		{"an empty crit", is.headed(fields{"crit": []string{}}), "crit"},
		{"an unencoded payload (b64)", is.headed(fields{"b64": false}), "b64"},
		{"no kid", is.headed(fields{"kid": nil}), kid},
		{"an empty kid", is.headed(fields{"kid": ""}), kid},
		{"a kid that is a path", is.headed(fields{"kid": "../../dev/null"}), kid},
		{"a kid that is an absolute path", is.headed(fields{"kid": "/dev/null"}), kid},
		{"a kid that is SQL", is.headed(fields{"kid": "rsa' OR '1'='1"}), kid},
		{"a kid of 300 letters", is.headed(fields{"kid": strings.Repeat("k", 300)}), kid},
		{"a kid that is a number", is.headed(fields{"kid": 1}), kid},
		{"an unknown kid", is.headed(fields{"kid": "another"}), unknown},
		{"a kid of another case", is.headed(fields{"kid": "RSA"}), unknown},
		{"PS256 with a key for RS256", is.sign("PS256", head("PS256", "rs-only").text(), body().text()), "not made for its algorithm"},
		{"a key for encryption", is.headed(fields{"kid": "for-enc"}), unknown},
		{"ES256 with a P-384 key", is.sign("ES384-as-256", head("ES256", "wide").text(), body().text()), "not made for its algorithm"},
		{"RS256 naming the EC key", is.sign("RS256", head("RS256", "ec").text(), body().text()), "not made for its algorithm"},
		{"a signature of PS256 called RS256", is.sign("PS256", head("RS256", "rsa").text(), body().text()), signature},
		{"an ES256 signature of zeros", strings.Join(append(strings.Split(is.sign("ES256", head("ES256", "ec").text(), body().text()), ".")[:2], b64(make([]byte, 64))), "."), signature},
		{"a truncated signature", good[:len(good)-8], signature},
		{"an empty signature", parts[0] + "." + parts[1] + ".", noJWT},
		{"another payload under the signature", parts[0] + "." + b64([]byte(body().with(fields{"sub": "root"}).text())) + "." + parts[2], signature},
		{"a detached payload", parts[0] + ".." + parts[2], noJWT},
		{"a JWE", b64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`)) + ".AAAA.AAAA.AAAA.AAAA", noJWT},
		{"a JWE header on a JWS", is.headed(fields{"enc": "A256GCM"}), "enc"},
		{"a token in a token", is.sign("RS256", head("RS256", "rsa").text(), good), "no JSON object"},
		{"a token in a token, said (cty)", is.sign("RS256", head("RS256", "rsa").with(fields{"cty": "JWT"}).text(), good), "holds another"},
		{"JWS in JSON", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, noJWT},
		{"padding", parts[0] + "." + parts[1] + "." + parts[2] + "==", noJWT},
		{"a line break", parts[0] + "\n." + parts[1] + "." + parts[2], noJWT},
		{"alg twice", is.sign("RS256", endWith(head("RS256", "rsa").text(), `,"alg":"none"`), body().text()), noJWT},
		{"sub twice", is.sign("RS256", head("RS256", "rsa").text(), endWith(body().text(), `,"sub":"root"`)), "each name once"},
		{"aud twice", is.sign("RS256", head("RS256", "rsa").text(), endWith(body().with(fields{"aud": "https://other.example"}).text(), `,"aud":"`+theServer+`"`)), "each name once"},
		{"text behind the claims", is.sign("RS256", head("RS256", "rsa").text(), body().text()+"{}"), "each name once"},
		{"a claim in another case", is.token(fields{"sub": nil, "Sub": "alice"}), "no subject"},
		{"another issuer", is.token(fields{"iss": "https://evil.example"}), "another issuer"},
		{"the issuer with a slash more", is.token(fields{"iss": theIssuer + "/"}), "another issuer"},
		{"the issuer in other letters", is.token(fields{"iss": strings.ToUpper(theIssuer)}), "another issuer"},
		{"no issuer", is.token(fields{"iss": nil}), "another issuer"},
		{"another audience", is.token(fields{"aud": "https://other.example/mcp"}), aud},
		{"audiences without ours", is.token(fields{"aud": []string{"https://other.example", "https://mcp.example.com"}}), aud},
		{"our audience with a slash more", is.token(fields{"aud": theServer + "/"}), aud},
		{"an audience that begins with ours", is.token(fields{"aud": theServer + ".evil.example"}), aud},
		{"an audience that is an object", is.token(fields{"aud": fields{theServer: true}}), aud},
		{"an audience with a null in it", is.token(fields{"aud": []any{theServer, nil}}), aud},
		{"no audience", is.token(fields{"aud": nil}), aud},
		{"expired", is.token(fields{"exp": now - 60, "iat": now - 600}), "expired"},
		{"no exp", is.token(fields{"exp": nil}), "when it expires"},
		{"exp as text", is.token(fields{"exp": "9999999999"}), "when it expires"},
		{"exp in milliseconds", is.token(fields{"exp": (now + 600) * 1000}), "when it expires"},
		{"exp null", is.sign("RS256", head("RS256", "rsa").text(), strings.Replace(body().text(), `"exp":`, `"exp":null,"x":`, 1)), "when it expires"},
		{"good for ten years", is.token(fields{"exp": now + 315360000}), "more than a day"},
		{"nbf in the future", is.token(fields{"nbf": now + 120}), "not in force"},
		{"iat in the future", is.token(fields{"iat": now + 120}), "in the future"},
		{"no iat", is.token(fields{"iat": nil}), "when it was made"},
		{"no sub", is.token(fields{"sub": nil}), "no subject"},
		{"an empty sub", is.token(fields{"sub": ""}), "no subject"},
		{"a sub with a line break", is.token(fields{"sub": "alice\nroot"}), "no subject"},
		{"a sub that is a list", is.token(fields{"sub": []string{"alice"}}), "no subject"},
		{"two clients", is.token(fields{"azp": "agent-2"}), "clearly which client"},
		{"an ID token (typ JWT, nonce, at_hash)", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "JWT"}).text(), body().with(fields{"scope": nil, "nonce": "n", "at_hash": "h"}).text()), access},
		{"an ID token with a scope", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "JWT"}).text(), body().with(fields{"nonce": "n"}).text()), access},
		{"an ID token without a nonce", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "JWT"}).text(), body().with(fields{"scope": nil}).text()), access},
		{"an ID token of Keycloak", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "JWT"}).text(), body().with(fields{"typ": "ID"}).text()), access},
		{"a refresh token of Keycloak", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "JWT"}).text(), body().with(fields{"typ": "Refresh"}).text()), access},
		{"an ID token of Cognito", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": nil}).text(), body().with(fields{"token_use": "id"}).text()), access},
		{"a logout token", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "logout+jwt"}).text(), body().text()), access},
		{"a proof of DPoP", is.sign("RS256", head("RS256", "rsa").with(fields{"typ": "dpop+jwt"}).text(), body().text()), access},
		{"bound to a key by DPoP", is.token(fields{"cnf": fields{"jkt": "x"}}), "cannot be checked"},
		{"scopes that are an object", is.token(fields{"scope": fields{"jc:read": true}}), "scopes cannot be read"},
		{"scope and scp", is.token(fields{"scp": "jc:destroy"}), "scopes cannot be read"},
		{"a token of 1 MiB", is.token(fields{"pad": strings.Repeat("x", 1<<20)}), "too long"},
		{"a token of 16 KiB and a bit", is.token(fields{"pad": strings.Repeat("x", MaxToken)}), "too long"},
		{"nothing", "", noJWT},
		{"dots", "..", noJWT},
		{"four parts", good + ".x", noJWT},
	}
}

// Every attack is refused, for the reason that it is one; good tokens pass before and after.
func TestAttacks(t *testing.T) {
	is := newIssuer()
	v := is.verifier(t)
	good := is.token(nil)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	all := attacks(is)
	held := 0
	for _, a := range all {
		for range 2 { // the second time nothing may be remembered
			tok, err := v.Verify(t.Context(), a.token)
			var no Refused
			switch {
			case err == nil:
				t.Errorf("%s: taken, as %q", a.name, tok.Subject)
			case !errors.As(err, &no) || !strings.Contains(no.Error(), a.why):
				t.Errorf("%s: refused for another reason: %v, want %q", a.name, err, a.why)
			case len(a.token) > 20 && strings.Contains(no.Error(), a.token[:20]):
				t.Errorf("%s: the token is in the reason", a.name)
			default:
				held++
			}
		}
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Error(err)
	}
	if len(all) < 30 {
		t.Errorf("%d attacks are too few", len(all))
	}
	t.Logf("%d of %d attacks refused, each for its reason", held/2, len(all))
}
