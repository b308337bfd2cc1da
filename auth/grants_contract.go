package auth

import (
	"context"
	"errors"
	"time"
)

// The approvals that only a grant file can ask for; see [Approval].
const (
	// HumanApproval is a person who proves himself to this server, outside the caller's client.
	HumanApproval Approval = ClientApproval + 1 + iota
	// OtherHumanApproval is such a person, and another one than the agent acts for.
	OtherHumanApproval
)

var approvals = [...]string{"none", "client", "human", "other-human"}

// String is the word that a grant file uses.
func (a Approval) String() string {
	if int(a) < len(approvals) {
		return approvals[a]
	}
	return "unknown"
}

// Policy decides; the same function for list, call and step.
type Policy interface {
	// Decide says whether p may do a, and who is asked before.
	//
	// Nil Targets (and, for what changes something, no Objects) ask for the tool as
	// such: list and call. A call on targets has them all in Targets; an empty list
	// that is not nil is a call on targets that are not known, and does not fit a line
	// that is narrowed by `only`. Members are looked up only for Targets under an
	// `only`, other names of a target only where `protect` names objects of its kind.
	Decide(ctx context.Context, p Principal, a Action) Decision
	// Fields are those that p may see of a toolset's objects; narrowed false is all.
	Fields(p Principal, toolset string) (fields []string, narrowed bool)
	// Spend charges quotas for a.Objects before anything is sent; back gives them back
	// when it is certain that nothing was done, and is never nil. dec.Allow is false
	// when they do not suffice, and nothing is charged then. It is called once for each
	// tool of a plan, with the targets and the number of objects of all its steps.
	Spend(ctx context.Context, p Principal, a Action) (back func(), dec Decision)
}

// Members answers whether a target is, at most 60 s ago, in a group called name.
type Members interface {
	// Member looks into the groups of a toolset ("user_groups", "device_groups") that
	// pattern names: a name as it is written, with "*" for any letters, or an id. An
	// error and "not known" both count as no.
	Member(ctx context.Context, of, pattern string, t Target) (bool, error)
}

// WithMany says that under ctx many targets will be asked for, so that a [Members] may
// read the groups once instead of each target's own.
func WithMany(ctx context.Context) context.Context { return context.WithValue(ctx, manyKey{}, true) }

// Many reports whether ctx comes from [WithMany].
func Many(ctx context.Context) bool { many, _ := ctx.Value(manyKey{}).(bool); return many }

type manyKey struct{}

// Names may be implemented by a Members as well: it tells all that an object is
// called by (a user's name and e-mail address, a device's host name, display name and
// serial number), so that `protect` holds whichever of them the file uses. Without
// it, a target is compared by its Name and ID.
type Names interface {
	Names(ctx context.Context, t Target) ([]string, error)
}

// Registry is what a grant file may name.
type Registry interface {
	Toolsets() []string
	Tools() []ToolFact
}

// ToolFact is what a grant needs to know of a tool.
type ToolFact struct {
	Name, Toolset string
	Risk          Risk
	// Grave marks a change that gives somebody an administrator's power, or weakens the
	// sign-in of all: it is granted and approved as what destroys.
	Grave bool
}

// named reports whether only its own name under do grants the tool, and a person is
// asked unless the line says otherwise.
func (f ToolFact) named() bool { return f.Risk > Change || f.Grave }

// ErrStore is the reason of a Meter, and of whatever else replicas share, that cannot
// reach the store which they have in common. Its text holds no address.
var ErrStore = errors.New("the shared store cannot be reached")

// Quota is how much may be counted under a key within any window of a length. One key
// always has the same window.
type Quota struct {
	Key    string
	Window time.Duration
	Limit  int
}

// Full tells of a quota that has no room.
type Full struct {
	Index int       // in the list that was asked
	Free  time.Time // when it would have room; zero when what is to be counted is alone over the limit
}

// Meter counts, for quotas.
type Meter interface {
	// Add counts n under every one of the quotas, or under none: then it tells of the
	// first that has no room, or why it cannot be counted.
	Add(ctx context.Context, n int, quotas ...Quota) (*Full, error)
	// Back takes n off each again, of what was counted last.
	Back(ctx context.Context, n int, quotas ...Quota)
}
