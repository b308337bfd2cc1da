// Package auth knows who is calling, what they may do, and with which
// credential the server itself speaks to JumpCloud. It seals what a person is
// asked, and writes the line that every call leaves.
package auth

import "context"

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
// has an owner (a cursor, a task, a seal) is kept for a Key.
func (p Principal) Key() string { return p.Agent + "\x00" + p.Name }

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
