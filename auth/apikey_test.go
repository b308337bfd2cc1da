package auth

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// signedRequest is what a client would send with c.
func signedRequest(t *testing.T, c Credential) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://console.example.com/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Sign(r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAPIKeyIsReadAgainWhenRefused(t *testing.T) {
	path := writeSecret(t, "old")
	key := APIKey(File(path))
	first := signedRequest(t, key)
	if got := first.Header.Get("x-api-key"); got != "old" {
		t.Fatalf("header %q", got)
	}
	if err := os.WriteFile(path, []byte("new\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := signedRequest(t, key).Header.Get("x-api-key"); got != "old" {
		t.Errorf("the file was read without need: %q", got)
	}
	if !key.Renew(t.Context(), first) {
		t.Error("the key changed, but Renew says no")
	}
	second := signedRequest(t, key)
	if got := second.Header.Get("x-api-key"); got != "new" {
		t.Errorf("after Renew: %q", got)
	}
	if !key.Renew(t.Context(), first) {
		t.Error("a late refusal of the old key was not told that there is a new one")
	}
	if key.Renew(t.Context(), second) {
		t.Error("nothing changed, but Renew says so")
	}
	fixed := APIKey(Value("x"))
	if r := signedRequest(t, fixed); fixed.Renew(t.Context(), r) || fixed.Renew(t.Context(), nil) {
		t.Error("a fixed key cannot change")
	}
}

// countingSource changes its secret at the n-th reload.
type countingSource struct {
	reloads  atomic.Int64
	changeAt int64
	slow     time.Duration
	text     atomic.Pointer[Secret]
}

func newCountingSource(text Secret, changeAt int64) *countingSource {
	s := &countingSource{changeAt: changeAt}
	s.text.Store(&text)
	return s
}

func (s *countingSource) Get(context.Context) (Secret, error) { return *s.text.Load(), nil }

func (s *countingSource) Reload(ctx context.Context) (bool, error) {
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if s.reloads.Add(1) != s.changeAt {
		return false, nil
	}
	v := Secret("other")
	s.text.Store(&v)
	return true, nil
}

func TestOneReloadForManyRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		changeAt int64
		unsigned bool // the client passes a request that does not say what it carried
		want     int64
	}{
		"changed": {1, false, 64}, "changed, unsigned": {1, true, 64},
		"unchanged": {0, false, 0}, "unchanged, unsigned": {0, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := newCountingSource("bad", c.changeAt)
				src.slow = time.Second
				key := APIKey(src)
				refused := signedRequest(t, key)
				if c.unsigned {
					refused.Header = nil
				}
				var renewed atomic.Int64
				var wg sync.WaitGroup
				for range 64 {
					wg.Go(func() {
						if key.Renew(t.Context(), refused) {
							renewed.Add(1)
						}
					})
				}
				wg.Wait()
				if got := src.reloads.Load(); got != 1 || renewed.Load() != c.want {
					t.Errorf("%d reloads, %d renewed", got, renewed.Load())
				}
				if c.changeAt == 0 { // later it is asked again
					time.Sleep(failureMemory)
					key.Renew(t.Context(), refused)
					if got := src.reloads.Load(); got != 2 {
						t.Errorf("%d reloads after a pause", got)
					}
				}
			})
		})
	}
}

func TestRenewObeysTheCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newCountingSource("bad", 1)
		src.slow = time.Minute
		key := APIKey(src)
		refused := signedRequest(t, key)
		go key.Renew(t.Context(), refused) // holds the turn
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if key.Renew(ctx, refused) || time.Since(start) != time.Second {
			t.Errorf("returned after %v", time.Since(start))
		}
		time.Sleep(time.Hour)
		if !key.Renew(t.Context(), refused) {
			t.Error("the first caller's reload is not seen")
		}
	})
}

func TestACallerThatGivesUpSpoilsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newCountingSource("bad", 1)
		src.slow = time.Minute
		key := APIKey(src)
		refused := signedRequest(t, key)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if key.Renew(ctx, refused) {
			t.Error("renewed without waiting for it")
		}
		if !key.Renew(t.Context(), refused) {
			t.Error("the next caller was not let in")
		}
	})
}

type brokenSource struct{ err error }

func (s brokenSource) Get(context.Context) (Secret, error)  { return "", s.err }
func (s brokenSource) Reload(context.Context) (bool, error) { return false, s.err }

func TestAPIKeyWithoutASecret(t *testing.T) {
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://console.example.com", nil)
	for name, src := range map[string]Source{
		"foreign text": brokenSource{errors.New("open: " + canary)}, "missing file": File("/no/such/file"),
		"two lines": newCountingSource(canary+"\nX: y", 0), "empty": newCountingSource("", 0),
	} {
		err := APIKey(src).Sign(r)
		var sign *SignError
		if !errors.As(err, &sign) || !errors.Is(err, ErrNoSecret) || sign.Temporary() {
			t.Errorf("%s: %v", name, err)
			continue
		}
		refuseCanary(t, name, err.Error())
		if len(r.Header) != 0 {
			t.Errorf("%s: header set: %v", name, r.Header)
		}
	}
	if err := APIKey(brokenSource{context.Canceled}).Sign(r); !errors.Is(err, context.Canceled) {
		t.Errorf("the context's own error: %v", err)
	}
}

func TestScope(t *testing.T) {
	file := writeSecret(t, canary)
	account := func(id, host string) string {
		c, err := ServiceAccount{ClientID: id, Secrets: []Source{Value(canary)}, TokenURL: host}.Credential()
		if err != nil {
			t.Fatal(err)
		}
		return c.Scope()
	}
	foreign := newCountingSource(canary, 0)
	scopes := map[string]string{
		"value": APIKey(Value(canary)).Scope(), "other value": APIKey(Value(canary + "x")).Scope(), "file": APIKey(File(file)).Scope(),
		"command": APIKey(Command(canary)).Scope(), "foreign": APIKey(foreign).Scope(), "foreign again": APIKey(foreign).Scope(),
		"account": account("a", "https://us.example.com"), "other account": account("b", "https://us.example.com"),
		"other region": account("a", "https://eu.example.com"),
	}
	seen := map[string]string{}
	for name, s := range scopes {
		if other, found := seen[s]; found || len(s) != 32 || strings.Contains(s, "CANARY") {
			t.Errorf("%s and %s: scope %q", name, other, s)
		}
		seen[s] = name
	}
	if APIKey(Value(canary)).Scope() != scopes["value"] || account("a", "https://us.example.com") != scopes["account"] {
		t.Error("the same credential has two scopes")
	}
}
