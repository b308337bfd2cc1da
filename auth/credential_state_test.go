package auth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStateOfACredential(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	if err := errors.Join(os.WriteFile(file, []byte("sesame-0123"), 0o600), os.Chtimes(file, at, at)); err != nil {
		t.Fatal(err)
	}
	if s := StateOf(APIKey(File(file))); len(s.Secrets) != 1 || !s.Secrets[0].InUse || !s.Secrets[0].Written.Equal(at) || !s.TokenUntil.IsZero() {
		t.Errorf("key in a file: %+v", s)
	}
	if s := StateOf(APIKey(Value("sesame-0123"))); len(s.Secrets) != 1 || !s.Secrets[0].Written.IsZero() {
		t.Errorf("key as a value: %+v", s)
	}
	synctest.Test(t, func(t *testing.T) {
		c := newAccount(t, &tokenServer{secrets: map[string]bool{"A": true}}, Value("wrong"), Value("A"))
		if s := StateOf(c); !s.TokenUntil.IsZero() || !s.Secrets[0].InUse {
			t.Errorf("before the first token: %+v", s)
		}
		start := time.Now()
		if _, err := bearer(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		s := StateOf(c)
		if s.Secrets[0].InUse || !s.Secrets[1].InUse || s.TokenUntil.Before(start.Add(time.Minute)) || s.TokenUntil.After(start.Add(maxTokenLife)) {
			t.Errorf("with the second secret: %+v, token for %v", s, s.TokenUntil.Sub(start))
		}
		if text := fmt.Sprintf("%+v", s); strings.Contains(text, "wrong") {
			t.Errorf("it tells: %s", text)
		}
	})
}

type refusesLines struct{ err error }

func (w *refusesLines) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

func TestAuditCountsFailures(t *testing.T) {
	w := &refusesLines{}
	a, err := NewAuditLog(w, AuditOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	write := func() { _ = a.Write(t.Context(), Line{Phase: PhaseIntent, Tool: "users_update", Risk: "change"}) }
	write()
	if a.Failures() != 0 {
		t.Errorf("%d failures", a.Failures())
	}
	w.err = errors.New("full")
	write()
	write()
	w.err = nil
	write()
	if a.Failures() != 2 {
		t.Errorf("%d failures, not 2", a.Failures())
	}
}
