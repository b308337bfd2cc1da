package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const resource = "https://mcp.example.com/mcp"

// issuer is an authorization server on loopback.
type issuer struct {
	*httptest.Server
	key  *ecdsa.PrivateKey
	down atomic.Bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	is := &issuer{key: key}
	is.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case is.down.Load():
			w.WriteHeader(http.StatusBadGateway)
		case r.URL.Path == "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": is.URL, "jwks_uri": is.URL + "/keys"})
		case r.URL.Path == "/keys":
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{"kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256",
				"x": raw64(point[1:33]), "y": raw64(point[33:])}}})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(is.Close)
	return is
}

func raw64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is an access token for a subject.
func (is *issuer) token(t *testing.T, sub, scope string, more map[string]any) string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": is.URL, "aud": resource, "sub": sub, "client_id": "c1", "scope": scope, "iat": now, "exp": now + 300}
	maps.Copy(claims, more)
	var parts []string
	for _, v := range []map[string]any{{"alg": "ES256", "kid": "k1", "typ": "at+jwt"}, claims} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, raw64(b))
	}
	input := strings.Join(parts, ".")
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, is.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + raw64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// caller sends requests to a server under test.
type caller struct {
	t      *testing.T
	client *http.Client
	url    string
}

func newCaller(t *testing.T, url string, transport *http.Transport) *caller {
	t.Helper()
	if transport == nil {
		transport = &http.Transport{}
	}
	transport.DisableKeepAlives = true
	return &caller{t, &http.Client{Transport: transport}, url}
}

// reply is what a request came to.
type reply struct {
	status          int
	challenge, body string
}

func (c *caller) do(req *http.Request) reply {
	c.t.Helper()
	resp, err := c.client.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header.Get("WWW-Authenticate"), string(body)}
}

func (c *caller) get(path string) reply {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, strings.TrimSuffix(c.url, "/mcp")+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(req)
}

// request is one of 2026-07-28, which needs no session. params are JSON members with a
// comma behind each, or nothing.
func (c *caller) request(method, name, params string) *http.Request {
	c.t.Helper()
	body := `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{` + params +
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for k, v := range map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method} {
		req.Header.Set(k, v)
	}
	if name != "" {
		req.Header.Set("Mcp-Name", name)
	}
	return req
}

func (c *caller) list(authorization ...string) reply {
	c.t.Helper()
	req := c.request("tools/list", "", "")
	req.Header["Authorization"] = authorization
	return c.do(req)
}

func (c *caller) call(token, tool, arguments string) reply {
	c.t.Helper()
	req := c.request("tools/call", tool, `"name":"`+tool+`","arguments":`+arguments+`,`)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return c.do(req)
}

// want fails the test unless the status is that and all words are in challenge or body.
func (r reply) want(t *testing.T, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("%d, want %d: %s %s", r.status, status, r.challenge, r.body)
	}
	for _, w := range words {
		if !strings.Contains(r.challenge+"\n"+r.body, w) {
			t.Errorf("%q is missing: %s %s", w, r.challenge, r.body)
		}
	}
}
