package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
)

// auditWanted says which lines to show.
type auditWanted struct {
	agent, org, tool, target, since string
	refused, csv                    bool
}

func (s *shell) auditShow() *cobra.Command {
	var w auditWanted
	cmd := &cobra.Command{
		Use:   "show FILE…",
		Short: "Show lines of an audit log in plain English",
		Long: `Prints when, what came of it, the organisation where there are several, and the
sentence of each line that is asked for.
--csv prints all fields, for a spreadsheet; the file itself is JSON lines, for jq.
It does not look whether the log is as it was written: audit verify does.`,
		Example: `  jc-mcp audit show ~/jc-audit.jsonl --since 24h --refused
  jc-mcp audit show ~/jc-audit.jsonl --org acme --agent helpdesk
  jc-mcp audit show ~/jc-audit.jsonl --tool 'users_*' --target ana.lopez --csv > ana.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			since, err := parseSince(w.since, time.Now())
			if err != nil {
				return err
			}
			for _, glob := range []string{w.tool, w.target} {
				if _, err := path.Match(glob, ""); err != nil {
					return usagef("%q is no pattern", glob)
				}
			}
			paths, err := s.auditPaths(args)
			if err != nil {
				return err
			}
			return s.showAudit(cmd.Context(), w, since, paths)
		},
	}
	f := cmd.Flags()
	f.StringVar(&w.agent, "agent", "", "only lines of this agent")
	f.StringVar(&w.org, "org", "", "only lines of this organisation, by its name in the file of organisations")
	f.StringVar(&w.tool, "tool", "", "only lines of these tools: a name, or a glob such as 'users_*'")
	f.StringVar(&w.target, "target", "", "only lines on an object with this id or name, or glob of one")
	f.StringVar(&w.since, "since", "", "only lines since then: 90m, 24h, 7d, 2026-11-22 or 2026-11-22T13:00:00Z")
	f.BoolVar(&w.refused, "refused", false, "only what was not done: refused, declined by a person, or expired")
	f.BoolVar(&w.csv, "csv", false, "all fields, as CSV")
	return cmd
}

// parseSince reads a time, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 36500 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} { // UTC where none is said
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--since %q: it is 90m, 24h, 7d, 2026-11-22 or 2026-11-22T13:00:00Z", text)
}

func (w *auditWanted) wants(l auth.Line) bool {
	switch {
	case w.agent != "" && l.Agent != w.agent,
		w.org != "" && l.Org != w.org,
		w.tool != "" && !globbed(w.tool, l.Tool),
		w.refused && l.Phase != auth.PhaseRefused && l.Phase != auth.PhaseDeclined && l.Phase != auth.PhaseExpired:
		return false
	case w.target == "":
		return true
	}
	for _, t := range l.Targets {
		if t.ID != "" && globbed(w.target, t.ID) || t.Name != "" && globbed(w.target, t.Name) {
			return true
		}
	}
	return false
}

func globbed(pattern, text string) bool {
	ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(text))
	return ok || strings.EqualFold(pattern, text)
}

func (s *shell) showAudit(ctx context.Context, w auditWanted, since time.Time, paths []string) error {
	var out lineWriter = plainLines{s.out}
	if w.csv {
		c := csv.NewWriter(s.out)
		if err := c.Write(auditColumns); err != nil {
			return err
		}
		out = csvLines{c}
	}
	unread := 0
	for _, name := range paths {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("%s cannot be read", name)
		}
		n, err := auth.ReadAudit(ctx, f, func(l auth.Line) error {
			if l.Time.Before(since) || !w.wants(l) {
				return nil
			}
			return out.line(l)
		})
		_ = f.Close()
		if err != nil {
			return err
		}
		unread += n
	}
	if err := out.end(); err != nil {
		return err
	}
	if unread > 0 {
		fmt.Fprintf(s.err, "%d lines could not be understood; jc-mcp audit verify names them\n", unread)
	}
	return nil
}

type lineWriter interface {
	line(l auth.Line) error
	end() error
}

type plainLines struct{ w io.Writer }

func (p plainLines) line(l auth.Line) error {
	org := ""
	if l.Org != "" {
		org = "[" + visible(l.Org) + "] "
	}
	_, err := fmt.Fprintf(p.w, "%s  %-8s  %s%s\n", l.Time.UTC().Format("2006-01-02 15:04:05Z"), l.Phase, org, sentence(l))
	return err
}

func (plainLines) end() error { return nil }

// sentence is what a line says, and who said yes or why not.
func sentence(l auth.Line) string {
	text := l.Say
	for _, more := range [...][2]string{{"approved by ", l.Approver}, {"request ", l.Request}, {"reason: ", l.Reason}, {"rule: ", l.Decision}} {
		if more[1] != "" && !strings.Contains(text, more[1]) && (more[0] != "rule: " || l.Phase == auth.PhaseRefused) {
			text += "; " + more[0] + more[1]
		}
	}
	return strings.Join(strings.Fields(visible(text)), " ")
}

var auditColumns = []string{"time", "seq", "run", "phase", "say", "agent", "principal", "approver", "request", "reason", "tool", "risk", "targets",
	"method", "path", "decision", "version", "outcome", "code", "attempts", "ms", "change", "trace", "call", "step", "org"}

type csvLines struct{ w *csv.Writer }

func (c csvLines) line(l auth.Line) error {
	targets := make([]string, len(l.Targets))
	for i, t := range l.Targets {
		targets[i] = strings.TrimSpace(t.Type+" "+t.Name) + " " + t.ID
	}
	row := []string{l.Time.UTC().Format(time.RFC3339Nano), strconv.FormatUint(l.Seq, 10), l.Run, l.Phase, l.Say, l.Agent, l.Principal, l.Approver, l.Request,
		l.Reason, l.Tool, l.Risk, strings.Join(targets, "; "), l.Method, l.Path, l.Decision, l.Version, l.Outcome, l.Code,
		strconv.Itoa(l.Attempts), strconv.FormatInt(l.MS, 10), l.Change, l.Trace, l.Call, strconv.Itoa(l.Step), l.Org}
	for i := range row {
		row[i] = noFormula(visible(row[i]))
	}
	return c.w.Write(row)
}

func (c csvLines) end() error {
	c.w.Flush()
	return c.w.Error()
}

// noFormula keeps a spreadsheet from reckoning what a name begins with.
func noFormula(cell string) string {
	if cell != "" && strings.ContainsAny(cell[:1], "=+-@#\t\r") {
		return "'" + cell
	}
	return cell
}
