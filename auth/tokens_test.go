package auth

import (
	"context"
	"encoding/json"
	"errors"
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

	"github.com/google/go-cmp/cmp"
)

func TestTokenRequest(t *testing.T) {
	var got *http.Request
	var form string
	s := &tokenServer{}
	s.canned = func(r *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(r.Body)
		got, form = r, string(b)
		return jsonAnswer(200, map[string]any{"access_token": "tok", "expires_in": 60}), nil
	}
	c := newAccount(t, s, Value("A:b/é+ "))
	if tok, err := bearer(t.Context(), c); tok != "tok" || err != nil {
		t.Fatal(tok, err)
	}
	want := []string{"POST", "https://id.example.com/oauth2/token", "grant_type=client_credentials&scope=api", "application/x-www-form-urlencoded"}
	if d := cmp.Diff(want, []string{got.Method, got.URL.String(), form, got.Header.Get("Content-Type")}); d != "" {
		t.Error(d)
	}
	if id, secret, ok := got.BasicAuth(); !ok || id != "jc-account-1" || secret != url.QueryEscape("A:b/é+") {
		t.Errorf("basic auth %q %v", id, ok)
	}
}

func TestOneFetchForManyCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: time.Second}
		c := newAccount(t, s)
		var good atomic.Int64
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if tok, err := bearer(t.Context(), c); tok == "tok1" && err == nil {
					good.Add(1)
				}
			})
		}
		wg.Wait()
		if good.Load() != 200 || s.fetches() != 1 {
			t.Errorf("%d of 200 got the token, %d fetches", good.Load(), s.fetches())
		}
	})
}

// TestALateCallerStartsNoSecondFetch: it saw no token, and asks after the fetch for it
// has ended.
func TestALateCallerStartsNoSecondFetch(t *testing.T) {
	s := &tokenServer{}
	good := newAccount(t, s)
	for range 3 {
		if tok, err := good.tokens.fetch(); err != nil || tok.(*token).access.Reveal() != "tok1" || s.fetches() != 1 {
			t.Errorf("%v, %d fetches", err, s.fetches())
		}
	}
	s = &tokenServer{}
	bad := newAccount(t, s, Value("wrong"))
	for range 3 {
		if _, err := bad.tokens.fetch(); !errors.Is(err, ErrRefused) || s.fetches() != 1 {
			t.Errorf("%v, %d fetches", err, s.fetches())
		}
	}
}

func TestEachCallersDeadlineIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: 5 * time.Second}
		c := newAccount(t, s)
		start := time.Now()
		var wg sync.WaitGroup
		for i, want := range []time.Duration{100 * time.Millisecond, 2 * time.Second, 5 * time.Second} {
			wg.Go(func() {
				ctx := t.Context()
				if i < 2 { // the first of them started the fetch, and leaves
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, want)
					defer cancel()
				}
				_, err := bearer(ctx, c)
				if took := time.Since(start); took != want || (i < 2) != errors.Is(err, context.DeadlineExceeded) || (i == 2) != (err == nil) {
					t.Errorf("caller %d: after %v: %v", i, took, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if s.fetches() != 1 {
			t.Errorf("%d fetches", s.fetches())
		}
	})
}

func TestSecondSecret(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		err       error
		asked     []string
		temporary bool
		want      error
	}{
		"400":         {status: 400, asked: []string{"A", "B"}, want: ErrRefused},
		"401":         {status: 401, asked: []string{"A", "B"}, want: ErrRefused},
		"403":         {status: 403, asked: []string{"A"}, want: ErrNoToken},
		"404":         {status: 404, asked: []string{"A"}, want: ErrNoToken},
		"429":         {status: 429, asked: []string{"A"}, want: ErrNoToken, temporary: true},
		"503":         {status: 503, asked: []string{"A"}, want: ErrNoToken, temporary: true},
		"redirect":    {status: 307, asked: []string{"A"}, want: ErrNoToken},
		"unreachable": {err: errors.New("dial " + canary), asked: []string{"A"}, want: ErrNoToken, temporary: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &tokenServer{}
			s.canned = func(*http.Request) (*http.Response, error) {
				if c.err != nil {
					return nil, c.err
				}
				r := jsonAnswer(c.status, map[string]any{"error": canary, "error_description": canary})
				r.Header.Set("Location", "https://evil.test/"+canary)
				return r, nil
			}
			_, err := bearer(t.Context(), newAccount(t, s, Value("A"), Value("B")))
			var sign *SignError
			if !errors.Is(err, c.want) || !errors.As(err, &sign) || sign.Temporary() != c.temporary {
				t.Fatalf("%v", err)
			}
			if d := cmp.Diff(c.asked, s.asked); d != "" {
				t.Error(d)
			}
			refuseCanary(t, "error", err.Error())
		})
	}
}

func TestFailOverAndBack(t *testing.T) {
	s := &tokenServer{secrets: map[string]bool{"B": true}}
	c := newAccount(t, s, Value("A"), Value("B"))
	renew := func() (string, error) {
		c.tokens.mu.Lock()
		c.tokens.now = nil
		c.tokens.mu.Unlock()
		return bearer(t.Context(), c)
	}
	for range 2 {
		if _, err := renew(); err != nil {
			t.Fatal(err)
		}
	}
	s.set(func() { s.secrets = map[string]bool{"A": true} })
	if _, err := renew(); err != nil {
		t.Fatal(err)
	}
	// B is remembered as good, and asked first until it is refused.
	if d := cmp.Diff([]string{"A", "B", "B", "B", "A"}, s.asked); d != "" {
		t.Error(d)
	}
}

func TestSecretsAreReadAgainBeforeGivingUp(t *testing.T) {
	path := writeSecret(t, "old")
	s := &tokenServer{secrets: map[string]bool{"old": true}}
	c := newAccount(t, s, File(path), Value("B"))
	if _, err := bearer(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.set(func() { s.secrets, s.asked = map[string]bool{"new": true}, nil })
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Renew(t.Context(), signedRequest(t, c))
	if tok, err := bearer(t.Context(), c); err != nil || tok != "tok1" && tok != "tok2" {
		t.Fatal(tok, err)
	}
	c.tokens.now = nil
	if _, err := bearer(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"old", "B", "new", "new"}, s.asked); d != "" {
		t.Error(d)
	}
}

func TestAnUnreadableSecretDoesNotHideTheOther(t *testing.T) {
	s := &tokenServer{secrets: map[string]bool{"B": true}}
	if _, err := bearer(t.Context(), newAccount(t, s, File("/no/such/file"), Value("B"))); err != nil {
		t.Error(err)
	}
	_, err := bearer(t.Context(), newAccount(t, s, File("/no/such/file"), Value("C")))
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "HTTP 401 invalid_client") {
		t.Errorf("%v", err)
	}
	_, err = bearer(t.Context(), newAccount(t, s, Value("C"), File("/no/such/file")))
	if !errors.Is(err, ErrRefused) {
		t.Errorf("the refusal says more: %v", err)
	}
	_, err = bearer(t.Context(), newAccount(t, s, File("/no/such/file")))
	if !errors.Is(err, ErrNoSecret) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

func TestAFailedFetchIsRememberedBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{}
		c := newAccount(t, s)
		s.canned = func(*http.Request) (*http.Response, error) { return answer(503), nil }
		for range 1000 {
			if _, err := bearer(t.Context(), c); !errors.Is(err, ErrNoToken) {
				t.Fatal(err)
			}
		}
		if s.fetches() != 1 {
			t.Errorf("%d fetches for 1000 calls", s.fetches())
		}
		s.set(func() { s.canned = nil })
		time.Sleep(failureMemory - time.Millisecond)
		if _, err := bearer(t.Context(), c); err == nil {
			t.Error("asked again too early")
		}
		time.Sleep(time.Millisecond)
		if _, err := bearer(t.Context(), c); err != nil || s.fetches() != 2 {
			t.Errorf("%v after %d fetches", err, s.fetches())
		}
	})
}

func TestARefusedTokenIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{}
		c := newAccount(t, s)
		first := signedRequest(t, c)
		var wg sync.WaitGroup
		for range 200 { // all were refused with the same token
			wg.Go(func() {
				if !c.Renew(t.Context(), first) {
					t.Error("not renewed")
				}
				if tok, err := bearer(t.Context(), c); tok != "tok2" || err != nil {
					t.Error(tok, err)
				}
			})
		}
		wg.Wait()
		if s.fetches() != 2 {
			t.Errorf("%d fetches", s.fetches())
		}
		// A client that cannot say what was refused drops a token only if it is not brand new.
		for i, want := range []int{2, 3} {
			time.Sleep(time.Duration(i) * justRenewed)
			c.Renew(t.Context(), nil)
			if _, err := bearer(t.Context(), c); err != nil || s.fetches() != want {
				t.Errorf("%v, %d fetches, want %d", err, s.fetches(), want)
			}
		}
	})
}

func TestEarlyRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{expires: 1000}
		c := newAccount(t, s)
		at := func(age time.Duration, token string, fetches int) {
			t.Helper()
			tok, err := bearer(t.Context(), c)
			synctest.Wait()
			if tok != token || err != nil || s.fetches() != fetches {
				t.Errorf("at %v: %q, %v, %d fetches; want %q, %d", age, tok, err, s.fetches(), token, fetches)
			}
		}
		at(0, "tok1", 1)
		time.Sleep(799 * time.Second)
		at(799*time.Second, "tok1", 1)
		time.Sleep(52 * time.Second)
		at(851*time.Second, "tok1", 2) // the old one now, the new one fetched behind it
		at(851*time.Second, "tok2", 2)

		// The endpoint fails while the second token ages: calls do not feel it before 95 %.
		s.set(func() { s.canned = func(*http.Request) (*http.Response, error) { return answer(503), nil } })
		time.Sleep(860 * time.Second)
		for range 100 {
			at(860*time.Second, "tok2", 3)
		}
		time.Sleep(renewPause)
		at(875*time.Second, "tok2", 4)
		time.Sleep(74 * time.Second)
		at(949*time.Second, "tok2", 5)
		time.Sleep(2 * time.Second)
		if _, err := bearer(t.Context(), c); err == nil {
			t.Error("used after 95 % of its life")
		}
		s.set(func() { s.canned = nil })
		time.Sleep(failureMemory)
		if tok, err := bearer(t.Context(), c); tok != "tok3" || err != nil {
			t.Error(tok, err)
		}
	})
}

func TestLifeOfAToken(t *testing.T) {
	for name, c := range map[string]struct {
		expires any
		life    time.Duration
	}{
		"plain": {600, 600 * time.Second}, "text": {"600", 600 * time.Second}, "missing": {"", assumedTokenLife}, "zero": {0, assumedTokenLife},
		"negative": {-5, assumedTokenLife}, "a day": {86400, maxTokenLife}, "absurd": {int64(1) << 60, maxTokenLife}, "null": {json.RawMessage("null"), assumedTokenLife},
		"absurdly negative": {-(int64(1) << 40), assumedTokenLife}, "short": {1, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &tokenServer{expires: c.expires, delay: 100 * time.Millisecond}
				acc := newAccount(t, s)
				if _, err := bearer(t.Context(), acc); err != nil {
					t.Fatal(err)
				}
				tok := acc.tokens.now
				if tok.life != c.life || tok.renewAt < c.life*80/100 || tok.renewAt > c.life*85/100+1 {
					t.Errorf("life %v, renewed at %v", tok.life, tok.renewAt)
				}
				if got := tok.age(time.Now()); got != 100*time.Millisecond {
					t.Errorf("age %v: it counts from before the request", got)
				}
			})
		})
	}
}

func TestAnswersThatAreNoToken(t *testing.T) {
	text := func(kind, body string) *http.Response {
		r := answer(200)
		r.Header.Set("Content-Type", kind)
		r.Body = io.NopCloser(strings.NewReader(body))
		return r
	}
	for name, r := range map[string]*http.Response{
		"HTML":         text("text/html", "<html>"+canary),
		"plain":        text("text/plain", canary),
		"empty":        text("application/json", ""),
		"cut":          text("application/json", `{"access_token":"`+canary),
		"no token":     text("application/json", `{"note":"`+canary+`"}`),
		"wrong type":   text("application/json", `{"access_token":["`+canary+`"]}`),
		"new line":     jsonAnswer(200, map[string]any{"access_token": canary + "\r\nX-Evil: 1"}),
		"not ASCII":    jsonAnswer(200, map[string]any{"access_token": canary + "é"}),
		"not bearer":   jsonAnswer(200, map[string]any{"access_token": canary, "token_type": "mac"}),
		"huge":         jsonAnswer(200, map[string]any{"access_token": canary + strings.Repeat("a", maxTokenBytes)}),
		"200, refused": jsonAnswer(200, map[string]any{"error": "invalid_client", "error_description": canary}),
	} {
		s := &tokenServer{canned: func(*http.Request) (*http.Response, error) { return r, nil }}
		tok, err := bearer(t.Context(), newAccount(t, s, Value("A")))
		var sign *SignError
		if tok != "" || !errors.As(err, &sign) || errors.Is(err, ErrRefused) != (name == "200, refused") {
			t.Errorf("%s: %q, %v", name, tok, err)
			continue
		}
		refuseCanary(t, name, err.Error()+prints(t, err))
	}
}

func TestAnEndpointThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &tokenServer{delay: time.Hour}
		start := time.Now()
		_, err := bearer(t.Context(), newAccount(t, s))
		if took := time.Since(start); took != tokenTimeout || !errors.Is(err, ErrNoToken) || !strings.Contains(err.Error(), "in time") {
			t.Errorf("after %v: %v", took, err)
		}
	})
}
