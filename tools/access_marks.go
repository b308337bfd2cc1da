package tools

import (
	"fmt"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// The marks after a name. Which were looked for is said by what the head counts.
const (
	markSuspended = "!"
	markStaged    = "~"
	markLocked    = "^"
	markUnknown   = "?"
	markAdmin     = "*" // twice where no password is asked
)

// standingMarks sets them and counts what they stand for.
type standingMarks struct {
	device                                       bool
	possible, suspended, staged, locked, unknown int
	admins, adminsFree                           int
}

func newStandingMarks(device bool) *standingMarks { return &standingMarks{device: device} }

// of gives the marks of a user who reaches something. person is nil where the
// account could not be read.
func (m *standingMarks) of(person, reached jc.Row) string {
	out := m.standing(person)
	if m.device {
		out += m.admin(person, reached)
	}
	return out
}

// admin marks an administrator of a device; owner is the user or group whose own
// setting counts beside the connections.
func (m *standingMarks) admin(owner, reached jc.Row) string {
	switch adminRights(owner, reached) {
	case sudoPassword:
		m.admins++
		return markAdmin
	case sudoNoPassword:
		m.admins++
		m.adminsFree++
		return markAdmin + markAdmin
	}
	return ""
}

// standing tells whether an account can sign in.
func (m *standingMarks) standing(person jc.Row) string {
	suspended, known := userEnd.Fact("suspended").Of(person)
	locked, _ := person.Bool("account_locked")
	switch {
	case !known:
		m.unknown++
		return markUnknown
	case suspended == true:
		m.suspended++
		return markSuspended
	case person.Text("state") == "STAGED":
		m.staged++
		return markStaged
	case locked:
		m.locked++
		return markLocked
	}
	m.possible++
	return ""
}

// adminRights are the strongest that a connection on a way gives, or the own
// setting of the user or group.
func adminRights(owner, reached jc.Row) string {
	best := sudoNone
	take := func(attrs any) {
		m, _ := attrs.(map[string]any)
		if s := sudoOf(m); s == sudoNoPassword || s == sudoPassword && best == sudoNone {
			best = s
		}
	}
	take(reached["compiledAttributes"])
	paths, _ := reached["paths"].([]any)
	for _, p := range paths {
		edges, _ := p.([]any)
		for _, e := range edges {
			edge, _ := e.(map[string]any)
			take(edge["attributes"])
			to, _ := edge["to"].(map[string]any)
			take(to["attributes"])
		}
	}
	take(owner["attributes"]) // a group's; those of users are a list of other things
	if on, _ := owner.Bool("sudo"); on {
		without, _ := owner.Bool("passwordless_sudo")
		take(sudo(without))
	}
	return best
}

// counts say what was evaluated, exceptions that nobody is left out.
func (m *standingMarks) counts(read bool) (out []string) {
	if !read {
		return []string{"sign-in not read"}
	}
	words := fmt.Sprintf("sign-in possible %d, suspended %d", m.possible, m.suspended)
	for _, c := range []struct {
		n    int
		word string
	}{{m.locked, "locked"}, {m.staged, "not yet activated"}, {m.unknown, "not read"}} {
		if c.n > 0 {
			words += fmt.Sprintf(", %s %d", c.word, c.n)
		}
	}
	if m.device {
		words += fmt.Sprintf("; administrators %d, temporary ones not counted", m.admins)
	}
	return []string{words}
}

func (m *standingMarks) legend() (out []string) {
	for _, c := range []struct {
		n    int
		text string
	}{
		{m.suspended, markSuspended + " suspended"}, {m.staged, markStaged + " not yet activated"}, {m.locked, markLocked + " locked"},
		{m.unknown, markUnknown + " not read"}, {m.admins, markAdmin + " administrator"}, {m.adminsFree, markAdmin + markAdmin + " without password"},
	} {
		if c.n > 0 {
			out = append(out, c.text)
		}
	}
	return out
}
