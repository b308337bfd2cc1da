package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func orgOptions() OrgFileOptions {
	return OrgFileOptions{
		Regions: []string{"us", "eu", "in"},
		Base: func(v string) error {
			if !strings.HasPrefix(v, "https://") {
				return errors.New("a base URL is https://host")
			}
			return nil
		},
		ID: func(v string) error {
			if len(v) != 24 {
				return errors.New("the id of an organisation is 24 hex digits")
			}
			return nil
		},
		Getenv: func(name string) string { return map[string]string{"GLOBEX_RO": " " + canary + " "}[name] },
	}
}

const goodOrgs = `version: 1
organizations:
  acme: {region: eu, id: 5f0123456789012345678901, credential: {api_key_file: KEY}}
  globex:
    console_url: https://console.example.com
    credential: {client_id: one, client_secret_cmd: "echo x", client_secret_2_env: GLOBEX_RO}
    credentials:
      readonly: {client_id: two, client_secret_env: GLOBEX_RO}
      desktop: {keychain: globex}
  trial: {sandbox: {users: 30, seed: 7}}
`

func TestParseOrgs(t *testing.T) {
	key := writeSecret(t, canary)
	got, err := ParseOrgs("/etc/orgs.yaml", []byte(strings.Replace(goodOrgs, "KEY", key, 1)), orgOptions())
	if err != nil {
		t.Fatal(err)
	}
	want := []Organization{
		{Name: "acme", Region: "eu", ID: "5f0123456789012345678901", Credentials: []OrgCredential{{}}},
		{Name: "globex", Region: "us", Console: "https://console.example.com", Credentials: []OrgCredential{
			{Login: Login{ClientID: "one"}}, {Name: "readonly", Login: Login{ClientID: "two"}}, {Name: "desktop", Keychain: "globex"},
		}},
		{Name: "trial", Region: "us", Sandbox: &OrgSandbox{Users: 30, Seed: 7}, Credentials: []OrgCredential{{}}},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(Login{}, "APIKey", "Secrets")); d != "" {
		t.Error(d)
	}
	sources := append(got[0].Credentials[0].Sources(), got[1].Credentials[1].Sources()...)
	if len(sources) != 2 {
		t.Fatalf("%d sources", len(sources))
	}
	for _, src := range sources {
		if v, err := src.Get(t.Context()); err != nil || v.Reveal() != canary {
			t.Errorf("%v: %v", src, err)
		}
	}
	if n := len(got[1].Credentials[0].Secrets); n != 2 {
		t.Errorf("globex has %d secrets", n)
	}
	if strings.Contains(prints(t, got), canary) {
		t.Error("a secret is printed")
	}
}

// TestOrgFileMistakes: each is told with its line, and the known words where there are some.
func TestOrgFileMistakes(t *testing.T) {
	org := func(s string) string { return "version: 1\norganizations:\n  acme: " + s + "\n" }
	ok := "credential: {api_key_cmd: pass}"
	for _, c := range []struct{ text, says string }{
		{"", "o.yaml: the file is empty"},
		{"version: 1\n", "o.yaml:1: organizations is missing"},
		{"organizations: {a: {sandbox: {}}}", "version is missing"},
		{"version: 2\norganizations: {a: {sandbox: {}}}", "o.yaml:1: version is 1"},
		{"version: 1\norganizations: {}", "there is no organisation in it"},
		{"version: 1\norganizations:\n  acme: {sandbox: {}}\n  acme: {sandbox: {}}", `o.yaml:4: "acme" stands twice`},
		{"version: 1\norganisations: {}\n", `unknown key "organisations"; did you mean "organizations"?`},
		{"version: 1\norganizations:\n  Acme: {sandbox: {}}", "o.yaml:3: the name of an organisation is up to 32 lower-case letters"},
		{"version: 1\norganizations:\n  rights: {sandbox: {}}", `"rights" means something else here`},
		{org("{}"), "organization acme has no credential"},
		{org("{regio: eu, " + ok + "}"), `o.yaml:3: unknown key "regio"; did you mean "region"?`},
		{org("{region: eux, " + ok + "}"), `unknown region "eux"`},
		{org("{region: mars, " + ok + "}"), `unknown region "mars"; known: eu, in, us`},
		{org("{id: 5f, " + ok + "}"), "id: the id of an organisation is 24 hex digits"},
		{org("{console_url: 'http://x', " + ok + "}"), "console_url: a base URL is https://host"},
		{org("{sandbox: {}, " + ok + "}"), "is a sandbox: a credential or a URL beside it"},
		{org("{sandbox: {users: 0}}"), "users is a number from 1"},
		{org("{credential: {api_key: " + canary + "}}"), "a secret does not stand in this file: write api_key_file"},
		{org("{credential: {client_id: x, client_secret: " + canary + "}}"), "write client_secret_file"},
		{org("{credential: {}}"), "one of them"},
		{org("{credential: {api_key_file: a, keychain: b}}"), "one of them"},
		{org("{credential: {api_key_file: a, client_id: b}}"), "one of them"},
		{org("{credential: {api_key_file: a, api_key_env: b}}"), "api_key stands twice here"},
		{org("{credential: {api_key_env: JC_KEY}}"), "variables that begin with JC_ are settings"},
		{org("{credential: {client_id: x}}"), "a service account has client_id and client_secret_file"},
		{org("{credential: {client_secret_file: x}}"), "a service account has client_id and client_secret_file"},
		{org("{credential: {client_id: x, client_secret_2_file: y}}"), "a service account has client_id and client_secret_file"},
		{org("{credential: {keychain: 'a b'}}"), "is no name for the keychain"},
		{org("{" + ok + ", credentials: {RO: {keychain: a}}}"), "the name of a credential is"},
		{org("{" + ok + ", credentials: {ro: {keychains: a}}}"), `unknown key "keychains"; did you mean "keychain"?`},
		{org("[x]"), "is key: value pairs here"},
	} {
		_, err := ParseOrgs("/etc/o.yaml", []byte(c.text), orgOptions())
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s\n  says %v\n  not  %s", c.text, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("a secret is repeated: %v", err)
		}
	}
}
