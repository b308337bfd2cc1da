package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jc-mcp/jc-mcp/tools"
)

// run carries out one command line.
func (s *shell) run(ctx context.Context, args []string) int {
	root := s.root(args)
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	return s.exitCode(root.ExecuteContext(ctx))
}

func (s *shell) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "jc-mcp",
		Short: "JumpCloud for AI agents: an MCP server, and its tools on the command line",
		Long: `jc-mcp gives AI agents a JumpCloud directory as MCP tools. It speaks MCP over
stdio (jc-mcp stdio) and over HTTP (jc-mcp http); people call the same tools
with jc-mcp call. Try it without an account: --sandbox serves an organisation
that lives in memory.

` + environmentHelp() + `
Exit codes: 0 done, 1 the call failed, 2 wrong usage.`,
		Example: `  jc-mcp call --sandbox users_list limit=5
  JC_API_KEY_FILE=~/.jc-key jc-mcp stdio
  jc-mcp http --sandbox --addr 127.0.0.1:8080`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
	}
	root.SetHelpCommand(helpCommand(root))
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknown("command", args[0], commandNames(cmd))
		}
		// A client that forgot the subcommand must not read help as JSON-RPC.
		fmt.Fprint(s.err, cmd.UsageString())
		return usagef("say what to do: %s", strings.Join(commandNames(cmd), ", "))
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		switch {
		case cmd != root:
			return flagError(cmd, err)
		case slices.Contains([]string{"--version", "-v", "-V"}, args[0]):
			return usagef("unknown flag %q; jc-mcp version says which version this is", args[0])
		case !strings.HasPrefix(args[0], "-"): // with flags of a command that is not known
			return unknown("command", args[0], commandNames(root))
		}
		return usagef("flag %s: flags stand after the command; commands: %s", args[0], strings.Join(commandNames(root), ", "))
	})
	root.AddCommand(s.stdioCommand(), s.httpCommand(), s.callCommand(), s.toolsCommand(), s.searchCommand(),
		s.grantsCommand(), s.approverCommand(), s.approveCommand(), s.approvalsCommand(), s.stopCommand(), s.resumeCommand(), s.auditCommand(),
		s.loginCommand(), s.logoutCommand(), s.sandboxCommand(), s.doctorCommand(), s.healthcheckCommand(), s.versionCommand(), s.conformanceCommand())
	return root
}

// helpCommand is cobra's, and refuses a command that is not known instead of showing the
// help of all.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknown("command", cmp.Or(strings.Join(rest, " "), strings.Join(args, " ")), commandNames(cmp.Or(cmd, root)))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

func commandNames(root *cobra.Command) (names []string) {
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError says which flags the command has where one is not known.
func flagError(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	var none *pflag.ValueRequiredError
	switch {
	case errors.As(err, &none):
		if f, ours := none.GetFlag().Value.(*flagText); ours {
			return usagef("--%s takes a value: %s", none.GetFlag().Name, f.help)
		}
	case errors.As(err, &wrong):
		if f, ours := wrong.GetFlag().Value.(*flagText); ours {
			return usagef("--%s %q: it takes a value: %s", wrong.GetFlag().Name, wrong.GetValue(), f.help)
		}
		what := "a value of type " + wrong.GetFlag().Value.Type()
		if what = cmp.Or(map[string]string{"int": "a whole number", "uint": "a whole number, 0 or more", "bool": "true or false"}[wrong.GetFlag().Value.Type()], what); wrong.GetFlag().Usage != "" {
			what += ": " + wrong.GetFlag().Usage
		}
		return usagef("--%s %q: it takes %s", wrong.GetFlag().Name, wrong.GetValue(), what)
	}
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return asUsage(err)
	}
	name := "--" + missing.GetSpecifiedName()
	if short := missing.GetSpecifiedShortnames(); short != "" {
		name = "-" + short
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	return unknown("flag", name, known)
}

// noArguments refuses words that a command would not read.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument %q; see jc-mcp %s --help", cmd.Name(), args[0], cmd.Name())
	}
	return nil
}

// unknown is [tools.UnknownWord], as what makes a command line wrong.
func unknown(what, word string, known []string) error {
	return asUsage(tools.UnknownWord(what, word, known))
}
