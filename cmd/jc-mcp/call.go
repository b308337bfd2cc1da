package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

func (s *shell) callCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "call TOOL [key=value …]",
		Short: "Call one tool and print what an agent would read",
		Long: `Calls one tool, any of those that jc-mcp tools --surface full lists, and prints
what an agent would read; on a terminal lists are shown as a table.

  key=value     by the type that the tool says; a key given again makes a list
  a.b=value     field b of the object a
  key:=JSON     any value, as JSON
  -             a JSON object on stdin; other arguments override it

Where a person has to agree (delete, erase, reveal, …) the question is asked on
the terminal; without one the call is refused. A cursor is good for the process
that gave it: here, raise limit instead.

With --orgs, --org is the name of one organisation in that file, and is needed where
there are several (or org=NAME among the arguments); --org '*' reads in all of them,
and answers with a section for each. Without --orgs it is the id of an organisation
(x-org-id), for administrators of several.

Exit code 0: done; 1: the call was refused or failed, and the text says why; 2: no
such tool, or arguments that cannot be read.`,
		Example: `  jc-mcp call --sandbox users_list limit=5
  jc-mcp call users_list 'filter=department=Sales, suspended=true' fields=username,email
  jc-mcp call --orgs orgs.yaml --org acme users_list count_by=department
  jc-mcp call --orgs orgs.yaml --org '*' users_list filter=suspended=true
  jc-mcp call user_groups_members_change group=Sales add=ana.lopez add=bo.chen dry_run=true
  jc-mcp call user_groups_create name=Sales attributes.sudo:='{"enabled":true,"withoutPassword":false}'
  echo '{"user":"ana.lopez"}' | jc-mcp call users_get -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("call needs the name of a tool; jc-mcp tools --surface full lists them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return s.call(cmd, args[0], args[1:]) },
	}
	addFlags(cmd, connecting, selecting, guarding, logging)
	return cmd
}

func (s *shell) call(cmd *cobra.Command, name string, words []string) error {
	ctx := cmd.Context()
	c, err := s.load(ctx, cmd)
	if err != nil {
		return err
	}
	c.selection.Surface = tools.FullSurface // a surface is for those who list
	log := s.logger(c)
	w, err := wire(cmd.Context(), c, log, s.callAudit(c), s.err, false)
	if err != nil {
		return err
	}
	defer w.Close()
	warn(ctx, c, log)
	tool, err := pickTool(w.server.Tools(), name)
	if err != nil {
		return err
	}
	args, err := parseArguments(words, tool.Schema.Full(), s.in)
	if err != nil {
		return err
	}
	if args, err = c.named(tool, args); err != nil {
		return err
	}
	ctx = auth.With(ctx, auth.Principal{Agent: "local", Name: "call"})
	answer := s.callAsking(ctx, w.server, tools.Call{Tool: name, Arguments: args})
	if err := s.show(answer); err != nil {
		return err
	}
	if answer.IsError {
		return errSaid
	}
	return nil
}

// named adds to the arguments for which organisation a call is, where there are several
// and the arguments do not say it.
func (c *config) named(t *tools.Tool, raw json.RawMessage) (json.RawMessage, error) {
	if c.orgsFile == "" || t.Local() {
		return raw, nil
	}
	var args map[string]json.RawMessage
	if err := json.Unmarshal(raw, &args); err != nil {
		return nil, err
	}
	if args[tools.OrgArgument] != nil {
		return raw, nil
	}
	switch {
	case c.org == tools.EveryOrg:
		args[tools.OrgArgument] = json.RawMessage(`"` + tools.EveryOrg + `"`)
		return json.Marshal(args)
	case len(c.organizations) > 1:
		return nil, usagef("--orgs has several organisations: say which with --org; known: %s; --org '%s' reads in all", strings.Join(c.names(), ", "), tools.EveryOrg)
	}
	return raw, nil
}

// pickTool finds a tool among those selected, or says why it is not there.
func pickTool(selected []*tools.Tool, name string) (*tools.Tool, error) {
	var names []string
	for _, t := range selected {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	for _, t := range tools.All() {
		if t.Name == name {
			return nil, usagef("%s is a tool, but --toolsets, --tools or --read-only (or their environment variables) leave it out", name)
		}
	}
	return nil, unknown("tool", name, names)
}

// callAsking makes the call, and once more with the person's reply where one has to be asked.
func (s *shell) callAsking(ctx context.Context, server tools.Server, c tools.Call) tools.Answer {
	if c.CanAsk = s.interactive(); !c.CanAsk {
		c.NoAsk = "there is no terminal here to ask one on"
	}
	end := func() {}
	if s.terminal(s.err) {
		c.Progress, end = s.progress()
	}
	answer := server.Call(ctx, c)
	end()
	if answer.Ask == nil {
		return answer
	}
	yes := s.ask(ctx, answer.Ask.Question)
	if !yes {
		ctx = context.WithoutCancel(ctx) // a no is written down even where it was the end of the process
	}
	c.Reply = &tools.Reply{Accepted: yes, State: answer.Ask.State}
	answer = server.Call(ctx, c)
	end()
	return answer
}

// clearLine empties the line of a terminal that the cursor is on.
const clearLine = "\r\x1b[K"

// progress shows on one line how far a call is; end clears that line.
func (s *shell) progress() (step func(done, total int, message string), end func()) {
	shown := false
	step = func(done, total int, message string) {
		of := ""
		if total > 0 {
			of = fmt.Sprintf(" of %d", total)
		}
		shown = true
		fmt.Fprintf(s.err, clearLine+"%d%s %s", done, of, visible(message))
	}
	return step, func() {
		if shown {
			fmt.Fprint(s.err, clearLine)
			shown = false
		}
	}
}

// callAudit shows a person at a terminal the sentence of each audit line; nil
// where the lines are for a file or a program, which get them whole.
func (s *shell) callAudit(c *config) auth.Audit {
	if c.auditLog == "" && s.terminal(s.err) {
		return spoken{s.err}
	}
	return nil
}

type spoken struct{ w io.Writer }

// Write says what the line says.
func (a spoken) Write(_ context.Context, l auth.Line) error {
	if _, err := fmt.Fprintf(a.w, clearLine+"audit: %s\n", visible(l.Say)); err != nil { // progress may stand there
		return fmt.Errorf("%w: %w", auth.ErrAudit, err)
	}
	return nil
}

// show prints an answer.
func (s *shell) show(a tools.Answer) error {
	blocks := make([]string, len(a.Text))
	for i, text := range a.Text {
		blocks[i] = text
		if !s.terminal(s.out) {
			continue
		}
		if i > 0 && headsList(a.Text[i-1]) {
			blocks[i] = aligned(text)
		}
		blocks[i] = visible(blocks[i])
	}
	_, err := fmt.Fprintln(s.out, strings.Join(blocks, "\n"))
	return err
}

// headsList reports whether what follows a block is a list: of the only organisation, or
// of one of several, whose name stands above.
func headsList(block string) bool {
	if _, rest, named := strings.Cut(block, "\n"); named && strings.HasPrefix(block, "## ") {
		block = rest
	}
	return strings.HasPrefix(block, "# total ")
}
