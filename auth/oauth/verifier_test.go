package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Tokens of each algorithm, and in the ways that issuers write them, are taken.
func TestGoodTokens(t *testing.T) {
	is := newIssuer()
	v := is.verifier(t, "6b1f6c0e-guid")
	now := time.Now().Unix()
	jwt := head("RS256", "rsa").with(fields{"typ": "JWT"}).text()
	want := Token{Issuer: theIssuer, Subject: "alice", Client: "agent-1", Scopes: "jc:read jc:change:users"}
	with := func(change func(*Token)) Token { w := want; change(&w); return w }
	for name, c := range map[string]struct {
		token string
		want  Token
	}{
		"RS256":                               {is.token(nil), want},
		"PS256":                               {is.sign("PS256", head("PS256", "rsa").text(), body().text()), want},
		"ES256":                               {is.sign("ES256", head("ES256", "ec").text(), body().text()), want},
		"EdDSA":                               {is.sign("EdDSA", head("EdDSA", "ed").text(), body().text()), want},
		"a key for RS256 alone":               {is.headed(fields{"kid": "rs-only"}), want},
		"application/at+jwt":                  {is.headed(fields{"typ": "application/at+JWT"}), want},
		"a thumbprint beside the kid":         {is.headed(fields{"x5t": "abc"}), want},
		"ours among the audiences":            {is.token(fields{"aud": []string{"https://other.example", theServer}}), want},
		"the other name of this server":       {is.token(fields{"aud": "6b1f6c0e-guid"}), want},
		"within the leeway":                   {is.token(fields{"iat": now + 20, "nbf": now + 20}), want},
		"just expired":                        {is.token(fields{"exp": now - 10, "iat": now - 100, "nbf": nil}), want},
		"seconds with a fraction":             {is.token(fields{"exp": float64(now) + 599.5}), want},
		"no scope, in an at+jwt":              {is.token(fields{"scope": nil}), with(func(w *Token) { w.Scopes = "" })},
		"Entra ID: typ JWT, scp, azp":         {is.sign("RS256", jwt, body().with(fields{"scope": nil, "client_id": nil, "scp": "jc:read", "azp": "agent-9", "ver": "2.0"}).text()), with(func(w *Token) { w.Scopes, w.Client = "jc:read", "agent-9" })},
		"Okta: typ missing, list, cid":        {is.sign("RS256", head("RS256", "rsa").with(fields{"typ": nil}).text(), body().with(fields{"scope": nil, "client_id": nil, "scp": []string{"jc:read", "jc:destroy"}, "cid": "0oa1"}).text()), with(func(w *Token) { w.Scopes, w.Client = "jc:read jc:destroy", "0oa1" })},
		"Keycloak: typ JWT and Bearer":        {is.sign("RS256", jwt, body().with(fields{"typ": "Bearer", "azp": "agent-1"}).text()), want},
		"bound to a certificate":              {is.token(fields{"cnf": fields{"x5t#S256": "abc"}}), with(func(w *Token) { w.Certificate = "abc" })},
		"a client that is not said":           {is.token(fields{"client_id": nil}), with(func(w *Token) { w.Client = "" })},
		"claims that nobody here has use for": {is.token(fields{"groups": []string{"a"}, "email": "a@example.com", "act": fields{"sub": "x"}}), want},
	} {
		for range 2 { // verified, and remembered
			got, err := v.Verify(t.Context(), c.token)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got.Expires.IsZero() {
				t.Errorf("%s: no end", name)
			}
			got.Expires = time.Time{}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

// In virtual time: 2,000 tokens with made-up kids cost one fetch for each 30 s, while
// good tokens go on.
func TestUnknownKeysAreNoAmplifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer()
		v := is.verifier(t)
		if _, err := v.Verify(t.Context(), is.token(nil)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(keyGuard)
		unsigned := "." + b64([]byte(body().text())) + ".AAAA" // whether it is signed would come after
		start, _ := is.gets()
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 2000 {
			if i%20 == 0 {
				wg.Wait()
				time.Sleep(900 * time.Millisecond) // 90 s in all
			}
			wg.Go(func() {
				if _, err := v.Verify(t.Context(), b64([]byte(head("RS256", fmt.Sprint("made-up-", i)).text()))+unsigned); !errors.As(err, new(Refused)) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, err := v.Verify(t.Context(), is.token(fields{"jti": "y"})); err != nil {
			t.Error(err)
		}
		keys, meta := is.gets()
		spans := int(time.Since(began)/keyGuard) + 1
		t.Logf("2000 unknown kids in %s: %d fetches of keys, %d of metadata", time.Since(began), keys-start, meta)
		if n := keys - start; n > spans || n < 2 {
			t.Errorf("%d fetches in %d spans of 30 s", n, spans)
		}
		if meta != 1 {
			t.Errorf("%d fetches of metadata", meta)
		}
	})
}

// A new key is found when a token names it; a withdrawn one goes after a quarter of an
// hour and what was remembered a minute later.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer()
		v := is.verifier(t)
		old := is.sign("RS256", head("RS256", "rsa").text(), body().with(fields{"exp": time.Now().Unix() + 7200}).text())
		verify := func(token string) error { _, err := v.Verify(t.Context(), token); return err }
		if err := verify(old); err != nil {
			t.Fatal(err)
		}
		time.Sleep(keyGuard + time.Second)
		is.set(func() { is.published = []map[string]any{ecJWK("next", "P-256", &is.ec.PublicKey)} })
		next := is.sign("ES256", head("ES256", "next").text(), body().text())
		for range 50 {
			if err := verify(next); err != nil {
				t.Fatal(err)
			}
		}
		if n, _ := is.gets(); n != 2 {
			t.Errorf("%d fetches", n)
		}
		time.Sleep(2 * time.Minute)
		if err := verify(old); err == nil {
			t.Error("a withdrawn key still counts, and the new set is known")
		}

		is.set(func() { is.published = []map[string]any{rsaJWK("rsa", "", is.rsa)} })
		time.Sleep(keyAge)
		fresh := is.sign("ES256", head("ES256", "next").text(), body().text())
		if err := verify(fresh); err != nil { // starts the reading of old keys, and does not wait for it
			t.Error(err)
		}
		synctest.Wait()
		if err := verify(is.sign("ES256", head("ES256", "next").text(), body().with(fields{"jti": "z"}).text())); err == nil {
			t.Error("a withdrawn key is known after the keys were read again")
		}
	})
}

// While the issuer is down tokens are neither taken nor called bad, and known keys go on.
func TestIssuerDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer()
		is.down = true
		v := is.verifier(t)
		waiting := is.token(nil)
		for range 100 {
			if _, err := v.Verify(t.Context(), waiting); !errors.Is(err, ErrNoKeys) {
				t.Fatal(err)
			}
		}
		is.set(func() { is.down = false })
		if _, err := v.Verify(t.Context(), is.token(nil)); !errors.Is(err, ErrNoKeys) {
			t.Error("asked again at once:", err)
		}
		time.Sleep(emptyGuard)
		if _, err := v.Verify(t.Context(), is.token(nil)); err != nil {
			t.Fatal(err)
		}
		is.set(func() { is.down = true })
		for range 23 {
			time.Sleep(time.Hour)
			if _, err := v.Verify(t.Context(), is.token(nil)); err != nil {
				t.Fatal("known keys do not go on:", err)
			}
		}
		time.Sleep(2 * time.Hour)
		if _, err := v.Verify(t.Context(), is.token(nil)); !errors.Is(err, ErrNoKeys) {
			t.Error("keys of yesterday count:", err)
		}
	})
}

// Metadata are found in each of their places, and only those of the issuer count.
func TestDiscovery(t *testing.T) {
	for _, at := range []string{
		"/.well-known/oauth-authorization-server/tenant", "/.well-known/openid-configuration/tenant", "/tenant/.well-known/openid-configuration",
	} {
		is := newIssuer()
		is.metaAt = at
		if n, err := is.verifier(t).Probe(t.Context()); err != nil || n == 0 {
			t.Errorf("%s: %v", at, err)
		}
	}
	for name, change := range map[string]func(*issuer){
		"another issuer":       func(is *issuer) { is.meta["issuer"] = theIssuer + "/" },
		"no keys":              func(is *issuer) { delete(is.meta, "jwks_uri") },
		"keys in clear":        func(is *issuer) { is.meta["jwks_uri"] = "http://login.example.com/keys" },
		"keys in a file":       func(is *issuer) { is.meta["jwks_uri"] = "file:///etc/passwd" },
		"keys behind a detour": func(is *issuer) { is.meta["jwks_uri"] = "https://login.example.com/moved" },
		"long metadata":        func(is *issuer) { is.meta["pad"] = strings.Repeat("x", maxDocument) },
		"too many keys":        func(is *issuer) { is.published = make([]map[string]any, maxKeys+1) },
	} {
		is := newIssuer()
		change(is)
		if _, err := is.verifier(t).Probe(t.Context()); !errors.Is(err, ErrNoKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, wrong := range []string{"", "login.example.com", "http://login.example.com", "https://u:p@login.example.com", "https://login.example.com/?a=b", "https://login.example.com/#x", "ftp://127.0.0.1"} {
		if _, err := New(Options{Issuer: wrong, Audiences: []string{theServer}}); err == nil {
			t.Errorf("%q is an issuer", wrong)
		}
	}
}

// What is remembered is bounded, and forgotten after a minute or when the token ends.
func TestRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSeen()
		now := time.Now()
		for i := range 3 * maxSeen {
			s.put(sumOf(fmt.Sprint(i)), Token{Expires: now.Add(time.Hour)}, now)
		}
		if len(s.kept) != maxSeen {
			t.Errorf("%d are kept", len(s.kept))
		}
		s.put(sumOf("short"), Token{Expires: now.Add(10 * time.Second)}, now)
		s.put(sumOf("long"), Token{Expires: now.Add(time.Hour)}, now)
		if _, ok := s.get(sumOf("short"), now.Add(9*time.Second)); !ok {
			t.Error("forgotten too early")
		}
		if _, ok := s.get(sumOf("short"), now.Add(10*time.Second)); ok {
			t.Error("remembered after its end")
		}
		if _, ok := s.get(sumOf("long"), now.Add(time.Minute)); ok {
			t.Error("remembered for more than a minute")
		}
		s.put(sumOf("new"), Token{Expires: now.Add(time.Hour)}, now.Add(2*time.Minute))
		if len(s.kept) != 1 {
			t.Errorf("%d are kept, and only one of them is good", len(s.kept))
		}
	})
}

// A caller that leaves, and a server that ends, do not wait for an issuer that is slow.
func TestSlowIssuer(t *testing.T) {
	reached := make(chan struct{}, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		<-r.Context().Done()
	}))
	defer srv.Close()
	v, err := New(Options{Issuer: srv.URL, Audiences: []string{theServer}, Transport: &http.Transport{}})
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() {
		_, err := v.Probe(t.Context())
		gone <- err
	}()
	<-reached
	v.Close()
	if err := <-gone; !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
}

func FuzzVerify(f *testing.F) {
	is := newIssuer()
	v, err := New(Options{Issuer: theIssuer, Audiences: []string{theServer}, Transport: is})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(v.Close)
	for _, a := range attacks(is) {
		if len(a.token) < 4096 {
			f.Add(a.token)
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		if tok, err := v.Verify(t.Context(), token); err == nil {
			t.Errorf("taken, as %q", tok.Subject)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	is := newIssuer()
	v, err := New(Options{Issuer: theIssuer, Audiences: []string{theServer}, Transport: is})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(v.Close)
	for _, alg := range [][2]string{{"RS256", "rsa"}, {"PS256", "rsa"}, {"ES256", "ec"}, {"EdDSA", "ed"}} {
		token := is.sign(alg[0], head(alg[0], alg[1]).text(), body().text())
		for _, remembered := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/remembered=%v", alg[0], remembered), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !remembered {
						v.seen = newSeen()
					}
					if _, err := v.Verify(b.Context(), token); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
