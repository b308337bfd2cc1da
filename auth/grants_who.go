package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// LocalStdio is what the user of a server on stdio is called under `local`.
const LocalStdio = "stdio"

// Who a caller is not, in words that can be answered.
var (
	// ErrNobody: no agent of the grant file is this caller.
	ErrNobody = errors.New("no agent of this server's grant file is this caller")
	// ErrSeveral: the grant file does not say clearly which of its agents the caller is.
	ErrSeveral = errors.New("several agents of this server's grant file are this caller")
)

// AgentOf is the agent that a local caller is ("stdio").
func (r *Rules) AgentOf(local string) (Principal, bool) {
	for _, a := range r.order {
		for _, c := range a.who {
			if local != "" && c.local == local {
				return Principal{Agent: a.name, Name: local}, true
			}
		}
	}
	return Principal{}, false
}

// AgentOfToken is the agent whose bearer token this is. Every known hash is compared,
// each in constant time, so that how long it takes says nothing.
func (r *Rules) AgentOfToken(bearer string) (p Principal, ok bool) {
	sum := sha256.Sum256([]byte(bearer))
	given := []byte(hex.EncodeToString(sum[:]))
	for _, a := range r.order {
		for _, c := range a.who {
			if c.token != "" && subtle.ConstantTimeCompare([]byte(c.token), given) == 1 {
				p, ok = Principal{Agent: a.name, Name: c.String()}, true
			}
		}
	}
	return p, ok && bearer != ""
}

// Identity is what a verified OAuth token says of who brings it.
type Identity struct {
	Issuer, Subject string
	Client          string // "" when it does not say
	Scopes          string // parted by spaces
}

// AgentOfIdentity is the agent that the grant file makes of a token's claims: the one
// whose entry names most of them. Where two agents name as many it is neither.
func (r *Rules) AgentOfIdentity(id Identity) (Principal, error) {
	best, agent, several := 0, "", false
	for _, a := range r.order {
		for _, c := range a.who {
			n := c.matches(id)
			switch {
			case n == 0 || n < best:
			case n > best:
				best, agent, several = n, a.name, false
			case agent != a.name:
				several = true
			}
		}
	}
	switch {
	case best == 0:
		return Principal{}, ErrNobody
	case several:
		return Principal{}, ErrSeveral
	}
	p := Principal{Agent: agent, Name: id.Subject + " at " + id.Issuer, Scopes: ParseScopes(id.Scopes)}
	for _, person := range r.approvers {
		if person.Subject == id.Subject && person.Issuer == id.Issuer {
			p.Person = person.Name
		}
	}
	return p, nil
}

// matches is how many claims of a token the entry names; 0 when one is another.
func (c caller) matches(id Identity) (n int) {
	if c.issuer == "" || c.issuer != id.Issuer {
		return 0
	}
	for _, claim := range [][2]string{{c.subject, id.Subject}, {c.client, id.Client}} {
		switch claim[0] {
		case "":
		case claim[1]:
			n++
		default:
			return 0
		}
	}
	return n
}

// AgentOfCertificate is the agent that one of the names in a verified client
// certificate stands for (URI, DNS, e-mail; never the common name). Where its names
// are those of two agents it is neither.
func (r *Rules) AgentOfCertificate(cert *x509.Certificate) (p Principal, err error) {
	names := sansOf(cert)
	err = ErrNobody
	for _, a := range r.order {
		for _, c := range a.who {
			switch {
			case c.san == "" || !slices.Contains(names, c.san):
			case p.Agent != "" && p.Agent != a.name:
				return Principal{}, ErrSeveral
			case p.Agent == "":
				p, err = Principal{Agent: a.name, Name: c.san}, nil
			}
		}
	}
	return p, err
}

// sansOf are the names of a certificate, each only if it has the form of its kind: a
// host name that looks like a URI is no URI.
func sansOf(cert *x509.Certificate) (out []string) {
	for _, n := range cert.DNSNames {
		if !strings.ContainsAny(n, ":/@") {
			out = append(out, sanOf(n))
		}
	}
	for _, n := range cert.EmailAddresses {
		if !strings.Contains(n, "://") && strings.Contains(n, "@") {
			out = append(out, sanOf(n))
		}
	}
	for _, u := range cert.URIs {
		if n := u.String(); strings.Contains(n, "://") {
			out = append(out, sanOf(n))
		}
	}
	return out
}

// Ways are the ways in which the agents of a grant file come from elsewhere.
type Ways struct {
	Tokens, Certificates bool
	Issuers              []string // of OAuth tokens, sorted
}

// Any reports whether anybody could come from elsewhere.
func (w Ways) Any() bool { return w.Tokens || w.Certificates || len(w.Issuers) > 0 }

// Ways says how agents come from elsewhere.
func (r *Rules) Ways() (w Ways) {
	for _, a := range r.order {
		for _, c := range a.who {
			w.Tokens = w.Tokens || c.token != ""
			w.Certificates = w.Certificates || c.san != ""
			if c.issuer != "" {
				w.Issuers = append(w.Issuers, c.issuer)
			}
		}
	}
	slices.Sort(w.Issuers)
	w.Issuers = slices.Compact(w.Issuers)
	return w
}

// NewToken makes a bearer token of 256 random bits, and the token_sha256 that a grant
// file knows it by.
func NewToken() (token, hash string) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	token = "jcmcp_" + base64.RawURLEncoding.EncodeToString(b)
	sum := sha256.Sum256([]byte(token))
	return token, hex.EncodeToString(sum[:])
}
