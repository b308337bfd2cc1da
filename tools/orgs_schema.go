package tools

import (
	"slices"
	"strings"
	"sync"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Callers who have several organisations say with each call which one it is for:
// OrgArgument takes its name, or EveryOrg.
const (
	OrgArgument = "org"
	EveryOrg    = "*" // all of the caller's, for reads
)

// Local reports whether a tool concerns this server alone, and no organisation.
func (t *Tool) Local() bool { return t.Toolset == "api" && t.carries == nil }

// everywhere reports whether one call of a tool may run in several organisations.
func (t *Tool) everywhere() bool { return t.Risk == auth.Read && !t.Local() }

// chosenSchemas keeps the schemas that take an organisation: one for each tool and set
// of organisations in use.
type chosenSchemas struct {
	mu   sync.Mutex
	kept map[chosenKey]*schemas.Schema
}

type chosenKey struct {
	of   *schemas.Schema
	orgs string
}

// maxChosen bounds what is kept: 16 sets of organisations with all tools.
const maxChosen = 16 * 1024

// choosing is the schema of a tool with the argument that names one of the caller's
// organisations; of callers that have one, none, the schema as it is.
func (c *catalog) choosing(t *Tool, s *schemas.Schema, orgs []string) *schemas.Schema {
	if len(orgs) == 0 || t.Local() {
		return s
	}
	key := chosenKey{s, strings.Join(orgs, " ")}
	c.chosen.mu.Lock()
	defer c.chosen.mu.Unlock()
	if have := c.chosen.kept[key]; have != nil {
		return have
	}
	if c.chosen.kept == nil || len(c.chosen.kept) >= maxChosen {
		c.chosen.kept = map[chosenKey]*schemas.Schema{}
	}
	values := slices.Clone(orgs)
	if t.everywhere() {
		values = append(values, EveryOrg)
	}
	out := s.Choosing(OrgArgument, values)
	c.chosen.kept[key] = out
	return out
}

// fewNames are names in one line, the first twenty of many.
func fewNames(names []string) string {
	if len(names) <= 20 {
		return joinNames(names)
	}
	return joinNames(names[:20]) + ", …"
}
