package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

func TestKeychain(t *testing.T) {
	keyring.MockInit()
	if _, err := KeychainLogin("acme"); err == nil || !strings.Contains(err.Error(), "jc-mcp login acme puts one there") {
		t.Errorf("none yet: %v", err)
	}
	if err := SaveLogin("acme", StoredLogin{APIKey: canary}); err != nil {
		t.Fatal(err)
	}
	l, err := KeychainLogin("acme")
	if err != nil || l.APIKey == nil || l.ClientID != "" {
		t.Fatalf("%+v %v", l, err)
	}
	if v, err := l.APIKey.Get(t.Context()); err != nil || v.Reveal() != canary {
		t.Errorf("%v", err)
	}
	if strings.Contains(prints(t, l), canary) {
		t.Error("a secret is printed")
	}
	if err := SaveLogin("acme", StoredLogin{APIKey: canary + "2"}); err != nil {
		t.Fatal(err)
	}
	if changed, err := l.APIKey.Reload(t.Context()); !changed || err != nil {
		t.Errorf("a new login is not seen: %v %v", changed, err)
	}
	if v, err := l.APIKey.Get(t.Context()); err != nil || v.Reveal() != canary+"2" {
		t.Errorf("the old one: %v", err)
	}
	if err := SaveLogin("globex", StoredLogin{ClientID: "id", ClientSecret: canary, ClientSecret2: canary}); err != nil {
		t.Fatal(err)
	}
	if l, err = KeychainLogin("globex"); err != nil || l.ClientID != "id" || len(l.Secrets) != 2 {
		t.Errorf("%+v %v", l, err)
	}
	if was, err := RemoveLogin("globex"); !was || err != nil {
		t.Error(was, err)
	}
	if was, err := RemoveLogin("globex"); was || err != nil {
		t.Error(was, err)
	}
	if err := keyring.Set(keychainService, "odd", canary); err != nil {
		t.Fatal(err)
	}
	if _, err := KeychainLogin("odd"); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("what is no login: %v", err)
	}
	if err := SaveLogin("no name", StoredLogin{APIKey: canary}); err == nil {
		t.Error("a wrong name is taken")
	}
}

// TestNoKeychain: the words of the operating system could hold anything.
func TestNoKeychain(t *testing.T) {
	keyring.MockInitWithError(errors.New(canary))
	t.Cleanup(keyring.MockInit)
	_, read := KeychainLogin("acme")
	_, removed := RemoveLogin("acme")
	for _, err := range []error{read, removed, SaveLogin("acme", StoredLogin{APIKey: "x"})} {
		if err == nil || !strings.Contains(err.Error(), "cannot be used") || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
}
