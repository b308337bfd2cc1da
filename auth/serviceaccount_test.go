package auth

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"time"
)

func TestServiceAccountIsChecked(t *testing.T) {
	ok := []Source{Value("s")}
	for name, c := range map[string]struct {
		acc  ServiceAccount
		want bool
	}{
		"good":              {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "https://id.example.com/oauth2/token"}, true},
		"host only":         {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "https://id.example.com"}, true},
		"loopback":          {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "http://127.0.0.1:80"}, true},
		"loopback v6":       {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "http://[::1]:80"}, true},
		"localhost":         {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "http://localhost"}, true},
		"no id":             {ServiceAccount{Secrets: ok, TokenURL: "https://id.example.com"}, false},
		"id of two lines":   {ServiceAccount{ClientID: "a\nb", Secrets: ok, TokenURL: "https://id.example.com"}, false},
		"no secret":         {ServiceAccount{ClientID: "a", TokenURL: "https://id.example.com"}, false},
		"nil secret":        {ServiceAccount{ClientID: "a", Secrets: []Source{nil}, TokenURL: "https://id.example.com"}, false},
		"in clear":          {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "http://id.example.com"}, false},
		"looks like home":   {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "http://localhost.example.com"}, false},
		"no address":        {ServiceAccount{ClientID: "a", Secrets: ok}, false},
		"user in address":   {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "https://u:" + canary + "@id.example.com"}, false},
		"query in address":  {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "https://id.example.com/?x=" + canary}, false},
		"address, no parse": {ServiceAccount{ClientID: "a", Secrets: ok, TokenURL: "https://" + canary + "\x7f"}, false},
	} {
		cred, err := c.acc.Credential()
		if (err == nil) != c.want || (cred != nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			refuseCanary(t, name, err.Error())
		}
	}
}

func TestNames(t *testing.T) {
	if got := APIKey(Value("x")).String(); got != "API key" {
		t.Error(got)
	}
	for id, want := range map[string]string{"jc-1": "service account jc-1", "jc-account-" + canary: "service account jc-accou…", "a\x1bb": "service account"} {
		if got := (ServiceAccount{ClientID: id}).name(); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
}

func TestTokenClientIsOurOwn(t *testing.T) {
	jar, _ := cookiejar.New(nil)
	given := &http.Client{Jar: jar}
	for name, acc := range map[string]ServiceAccount{"made": {}, "given": {HTTP: given}} {
		c := acc.client()
		if c.Timeout != tokenTimeout || c.Jar != nil || c.CheckRedirect == nil || !errors.Is(c.CheckRedirect(nil, nil), http.ErrUseLastResponse) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if given.Jar == nil || given.CheckRedirect != nil {
		t.Error("the caller's client was changed")
	}
	if tr := (ServiceAccount{}).client().Transport.(*http.Transport); tr.Proxy != nil || !tr.DisableKeepAlives {
		t.Error("the transport takes a proxy from the environment, or keeps connections")
	}
	if c := (ServiceAccount{HTTP: &http.Client{Timeout: time.Second}}).client(); c.Timeout != time.Second {
		t.Error("the caller's timeout was changed")
	}
}

// TestTokenOverTCP runs once over a real connection, with the client made by default,
// an endpoint that redirects and a proxy in the environment.
func TestTokenOverTCP(t *testing.T) {
	evilSeen := 0
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { evilSeen++ }))
	defer evil.Close()
	t.Setenv("HTTP_PROXY", evil.URL)
	redirect := false
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if redirect {
			http.Redirect(w, r, evil.URL, http.StatusTemporaryRedirect)
			return
		}
		if _, secret, _ := r.BasicAuth(); secret != "A" || r.URL.Path != "/oauth2/token" {
			t.Errorf("asked %s", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"tok","token_type":"Bearer","expires_in":3600}`))
	}))
	defer ts.Close()
	for _, redirect = range []bool{false, true} {
		c, err := ServiceAccount{ClientID: "a", Secrets: []Source{Value("A")}, TokenURL: ts.URL}.Credential()
		if err != nil {
			t.Fatal(err)
		}
		tok, err := bearer(t.Context(), c)
		if redirect && (tok != "" || !errors.Is(err, ErrNoToken)) || !redirect && (tok != "tok" || err != nil) {
			t.Errorf("redirect %v: %q, %v", redirect, tok, err)
		}
	}
	if evilSeen != 0 {
		t.Errorf("the other host was asked %d times", evilSeen)
	}
}
