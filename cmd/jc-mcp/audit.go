package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

func (s *shell) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Verify and show audit logs",
		Long: `An audit log has a line before and after each step of each call. These commands
read files only: nothing is sent, and no credential is needed. FILE is what
--audit-log names; the files that were put aside before it (FILE.000000012345)
are read with it.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknown("command of audit", args[0], commandNames(cmd))
			}
			return usagef("audit: say what to do: %s", strings.Join(commandNames(cmd), ", "))
		},
	}
	cmd.AddCommand(s.auditVerify(), s.auditShow())
	return cmd
}

// auditCheck is what verify was asked for.
type auditCheck struct {
	key, stateDir string
	heads         []string
}

func (s *shell) auditVerify() *cobra.Command {
	var c auditCheck
	cmd := &cobra.Command{
		Use:   "verify FILE…",
		Short: "Say whether an audit log is as it was written",
		Long: `Looks whether the lines are one chain, and names each that was changed, removed,
swapped, repeated or put in. That lines were cut off at the end, or that all was
written anew, shows only in the signed heads: those in FILE.heads, and those of
--heads, a copy of the server's stderr kept where nobody who can write FILE can
write. They are checked with the public key of the state directory, or --key.

Exit code 0: nothing was meddled with; 1: something was; 2: wrong usage.`,
		Example: `  jc-mcp audit verify ~/jc-audit.jsonl
  jc-mcp audit verify --key jc-mcp/audit+1a2b3c4d+AbC… --heads collected.log jc-audit.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := s.auditPaths(args)
			if err != nil {
				return err
			}
			return s.verifyAudit(cmd.Context(), c, paths)
		},
	}
	cmd.Flags().StringVar(&c.key, "key", "", "public key of the signed heads, or a file that holds it")
	cmd.Flags().StringVar(&c.stateDir, "state-dir", "", "state directory of the server, for its key [JC_STATE_DIR]")
	cmd.Flags().StringArrayVar(&c.heads, "heads", nil, "a file with signed heads, such as the collected stderr; may be repeated")
	return cmd
}

var asidePattern = regexp.MustCompile(`^(.+)\.\d{12}$`)

// auditPaths are the files to read: each that is named, and what was put aside before it.
func (s *shell) auditPaths(args []string) ([]string, error) {
	if len(args) == 0 {
		if args = []string{s.getenv("JC_AUDIT_LOG")}; args[0] == "" {
			return nil, usagef("audit: name the file that --audit-log names, or set JC_AUDIT_LOG")
		}
	}
	var paths []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.Mode().IsRegular() {
			return nil, usagef("audit: there is no file %s", arg)
		}
		files := []string{arg}
		if !asidePattern.MatchString(arg) {
			files = auth.AuditFiles(arg)
		}
		for _, f := range files {
			if f = filepath.Clean(f); !slices.Contains(paths, f) {
				paths = append(paths, f)
			}
		}
	}
	return paths, nil
}

// publicKey is the key that heads are checked with; "" where there is none.
func (s *shell) publicKey(c auditCheck) (string, error) {
	if c.key != "" {
		if b, err := os.ReadFile(c.key); err == nil {
			return strings.TrimSpace(string(b)), nil
		}
		return c.key, nil
	}
	if c.stateDir == "" {
		c.stateDir = s.getenv("JC_STATE_DIR")
	}
	if c.stateDir == "" {
		var err error
		if c.stateDir, err = state.Default(); err != nil {
			return "", err
		}
	}
	key, err := auth.AuditKey(c.stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return key, err
}

func (s *shell) verifyAudit(ctx context.Context, c auditCheck, paths []string) error {
	key, err := s.publicKey(c)
	if err != nil {
		return err
	}
	heads, bad, err := c.readHeads(key, paths) // before the files: these may grow meanwhile
	if err != nil {
		return err
	}
	var files []auth.AuditFile
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("%s cannot be read", path)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return fmt.Errorf("%s cannot be read", path)
		}
		files = append(files, auth.AuditFile{Name: path, Data: io.NewSectionReader(f, 0, info.Size())})
	}
	rep, err := auth.VerifyAudit(ctx, files, heads)
	if err != nil {
		return err
	}
	rep.Findings = append(rep.Findings, bad...)
	return s.tellAudit(rep, len(files), key)
}

// readHeads reads the signed heads there are. Nothing is signed where there is no key.
func (c auditCheck) readHeads(key string, paths []string) (heads []auth.AuditHead, bad []auth.AuditFinding, err error) {
	if key == "" {
		if len(c.heads) > 0 {
			return nil, nil, usagef("--heads: which key are they signed with? name it with --key or --state-dir")
		}
		return nil, nil, nil
	}
	from := slices.Clone(c.heads)
	for _, path := range paths {
		if m := asidePattern.FindStringSubmatch(path); m != nil {
			path = m[1]
		}
		if path += ".heads"; !slices.Contains(from, path) {
			if _, err := os.Stat(path); err == nil {
				from = append(from, path)
			}
		}
	}
	for _, path := range from {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, fmt.Errorf("%s cannot be read", path)
		}
		hs, n, err := auth.ReadAuditHeads(strings.NewReader(string(b)), key)
		if err != nil {
			return nil, nil, usagef("--key: %v", err)
		}
		heads = append(heads, hs...)
		if n > 0 {
			bad = append(bad, auth.AuditFinding{File: path, Kind: auth.Forged, Text: fmt.Sprintf("%d heads in it are not signed by this key, or were changed", n)})
		}
	}
	return heads, bad, nil
}

func (s *shell) tellAudit(rep *auth.AuditReport, files int, key string) error {
	for _, f := range rep.Findings {
		mark := "note"
		if f.Bad() {
			mark = "BAD "
		}
		fmt.Fprintf(s.out, "%s  %s\n", mark, visible(f.String()))
	}
	fmt.Fprintf(s.out, "%d lines in %d files, numbers %d to %d, last hash %s\n", rep.Lines, files, rep.First, rep.Last, rep.Hash)
	switch {
	case key == "":
		fmt.Fprintln(s.out, "no signed heads were looked at, for want of a key (--key, --state-dir): lines that were cut off at the end do not show")
	case rep.Vouched == 0:
		fmt.Fprintf(s.out, "no signed head vouches for these lines: lines that were cut off at the end do not show; key %s\n", key)
	default:
		fmt.Fprintf(s.out, "%d signed heads agree; the newest vouches for all up to line %d, %s; %d lines came after it; key %s\n",
			rep.Heads, rep.Vouched, rep.Since.UTC().Format(time.RFC3339), rep.Last-rep.Vouched, key)
	}
	if rep.Bad() {
		fmt.Fprintln(s.out, "NOT as it was written")
		return errSaid
	}
	fmt.Fprintln(s.out, "ok: nothing was changed, removed, swapped, repeated or put in")
	return nil
}
