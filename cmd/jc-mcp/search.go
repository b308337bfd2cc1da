package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/tools"
)

func (s *shell) searchCommand() *cobra.Command {
	var asJSON bool
	var limit int
	cmd := &cobra.Command{
		Use:   "search WORDS…",
		Short: "Find tools by words",
		Long: `Finds the tools that do what the words say, best first, as the tool api_search
does: in everyday words, with slips, about any of the tools. Nothing is sent, and
no credential is needed.

Each line is a call: name(arguments) risk: what it does. A star marks a tool that
is listed by default, ? an optional argument, [] a list, {} an object; the risk
stands where it is not read.

=NAME prints instead all that one tool takes, as a JSON Schema.

--json prints an array, best first, of {"tool", "operations", "score"}, and
"arguments" where a tool has to be given those to be what was found.`,
		Example: `  jc-mcp search unlock a user
  jc-mcp search --limit 10 who can sign in to salesforce
  jc-mcp search =users_update
  jc-mcp search --json filevault recovery key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(strings.Join(args, " ")) == "" {
				return usagef("say what to search for; usage: jc-mcp %s", cmd.Use)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usagef("--limit %d: at least 1", limit)
			}
			if name, exactly := strings.CutPrefix(strings.TrimSpace(strings.Join(args, " ")), "="); exactly {
				return s.searchExactly(strings.TrimSpace(name))
			}
			hits := tools.NewIndex(tools.All()).Search(strings.Join(args, " "), limit)
			if asJSON {
				return s.searchJSON(hits)
			}
			if len(hits) == 0 {
				return errors.New("no tool fits; use other words, such as the thing and what to do with it")
			}
			_, err := fmt.Fprintln(s.out, tools.Signatures(hits))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "tool, operations and score of each, as a JSON array")
	cmd.Flags().IntVar(&limit, "limit", 5, "how many at most")
	return cmd
}

// searchExactly prints the whole schema of a tool.
func (s *shell) searchExactly(name string) error {
	tool, err := pickTool(tools.All(), name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, string(tool.Schema.Full()))
	return err
}

// hitShown is a hit as --json says it: scripts depend on these names.
type hitShown struct {
	Tool       string            `json:"tool"`
	Operations []string          `json:"operations"` // "GET /api/…"
	Score      float64           `json:"score"`
	Arguments  map[string]string `json:"arguments,omitempty"`
}

func (s *shell) searchJSON(hits []tools.Hit) error {
	out := make([]hitShown, len(hits))
	for i, h := range hits {
		out[i] = hitShown{Tool: h.Tool.Name, Operations: []string{}, Score: h.Score}
		for _, e := range h.Operations {
			out[i].Operations = append(out[i].Operations, e.String())
		}
		if name, value, preset := strings.Cut(h.Preset, "="); preset {
			out[i].Arguments = map[string]string{name: value}
		}
	}
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
