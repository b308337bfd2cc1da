package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/tools"
)

func (s *shell) toolsCommand() *cobra.Command {
	var asJSON, asMarkdown bool
	cmd := &cobra.Command{
		Use:   "tools",
		Short: "List the tools",
		Long: `Lists the tools that a client would see, name and description, one a line.
--json and --markdown say all there is to say of each, and of all tools unless
--surface narrows them. Nothing is sent, and no credential is needed.`,
		Example: `  jc-mcp tools
  jc-mcp tools --surface full --read-only
  jc-mcp tools --json --tools users_list
  jc-mcp tools --markdown > docs/tools.md`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && asMarkdown {
				return usagef("--json and --markdown are two forms: say one")
			}
			c, err := s.read(cmd, connecting, surface, selecting, guarding, logging)
			if err != nil {
				return err
			}
			if (asJSON || asMarkdown) && !s.given(cmd, "surface") {
				c.selection.Surface = tools.FullSurface
			}
			list, err := selected(c)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return s.toolsJSON(list)
			case asMarkdown:
				_, err = fmt.Fprint(s.out, markdown(list))
				return err
			}
			return s.toolsPlain(list)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "everything about each tool, as a JSON array")
	cmd.Flags().BoolVar(&asMarkdown, "markdown", false, "the reference, as Markdown")
	addFlags(cmd, surface, selecting)
	return cmd
}

func (s *shell) toolsPlain(list []*tools.Tool) error {
	for _, t := range list {
		if _, err := fmt.Fprintf(s.out, "%-36s %s\n", t.Name, t.Doc); err != nil {
			return err
		}
	}
	if all := len(tools.All()); s.terminal(s.out) && len(list) < all {
		fmt.Fprintf(s.err, "%d of %d tools; --surface full lists all\n", len(list), all)
	}
	return nil
}

// declared is a tool as --json says it: scripts depend on these names.
type declared struct {
	Name        string          `json:"name"`
	Toolset     string          `json:"toolset"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Risk        string          `json:"risk"`
	Grave       bool            `json:"grave,omitempty"` // granted by its name only, as what destroys is
	Effect      string          `json:"effect"`
	Core        bool            `json:"core"`
	Surface     string          `json:"surface"`    // the smallest that lists it
	Tokens      int             `json:"tokens"`     // what listing it costs, o200k
	Operations  []string        `json:"operations"` // "GET /api/…"
	InputSchema json.RawMessage `json:"input_schema"`
}

func (s *shell) toolsJSON(list []*tools.Tool) error {
	out := make([]declared, len(list))
	for i, t := range list {
		out[i] = declared{
			Name: t.Name, Toolset: t.Toolset, Title: t.Title, Description: t.Doc, Risk: t.Risk.String(), Grave: t.Grave,
			Effect: t.Effect.String(), Core: t.Core, Surface: string(t.Surface()), Tokens: t.ListedTokens(), Operations: operations(t), InputSchema: t.Schema.Full(),
		}
	}
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func operations(t *tools.Tool) []string {
	out := make([]string, len(t.Operations))
	for i, e := range t.Operations {
		out[i] = e.String()
	}
	return out
}
