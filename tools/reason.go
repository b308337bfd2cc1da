package tools

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Everything that changes something takes a reason, and it is written down: in the
// audit, the journal, and what a person is asked. Whose grant asks for one sees the
// argument listed and is refused without it; for all others it costs no token.

const (
	minReason = 3 // runes
	maxReason = 200
)

// reasonArgs are listed to those whose grant asks for a reason.
type reasonArgs struct {
	Reason string `json:"reason" in:"-" jsonschema:"required,minLength=3,maxLength=200,description=Why; written down."`
}

// why takes the reason out of the arguments of a change, before they are held against
// the schema of the tool.
func (tr *trip) why() error {
	var given map[string]json.RawMessage
	if tr.tool.Risk != auth.Read {
		_ = json.Unmarshal(tr.call.Arguments, &given) // the schema says what is wrong with them
	}
	raw, there := given["reason"]
	if !there {
		return nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return invalid("reason", "a short text is wanted")
	}
	text = strings.TrimSpace(clean(text))
	if n := utf8.RuneCountInString(text); n < minReason || n > maxReason {
		return invalid("reason", fmt.Sprintf("%d to %d letters are wanted", minReason, maxReason))
	}
	var rest any
	if json.Unmarshal(tr.call.Arguments, &rest) == nil && echoes(text, rest) {
		return invalid("reason", "it repeats a secret, and reasons are written down")
	}
	delete(given, "reason")
	args, err := json.Marshal(given)
	if err != nil {
		return invalid("", "the arguments do not have the form of the schema")
	}
	tr.reason, tr.call.Arguments = text, args
	return nil
}

// unexplained refuses a change without a reason where the grant asks for one.
func (tr *trip) unexplained(dec auth.Decision) error {
	if !dec.WantsReason || tr.reason != "" {
		return nil
	}
	return &Refusal{jc.CodeInvalidArgument, fmt.Sprintf("reason: this server (%s) wants to know why; repeat the call with the argument reason, %d to %d letters", dec.Rule, minReason, maxReason)}
}

// schemaFor is what a tool takes from a caller.
func (d *Desk) schemaFor(who auth.Principal, t *Tool) *schemas.Schema {
	if t.Risk != auth.Read && t.carries == nil && d.asSuch(who, t).WantsReason {
		return t.reasoned()
	}
	return d.schema(t)
}

// wanting says of tools that were found for which of them a reason has to be given.
func (d *Desk) wanting(who auth.Principal, found ...*Tool) string {
	var names []string
	for _, t := range found {
		if d.asSuch(who, t).WantsReason {
			names = append(names, t.Name)
		}
	}
	if names == nil {
		return ""
	}
	return "\nreason (why, as text) is required too: " + joinNames(names)
}
