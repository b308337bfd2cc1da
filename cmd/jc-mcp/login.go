package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
)

func (s *shell) loginCommand() *cobra.Command { return s.loginCommandWith(s.typedSecret) }

// loginCommandWith is the command with another way to ask, for tests.
func (s *shell) loginCommandWith(ask askSecret) *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use:   "login NAME",
		Short: "Put a JumpCloud credential into this user's keychain",
		Long: `Asks at the terminal for an API key, or with --client-id for the secret of that
service account, and keeps it under NAME in the keychain of the operating system
(macOS Keychain, Windows Credential Manager, Secret Service on Linux). Nothing is
sent. --keychain NAME, or keychain: NAME in a file of organisations, uses it;
jc-mcp logout NAME removes it. What stood under NAME before is replaced: a server
that runs reads it again when JumpCloud refuses the old one.`,
		Example: `  jc-mcp login acme
  jc-mcp login globex --client-id 0oa1b2c3
  jc-mcp stdio --keychain acme`,
		Args: oneName("login"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.login(cmd.Context(), ask, args[0], account) },
	}
	cmd.Flags().StringVar(&account, "client-id", "", "client id of a service account, whose secret is asked for")
	return cmd
}

func (s *shell) login(ctx context.Context, ask askSecret, name, account string) error {
	if err := auth.CheckKeychainName(name); err != nil {
		return asUsage(err)
	}
	l := auth.StoredLogin{ClientID: strings.TrimSpace(account)}
	what := "The API key for " + name + ": "
	into := &l.APIKey
	if l.ClientID != "" {
		what, into = "The client secret of the service account for "+name+": ", &l.ClientSecret
	}
	typed, err := ask(ctx, what)
	if err != nil {
		return err
	}
	if *into = auth.Secret(strings.TrimSpace(string(typed))); *into == "" {
		return usagef("nothing was typed; nothing was kept")
	}
	if err := auth.SaveLogin(name, l); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "kept in the keychain as %s; use it with --keychain %s; jc-mcp doctor --keychain %s tries it\n", name, name, name)
	return err
}

func (s *shell) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "logout NAME",
		Short:   "Remove a credential from this user's keychain",
		Long:    `Removes what jc-mcp login NAME has put into the keychain. The credential itself stays good: revoke it in JumpCloud's console.`,
		Example: `  jc-mcp logout acme`,
		Args:    oneName("logout"),
		RunE: func(_ *cobra.Command, args []string) error {
			was, err := auth.RemoveLogin(args[0])
			switch {
			case err != nil:
				return err
			case !was:
				return fmt.Errorf("the keychain holds no login %q", visible(args[0]))
			}
			_, err = fmt.Fprintf(s.err, "removed %s from the keychain\n", args[0])
			return err
		},
	}
}

// oneName is for commands that take one name.
func oneName(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s takes one name: jc-mcp %s NAME", command, command)
		}
		return nil
	}
}
