package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth/state"
)

type stopFlags struct {
	stateFlags
	agent, tool, why, auditLog string
}

func (s *shell) stopCommand() *cobra.Command {
	var f stopFlags
	cmd := &cobra.Command{
		Use:   "stop",
		Short: "Stop changes at once: all, those of an agent, or a tool",
		Long: `Stops changes in all servers that share the state directory or the store, within a second.
What is under way finishes; reads go on. jc-mcp resume lifts it. The switch is the
file STOP in the state directory, which can be made and edited by hand; servers that
share a store (--store) have it there and not in a file.`,
		Example: `  jc-mcp stop
  jc-mcp stop --agent helpdesk --why "odd changes on friday"
  jc-mcp stop --tool devices_erase`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.throwSwitch(cmd.Context(), f, false)
		},
	}
	stopFlagsOf(cmd, &f)
	cmd.Flags().StringVar(&f.why, "why", "", "the reason; agents are told")
	return cmd
}

func (s *shell) resumeCommand() *cobra.Command {
	var f stopFlags
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Lift what jc-mcp stop stopped",
		Long: `Lifts one stop: that of all changes, or with --agent or --tool that of an agent or
a tool. The others stay.`,
		Example: `  jc-mcp resume
  jc-mcp resume --agent helpdesk`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.throwSwitch(cmd.Context(), f, true)
		},
	}
	stopFlagsOf(cmd, &f)
	return cmd
}

func stopFlagsOf(cmd *cobra.Command, f *stopFlags) {
	cmd.Flags().StringVar(&f.agent, "agent", "", "only this agent's changes")
	cmd.Flags().StringVar(&f.tool, "tool", "", "only this tool")
	f.add(cmd)
	auditFlag(cmd, &f.auditLog)
}

// throwSwitch stops or resumes, writes it down, and says what is stopped now. A stop
// waits for no audit log: it is thrown first, and what is wrong with the log said after.
func (s *shell) throwSwitch(ctx context.Context, f stopFlags, lift bool) error {
	if f.agent != "" && f.tool != "" {
		return usagef("--agent and --tool are two stops: say one at a time")
	}
	d, end, err := s.openState(ctx, f.stateFlags)
	if err != nil {
		return err
	}
	defer end()
	audit, unwritten := s.deeds(f.auditLog, d)
	defer endDeeds(audit)
	if unwritten != nil && lift {
		return unwritten
	}
	said, did, err := throwIn(d, f, lift)
	if err != nil {
		return err
	}
	if did && unwritten == nil {
		unwritten = writeDown(ctx, audit, state.Stop{Agent: f.agent, Tool: f.tool, Why: f.why}.Thrown(typist(), "with jc-mcp "+map[bool]string{false: "stop", true: "resume"}[lift], lift))
	} else if unwritten != nil {
		unwritten = errors.New("the audit line could not be written: the audit log cannot be opened")
	}
	stops, err := d.Stops()
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, said)
	if len(stops) == 0 {
		fmt.Fprintln(s.out, "Nothing is stopped.")
	}
	for _, stop := range stops {
		fmt.Fprintln(s.out, "Stopped: "+visible(stop.String()))
	}
	return unwritten
}

// throwIn throws or lifts the switch, and says so; did is false when it stood so already.
func throwIn(d *state.Dir, f stopFlags, lift bool) (said string, did bool, err error) {
	if lift {
		if did, err = d.Resume(f.agent, f.tool); did {
			return "Resumed.", true, err
		}
		return "There was no such stop.", false, err
	}
	if did, err = d.Stop(f.agent, f.tool, f.why); did {
		return "Stopped.", true, err
	}
	return "It was stopped already.", false, err
}
