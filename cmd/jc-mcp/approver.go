package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/jc-mcp/jc-mcp/auth/state"
)

// askSecret asks the person at the terminal for something that is not shown as it is
// typed. Nothing else answers: no pipe, no flag, no variable.
type askSecret func(ctx context.Context, prompt string) ([]byte, error)

var errNoTerminal = errors.New("this needs a person at a terminal: a passphrase or a secret is typed there, and never read from a pipe, a flag or the environment")

// typedSecret is the askSecret of the real terminal.
func (s *shell) typedSecret(ctx context.Context, prompt string) ([]byte, error) {
	f, ok := s.in.(*os.File)
	if !ok || !s.interactive() {
		return nil, errNoTerminal
	}
	fd := int(f.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, errNoTerminal
	}
	fmt.Fprint(s.err, prompt)
	type typed struct {
		text []byte
		err  error
	}
	done := make(chan typed, 1)
	go func() { // a read of a terminal cannot be given up: at the end of ctx it is left behind
		text, err := term.ReadPassword(fd)
		done <- typed{text, err}
	}()
	select {
	case t := <-done:
		fmt.Fprintln(s.err)
		return t.text, t.err
	case <-ctx.Done():
		_ = term.Restore(fd, before) // or the shell would stay without echo
		fmt.Fprintln(s.err)
		return nil, ctx.Err()
	}
}

func (s *shell) approverCommand() *cobra.Command { return s.approverWith(s.typedSecret) }

func (s *shell) approverWith(ask askSecret) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "approver",
		Short: "Make the key with which a person approves what agents ask for",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return usagef("say what to do: approver init --name NAME") },
	}
	var name, path string
	initialise := &cobra.Command{
		Use:   "init --name NAME",
		Short: "Make an approver's key, sealed by a passphrase",
		Long: `Makes the key of an approver, seals it by a passphrase that is typed twice, and
prints the line for the grant file. The key stays in a file of yours; servers
know its public half only. With it you sign what you approve (jc-mcp approve)
and open the secrets that are sent to you.

A lost passphrase cannot be got back: remove the file and make another key.`,
		Example: `  jc-mcp approver init --name it-lead`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.approverInit(cmd.Context(), ask, name, path)
		},
	}
	initialise.Flags().StringVar(&name, "name", "", "your name, as the grant file will have it")
	initialise.Flags().StringVar(&path, "key", "", "the file to make (default: approver-NAME.json in your configuration)")
	cmd.AddCommand(initialise)
	return cmd
}

func (s *shell) approverInit(ctx context.Context, ask askSecret, name, path string) error {
	if name == "" {
		return usagef("approver init needs --name, such as --name it-lead")
	}
	key, err := state.NewKey(name)
	if err != nil {
		return asUsage(err)
	}
	if path == "" {
		if path, err = state.KeyPath(name); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already; a key is never replaced: move it away first", path)
	}
	pass, err := ask(ctx, "A passphrase for the key of "+name+": ")
	if err != nil {
		return err
	}
	if err := state.CheckPassphrase(pass); err != nil {
		return err
	}
	again, err := ask(ctx, "The same once more: ")
	if err != nil {
		return err
	}
	if !bytes.Equal(pass, again) {
		return errors.New("the two passphrases differ; nothing was made")
	}
	if err := key.Save(path, pass); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "The key is in %s. For the grant file, with the tools that %s may approve:\n", visible(path), name)
	fmt.Fprintf(s.out, "approvers:\n  %s: {key: %q, may: [users_reset_mfa]}\n", name, key.Public())
	return nil
}
