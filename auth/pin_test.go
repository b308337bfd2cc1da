package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody}
}

func TestPinnedSignsConfiguredHostsOnly(t *testing.T) {
	var sent []*http.Request
	next := roundTrip(func(r *http.Request) (*http.Response, error) { sent = append(sent, r); return answer(200), nil })
	rt := Pinned(APIKey(Value(canary)), next, parse(t, "https://console.example.com"), parse(t, "http://127.0.0.1:8081"), parse(t, "https://[::1]:9000"), nil, &url.URL{})
	for target, ok := range map[string]bool{
		"https://console.example.com/api/x":       true,
		"https://console.example.com:443/api/x":   true,
		"HTTPS://Console.Example.COM/api/x":       true,
		"http://127.0.0.1:8081/":                  true,
		"https://[::1]:9000/":                     true,
		"http://console.example.com/api/x":        false, // scheme
		"http://console.example.com:443/":         false,
		"https://console.example.com:8443/":       false, // port
		"http://127.0.0.1:8082/":                  false,
		"https://127.0.0.1:8081/":                 false,
		"https://[::1]/":                          false,
		"https://evil.example.com/":               false, // host
		"https://console.example.com.evil.test/":  false,
		"https://console.example.com./":           false,
		"https://example.com/":                    false,
		"https://console.example.com@evil.test/":  false,
		"https://user:pw@console.example.com/":    false, // a credential of somebody else
		"https:///api":                            false,
		"//console.example.com/api":               false,
		"ftp://console.example.com/":              false,
		"https://console.example.com%2eevil.test": false,
	} {
		u, err := url.Parse(target)
		if err != nil {
			continue // net/http could not have been asked for it either
		}
		sent = nil
		r := &http.Request{Method: "GET", URL: u, Header: http.Header{}}
		resp, err := rt.RoundTrip(r.WithContext(t.Context()))
		switch {
		case ok && (err != nil || len(sent) != 1 || sent[0].Header.Get("x-api-key") != canary || resp.StatusCode != 200):
			t.Errorf("%s: %v, sent %d", target, err, len(sent))
		case !ok && (!errors.Is(err, ErrForeignHost) || len(sent) != 0):
			t.Errorf("%s: %v, sent %d", target, err, len(sent))
		}
		if len(r.Header) != 0 {
			t.Errorf("%s: the caller's request was changed: %v", target, r.Header)
		}
	}
}

func TestPinnedRefusesAForgedHostHeader(t *testing.T) {
	rt := Pinned(APIKey(Value(canary)), roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return answer(200), nil
	}), parse(t, "https://console.example.com"))
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://console.example.com/", nil)
	r.Host = "evil.test"
	if _, err := rt.RoundTrip(r); !errors.Is(err, ErrForeignHost) {
		t.Error(err)
	}
}

func TestPinnedTakesOffForeignCredentials(t *testing.T) {
	var got http.Header
	next := roundTrip(func(r *http.Request) (*http.Response, error) { got = r.Header; return answer(401), nil })
	rt := Pinned(APIKey(Value(canary)), next, parse(t, "https://console.example.com"))
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://console.example.com/", nil)
	r.Header = http.Header{"Authorization": {"Bearer caller"}, "x-api-key": {"caller"}, "X-API-KEY": {"caller"}, "authorization": {"caller"}, "Accept": {"a"}}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got.Get("x-api-key") != canary || got.Get("Accept") != "a" {
		t.Errorf("sent %v", got)
	}
	if h := resp.Request.Header; len(h) != 1 || h.Get("Accept") != "a" || resp.Request.URL != r.URL {
		t.Errorf("the response's request has %v", h)
	}
	if r.Header.Get("Authorization") != "Bearer caller" {
		t.Error("the caller's header was changed")
	}
}

// TestRenewKnowsWhatWasRefused goes the way of the client: the response's Request is
// all that Renew gets.
func TestRenewKnowsWhatWasRefused(t *testing.T) {
	src := newCountingSource("old", 1)
	key := APIKey(src)
	rt := Pinned(key, roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("x-api-key") == "old" {
			return answer(401), nil
		}
		return answer(200), nil
	}), parse(t, "https://console.example.com"))
	send := func() *http.Response {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://console.example.com/", nil)
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	first, second := send(), send()
	for _, resp := range []*http.Response{first, second} {
		if resp.StatusCode != 401 || !key.Renew(t.Context(), resp.Request) {
			t.Errorf("status %d, not renewed", resp.StatusCode)
		}
	}
	third := send()
	if third.StatusCode != 200 || src.reloads.Load() != 1 {
		t.Errorf("status %d after %d reloads", third.StatusCode, src.reloads.Load())
	}
	if key.Renew(t.Context(), third.Request) {
		t.Error("the key in place counts as another")
	}
}

// TestUnsentErrorsSaySo goes through net/http and a client that knows the methods only.
func TestUnsentErrorsSaySo(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	busy := newAccount(t, &tokenServer{canned: func(*http.Request) (*http.Response, error) { return answer(503), nil }}, Value("A"))
	hangs := newAccount(t, &tokenServer{canned: func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}}, Value("A"))
	hangs.tokens.http.Timeout = 50 * time.Millisecond
	for name, c := range map[string]struct {
		ctx          context.Context
		cred         Credential
		unauthorized bool
		is           error
	}{
		"none": {t.Context(), nil, true, ErrNoCredential}, "busy": {t.Context(), busy, false, ErrNoToken}, "cancelled": {cancelled, hangs, false, context.Canceled},
	} {
		rt := Pinned(c.cred, roundTrip(nil), parse(t, "https://console.example.com"))
		r, _ := http.NewRequestWithContext(c.ctx, "GET", "https://console.example.com/", nil)
		_, err := (&http.Client{Transport: rt}).Do(r)
		var unsent interface {
			error
			NotSent() bool
			Unauthorized() bool
		}
		if !errors.As(err, &unsent) || !unsent.NotSent() || unsent.Unauthorized() != c.unauthorized || !errors.Is(err, c.is) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type closed struct {
	io.Reader
	n int
}

func (c *closed) Close() error { c.n++; return nil }

func TestPinnedClosesTheBodyOfARefusedRequest(t *testing.T) {
	for name, c := range map[string]struct {
		cred Credential
		want error
	}{
		"no credential": {nil, ErrNoCredential}, "no secret": {APIKey(Value("")), ErrNoSecret}, "foreign": {APIKey(Value("x")), ErrForeignHost},
	} {
		body := &closed{Reader: strings.NewReader("{}")}
		host := "https://console.example.com"
		if name == "foreign" {
			host = "https://other.example.com"
		}
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://console.example.com/", body)
		_, err := Pinned(c.cred, roundTrip(nil), parse(t, host)).RoundTrip(r)
		if !errors.Is(err, c.want) || body.n != 1 {
			t.Errorf("%s: %v, closed %d times", name, err, body.n)
		}
		refuseCanary(t, name, err.Error())
	}
}

// TestRedirectsGetNothing follows redirects, which our client never does, over real
// connections to another port and another scheme.
func TestRedirectsGetNothing(t *testing.T) {
	evilSeen := 0
	evil := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { evilSeen++ })
	plain, tls := httptest.NewServer(evil), httptest.NewTLSServer(evil)
	defer plain.Close()
	defer tls.Close()
	for _, target := range []string{plain.URL, tls.URL} {
		good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("x-api-key") != canary {
				t.Error("the configured host got no key")
			}
			http.Redirect(w, r, target, http.StatusTemporaryRedirect)
		}))
		transport := &http.Transport{}
		client := &http.Client{Transport: Pinned(APIKey(Value(canary)), transport, parse(t, good.URL))}
		r, _ := http.NewRequestWithContext(t.Context(), "POST", good.URL, strings.NewReader("password"))
		resp, err := client.Do(r)
		if resp != nil {
			resp.Body.Close()
		}
		if !errors.Is(err, ErrForeignHost) || evilSeen != 0 {
			t.Errorf("%v; the other host was asked %d times", err, evilSeen)
		}
		transport.CloseIdleConnections()
		good.Close()
	}
}
