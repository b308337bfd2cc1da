package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/oauth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// metadataPath is where clients read who issues tokens for this server (RFC 9728).
const metadataPath = "/.well-known/oauth-protected-resource"

// callers finds out who sends a request over HTTP. Whatever says so (a token, a
// certificate) ends here: what is behind sees a Principal, and no Authorization header.
type callers struct {
	grants   *auth.GrantFile // nil: everybody on this machine is the same caller
	remote   remoteAccess
	verifier *oauth.Verifier // nil: no tokens of an issuer
	log      *slog.Logger

	metadata    []byte // nil without an issuer
	metadataURL string
	metadataAt  []string // paths
}

// callersOf makes what the settings say.
func callersOf(c *config, grants *auth.GrantFile, log *slog.Logger) (*callers, error) {
	out := &callers{grants: grants, remote: c.remote, log: log}
	if c.remote.issuer == "" {
		return out, nil
	}
	resource, err := resourceURL(c.remote.audiences[0])
	if err != nil {
		return nil, asUsage(err)
	}
	// connections of its own: they are made to nobody but the issuer
	road, err := jc.NewTransport(jc.TransportOptions{Proxy: c.proxy, CAFile: c.caFile})
	if err != nil {
		return nil, asUsage(err)
	}
	if out.verifier, err = oauth.New(oauth.Options{Issuer: c.remote.issuer, Audiences: c.remote.audiences, Transport: road, Log: log}); err != nil {
		return nil, asUsage(err)
	}
	path := strings.TrimSuffix(resource.Path, "/")
	out.metadataURL = (&url.URL{Scheme: resource.Scheme, Host: resource.Host, Path: metadataPath + path}).String()
	out.metadataAt = []string{metadataPath, metadataPath + "/mcp", metadataPath + path}
	out.metadata, err = json.Marshal(map[string]any{
		"resource": c.remote.audiences[0], "resource_name": "jc-mcp", "authorization_servers": []string{c.remote.issuer},
		// a client asks for all it finds here: more than reading is asked for when a call needs it
		"scopes_supported": []string{auth.ScopeRead}, "bearer_methods_supported": []string{"header"},
	})
	return out, err
}

// Close ends what was started.
func (c *callers) Close() {
	if c.verifier != nil {
		c.verifier.Close()
	}
}

// probe asks the issuer for its keys, so that an operator hears at start when they
// cannot be had. Tokens are refused until they can.
func (c *callers) probe(ctx context.Context) {
	if c.verifier == nil {
		return
	}
	if n, err := c.verifier.Probe(ctx); err == nil {
		c.log.InfoContext(ctx, "the keys of the token issuer are known", "issuer", c.remote.issuer, "keys", n)
	}
}

// in lets callers through to next, as who they are. beside serves what is open to
// all of this machine, and everything else with what it is given; it may be nil.
func (c *callers) in(next http.Handler, beside func(http.Handler) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := r.Header.Values("Authorization")
		r.Header.Del("Authorization") // nothing behind sees it, whatever comes
		if !c.remote.proxied(r.RemoteAddr) {
			http.Error(w, "this server answers its proxies only", http.StatusForbidden)
			return
		}
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.enter(w, r, shown, next) })
		if beside != nil {
			h = beside(h)
		}
		h.ServeHTTP(w, r)
	})
}

// enter serves one request, to who may come in.
func (c *callers) enter(w http.ResponseWriter, r *http.Request, shown []string, next http.Handler) {
	if c.metadata != nil && slices.Contains(c.metadataAt, r.URL.Path) {
		c.describe(w, r)
		return
	}
	who, no := c.identify(r, shown)
	if no != nil {
		c.log.DebugContext(r.Context(), "a caller was not let in", "status", no.status, "why", no.why)
		if no.status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "5")
		}
		if no.status == http.StatusUnauthorized || no.code != "" {
			w.Header().Set("WWW-Authenticate", c.challenge(no.code, no.why, auth.ScopeRead))
		}
		http.Error(w, no.why, no.status)
		return
	}
	next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), who)))
}

// describe gives the metadata of this resource (RFC 9728). They are no secret.
func (c *callers) describe(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=300")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(c.metadata) // who went away misses nothing
}

// refused is why somebody does not come in.
type refused struct {
	status int
	code   string // of RFC 6750; "" for none
	why    string
}

func badToken(why string) *refused { return &refused{http.StatusUnauthorized, "invalid_token", why} }

// isToken68 reports whether s is written as a bearer token is (RFC 9110 11.2).
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._~+/-", c)
	})
}

// identify finds out who sends a request. A token decides when there is one; else
// the client certificate does.
func (c *callers) identify(r *http.Request, shown []string) (auth.Principal, *refused) {
	if c.grants == nil {
		return auth.Principal{Agent: "local", Name: "http"}, nil
	}
	if len(shown) > 1 {
		return auth.Principal{}, &refused{http.StatusBadRequest, "invalid_request", "one Authorization header is taken, not several"}
	}
	if strings.Contains(r.URL.RawQuery, "access_token") {
		return auth.Principal{}, &refused{http.StatusBadRequest, "invalid_request", "a token in a URL is not taken: send it as Authorization: Bearer"}
	}
	cert := certificateOf(r)
	if len(shown) == 1 {
		scheme, token, _ := strings.Cut(shown[0], " ")
		token = strings.Trim(token, " ")
		if !strings.EqualFold(scheme, "bearer") || !isToken68(token) {
			return auth.Principal{}, &refused{http.StatusUnauthorized, "", "Authorization is Bearer and a token here"}
		}
		return c.byToken(r.Context(), token, cert)
	}
	if cert != nil {
		who, err := c.grants.Rules().AgentOfCertificate(cert)
		return who, unknown403(err)
	}
	if c.verifier != nil {
		return auth.Principal{}, &refused{http.StatusUnauthorized, "", "a token of this server's issuer is needed"}
	}
	return auth.Principal{}, &refused{http.StatusUnauthorized, "", "a token of this server's grant file is needed: jc-mcp grants token"}
}

// byToken is who brings a token: one that the grant file knows, or one of the issuer.
func (c *callers) byToken(ctx context.Context, token string, cert *x509.Certificate) (auth.Principal, *refused) {
	rules := c.grants.Rules()
	if who, known := rules.AgentOfToken(token); known {
		return who, nil
	}
	if c.verifier == nil {
		return auth.Principal{}, badToken("a token of this server's grant file is needed: jc-mcp grants token")
	}
	t, err := c.verifier.Verify(ctx, token)
	var no oauth.Refused
	switch {
	case errors.As(err, &no):
		return auth.Principal{}, badToken(no.Error())
	case err != nil:
		return auth.Principal{}, &refused{http.StatusServiceUnavailable, "", "the keys of the token issuer cannot be had now, so no token can be checked: try again"}
	case t.Certificate != "" && !boundTo(t, cert):
		return auth.Principal{}, badToken("the token is bound to another client certificate")
	}
	who, err := rules.AgentOfIdentity(auth.Identity{Issuer: t.Issuer, Subject: t.Subject, Client: t.Client, Scopes: t.Scopes})
	if err != nil {
		c.log.InfoContext(ctx, "a good token was not let in", "why", err.Error(), "subject", t.Subject, "client", t.Client)
	}
	return who, unknown403(err)
}

// unknown403 answers who is known to an issuer and not to the grant file.
func unknown403(err error) *refused {
	if err == nil {
		return nil
	}
	return &refused{http.StatusForbidden, "", err.Error() + ": its operator has to say so under who"}
}

// certificateOf is the client certificate of a connection, if it was verified.
func certificateOf(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return nil
	}
	return r.TLS.VerifiedChains[0][0]
}

// boundTo reports whether a token is bound to this certificate (RFC 8705).
func boundTo(t oauth.Token, cert *x509.Certificate) bool {
	if cert == nil {
		return false
	}
	sum := sha256.Sum256(cert.Raw)
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(t.Certificate)) == 1
}

// challenge is what a client is told to bring (RFC 6750, RFC 9728).
func (c *callers) challenge(code, why, scopes string) string {
	parts := []string{`realm="jc-mcp"`}
	if c.verifier != nil {
		parts = append(parts, fmt.Sprintf("resource_metadata=%q", c.metadataURL), fmt.Sprintf("scope=%q", scopes))
	}
	if code != "" {
		parts = append(parts, fmt.Sprintf("error=%q", code), fmt.Sprintf("error_description=%q", why))
	}
	return "Bearer " + strings.Join(parts, ", ")
}

// lacking is the challenge for a call that the caller's token has too few scopes for,
// with all scopes that it takes; "" when it has them.
func (c *callers) lacking(ctx context.Context, scopes func(context.Context, string, json.RawMessage) string, name string, arguments json.RawMessage) string {
	if c.verifier == nil {
		return ""
	}
	need := scopes(ctx, name, arguments)
	if need == "" {
		return ""
	}
	return c.challenge("insufficient_scope", "the token has too few scopes for this", need)
}
