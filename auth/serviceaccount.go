package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ServiceAccount describes a JumpCloud service account. A second secret is for
// rotation: when the token endpoint refuses one, the other is tried.
type ServiceAccount struct {
	ClientID string
	Secrets  []Source
	// TokenURL is the token endpoint; without a path, /oauth2/token is meant.
	// It must be https, or http on loopback.
	TokenURL string
	// HTTP fetches tokens. Redirects and cookies are off whatever it says; nil
	// means a client made from Transport.
	HTTP *http.Client
	// Transport is used when HTTP is nil: unsigned, and nil means one of our own
	// that uses no proxy from the environment.
	Transport http.RoundTripper
}

const (
	tokenPath    = "/oauth2/token"
	tokenTimeout = 10 * time.Second // one request to the token endpoint
)

// Format prints the name and no secret.
func (a ServiceAccount) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.name()) }

// name shows the start of the client id only, in case the secret was put there.
func (a ServiceAccount) name() string {
	id := []rune(a.ClientID)
	if len(id) > 8 {
		id = append(id[:8:8], '…')
	}
	if !printable(string(id)) {
		return "service account"
	}
	return "service account " + string(id)
}

// Credential checks the description and makes the credential. No request is made
// and no secret is read before the first call needs a token.
func (a ServiceAccount) Credential() (Credential, error) {
	if a.ClientID == "" || !printable(a.ClientID) {
		return nil, errors.New("the service account needs its client id, one line of text")
	}
	if len(a.Secrets) == 0 {
		return nil, errors.New("the service account needs a client secret")
	}
	for _, s := range a.Secrets {
		if s == nil {
			return nil, errors.New("a client secret of the service account is missing")
		}
	}
	endpoint, err := tokenEndpoint(a.TokenURL)
	if err != nil {
		return nil, err
	}
	return &serviceAccount{
		name:  a.name(),
		scope: fingerprint("service account", a.ClientID, endpoint),
		tokens: &tokens{
			clientID: a.ClientID,
			url:      endpoint,
			secrets:  append([]Source(nil), a.Secrets...),
			http:     a.client(),
		},
	}, nil
}

// tokenEndpoint checks where the secret will be sent.
func tokenEndpoint(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the token address must be a plain https address")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return "", errors.New("the token address must be https, or http on this machine")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = tokenPath
	}
	return u.String(), nil
}

func (a ServiceAccount) client() *http.Client {
	c := &http.Client{Transport: a.Transport, Timeout: tokenTimeout}
	if a.HTTP != nil {
		given := *a.HTTP
		c = &given
	} else if a.Transport == nil {
		c.Transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second,
			ForceAttemptHTTP2:   true,
			DisableKeepAlives:   true, // one request an hour
		}
	}
	if c.Timeout <= 0 {
		c.Timeout = tokenTimeout
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return c
}

type serviceAccount struct {
	name, scope string
	tokens      *tokens
}

func (a *serviceAccount) String() string               { return a.name }
func (a *serviceAccount) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, a.name) }
func (a *serviceAccount) Scope() string                { return a.scope }
func (a *serviceAccount) MarshalText() ([]byte, error) { return []byte(a.name), nil }

func (a *serviceAccount) Sign(r *http.Request) error {
	t, err := a.tokens.get(r.Context())
	if err != nil {
		return err
	}
	r.Header.Set(bearerHeader, "Bearer "+t.access.Reveal())
	return nil
}

// Renew forgets the refused token; the next Sign fetches another or, when another
// call has done so already, takes that one.
func (a *serviceAccount) Renew(_ context.Context, refused *http.Request) bool {
	a.tokens.drop(refusedMark(refused))
	return true
}
