package auth

import (
	"context"
	"fmt"
	"time"
)

// Risk is what a tool can do at worst.
type Risk uint8

// The four risks, from harmless on.
const (
	// Read changes nothing and returns no secret.
	Read Risk = iota
	// Change alters the directory in a way that can be put back.
	Change
	// Destroy deletes, unenrols, erases, runs code on devices, commands a device, or resets a credential.
	Destroy
	// Reveal would return a key, PIN, seed, token or password.
	Reveal
)

var risks = [...]string{"read", "change", "destroy", "reveal"}

func (r Risk) String() string { return risks[r] }

// Target is an object that a step acts on.
type Target struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Action is what a grant is asked for. Every fact in it comes from one
// declaration and from the resolved targets; nothing comes from argument names.
type Action struct {
	Tool, Toolset string
	Risk          Risk
	Grave         bool // as in [ToolFact]
	// Targets are the resolved objects; nil when only the use of the tool is asked for (list, call).
	Targets []Target
	// Objects is how many objects the whole call changes.
	Objects int
}

// Approval says who has to agree before an action is done.
type Approval uint8

// The approvals that a grant can ask for.
const (
	// NoApproval lets the action go on.
	NoApproval Approval = iota
	// ClientApproval is a person asked through the caller's own client; who that is cannot be verified.
	ClientApproval
)

// Decision is a grant's answer.
type Decision struct {
	Allow    bool
	Approval Approval
	// Reason says in plain words why, for refusals ("never devices_erase").
	Reason string
	// Rule is where that stands ("grants.yaml line 14"; "no grant file").
	Rule string
	// Version identifies the rules in force; part of what is sealed.
	Version string
	// Narrowed says of a read as such that it shows some objects only: whatever is
	// shown has to be decided on with that object among the Targets.
	Narrowed bool
	// WantsReason says that the caller has to say why.
	WantsReason bool
	// Wait is how long a person has to answer where Approval asks for one; 0 is the default.
	Wait time.Duration
	// Lacks are all the scopes that the action takes, parted by spaces, where nothing but
	// the scopes of the caller's token refuses it.
	Lacks string
}

// Confirm says which calls a person is asked about where no grant file says it.
type Confirm string

// The ways to confirm.
const (
	// ConfirmDestroy asks for destroy, reveal, and changes of more than five objects.
	ConfirmDestroy Confirm = "destroy"
	// ConfirmChange asks for these and for every change.
	ConfirmChange Confirm = "change"
	// ConfirmNever asks for nothing.
	ConfirmNever Confirm = "never"
)

// manyObjects is how many objects a change may touch before a person is asked.
const manyObjects = 5

// ParseConfirm reads a configuration value; "" is ConfirmDestroy.
func ParseConfirm(s string) (Confirm, error) {
	switch c := Confirm(s); c {
	case "":
		return ConfirmDestroy, nil
	case ConfirmDestroy, ConfirmChange, ConfirmNever:
		return c, nil
	}
	return "", fmt.Errorf("unknown value %q for confirm; known: change, destroy, never", s)
}

// AllowAll grants everything to everybody who was verified, and asks as Confirm says.
type AllowAll struct {
	Confirm Confirm
	// Ceiling is how many objects one call may change; 0 is any number.
	Ceiling int
}

var _ Policy = AllowAll{}

// Decide allows, up to the ceiling.
func (g AllowAll) Decide(_ context.Context, p Principal, a Action) Decision {
	return p.Scopes.narrow(a, g.decide(a))
}

func (g AllowAll) decide(a Action) Decision {
	d := Decision{Allow: true, Rule: "no grant file", Version: fmt.Sprintf("none:%s:%d", g.Confirm, g.Ceiling)}
	if a.Risk != Read && g.Ceiling > 0 && a.Objects > g.Ceiling {
		d.Allow, d.Reason = false, fmt.Sprintf("%d objects, and one call may change %d; make it several calls, or have the operator set a ceiling in a grant file", a.Objects, g.Ceiling)
		return d
	}
	switch g.Confirm {
	case ConfirmNever:
		return d
	case ConfirmChange:
		if a.Risk != Read {
			d.Approval = ClientApproval
		}
	default:
		if a.Grave || a.Risk == Destroy || a.Risk == Reveal || a.Risk == Change && a.Objects > manyObjects {
			d.Approval = ClientApproval
		}
	}
	return d
}

// Fields narrows nothing.
func (AllowAll) Fields(Principal, string) ([]string, bool) { return nil, false }

// Spend charges nothing.
func (AllowAll) Spend(context.Context, Principal, Action) (func(), Decision) {
	return func() {}, Decision{Allow: true}
}
