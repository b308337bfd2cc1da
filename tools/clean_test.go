package tools

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

func TestClean(t *testing.T) {
	for in, out := range map[string]string{
		"plain":                   "plain",
		"a\u202eb":                "ab",
		"a\u200b\u200d\ufeffb":    "ab",
		"a\x1b[31mb":              "a[31mb",
		"line\nbreak":             "line⏎break",
		"crlf\r\nbreak":           "crlf⏎break",
		"tab\there":               "tab here",
		"tag\U000E0041\U000E007F": "tag",
		"bad\xffutf8":             "badutf8",
		"\u3164\u2800":            "",
		"Ünïcödé 日本 кириллица":    "Ünïcödé 日本 кириллица",
		strings.Repeat("x", 300):  strings.Repeat("x", 256) + "…",
	} {
		if got := clean(in); got != out {
			t.Errorf("clean(%q) = %q, want %q", in, got, out)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\u202e\n\x00ü")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxRunes+1 || clean(got) != got && utf8.RuneCountInString(got) <= maxRunes {
			t.Errorf("clean(%q) = %q", s, got)
		}
		for _, r := range got {
			if jc.Hidden(r) {
				t.Errorf("%U got through", r)
			}
		}
	})
}

// Secrets are told by name and by what could be one; facts about secrets are not.
func TestSecrets(t *testing.T) {
	secret := []string{"password", "sharedSecret", "shared_secret", "idpPrivateKey", "apiKey", "connectKey", "secretKey", "recoveryKey", "token", "accessToken",
		"enrollmentToken", "clientSecret", "lockPin", "totpKey", "psk", "key", "unlockPIN", "pin", "seed"}
	open := []string{"password_expiration_date", "password_date", "passwordPolicyId", "username", "tokenExpiresAt", "publicKeyId", "public_key", "keyPresent", "shipping",
		"opinion", "passwordSyncStatus", "description", "spin", "department", "serialNumber"}
	for _, n := range secret {
		if !isSecret(n, "value") {
			t.Errorf("%s is shown", n)
		}
	}
	for _, n := range open {
		if isSecret(n, "value") {
			t.Errorf("%s is hidden", n)
		}
	}
	if isSecret("password_never_expires", true) || isSecret("passwordCount", json.Number("3")) {
		t.Error("a fact about a secret is hidden")
	}
	deep := map[string]any{"config": map[string]any{"idpPrivateKey": map[string]any{"value": "canary"}, "x": []any{map[string]any{"sharedSecret": "canary", "name": "r"}}}}
	for _, v := range []any{set(deep), cleanValue(deep)} {
		if b, _ := json.Marshal(v); strings.Contains(string(b), "canary") {
			t.Errorf("a secret got through: %s", b)
		}
	}
	if got := cell(map[string]any{"password": "canary"}); strings.Contains(got, "canary") {
		t.Errorf("a secret got into a cell: %s", got)
	}
}
