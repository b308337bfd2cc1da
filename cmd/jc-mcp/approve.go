package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// passphraseTries is how often a passphrase may be typed wrong.
const passphraseTries = 3

type approveFlags struct {
	stateFlags
	as, key, auditLog string
	refuse, show      bool
}

func (s *shell) approveCommand() *cobra.Command { return s.approveWith(s.typedSecret) }

func (s *shell) approveWith(ask askSecret) *cobra.Command {
	var f approveFlags
	cmd := &cobra.Command{
		Use:   "approve CODE",
		Short: "Approve or refuse what an agent asks for",
		Long: `Shows the whole of a request, and approves it once you type the passphrase of
your key (jc-mcp approver init makes one). What you sign is exactly what you
were shown; if it changes afterwards, the approval is worth nothing. The agent
then repeats its call. Doing nothing is a no.

  --refuse  refuses, also what was approved and not used yet
  --show    shows the secrets that the approved call sent to you, once

Run it on the machine and as the user of the server, or, where servers share a
store, anywhere with the same --store.

Exit code 0: it was answered; 1: it was not, and the text says why.`,
		Example: `  jc-mcp approve 7KQM-2XPD
  jc-mcp approve 7KQM-2XPD --refuse
  jc-mcp approve 7KQM-2XPD --show`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("approve needs the code of one request; jc-mcp approvals lists them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return s.approve(cmd.Context(), ask, f, args[0]) },
	}
	cmd.Flags().BoolVar(&f.refuse, "refuse", false, "refuse it")
	cmd.Flags().BoolVar(&f.show, "show", false, "show the secrets that wait under this code")
	cmd.Flags().StringVar(&f.as, "as", "", "your name, where there are keys of several people here")
	cmd.Flags().StringVar(&f.key, "key", "", "the file of your key (default: approver-NAME.json in your configuration)")
	f.add(cmd)
	auditFlag(cmd, &f.auditLog)
	return cmd
}

func (s *shell) approve(ctx context.Context, ask askSecret, f approveFlags, word string) error {
	if f.refuse && f.show {
		return usagef("--refuse and --show are two things: say one")
	}
	code, err := state.ParseCode(word)
	if err != nil {
		return asUsage(err)
	}
	d, end, err := s.openState(ctx, f.stateFlags)
	if err != nil {
		return err
	}
	defer end()
	e, err := d.Entry(code)
	if err != nil {
		return err
	}
	if f.show {
		return s.showSecrets(ctx, ask, f, d, e)
	}
	fmt.Fprint(s.out, visible(describeRequest(e)))
	switch {
	case e.Status == state.Pending, e.Status == state.Approved && f.refuse:
	case e.Secrets > 0:
		return fmt.Errorf("request %s is %s; its secrets wait: jc-mcp approve %s --show", code, e.Status, code)
	default:
		return fmt.Errorf("request %s is %s: there is nothing to answer", code, e.Status)
	}
	path, err := keyFile(f)
	if err != nil {
		return err
	}
	what := "APPROVE"
	if f.refuse {
		what = "REFUSE"
	}
	key, err := s.openKey(ctx, ask, path, "to "+what+" this")
	if err != nil {
		return err
	}
	return s.answer(ctx, f, d, e, key)
}

// atTerminal is where a person acts, in audit lines.
const atTerminal = "at a terminal"

// answer signs what was shown, and writes it down.
func (s *shell) answer(ctx context.Context, f approveFlags, d *state.Dir, e state.Entry, key *state.Key) error {
	audit, err := s.deeds(f.auditLog, d)
	if err != nil {
		return err
	}
	defer endDeeds(audit)
	if f.refuse {
		if err := d.Refuse(ctx, e.Request, key); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Refused by %s.\n", key.Name())
		return writeDown(ctx, audit, e.Answered(auth.PhaseDeclined, key.Name(), atTerminal))
	}
	if err := d.Approve(ctx, e.Request, key); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Approved by %s. It is good for this call, once, until %s.\n", key.Name(), clockTime(e.Until))
	if e.Risk == "reveal" {
		fmt.Fprintf(s.out, "When the agent has repeated its call: jc-mcp approve %s --show\n", e.Code)
	}
	return writeDown(ctx, audit, e.Answered(auth.PhaseApproved, key.Name(), atTerminal))
}

// showSecrets puts secrets on the screen of a person, and nowhere else.
func (s *shell) showSecrets(ctx context.Context, ask askSecret, f approveFlags, d *state.Dir, e state.Entry) error {
	if e.Secrets == 0 {
		return state.ErrNoSecret
	}
	if !s.terminal(s.out) {
		return errors.New("a secret is shown on a terminal only: do not redirect the output")
	}
	path, err := keyFile(f)
	if err != nil {
		return err
	}
	key, err := s.openKey(ctx, ask, path, "to see the secrets of "+e.Code)
	if err != nil {
		return err
	}
	audit, err := s.deeds(f.auditLog, d)
	if err != nil {
		return err
	}
	defer endDeeds(audit)
	secrets, err := d.Reveal(ctx, e.Code, key)
	if err != nil {
		return err
	}
	if err := writeDown(ctx, audit, e.Answered(auth.PhaseShown, key.Name(), atTerminal)); err != nil {
		return fmt.Errorf("it is not shown, and gone: %w", err)
	}
	for _, secret := range secrets {
		fmt.Fprintln(s.out, visible(string(secret)))
	}
	fmt.Fprintln(s.err, "Shown once: it is kept nowhere now.")
	return nil
}

// openKey asks for the passphrase, again after a wrong one.
func (s *shell) openKey(ctx context.Context, ask askSecret, path, why string) (*state.Key, error) {
	for try := 1; ; try++ {
		pass, err := ask(ctx, fmt.Sprintf("Passphrase of %s %s (nothing: leave it): ", filepath.Base(path), why))
		if err != nil {
			return nil, err
		}
		if len(pass) == 0 {
			return nil, errors.New("left as it is")
		}
		key, err := state.LoadKey(path, pass)
		if !errors.Is(err, state.ErrPassphrase) || try == passphraseTries {
			return key, err
		}
		fmt.Fprintln(s.err, "That does not open it.")
	}
}

// keyFile finds the approver's key: the one named, or the only one there is.
func keyFile(f approveFlags) (string, error) {
	if f.key != "" {
		return f.key, nil
	}
	if f.as != "" {
		path, err := state.KeyPath(f.as)
		return path, asUsage(err)
	}
	paths, err := state.KeyFiles()
	switch {
	case err != nil:
		return "", err
	case len(paths) == 0:
		return "", errors.New("there is no key of an approver here; jc-mcp approver init --name NAME makes one")
	case len(paths) > 1:
		return "", usagef("there are keys of several people here: say whose with --as NAME")
	}
	return paths[0], nil
}

// describeRequest is all that a person has to know before he answers.
func describeRequest(e state.Entry) string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, oneLine(value))
		}
	}
	who := e.Agent
	if e.Principal != "" && e.Principal != e.Agent {
		who += " (" + e.Principal + ")"
	}
	line("Request", e.Code+", "+string(e.Status))
	line("In", e.Org)
	line("Agent", who)
	line("Tool", e.Tool+" ("+e.Risk+")")
	line("Asked", clockTime(e.Asked))
	line("Until", clockTime(e.Until))
	line("Not by", e.OtherThan)
	if e.By != "" {
		line("Answered", "by "+e.By+", "+clockTime(e.At))
	}
	fmt.Fprintf(&b, "On         %d objects\n", len(e.Targets))
	for _, t := range e.Targets {
		fmt.Fprintf(&b, "  - %s %s (%s)\n", oneLine(t.Type), oneLine(t.Name), oneLine(t.ID))
	}
	if changes := changeLines(e.Before, e.After); changes != "" {
		b.WriteString("Changes\n" + changes)
	}
	// Indented, so that no line of the agent's making looks like one of the above.
	b.WriteString("Plan\n  " + strings.ReplaceAll(strings.TrimSpace(e.Question), "\n", "\n  ") + "\n")
	return b.String()
}

func changeLines(before, after map[string]any) string {
	names := make([]string, 0, len(after))
	for n := range before {
		names = append(names, n)
	}
	for n := range after {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	value := func(m map[string]any, name string) string {
		v, ok := m[name]
		if !ok {
			return "-"
		}
		if text, ok := v.(string); ok {
			return oneLine(text)
		}
		data, err := json.Marshal(v)
		if err != nil {
			return "?"
		}
		return oneLine(string(data))
	}
	for _, n := range slices.Compact(names) {
		if was, now := value(before, n), value(after, n); was == now {
			fmt.Fprintf(&b, "  %s: %s\n", oneLine(n), was)
		} else {
			fmt.Fprintf(&b, "  %s: %s -> %s\n", oneLine(n), was, now)
		}
	}
	return b.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func clockTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

func (s *shell) approvalsCommand() *cobra.Command {
	var f stateFlags
	cmd := &cobra.Command{
		Use:   "approvals",
		Short: "List what agents ask for, and what was answered in the last seven days",
		Long: `Lists requests, the newest first: what waits for an answer, and what was
answered in the last seven days. jc-mcp approve CODE shows one whole.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, end, err := s.openState(cmd.Context(), f)
			if err != nil {
				return err
			}
			defer end()
			list, err := d.Entries()
			if err != nil {
				return err
			}
			s.listApprovals(list)
			return nil
		},
	}
	f.add(cmd)
	return cmd
}

func (s *shell) listApprovals(list []state.Entry) {
	if len(list) == 0 {
		fmt.Fprintln(s.out, "No requests in the last seven days.")
		return
	}
	rows := [][]string{{"code", "status", "agent", "tool", "objects", "asked", "until", "by"}}
	slices.Reverse(list)
	for _, e := range list {
		status := string(e.Status)
		if e.Secrets > 0 {
			status += ", a secret waits"
		}
		rows = append(rows, []string{e.Code, status, oneLine(visible(e.Agent)), oneLine(visible(e.Tool)),
			fmt.Sprint(len(e.Targets)), clockTime(e.Asked), clockTime(e.Until), oneLine(visible(e.By))})
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, r := range rows {
		fmt.Fprintln(s.out, row(r, widths))
	}
}
