package tools

import (
	"context"

	"github.com/jc-mcp/jc-mcp/auth"
)

// The policies of tests decide; none of them narrows fields or counts.

func (onlyReads) Fields(auth.Principal, string) ([]string, bool) { return nil, false }
func (onlyReads) Spend(context.Context, auth.Principal, auth.Action) (func(), auth.Decision) {
	return free()
}

func (without) Fields(auth.Principal, string) ([]string, bool) { return nil, false }
func (without) Spend(context.Context, auth.Principal, auth.Action) (func(), auth.Decision) {
	return free()
}

func (notTools) Fields(auth.Principal, string) ([]string, bool) { return nil, false }
func (notTools) Spend(context.Context, auth.Principal, auth.Action) (func(), auth.Decision) {
	return free()
}

func (*notThese) Fields(auth.Principal, string) ([]string, bool) { return nil, false }
func (*notThese) Spend(context.Context, auth.Principal, auth.Action) (func(), auth.Decision) {
	return free()
}

func (noToolset) Fields(auth.Principal, string) ([]string, bool) { return nil, false }
func (noToolset) Spend(context.Context, auth.Principal, auth.Action) (func(), auth.Decision) {
	return free()
}

// free charges nothing.
func free() (func(), auth.Decision) { return func() {}, auth.Decision{Allow: true} }
