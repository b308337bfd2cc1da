package auth

import (
	"context"
	"net/http"
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
