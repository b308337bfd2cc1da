package auth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

type pinned struct {
	cred  Credential
	next  http.RoundTripper
	hosts map[string]bool // scheme://host:port
}

// Pinned signs the requests that go to one of hosts (scheme, host and port must be
// equal) and hands them to next. A request for anywhere else is refused with
// ErrForeignHost and not sent at all, so that neither a redirect nor a mistake can
// carry the credential away. A credential set by the caller is taken off first; with
// a nil c every request fails with ErrNoCredential. Requests that were not sent fail
// with a *SignError.
//
// The Request of the response carries no credential, only a mark of the one used:
// it is what Credential.Renew wants after a 401.
func Pinned(c Credential, next http.RoundTripper, hosts ...*url.URL) http.RoundTripper {
	p := &pinned{cred: c, next: next, hosts: map[string]bool{}}
	for _, u := range hosts {
		if u != nil && u.Host != "" {
			p.hosts[origin(u.Scheme, u.Host)] = true
		}
	}
	return p
}

// origin writes scheme and host in one form: lower case, with the port.
func origin(scheme, host string) string {
	scheme, host = strings.ToLower(scheme), strings.ToLower(host)
	if u := (url.URL{Host: host}); u.Port() == "" {
		port := "80"
		if scheme == "https" {
			port = "443"
		}
		host = net.JoinHostPort(u.Hostname(), port)
	}
	return scheme + "://" + host
}

func (p *pinned) RoundTrip(r *http.Request) (*http.Response, error) {
	signed, err := p.sign(r)
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper closes the body, also when it refuses
		}
		return nil, err
	}
	resp, err := p.next.RoundTrip(signed)
	if resp != nil {
		redact(resp, signed.Header)
		ctx := context.WithValue(r.Context(), signedKey{}, signedMark(signed.Header))
		resp.Request = r.WithContext(ctx)
		resp.Request.Header = withoutCredentials(r.Header)
	}
	return resp, err
}

// CloseIdleConnections drops those of the transport below.
func (p *pinned) CloseIdleConnections() {
	if c, ok := p.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (p *pinned) sign(r *http.Request) (*http.Request, error) {
	switch {
	case p.cred == nil:
		return nil, &SignError{Reason: ErrNoCredential}
	case r.URL == nil, !p.hosts[origin(r.URL.Scheme, r.URL.Host)]:
		return nil, &SignError{Reason: ErrForeignHost}
	case r.Host != "" && origin(r.URL.Scheme, r.Host) != origin(r.URL.Scheme, r.URL.Host):
		return nil, &SignError{Reason: ErrForeignHost, Detail: "the Host header names another"}
	case r.URL.User != nil:
		return nil, &SignError{Reason: ErrForeignHost, Detail: "the address holds a user name"}
	}
	signed := r.Clone(r.Context())
	signed.Header = withoutCredentials(r.Header)
	if err := p.cred.Sign(signed); err != nil {
		var ours *SignError
		if !errors.As(err, &ours) { // the caller's time ended before there was a token
			err = &SignError{Reason: err, temporary: true}
		}
		return nil, err
	}
	return signed, nil
}

// withoutCredentials copies h without anything that says who the caller is, however
// the name is written.
func withoutCredentials(h http.Header) http.Header {
	out := make(http.Header, len(h)+1)
	for name, values := range h {
		if !strings.EqualFold(name, apiKeyHeader) && !strings.EqualFold(name, bearerHeader) {
			out[name] = append([]string(nil), values...)
		}
	}
	return out
}
