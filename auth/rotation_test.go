package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// tokenServer is a token endpoint in memory. Without a canned answer it checks the
// secret and hands out numbered tokens.
type tokenServer struct {
	mu          sync.Mutex
	secrets     map[string]bool
	live        map[string]bool
	tokenPrefix string
	expires     any // expires_in; nil means 3600, "" means left out
	canned      func(*http.Request) (*http.Response, error)
	delay       time.Duration
	asked       []string // the secrets, in order
	issued      int
}

func (s *tokenServer) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *tokenServer) fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func jsonAnswer(status int, v any) *http.Response {
	b, _ := json.Marshal(v)
	r := answer(status)
	r.Header.Set("Content-Type", "application/json")
	r.Body = io.NopCloser(bytes.NewReader(b))
	return r
}

func (s *tokenServer) RoundTrip(r *http.Request) (*http.Response, error) {
	_, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret)
	s.mu.Lock()
	s.asked = append(s.asked, secret)
	delay, canned := s.delay, s.canned
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if canned != nil {
		return canned(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.secrets[secret] {
		return jsonAnswer(401, map[string]any{"error": "invalid_client", "error_description": canary}), nil
	}
	s.issued++
	token := fmt.Sprint(s.tokenPrefix, "tok", s.issued)
	if s.live != nil {
		s.live[token] = true
	}
	out := map[string]any{"access_token": token, "token_type": "bearer", "expires_in": 3600}
	if s.expires != nil {
		out["expires_in"] = s.expires
	}
	if s.expires == "" {
		delete(out, "expires_in")
	}
	return jsonAnswer(200, out), nil
}

func newAccount(t *testing.T, s *tokenServer, secrets ...Source) *serviceAccount {
	t.Helper()
	if secrets == nil {
		s.secrets = map[string]bool{"A": true}
		secrets = []Source{Value("A")}
	}
	c, err := ServiceAccount{ClientID: "jc-account-1", Secrets: secrets, TokenURL: "https://id.example.com", Transport: s}.Credential()
	if err != nil {
		t.Fatal(err)
	}
	return c.(*serviceAccount)
}

func bearer(ctx context.Context, c Credential) (string, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", "https://console.example.com/api", nil)
	if err != nil {
		return "", err
	}
	err = c.Sign(r)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), err
}

// TestRotationUnderLoad revokes and replaces everything in turn while calls go on.
func TestRotationUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := writeSecret(t, "A")
		s := &tokenServer{secrets: map[string]bool{"A": true, "B": true}, live: map[string]bool{}, expires: 60, delay: 20 * time.Millisecond}
		c := newAccount(t, s, File(path), Value("B"))
		api := Pinned(c, roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(5 * time.Millisecond) // the network, in the bubble's time
			s.mu.Lock()
			defer s.mu.Unlock()
			if !s.live[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
				return answer(401), nil
			}
			return answer(200), nil
		}), parse(t, "https://console.example.com"))
		var done, failed atomic.Int64
		call := func() {
			r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://console.example.com/api", nil)
			for range 2 {
				resp, err := api.RoundTrip(r)
				if err == nil && resp.StatusCode == 200 {
					done.Add(1)
					return
				}
				if err != nil || !c.Renew(t.Context(), resp.Request) {
					break
				}
			}
			failed.Add(1)
		}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for ctx.Err() == nil {
					call()
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		revoke := func() { clear(s.live) }
		for _, step := range []func(){
			func() { delete(s.secrets, "A") },
			revoke,
			func() { s.secrets["C"] = true; _ = os.WriteFile(path, []byte("C"), 0o600) },
			func() { delete(s.secrets, "B"); revoke() },
			func() {},
		} {
			time.Sleep(90 * time.Second)
			s.set(step)
		}
		stop()
		wg.Wait()
		t.Logf("%d calls, %d failed, %d token requests in 450 s of virtual time", done.Load(), failed.Load(), s.fetches())
		if failed.Load() != 0 || done.Load() < 10_000 || s.fetches() > 25 {
			t.Fail()
		}
	})
}
