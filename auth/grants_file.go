package auth

import (
	"fmt"
	"strings"
	"time"
)

// Rules are what one grant file says, read whole and found right; see [ParseGrants].
// They never change.
type Rules struct {
	name      string // of the file, as decisions cite it
	version   string
	ceiling   Ceiling
	ceilingAt int // its line; 0 where the file has none
	protect   []scope
	agents    map[string]*agentRules
	order     []*agentRules // as in the file
	approvers []Approver
	notify    Notify
	tools     map[string]ToolFact
	facts     []ToolFact
	manyOrgs  bool // the server has several organisations
}

// Ceiling is what no grant can exceed, all agents together. Writes are counted by objects.
type Ceiling struct {
	ObjectsPerCall  int
	WritesPerMinute int // 0 is no limit
	WritesPerDay    int // 0 is no limit
}

// defaultObjects is how many objects a call may change where the file does not say.
const defaultObjects = 25

// Approver is a person who may agree to what agents ask for.
type Approver struct {
	Name string
	// Key is his public key, as text.
	Key string
	// May are names and globs of the tools that he may agree to.
	May []string
	// Issuer and Subject are those of tokens whose callers act for him; "" for none.
	Issuer, Subject string

	line int
}

// MayApprove reports whether he may agree to a call of tool.
func (a Approver) MayApprove(tool string) bool {
	for _, p := range a.May {
		if toolGlob(p, tool) {
			return true
		}
	}
	return false
}

// Notify is how people hear of pending requests; the zero value is not at all.
type Notify struct {
	Command []string // program and its arguments
	Webhook string   // https, or http on loopback
}

type agentRules struct {
	name   string
	line   int
	rule   string // cites the line
	who    []caller
	orgs   []orgGrant
	orgsAt int // their line; 0 where the file names none
	may    []*grant
	never  map[string]int // tool -> line
	fines  []string       // what never says, as written
	some   bool           // it has anything at all
}

// grant is one line of may.
type grant struct {
	rule                     string // cites the line
	line                     int
	read, write, do          []string            // as written
	reads, writes            map[string]bool     // toolsets
	named, globbed           map[string]bool     // tools; globs reach reads and changes only
	fields                   map[string][]string // toolset -> fields
	only                     []scope
	onlyReads                bool
	perCall, perHour, perDay int // 0 is no limit
	when                     *hours
	reason                   bool // a change has to say why
	approve                  Approval
	approveSaid              bool
	wait                     time.Duration
	key                      string // names its quotas: the same as long as it says the same
}

// scope is a part of the directory: objects of one toolset by name.
type scope struct {
	toolset  string
	patterns []string
	line     int
}

func (s scope) String() string {
	return strings.ReplaceAll(s.toolset, "_", " ") + " " + strings.Join(s.patterns, ", ")
}

// gives reports whether the line speaks of the tool at all.
func (g *grant) gives(f ToolFact) bool {
	switch {
	case g.named[f.Name]:
		return true
	case f.named():
		return false
	}
	return g.globbed[f.Name] || g.writes[f.Toolset] || f.Risk == Read && g.reads[f.Toolset]
}

// asks is who has to agree to a tool that the line gives.
func (g *grant) asks(f ToolFact) Approval {
	switch {
	case f.Risk == Read && !g.named[f.Name] && !g.globbed[f.Name]:
		return NoApproval // what comes with a toolset is not asked for
	case g.approveSaid:
		return g.approve
	case f.named():
		return HumanApproval
	}
	return NoApproval
}

// wantsReason reports whether a caller has to say why he uses a tool of that risk.
func (g *grant) wantsReason(risk Risk) bool { return g.reason && risk != Read }

// conditions are the words after a grant, "" when there are none.
func (g *grant) conditions(f ToolFact) string {
	var parts []string
	if a := g.asks(f); a != NoApproval {
		p := "approve " + a.String()
		if g.wait > 0 {
			p += " within " + shortDuration(g.wait)
		}
		parts = append(parts, p)
	}
	if f.Risk != Read || g.onlyReads {
		for _, s := range g.only {
			parts = append(parts, "only "+s.String())
		}
	}
	if f.Risk != Read {
		if q := g.quotas(); q != "" {
			parts = append(parts, q)
		}
	}
	if g.wantsReason(f.Risk) {
		parts = append(parts, "with a reason")
	}
	if g.when != nil {
		parts = append(parts, g.when.String())
	}
	return strings.Join(parts, "; ")
}

func (g *grant) quotas() string {
	var parts []string
	for _, q := range []struct {
		n    int
		what string
	}{{g.perCall, "a call"}, {g.perHour, "an hour"}, {g.perDay, "a day"}} {
		if q.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", q.n, q.what))
		}
	}
	if parts == nil {
		return ""
	}
	return "at most " + strings.Join(parts, ", ")
}

// shortDuration is "30m", not "30m0s".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// rule cites a line; 0 is the file.
func (r *Rules) rule(line int) string {
	if line == 0 {
		return r.name
	}
	return fmt.Sprintf("%s line %d", r.name, line)
}

// Name is the file's name without its folder, as decisions cite it.
func (r *Rules) Name() string { return r.name }

// Version identifies the rules: the start of the SHA-256 of the file's bytes.
func (r *Rules) Version() string { return r.version }

// Ceiling is what no grant can exceed.
func (r *Rules) Ceiling() Ceiling { return r.ceiling }

// Approvers are the people who may agree, in the order of the file.
func (r *Rules) Approvers() []Approver { return append([]Approver(nil), r.approvers...) }

// Notify is how they hear of a request.
func (r *Rules) Notify() Notify { return r.notify }

// Agents are the names of the agents, in the order of the file.
func (r *Rules) Agents() []string {
	out := make([]string, len(r.order))
	for i, a := range r.order {
		out[i] = a.name
	}
	return out
}
