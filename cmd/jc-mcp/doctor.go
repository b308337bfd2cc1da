package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
)

// doctorWait bounds everything that doctor does: nobody waits longer than half a minute.
const doctorWait = 25 * time.Second

func (s *shell) doctorCommand() *cobra.Command {
	var addr string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration, and all that the server would need",
		Long: `Checks with the flags and environment of the server whether it would work: each
organisation with each credential (accepted, both secrets, their end, the role and
the smallest one that would do), the clock, the proxy, the audit log, the state
directory, the tools, the grants and who approves, the store, the token issuer,
the port with its certificate, and who watches. Each line is ok, says what to do
(fix), or what to know (note). The port is looked at where --addr or a setting of
remote access is given.

It changes nothing in JumpCloud, prints no secret, and ends within half a minute;
without a network it says what it could not check.

Exit code 0: no line is fix; 1: one is; 2: a setting is wrong.`,
		Example: `  jc-mcp doctor
  JC_API_KEY_FILE=~/.jc-key jc-mcp doctor --region eu
  jc-mcp doctor --grants grants.yaml --addr :8443 --host mcp.example.com --tls-cert cert.pem --tls-key key.pem
  jc-mcp doctor --json | jq 'select(.mark == "fix")'
  jc-mcp doctor --sandbox`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), doctorWait) // commands that print secrets take their time of it
			defer cancel()
			c, err := s.load(ctx, cmd)
			if err != nil {
				return err
			}
			e := &examination{shell: s, config: c, addr: addr, serves: addr != "" || c.remote.said(), json: asJSON}
			if e.addr == "" {
				e.addr = defaultAddr
			}
			return e.run(ctx)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "", "address and port that jc-mcp http would listen on")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each line as a JSON object {mark, what, text}")
	addFlags(cmd, connecting, surface, selecting, guarding, governing, remote, operating, logging)
	return cmd
}

// examination is what doctor looks at.
type examination struct {
	*shell
	config *config
	addr   string // of jc-mcp http
	serves bool   // whether that is looked at
	json   bool
}

// The marks of a line.
const (
	markOK   = "ok"
	markFix  = "fix"
	markNote = "note"
)

// finding is one line.
type finding struct {
	Mark string `json:"mark"` // ok, fix or note
	What string `json:"what"`
	Text string `json:"text"`
}

// sheet takes the lines of one check. Checks run at once, each on its own sheet.
type sheet struct {
	at    string // written before each text: which organisation
	lines []finding
}

func (s *sheet) ok(what, format string, args ...any) { s.line(markOK, what, format, args) }

// fix says what is wrong and what to do.
func (s *sheet) fix(what, format string, args ...any) { s.line(markFix, what, format, args) }

// note says what is neither wrong nor in order.
func (s *sheet) note(what, format string, args ...any) { s.line(markNote, what, format, args) }

func (s *sheet) line(mark, what, format string, args []any) {
	s.lines = append(s.lines, finding{mark, what, visible(s.at + fmt.Sprintf(format, args...))})
}

// check is one part of the examination.
type check func(context.Context, *sheet)

// run does all checks at once, and prints their lines in order, each as soon as those
// before it are done.
func (e *examination) run(ctx context.Context) error {
	organizations, end := e.organizations()
	defer end()
	checks := slices.Concat(organizations, []check{e.proxy, e.audit, e.state, e.tools, e.confirm, e.grants, e.people, e.store, e.pace})
	if e.serves {
		checks = append(checks, e.port, e.tls, e.proxies, e.issuer)
	}
	checks = append(checks, e.ops, e.traces)
	var running sync.WaitGroup
	defer running.Wait()
	sheets := make([]chan *sheet, len(checks))
	for i, do := range checks {
		sheets[i] = make(chan *sheet, 1)
		running.Go(func() {
			s := &sheet{}
			do(ctx, s)
			sheets[i] <- s
		})
	}
	failed := false
	for _, done := range sheets {
		for _, f := range (<-done).lines {
			failed = failed || f.Mark == markFix
			if err := e.print(f); err != nil {
				return err
			}
		}
	}
	if failed {
		return errSaid
	}
	return nil
}

func (e *examination) print(f finding) error {
	if !e.json {
		_, err := fmt.Fprintf(e.out, "%-4s %-14s %s\n", f.Mark, f.What, f.Text)
		return err
	}
	enc := json.NewEncoder(e.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(f)
}

func (e *examination) tools(_ context.Context, s *sheet) {
	list, err := selected(e.config)
	if err != nil {
		s.fix("tools", "%v", err)
		return
	}
	sets := map[string]bool{}
	for _, t := range list {
		sets[t.Toolset] = true
	}
	if len(sets) == 0 {
		s.fix("tools", "none are selected: widen --surface, --toolsets, --tools or --read-only")
		return
	}
	s.ok("tools", "%d tools of %d toolsets are listed", len(list), len(sets))
}

func (e *examination) confirm(_ context.Context, s *sheet) {
	if e.config.confirm == auth.ConfirmNever {
		s.ok("confirm", "never: nobody is asked before agents delete, erase, run code or reveal")
		return
	}
	s.ok("confirm", "%s: a client that can ask (elicitation) is needed for these, or jc-mcp call on a terminal", e.config.confirm)
}
