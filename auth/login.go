package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// Login is what a JumpCloud organisation is reached with: an API key, or a service
// account. The zero value is none.
type Login struct {
	APIKey   Source
	ClientID string
	Secrets  []Source // of the service account
}

// Given reports whether there is any.
func (l Login) Given() bool { return l.APIKey != nil || l.ClientID != "" }

// Sources are all the secrets.
func (l Login) Sources() []Source {
	if l.APIKey != nil {
		return []Source{l.APIKey}
	}
	return l.Secrets
}

// Credential makes what signs requests; nil where there is none. A service account
// gets its tokens at tokenURL, through transport.
func (l Login) Credential(tokenURL string, transport http.RoundTripper) (Credential, error) {
	switch {
	case l.APIKey != nil:
		return APIKey(l.APIKey), nil
	case l.ClientID != "":
		return ServiceAccount{ClientID: l.ClientID, Secrets: l.Secrets, TokenURL: tokenURL, Transport: transport}.Credential()
	}
	return nil, nil
}

// Lasting names the login for what outlives a process, such as the pace that servers
// share: it is the same in every process that is given the same, which
// [Credential.Scope] is not, and nothing can be read from it. "" where there is none.
func (l Login) Lasting() string {
	switch {
	case l.ClientID != "":
		return lasting("service account", l.ClientID)
	case l.APIKey == nil:
		return ""
	}
	if s, ok := l.APIKey.(*source); ok {
		return s.place
	}
	return lasting("api key")
}

// Same reports whether two logins are the same account with its secrets at the same places.
func (l Login) Same(other Login) bool {
	place := func(a, b Source) bool {
		one, ok := a.(*source)
		two, also := b.(*source)
		return a == b || ok && also && one.id == two.id
	}
	return l.ClientID == other.ClientID && place(l.APIKey, other.APIKey) && slices.EqualFunc(l.Secrets, other.Secrets, place)
}

// lasting is a short hash of parts that is the same in every process. 64 bits of the
// hash of a long random secret neither give nor prove the secret.
func lasting(parts ...string) string {
	h := hmac.New(sha256.New, []byte("jc-mcp lasting name v1"))
	h.Write([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Variable is a secret in an environment variable, read when it is needed.
func Variable(getenv func(string) string, name string) Source {
	return newSource("a variable", name, func(context.Context) (Secret, error) {
		text := getenv(name)
		if text == "" {
			return "", sourceError("the environment variable " + name + " is not set")
		}
		return cleanSecret([]byte(text))
	})
}
