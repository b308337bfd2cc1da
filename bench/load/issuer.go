package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"time"
)

// audience is the name of the server in tokens.
const audience = "https://mcp.example.com/mcp"

// issuer is an authorization server on loopback. It signs with the standard library.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer() (*issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	is := &issuer{key: key}
	is.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": is.URL, "jwks_uri": is.URL + "/keys"})
		case "/keys":
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{"kty": "RSA", "kid": "k1", "alg": "RS256",
				"n": raw64(key.N.Bytes()), "e": raw64(big.NewInt(int64(key.E)).Bytes())}}})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	return is, nil
}

// token is an access token for a subject, for the whole of a run.
func (is *issuer) token(subject string) (string, error) {
	now := time.Now().Unix()
	head := `{"alg":"RS256","kid":"k1","typ":"at+jwt"}`
	claims, err := json.Marshal(map[string]any{"iss": is.URL, "aud": audience, "sub": subject, "client_id": "load",
		"scope": "jc:read jc:change:user_groups", "iat": now, "exp": now + 2*60*60})
	if err != nil {
		return "", err
	}
	input := raw64([]byte(head)) + "." + raw64(claims)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, is.key, crypto.SHA256, sum[:])
	return input + "." + raw64(signature), err
}

func raw64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
