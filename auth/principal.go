// Package auth knows who is calling, what they may do, and with which
// credential the server itself speaks to JumpCloud. It seals what a person is
// asked, and writes the line that every call leaves.
package auth

import "context"

// Principal is who makes a call.
type Principal struct {
	// Agent is the name that grants, limits and audit lines use.
	Agent string
	// Name says who is behind it, as far as known ("stdio", a token's subject).
	Name string
}

// String is the agent, with the name behind it when that differs.
func (p Principal) String() string {
	if p.Name == "" || p.Name == p.Agent {
		return p.Agent
	}
	return p.Agent + " (" + p.Name + ")"
}

// Key is what handles are bound to: who made a cursor, a task, a session. It is for
// comparing, not for reading.
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
