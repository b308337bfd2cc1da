package auth

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Organization is one of a file of organisations.
type Organization struct {
	Name   string
	Region string // "us" unless said
	ID     string // x-org-id; "" for that of the credential
	// Base URLs in the place of the region's; "" unless said.
	Console, Insights, OAuth string
	// Sandbox is an organisation in memory, in the place of JumpCloud; nil for none.
	Sandbox *OrgSandbox
	// Credentials are what it is reached with, the standard one first, its Name "".
	Credentials []OrgCredential
}

// OrgSandbox says how large an organisation in memory is, and which one.
type OrgSandbox struct{ Users, Seed int }

// OrgCredential is a login that grants may name.
type OrgCredential struct {
	Name string
	Login
	// Keychain names an entry of the keychain, in the place of Login; see [KeychainLogin].
	Keychain string
}

// OrgFileOptions are what a file of organisations is checked against.
type OrgFileOptions struct {
	Regions []string
	// Base says what is wrong with a base URL.
	Base func(string) error
	// ID says what is wrong with the id of an organisation.
	ID func(string) error
	// Getenv gives environment variables.
	Getenv func(string) string
}

// reservedOrgs would be taken for another word where organisations are named.
var reservedOrgs = []string{"all", "events", "fields", "none", "rights", "schemas"}

var orgName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// ParseOrgs reads a file of organisations, strictly and whole, in the order of the
// file. Secrets are named in it, never written: one that stands there is refused.
func ParseOrgs(name string, data []byte, o OrgFileOptions) ([]Organization, error) {
	p := &orgParser{strictFile: strictFile{name: filepath.Base(name), what: "file of organisations"}, o: o}
	root, err := p.document(data)
	if err != nil {
		return nil, err
	}
	has := p.fields(root, "a file of organisations", map[string]func(*yaml.Node){
		"version": func(n *yaml.Node) {
			if n.Kind != yaml.ScalarNode || n.Value != "1" {
				p.fail(n, "version is 1: this server reads no other")
			}
		},
		"organizations": func(n *yaml.Node) { p.each(n, "organizations", p.organization) },
	})
	for _, key := range []string{"version", "organizations"} {
		if !has[key] {
			p.fail(root, "%s is missing", key)
		}
	}
	if len(p.list) == 0 && p.errs == nil {
		p.fail(root, "there is no organisation in it")
	}
	if p.errs != nil {
		return nil, errors.Join(p.errs...)
	}
	return p.list, nil
}

type orgParser struct {
	strictFile
	o    OrgFileOptions
	list []Organization
}

func (p *orgParser) organization(name string, k, v *yaml.Node) {
	switch {
	case !orgName.MatchString(name):
		p.fail(k, "the name of an organisation is up to 32 lower-case letters, digits, _ and -: not %q", cut(name))
		return
	case slices.Contains(reservedOrgs, name):
		p.fail(k, "%q means something else here: name the organisation otherwise", name)
		return
	}
	org := Organization{Name: name, Region: "us"}
	var standard OrgCredential
	base := func(into *string, what string) func(*yaml.Node) {
		return func(n *yaml.Node) { p.checked(n, what, p.o.Base, into) }
	}
	has := p.fields(v, "organization "+name, map[string]func(*yaml.Node){
		"region": func(n *yaml.Node) {
			if word, ok := p.text(n, "region"); ok && !slices.Contains(p.o.Regions, word) {
				p.unknown(n, "region", word, p.o.Regions)
			} else if ok {
				org.Region = word
			}
		},
		"id":           func(n *yaml.Node) { p.checked(n, "id", p.o.ID, &org.ID) },
		"console_url":  base(&org.Console, "console_url"),
		"insights_url": base(&org.Insights, "insights_url"),
		"oauth_url":    base(&org.OAuth, "oauth_url"),
		"sandbox":      func(n *yaml.Node) { org.Sandbox = p.sandbox(n) },
		"credential":   func(n *yaml.Node) { standard = p.credential("", "credential", n) },
		"credentials": func(n *yaml.Node) {
			p.each(n, "credentials", func(name string, k, v *yaml.Node) {
				if !orgName.MatchString(name) {
					p.fail(k, "the name of a credential is up to 32 lower-case letters, digits, _ and -: not %q", cut(name))
					return
				}
				org.Credentials = append(org.Credentials, p.credential(name, "credential "+name, v))
			})
		},
	})
	org.Credentials = append([]OrgCredential{standard}, org.Credentials...)
	switch sandbox := org.Sandbox != nil; {
	case sandbox && (has["credential"] || has["credentials"] || has["console_url"] || has["insights_url"] || has["oauth_url"]):
		p.fail(k, "organization %s is a sandbox: a credential or a URL beside it could be meant for the real one", name)
	case !sandbox && !has["credential"]:
		p.fail(k, "organization %s has no credential: write credential: {api_key_file: /path}, or sandbox: {}", name)
	}
	p.list = append(p.list, org)
}

// checked reads a word that check finds nothing wrong with.
func (p *orgParser) checked(n *yaml.Node, what string, check func(string) error, into *string) {
	word, ok := p.text(n, what)
	if !ok {
		return
	}
	if err := check(word); err != nil {
		p.fail(n, "%s: %v", what, err)
		return
	}
	*into = word
}

func (p *orgParser) sandbox(n *yaml.Node) *OrgSandbox {
	s := &OrgSandbox{}
	p.fields(n, "sandbox", map[string]func(*yaml.Node){
		"users": func(n *yaml.Node) { p.number(n, "users", &s.Users) },
		"seed":  func(n *yaml.Node) { p.number(n, "seed", &s.Seed) },
	})
	return s
}

// credential reads what an organisation is reached with.
func (p *orgParser) credential(name, what string, n *yaml.Node) OrgCredential {
	c := OrgCredential{Name: name}
	secrets := map[string]Source{}
	keys := map[string]func(*yaml.Node){
		"client_id": func(n *yaml.Node) { c.ClientID, _ = p.text(n, "client_id") },
		"keychain":  func(n *yaml.Node) { p.checked(n, "keychain", CheckKeychainName, &c.Keychain) },
	}
	for _, secret := range []string{"api_key", "client_secret", "client_secret_2"} {
		p.secret(secret, keys, secrets)
	}
	errs := len(p.errs)
	has := p.fields(n, what, keys)
	c.APIKey = secrets["api_key"]
	for _, secret := range []string{"client_secret", "client_secret_2"} {
		if src := secrets[secret]; src != nil {
			c.Secrets = append(c.Secrets, src)
		}
	}
	if len(p.errs) > errs {
		return c
	}
	account := c.ClientID != "" || len(c.Secrets) > 0
	switch ways := countTrue(c.APIKey != nil, account, has["keychain"]); {
	case ways != 1:
		p.fail(n, "%s is an API key (api_key_file), a service account (client_id, client_secret_file) or an entry of the keychain (keychain): one of them", what)
	case account && (c.ClientID == "" || secrets["client_secret"] == nil):
		p.fail(n, "%s: a service account has client_id and client_secret_file (or _cmd, _env)", what)
	}
	return c
}

func countTrue(list ...bool) (n int) {
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
}

// secret adds the keys that say where a secret is, and the one that would hold it.
func (p *orgParser) secret(name string, keys map[string]func(*yaml.Node), into map[string]Source) {
	keys[name] = func(n *yaml.Node) {
		p.fail(n, "a secret does not stand in this file: write %s_file, %s_cmd or %s_env, or keychain", name, name, name)
	}
	for suffix, source := range map[string]func(string) Source{
		"_file": File, "_cmd": Command,
		"_env": func(v string) Source { return Variable(p.o.Getenv, v) },
	} {
		keys[name+suffix] = func(n *yaml.Node) {
			place, ok := p.text(n, name+suffix)
			switch {
			case !ok:
			case into[name] != nil:
				p.fail(n, "%s stands twice here: write one of %s_file, %s_cmd and %s_env", name, name, name, name)
			case suffix == "_env" && strings.HasPrefix(place, "JC_"):
				p.fail(n, "%s_env: variables that begin with JC_ are settings of this server: name it otherwise", name)
			default:
				into[name] = source(place)
			}
		}
	}
}
