package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
)

// LocalStdio is what the user of a server on stdio is called under `local`.
const LocalStdio = "stdio"

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

// HasTokens reports whether any agent comes with a bearer token.
func (r *Rules) HasTokens() bool {
	for _, a := range r.order {
		for _, c := range a.who {
			if c.token != "" {
				return true
			}
		}
	}
	return false
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
