package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
)

// Bounds of a grant file.
const (
	maxGrantBytes  = 1 << 20
	maxGrantErrors = 20 // that are told at once
	maxQuota       = 1_000_000
)

// ParseGrants reads a grant file: name is cited in decisions and errors. The file is
// read strictly and whole: keys, toolsets, tools and time zones that are not known,
// an agent that nobody can be, and what stands twice are errors, all of them told,
// each with its line and the nearest known word.
func ParseGrants(name string, data []byte, known Registry) (*Rules, error) {
	sum := sha256.Sum256(data)
	p := &grantParser{
		strictFile: strictFile{name: filepath.Base(name), what: "grant file"},
		r: &Rules{
			name: filepath.Base(name), version: hex.EncodeToString(sum[:6]), facts: known.Tools(),
			agents: map[string]*agentRules{}, tools: map[string]ToolFact{}, ceiling: Ceiling{ObjectsPerCall: defaultObjects},
		},
		toolsets: slices.Sorted(slices.Values(known.Toolsets())),
	}
	p.orgRegistry, _ = known.(OrgNames)
	if names, ok := p.orgNames(); ok {
		p.r.manyOrgs = len(names) > 1
	}
	for _, f := range p.r.facts {
		p.r.tools[f.Name] = f
		p.toolNames = append(p.toolNames, f.Name)
	}
	slices.Sort(p.toolNames)
	root, err := p.document(data)
	if err != nil {
		return nil, err
	}
	p.top(root)
	if p.errs == nil {
		p.between()
	}
	if p.errs != nil {
		return nil, errors.Join(p.errs...)
	}
	return p.r, nil
}

type grantParser struct {
	strictFile
	r                   *Rules
	toolsets, toolNames []string
	orgRegistry         OrgNames // nil: any organisation may be named
}
