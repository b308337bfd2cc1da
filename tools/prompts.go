package tools

import (
	"context"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// Prompts are the prompts whose tools the caller may use, sorted by name.
func (d *Desk) Prompts(ctx context.Context) []Prompt { return nil }

// Prompt fills a prompt in.
func (d *Desk) Prompt(ctx context.Context, name string, args map[string]string) (string, error) {
	return "", &Refusal{jc.CodeNotFound, "there is no prompt " + clip(name) + " here"}
}
