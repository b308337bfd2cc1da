package auth

import (
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const remoteAgents = `version: 1
agents:
  alice:
    who: [{issuer: "https://login.example.com", subject: alice}]
    may: [{read: [users]}]
  bot:
    who: [{issuer: "https://login.example.com", client_id: bot}, {san: "spiffe://example.com/bot"}, {san: Bot.Example.com}]
    may: [{read: [users]}]
  alices-bot:
    who: [{issuer: "https://login.example.com", subject: alice, client_id: bot}]
    may: [{read: [users]}]
  carol:
    who: [{issuer: "https://login.example.com", subject: carol}, {san: carol@example.com}]
    may: [{read: [users]}]
  other:
    who: [{issuer: "https://other.example.com", subject: alice}]
    may: [{read: [users]}]
approvers:
  it-lead: {key: "jcmcp-approver 1 AAAA", may: [users_reset_mfa], issuer: "https://login.example.com", subject: carol}
`

// Claims make an agent: all that an entry names have to be, the entry that names most
// counts, and who would be two agents is none.
func TestAgentOfIdentity(t *testing.T) {
	r := parsed(t, remoteAgents)
	const login = "https://login.example.com"
	for _, c := range []struct {
		id     Identity
		agent  string
		person string
		err    error
	}{
		{Identity{Issuer: login, Subject: "alice"}, "alice", "", nil},
		{Identity{Issuer: login, Subject: "alice", Client: "laptop"}, "alice", "", nil},
		{Identity{Issuer: login, Subject: "alice", Client: "bot"}, "alices-bot", "", nil},
		{Identity{Issuer: login, Subject: "service-1", Client: "bot"}, "bot", "", nil},
		{Identity{Issuer: login, Subject: "carol"}, "carol", "it-lead", nil},
		{Identity{Issuer: "https://other.example.com", Subject: "alice"}, "other", "", nil},
		{Identity{Issuer: login, Subject: "carol", Client: "bot"}, "", "", ErrSeveral},
		{Identity{Issuer: login, Subject: "Alice"}, "", "", ErrNobody},
		{Identity{Issuer: login + "/", Subject: "alice"}, "", "", ErrNobody},
		{Identity{Issuer: "https://other.example.com", Subject: "carol"}, "", "", ErrNobody},
		{Identity{Issuer: login, Subject: "bot"}, "", "", ErrNobody},
		{Identity{Subject: "alice"}, "", "", ErrNobody},
		{Identity{}, "", "", ErrNobody},
	} {
		c.id.Scopes = "jc:read"
		p, err := r.AgentOfIdentity(c.id)
		if p.Agent != c.agent || p.Person != c.person || !errors.Is(err, c.err) {
			t.Errorf("%+v is %+v, %v", c.id, p, err)
		}
		if err == nil && (p.Name != c.id.Subject+" at "+c.id.Issuer || p.Scopes != ParseScopes("jc:read")) {
			t.Errorf("%+v is %+v", c.id, p)
		}
	}
	w := r.Ways()
	if w.Tokens || !w.Certificates || !w.Any() || !slices.Equal(w.Issuers, []string{login, "https://other.example.com"}) {
		t.Errorf("%+v", w)
	}
}

// A name counts as what it is in the certificate, and the common name never.
func TestAgentOfCertificate(t *testing.T) {
	r := parsed(t, remoteAgents)
	uri := func(s string) []*url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return []*url.URL{u}
	}
	for name, c := range map[string]struct {
		cert  x509.Certificate
		agent string
		err   error
	}{
		"URI":                          {x509.Certificate{URIs: uri("spiffe://example.com/bot")}, "bot", nil},
		"URI, another path":            {x509.Certificate{URIs: uri("spiffe://example.com/bot/x")}, "", ErrNobody},
		"URI, other letters":           {x509.Certificate{URIs: uri("spiffe://example.com/Bot")}, "", ErrNobody},
		"DNS":                          {x509.Certificate{DNSNames: []string{"x.example.com", "BOT.example.com"}}, "bot", nil},
		"DNS pattern":                  {x509.Certificate{DNSNames: []string{"*.example.com"}}, "", ErrNobody},
		"e-mail":                       {x509.Certificate{EmailAddresses: []string{"Carol@example.com"}}, "carol", nil},
		"two of one agent":             {x509.Certificate{URIs: uri("spiffe://example.com/bot"), DNSNames: []string{"bot.example.com"}}, "bot", nil},
		"two agents":                   {x509.Certificate{DNSNames: []string{"bot.example.com"}, EmailAddresses: []string{"carol@example.com"}}, "", ErrSeveral},
		"DNS that looks like a URI":    {x509.Certificate{DNSNames: []string{"spiffe://example.com/bot"}}, "", ErrNobody},
		"DNS that looks like e-mail":   {x509.Certificate{DNSNames: []string{"carol@example.com"}}, "", ErrNobody},
		"e-mail that looks like a URI": {x509.Certificate{EmailAddresses: []string{"spiffe://example.com/bot"}}, "", ErrNobody},
		"URI that looks like a host":   {x509.Certificate{URIs: []*url.URL{{Path: "bot.example.com"}}}, "", ErrNobody},
		"none":                         {x509.Certificate{}, "", ErrNobody},
	} {
		c.cert.Subject.CommonName = "bot.example.com"
		if p, err := r.AgentOfCertificate(&c.cert); p.Agent != c.agent || !errors.Is(err, c.err) || p.Scopes.Limit() {
			t.Errorf("%s is %+v, %v", name, p, err)
		}
	}
}

func TestMistakesOfWho(t *testing.T) {
	for who, want := range map[string]string{
		`{issuer: "https://a.example"}`:                             "issuer alone would be everybody",
		`{subject: x}`:                                              "together with their issuer",
		`{client_id: x}`:                                            "together with their issuer",
		`{issuer: a.example, subject: x}`:                           "issuer is the URL",
		`{issuer: "https://a.example", subject: ""}`:                "subject is a word",
		`{issuer: "https://a.example", subject: x, local: stdio}`:   "write each on its own",
		`{issuer: "https://a.example", subject: x, san: a.example}`: "write each on its own",
		`{san: a.example, client_id: x}`:                            "write each on its own",
		`{san: "*.example.com"}`:                                    "no pattern",
		`{san: "spiffe://"}`:                                        "san is a name",
		`{san: "a b"}`:                                              "san is a name",
		`{san: "Carol <carol@example.com>"}`:                        "san is a name",
		`{issuer: "https://a.example", subject: x, scope: y}`:       `unknown key "scope"`,
		`{san: a.example}, {san: A.example}`:                        "san a.example is agent a already",
		`{issuer: "https://a.example", subject: x}, {issuer: "https://a.example", subject: x}`: "subject x at https://a.example is agent a already",
	} {
		mistake(t, "version: 1\nagents: {a: {who: ["+who+"], may: [{read: [users]}]}}", want)
	}
	file := "version: 1\nagents: {a: {who: [{local: stdio}], may: [{read: [users]}]}}\napprovers: {"
	mistake(t, file+`x: {key: "k1", may: [users_unlock], subject: a}}`, "issuer and subject of an approver belong together")
	mistake(t, file+`x: {key: "k1", may: [users_unlock], issuer: "https://a.example", subject: a}, y: {key: "k2", may: [users_unlock], issuer: "https://a.example", subject: a}}`,
		"approvers x and y have the same subject")
}

func mistake(t *testing.T, file, want string) {
	t.Helper()
	_, err := ParseGrants("grants.yaml", []byte(file), someTools())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s\n  gives %v\n  wants %s", file, err, want)
	}
}

// TestOwners: tokens of one agent are one caller, so that one can take the place of
// another; whatever names somebody stands for that one alone.
func TestOwners(t *testing.T) {
	one, hashOne := NewToken()
	two, hashTwo := NewToken()
	three, hashThree := NewToken()
	r := parsed(t, `version: 1
agents:
  bot:
    who: [{token_sha256: "`+hashOne+`"}, {token_sha256: "`+hashTwo+`"}, {local: token}, {issuer: "https://login.example.com", client_id: bot}, {san: a.example.com}, {san: b.example.com}]
    may: [{read: [users]}]
  other:
    who: [{token_sha256: "`+hashThree+`"}]
    may: [{read: [users]}]
`)
	of := func(token string) Principal {
		p, ok := r.AgentOfToken(token)
		if !ok {
			t.Fatal("the token is nobody's")
		}
		return p
	}
	if a, b := of(one), of(two); a.Key() != b.Key() || a.Name == b.Name {
		t.Errorf("%+v and %+v: one caller, by two names", a, b)
	}
	local, ok := r.AgentOf("token")
	if !ok {
		t.Fatal("no local caller")
	}
	distinct := []Principal{of(one), of(three), local}
	for _, name := range []string{"a.example.com", "b.example.com"} {
		p, err := r.AgentOfCertificate(&x509.Certificate{DNSNames: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		distinct = append(distinct, p)
	}
	for _, subject := range []string{"ada", "bo", "token " + hashOne[:8], of(one).Name[:6]} {
		p, err := r.AgentOfIdentity(Identity{Issuer: "https://login.example.com", Subject: subject, Client: "bot"})
		if err != nil {
			t.Fatal(err)
		}
		distinct = append(distinct, p)
	}
	for i, p := range distinct {
		for _, q := range distinct[:i] {
			if p.Key() == q.Key() {
				t.Errorf("%q and %q are taken for one caller", p, q)
			}
		}
	}
}
