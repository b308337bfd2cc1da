package auth

import (
	"net/mail"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// caller is one way in which an agent shows who it is: by local, by token, by issuer
// with subject, client or both, or by san.
type caller struct {
	local  string
	token  string // lower-case hex of the SHA-256 of a bearer token
	issuer string // of OAuth tokens
	// of the issuer's tokens; what is "" may be anything
	subject, client string
	san             string // of a client certificate, as sanOf writes it
	line            int
}

func (c caller) String() string {
	switch {
	case c.local != "":
		return "local " + c.local
	case c.token != "":
		return tokenPrefix + c.token[:8]
	case c.san != "":
		return "san " + c.san
	case c.subject != "" && c.client != "":
		return "subject " + c.subject + " with client " + c.client + " at " + c.issuer
	case c.subject != "":
		return "subject " + c.subject + " at " + c.issuer
	}
	return "client " + c.client + " at " + c.issuer
}

var (
	localName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	tokenHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
	dnsName   = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)
)

// who reads one entry of who.
func (p *grantParser) who(a *agentRules, n *yaml.Node) {
	c, before := caller{line: n.Line}, len(p.errs)
	has := p.fields(n, "who", map[string]func(*yaml.Node){
		"local": func(n *yaml.Node) {
			if s, ok := p.text(n, "local"); ok && !localName.MatchString(s) {
				p.fail(n, "local is stdio, or another word of lower-case letters, digits, _ and -")
			} else if ok {
				c.local = s
			}
		},
		"token_sha256": func(n *yaml.Node) {
			if n.Kind != yaml.ScalarNode || !tokenHash.MatchString(strings.ToLower(n.Value)) {
				p.fail(n, "token_sha256 is 64 hex digits; jc-mcp grants token makes one")
				return
			}
			c.token = strings.ToLower(n.Value)
		},
		"issuer":    func(n *yaml.Node) { p.claim(n, "issuer", &c.issuer) },
		"subject":   func(n *yaml.Node) { p.claim(n, "subject", &c.subject) },
		"client_id": func(n *yaml.Node) { p.claim(n, "client_id", &c.client) },
		"san": func(n *yaml.Node) {
			s, ok := p.text(n, "san")
			if !ok {
				return
			}
			if c.san = sanOf(s); c.san == "" {
				p.fail(n, "san is a name as client certificates have it: a URI such as spiffe://example.com/agent, a host name, or an e-mail address; no pattern")
			}
		},
	})
	ways := 0
	for _, name := range []string{"local", "token_sha256", "issuer", "san"} {
		if has[name] {
			ways++
		}
	}
	claims := has["subject"] || has["client_id"]
	switch {
	case len(p.errs) > before:
	case ways > 1 && has["local"] && has["token_sha256"]:
		p.fail(n, "local and token_sha256 are two ways to be known: write each on its own, [{local: …}, {token_sha256: …}]")
	case ways > 1 || claims && !has["issuer"] && ways > 0:
		p.fail(n, "local, token_sha256, issuer and san are ways to be known by themselves: write each on its own")
	case claims && !has["issuer"]:
		p.fail(n, "subject and client_id mean something together with their issuer only")
	case has["issuer"] && !claims:
		p.fail(n, "issuer alone would be everybody who has a token of it: add subject, client_id or both")
	case ways == 1:
		a.who = append(a.who, c)
	}
}

// claim reads the value that a claim of a token has to have, letter by letter.
func (p *grantParser) claim(n *yaml.Node, what string, into *string) {
	s, ok := p.text(n, what)
	if !ok {
		return
	}
	if u, err := url.Parse(s); what == "issuer" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		p.fail(n, "issuer is the URL that tokens have in iss, such as https://login.example.com")
		return
	}
	*into = s
}

// sanOf is a name of a certificate as it is compared: "" for what is none. Its form
// says what it is, so that a host name never passes for an e-mail address.
func sanOf(s string) string {
	switch {
	case strings.Contains(s, "*"):
		return ""
	case strings.Contains(s, "://"):
		if u, err := url.Parse(s); err != nil || u.Scheme == "" || u.Host == "" {
			return ""
		}
		return s
	case strings.Contains(s, "@"):
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			return ""
		}
		return strings.ToLower(s)
	}
	if s = strings.ToLower(s); !dnsName.MatchString(s) {
		return ""
	}
	return s
}
