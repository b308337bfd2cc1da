package main

import (
	"context"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

// auditFlag is the flag of the commands with which people act, for the audit that the
// servers keep: what is done here gets its line there.
func auditFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "audit-log", "", "file of the servers' audit, which gets a line of it [JC_AUDIT_LOG]")
}

// deeds opens the audit that a person's deed is written into; nil where none is named.
func (s *shell) deeds(path string, d *state.Dir) (*auth.AuditLog, error) {
	if path == "" {
		path = s.getenv("JC_AUDIT_LOG")
	}
	if path == "" {
		return nil, nil
	}
	a, err := auth.OpenAuditLog(path, auth.AuditOptions{KeyDir: d.Path()})
	if err != nil {
		return nil, fmt.Errorf("nothing was done: the audit log cannot be written: %w", err)
	}
	return a, nil
}

// writeDown adds the line of a deed to the audit, where there is one.
func writeDown(ctx context.Context, a *auth.AuditLog, l auth.Line) error {
	if a == nil {
		return nil
	}
	if err := a.Write(ctx, l); err != nil {
		return fmt.Errorf("the audit line could not be written: %w", err)
	}
	return nil
}

// endDeeds closes the audit of a deed.
func endDeeds(a *auth.AuditLog) {
	if a != nil {
		_ = a.Close()
	}
}

// typist is who sits at this terminal, as the machine knows him: it proves nothing.
func typist() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "a user of this machine"
	}
	return "user " + u.Username + " of this machine"
}
