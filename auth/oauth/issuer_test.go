package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	theIssuer = "https://login.example.com/tenant"
	theServer = "https://mcp.example.com/mcp"
)

// issuer is an authorization server in memory. It signs with the standard library,
// so that it shares nothing with what verifies.
type issuer struct {
	rsa, other *rsa.PrivateKey
	ec, wide   *ecdsa.PrivateKey
	ed         ed25519.PrivateKey

	mu        sync.Mutex
	published []map[string]any
	meta      map[string]any
	metaAt    string
	down      bool
	metaGets  int
	keyGets   int
}

// once makes the keys of all tests.
var once = sync.OnceValue(func() *issuer {
	is := &issuer{}
	is.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	is.other, _ = rsa.GenerateKey(rand.Reader, 2048)
	is.ec, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	is.wide, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, is.ed, _ = ed25519.GenerateKey(rand.Reader)
	return is
})

func newIssuer() *issuer {
	k := once()
	is := &issuer{rsa: k.rsa, other: k.other, ec: k.ec, wide: k.wide, ed: k.ed, metaAt: "/.well-known/oauth-authorization-server/tenant"}
	is.meta = map[string]any{"issuer": theIssuer, "jwks_uri": "https://login.example.com/keys"}
	is.published = []map[string]any{
		rsaJWK("rsa", "", is.rsa), rsaJWK("rs-only", "RS256", is.rsa), rsaJWK("for-enc", "", is.rsa, "use", "enc"),
		ecJWK("ec", "P-256", &is.ec.PublicKey), ecJWK("wide", "P-384", &is.wide.PublicKey),
		{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(is.ed.Public().(ed25519.PublicKey))},
		{"kty": "oct", "kid": "shared", "k": b64([]byte("0123456789abcdef0123456789abcdef"))},
		{"kty": "new", "kid": "odd"}, // of a kind that nobody knows yet
	}
	return is
}

func rsaJWK(kid, alg string, k *rsa.PrivateKey, more ...string) map[string]any {
	out := map[string]any{"kty": "RSA", "kid": kid, "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
	if alg != "" {
		out["alg"] = alg
	}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func ecJWK(kid, curve string, k *ecdsa.PublicKey) map[string]any {
	point, err := k.Bytes()
	if err != nil {
		panic(err)
	}
	half := (len(point) - 1) / 2
	return map[string]any{"kty": "EC", "crv": curve, "kid": kid, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}
}

// RoundTrip answers without a network, so that time can be virtual.
func (is *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	is.mu.Lock()
	defer is.mu.Unlock()
	w := httptest.NewRecorder()
	switch {
	case is.down:
		w.WriteHeader(http.StatusBadGateway)
	case r.URL.Host != "login.example.com": // http too: it is not to be asked for keys that way
		return nil, fmt.Errorf("nobody is at %s", r.URL.Host)
	case r.URL.Path == is.metaAt:
		is.metaGets++
		_ = json.NewEncoder(w).Encode(is.meta)
	case r.URL.Path == "/keys":
		is.keyGets++
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": is.published})
	case r.URL.Path == "/moved":
		w.Header().Set("Location", "https://login.example.com/keys")
		w.WriteHeader(http.StatusFound)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func (is *issuer) set(change func()) {
	is.mu.Lock()
	defer is.mu.Unlock()
	change()
}

// gets is how often keys and metadata were read.
func (is *issuer) gets() (keys, meta int) {
	is.mu.Lock()
	defer is.mu.Unlock()
	return is.keyGets, is.metaGets
}

func (is *issuer) verifier(t *testing.T, more ...string) *Verifier {
	t.Helper()
	v, err := New(Options{Issuer: theIssuer, Audiences: append([]string{theServer}, more...), Transport: is})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

type fields map[string]any

// with is a copy with these fields; nil takes one away.
func (f fields) with(more fields) fields {
	out := maps.Clone(f)
	for k, v := range more {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func (f fields) text() string {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// head is a header of a good token.
func head(alg, kid string) fields { return fields{"alg": alg, "kid": kid, "typ": "at+jwt"} }

// body are the claims of a good token.
func body() fields {
	now := time.Now().Unix()
	return fields{"iss": theIssuer, "aud": theServer, "sub": "alice", "client_id": "agent-1", "scope": "jc:read jc:change:users",
		"iat": now, "nbf": now, "exp": now + 600, "jti": "x"}
}

// sign makes a compact JWS of any header and payload, signed as alg says.
func (is *issuer) sign(alg, header, payload string) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(is.signature(alg, input))
}

func (is *issuer) signature(alg, input string) (out []byte) {
	sum := sha256.Sum256([]byte(input))
	var err error
	switch alg {
	case "RS256":
		out, err = rsa.SignPKCS1v15(rand.Reader, is.rsa, crypto.SHA256, sum[:])
	case "foreign":
		out, err = rsa.SignPKCS1v15(rand.Reader, is.other, crypto.SHA256, sum[:])
	case "PS256":
		out, err = rsa.SignPSS(rand.Reader, is.rsa, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "ES256":
		out, err = ecSign(is.ec, sum[:], 32)
	case "ES384-as-256":
		out, err = ecSign(is.wide, sum[:], 48)
	case "EdDSA":
		out = ed25519.Sign(is.ed, []byte(input))
	default: // HS256 with the secret of that name
		mac := hmac.New(sha256.New, []byte(alg))
		mac.Write([]byte(input))
		out = mac.Sum(nil)
	}
	if err != nil {
		panic(err)
	}
	return out
}

func ecSign(k *ecdsa.PrivateKey, sum []byte, size int) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, k, sum)
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
}

// token is one with these claims beside those of a good one, signed by RS256.
func (is *issuer) token(more fields) string {
	return is.sign("RS256", head("RS256", "rsa").text(), body().with(more).text())
}

// headed is one with these header fields beside those of a good one.
func (is *issuer) headed(more fields) string {
	return is.sign("RS256", head("RS256", "rsa").with(more).text(), body().text())
}

// reheaded puts text at the end of a header, before its brace.
func endWith(object, more string) string { return strings.TrimSuffix(object, "}") + more + "}" }
