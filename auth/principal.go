// Package auth knows who is calling, what they may do, and with which
// credential the server itself speaks to JumpCloud. It seals what a person is
// asked, and writes the line that every call leaves.
package auth

import (
	"context"
	"regexp"
	"strings"
)

// Principal is who makes a call. It is comparable; whether two calls are of the same
// caller is asked of Key, since the same caller comes with other scopes at another time.
type Principal struct {
	// Agent is the name that grants, limits and audit lines use.
	Agent string
	// Name says who is behind it, as far as known ("stdio", a token's subject).
	Name string
	// Person is the approver of the grant file that the caller acts for, where the
	// file says whose subject that is; "" when nobody knows.
	Person string
	// Scopes are what the token allows at most; the zero value limits nothing.
	Scopes Scopes
}

// String is the agent, with the name behind it when that differs.
func (p Principal) String() string {
	if p.Name == "" || p.Name == p.Agent {
		return p.Agent
	}
	return p.Agent + " (" + p.Name + ")"
}

// Key is the same for two calls of the same caller, whatever his token allows. What
// has an owner (a cursor, a task, a seal, a change to undo) is kept for a Key; what a
// person is asked names the Principal itself.
//
// A token of the grant file is a secret, and says nothing of who brings it but the
// agent: all of one agent are one caller, so that one can take the place of another.
// Subjects of an issuer, names of certificates and local words stand for somebody each.
func (p Principal) Key() string {
	name := p.Name
	if hash, is := strings.CutPrefix(name, tokenPrefix); is && tokenMark.MatchString(hash) {
		name = tokenPrefix
	}
	return p.Agent + "\x00" + name
}

// The name behind a token of the grant file is tokenPrefix and the first digits of its
// hash. No other name has that form: subjects go on with " at " and the issuer, and
// local words and names in certificates have no blank.
const tokenPrefix = "token "

var tokenMark = regexp.MustCompile(`^[0-9a-f]{8}$`)

type principalKey struct{}

// With puts the verified caller into the context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From is the caller in the context; ok is false when nobody was verified.
func From(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(Principal)
	return p, ok
}
