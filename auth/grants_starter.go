package auth

import _ "embed"

// GrantStarter is a grant file to begin with, with comments: a help desk, an auditor
// and an agent that takes people on.
//
//go:embed grants_starter.yaml
var GrantStarter []byte
