package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jc-mcp/jc-mcp/schemas"
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
		return usagef("--%s %q: it takes a value of type %s", wrong.GetFlag().Name, wrong.GetValue(), wrong.GetFlag().Value.Type())
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

// unknown is the refusal of a word: the nearest known one, and all that are known.
func unknown(what, word string, known []string) error {
	hint := ""
	if near := schemas.Nearest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return usagef("unknown %s %q; %sknown: %s", what, word, hint, strings.Join(known, ", "))
}
