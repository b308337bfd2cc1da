package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/zalando/go-keyring"
)

// keychainService is what the entries of this program stand under in the keychain of
// the operating system.
const keychainService = "jc-mcp"

// StoredLogin is an entry of the keychain: an API key, or a service account.
type StoredLogin struct {
	APIKey        Secret
	ClientID      string
	ClientSecret  Secret
	ClientSecret2 Secret // for rotation; may be empty
}

// storedLogin is its text. Secret itself never marshals.
type storedLogin struct {
	APIKey        string `json:"api_key,omitempty"`
	ClientID      string `json:"client_id,omitempty"`
	ClientSecret  string `json:"client_secret,omitempty"`
	ClientSecret2 string `json:"client_secret_2,omitempty"`
}

var keychainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// CheckKeychainName refuses what is no name of an entry.
func CheckKeychainName(name string) error {
	if !keychainName.MatchString(name) {
		return fmt.Errorf("%q is no name for the keychain: it has up to 64 letters, digits and _ . -", cut(name))
	}
	return nil
}

// SaveLogin puts a login into the keychain under a name, in the place of one that was there.
func SaveLogin(name string, l StoredLogin) error {
	if err := CheckKeychainName(name); err != nil {
		return err
	}
	text, err := json.Marshal(storedLogin{l.APIKey.Reveal(), l.ClientID, l.ClientSecret.Reveal(), l.ClientSecret2.Reveal()})
	if err != nil {
		return sourceError("the login cannot be written down")
	}
	switch err := keyring.Set(keychainService, name, string(text)); {
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return sourceError("the login is too long for the keychain")
	case err != nil:
		return noKeychain()
	}
	return nil
}

// RemoveLogin takes a login out of the keychain; was is false where there was none.
func RemoveLogin(name string) (was bool, err error) {
	switch err := keyring.Delete(keychainService, name); {
	case errors.Is(err, keyring.ErrNotFound):
		return false, nil
	case err != nil:
		return false, noKeychain()
	}
	return true, nil
}

// KeychainLogin is the login that the keychain holds under a name. Its secrets are
// read again when JumpCloud refuses one: jc-mcp login may have put new ones there.
func KeychainLogin(name string) (Login, error) {
	l, err := readKeychain(name)
	if err != nil {
		return Login{}, err
	}
	part := func(field string, of func(storedLogin) string) Source {
		return newSource("the keychain", name+"/"+field, func(context.Context) (Secret, error) {
			l, err := readKeychain(name)
			if err != nil {
				return "", err
			}
			return cleanSecret([]byte(of(l)))
		})
	}
	if l.APIKey != "" {
		return Login{APIKey: part("api_key", func(l storedLogin) string { return l.APIKey })}, nil
	}
	out := Login{ClientID: l.ClientID, Secrets: []Source{part("client_secret", func(l storedLogin) string { return l.ClientSecret })}}
	if l.ClientSecret2 != "" {
		out.Secrets = append(out.Secrets, part("client_secret_2", func(l storedLogin) string { return l.ClientSecret2 }))
	}
	return out, nil
}

func readKeychain(name string) (l storedLogin, err error) {
	if err := CheckKeychainName(name); err != nil {
		return l, sourceError(err.Error())
	}
	text, err := keyring.Get(keychainService, name)
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return l, sourceError(fmt.Sprintf("the keychain holds no login %q: jc-mcp login %s puts one there", name, name))
	case err != nil:
		return l, noKeychain()
	case json.Unmarshal([]byte(text), &l) != nil, l.APIKey == "" && (l.ClientID == "" || l.ClientSecret == ""):
		return storedLogin{}, sourceError(fmt.Sprintf("what the keychain holds as %q is no login: jc-mcp login %s writes it anew", name, name))
	}
	return l, nil
}

// noKeychain leaves the words of the operating system out: they could hold anything.
func noKeychain() error {
	return sourceError("the keychain of this user cannot be used (is there one, and is it unlocked?)")
}
