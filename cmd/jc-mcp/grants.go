package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// lastGoodName is the last good copy of the grant file, in the state directory.
const lastGoodName = "grants.last"

// grantNames is what a grant file may name: every declared tool, and the organisations
// that there are; where those are not known, any.
type grantNames struct {
	all  []*tools.Tool
	orgs map[string][]string
}

// grantNames are those of this configuration.
func (c *config) grantNames() grantNames { return namesFor(c.known) }

// namesNow are those of a configuration whose organisations may change.
type namesNow struct {
	grantNames
	of *config
}

func (n namesNow) Orgs() (map[string][]string, bool) { return n.of.now().grantNames().Orgs() }

// namesFor is what a grant file may name where there are these organisations.
func namesFor(list []organization) grantNames {
	g := grantNames{tools.All(), map[string][]string{}}
	for _, o := range list {
		g.orgs[o.name] = nil
		for _, cred := range o.credentials {
			if cred.name != "" {
				g.orgs[o.name] = append(g.orgs[o.name], cred.name)
			}
		}
	}
	return g
}

// Orgs are the organisations with the names of their other credentials.
func (g grantNames) Orgs() (map[string][]string, bool) { return g.orgs, g.orgs != nil }

func (g grantNames) Toolsets() []string { return slices.Sorted(maps.Keys(tools.Toolsets)) }

func (g grantNames) Tools() []auth.ToolFact {
	out := make([]auth.ToolFact, len(g.all))
	for i, t := range g.all {
		out[i] = auth.ToolFact{Name: t.Name, Toolset: t.Toolset, Risk: t.Risk, Grave: t.Grave}
	}
	return out
}

func (s *shell) grantsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grants",
		Short: "Check, explain and start a grant file",
		Long: `A grant file says which agent may do what. These commands read and write files
only: nothing is sent, and no credential is needed.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknown("command of grants", args[0], commandNames(cmd))
			}
			return usagef("grants: say what to do: %s", strings.Join(commandNames(cmd), ", "))
		},
	}
	cmd.AddCommand(s.grantsCheck(), s.grantsExplain(), s.grantsInit(), s.grantsToken())
	return cmd
}

// readGrantFile reads a grant file as a server would.
func readGrantFile(path string, known grantNames) (*auth.Rules, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the grant file %s cannot be read", path)
	}
	return auth.ParseGrants(path, data, known)
}

// grantNamesOf is what a grant file may name, with the organisations of a file; where
// none is given, any organisation.
func (s *shell) grantNamesOf(orgs string) (grantNames, error) {
	if orgs == "" {
		orgs = s.getenv("JC_ORGS")
	}
	if orgs == "" {
		return grantNames{all: tools.All()}, nil
	}
	list, err := s.parseOrgs(orgs)
	return namesFor(named(list)), err
}

func (s *shell) grantsCheck() *cobra.Command {
	var against, stateDir, orgs string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Say what is wrong with a grant file, and who gains and loses what with it",
		Long: `Reads a grant file as the server does and says every mistake with its line. For a
good one it prints who gains and loses what, compared with --against or else with
the last good copy in the state directory (with neither: compared with nothing),
and warns of what is allowed and most likely not meant.

Exit code 0: the file is good, with warnings or without; 1: it is not.`,
		Example: `  jc-mcp grants check grants.yaml
  jc-mcp grants check grants.new.yaml --against grants.yaml
  jc-mcp grants check grants.yaml --orgs orgs.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("check takes one grant file; usage: jc-mcp grants %s", cmd.Use)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			known, err := s.grantNamesOf(orgs)
			if err != nil {
				return err
			}
			rules, err := readGrantFile(args[0], known)
			if err != nil {
				return err
			}
			var old *auth.Rules
			if against == "" {
				against = s.lastGood(stateDir)
			}
			if against != "" {
				if old, err = readGrantFile(against, grantNames{all: known.all}); err != nil {
					return fmt.Errorf("%s is good; what it is compared with is not: %w", args[0], err)
				}
			}
			return s.printCheck(rules, old, against)
		},
	}
	cmd.Flags().StringVar(&against, "against", "", "the grant file to compare with")
	cmd.Flags().StringVar(&orgs, "orgs", "", "file of organisations of the server: names that it does not have are a mistake [JC_ORGS]")
	cmd.Flags().StringVar(&stateDir, "state-dir", "", "state directory of the server, for its last good copy [JC_STATE_DIR]")
	return cmd
}

// lastGood is the last good copy that a server left in its state directory; "" for none.
func (s *shell) lastGood(stateDir string) string {
	if stateDir == "" {
		stateDir = s.getenv("JC_STATE_DIR")
	}
	if stateDir == "" {
		return ""
	}
	path := filepath.Join(stateDir, lastGoodName)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func (s *shell) printCheck(rules, old *auth.Rules, against string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is good: version %s; agents %s", rules.Name(), rules.Version(), strings.Join(rules.Agents(), ", "))
	for i, a := range rules.Approvers() {
		if i == 0 {
			b.WriteString("; approvers ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(a.Name)
	}
	b.WriteString("\n")
	if old == nil {
		b.WriteString("\nCompared with nothing:\n")
	} else {
		fmt.Fprintf(&b, "\nCompared with %s, version %s:\n", against, old.Version())
	}
	changes := rules.Diff(old)
	for _, c := range changes {
		b.WriteString("  " + c + "\n")
	}
	if len(changes) == 0 {
		b.WriteString("  nobody gains or loses anything\n")
	}
	if warnings := rules.Warnings(); len(warnings) > 0 {
		b.WriteString("\nTo look at:\n")
		for _, w := range warnings {
			fmt.Fprintf(&b, "  line %d: %s\n", w.Line, w.Text)
		}
	}
	_, err := fmt.Fprint(s.out, visible(b.String()))
	return err
}

func (s *shell) grantsExplain() *cobra.Command {
	var o explained
	cmd := &cobra.Command{
		Use:   "explain --grants FILE --agent A TOOL [key=value …]",
		Short: "Say whether an agent may make a call, and which line decides",
		Long: `Decides about a call as the server would, and prints the decision, its line and
the lines that were passed over. Nothing is sent: what only the directory knows,
such as who is in a group, is taken for true and said. Arguments are given as to
jc-mcp call; without any, only the use of the tool is asked for.

Exit code 0: allowed, or allowed once a person agrees; 1: refused; 2: no such tool,
agent or file.`,
		Example: `  jc-mcp grants explain --grants grants.yaml --agent helpdesk users_unlock user=jdoe
  jc-mcp grants explain --grants grants.yaml --agent helpdesk --scopes jc:read users_unlock
  jc-mcp grants explain --grants grants.yaml --agent helpdesk --at 2026-11-07T12:00:00Z users_list`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("explain needs the name of a tool; usage: jc-mcp grants %s", cmd.Use)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.scopesGiven = cmd.Flags().Changed("scopes")
			return s.explain(o, args[0], args[1:])
		},
	}
	cmd.Flags().StringVar(&o.file, "grants", "", "the grant file [JC_GRANTS]")
	cmd.Flags().StringVar(&o.orgs, "orgs", "", "file of organisations of the server [JC_ORGS]")
	cmd.Flags().StringVar(&o.agent, "agent", "", "the name of the agent in it")
	cmd.Flags().StringVar(&o.at, "at", "", "the time to decide for, such as 2026-11-07T12:00:00Z (default now)")
	cmd.Flags().StringVar(&o.scopes, "scopes", "", "the scopes of the agent's OAuth token, such as 'jc:read jc:change:users' (default: it has no such token, and nothing limits it)")
	cmd.Flags().IntVar(&o.objects, "objects", 0, "how many objects the call changes (default: as many as it names)")
	return cmd
}

// explained are the flags of explain.
type explained struct {
	file, agent, at, scopes string
	scopesGiven             bool // a token without any allows nothing
	orgs                    string
	objects                 int
}

func (s *shell) explain(o explained, name string, words []string) error {
	if o.file == "" {
		o.file = s.getenv("JC_GRANTS")
	}
	at, err := time.Now(), error(nil)
	if o.at != "" {
		at, err = time.Parse(time.RFC3339, o.at)
	}
	switch {
	case o.file == "" || o.agent == "":
		return usagef("explain needs --grants FILE and --agent A")
	case err != nil:
		return usagef("--at %q is no time such as 2026-11-07T12:00:00Z", o.at)
	case o.objects < 0:
		return usagef("--objects %d: at least 1", o.objects)
	}
	known, err := s.grantNamesOf(o.orgs)
	if err != nil {
		return err
	}
	rules, err := readGrantFile(o.file, known)
	if err != nil {
		return err
	}
	if !slices.Contains(rules.Agents(), o.agent) {
		return unknown("agent", o.agent, rules.Agents())
	}
	all := tools.All()
	i := slices.IndexFunc(all, func(t *tools.Tool) bool { return t.Name == name })
	if i < 0 {
		return unknownTool(name, all)
	}
	a, err := s.actionOf(all[i], words)
	if err != nil {
		return err
	}
	if o.objects > 0 && a.Risk != auth.Read {
		a.Objects = o.objects
	}
	who := auth.Principal{Agent: o.agent}
	if o.scopesGiven {
		who.Scopes = auth.ParseScopes(o.scopes)
	}
	x := rules.Explain(who, a, at)
	if _, err := fmt.Fprint(s.out, visible(explanation(o.agent, a, x))); err != nil {
		return err
	}
	if !x.Allow {
		return errSaid
	}
	return nil
}

func unknownTool(name string, all []*tools.Tool) error {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name
	}
	err := unknown("tool", name, names)
	short, _, _ := strings.Cut(err.Error(), "known: ") // hundreds of names help nobody
	return usagef("%sjc-mcp tools --surface full lists all", short)
}

// actionOf is the action of a call, with the targets that its arguments name.
func (s *shell) actionOf(t *tools.Tool, words []string) (auth.Action, error) {
	a := auth.Action{Tool: t.Name, Toolset: t.Toolset, Risk: t.Risk, Grave: t.Grave}
	if len(words) == 0 {
		return a, nil
	}
	raw, err := parseArguments(words, t.Schema.Full(), s.in)
	if err != nil {
		return a, err
	}
	var given map[string]any
	var schema node
	if err := errors.Join(json.Unmarshal(raw, &given), json.Unmarshal(t.Schema.Full(), &schema)); err != nil {
		return a, err
	}
	a.Targets = []auth.Target{}
	many := 1
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if schema.property(key) == nil {
			return a, unknown("argument of "+t.Name, key, slices.Sorted(maps.Keys(schema.Properties)))
		}
		values, ok := given[key].([]any)
		if !ok {
			values = []any{given[key]}
		}
		before := len(a.Targets)
		for _, v := range values {
			text, _ := v.(string)
			if target, ok := auth.ArgumentTarget(t.Toolset, key, text); ok && text != "" {
				a.Targets = append(a.Targets, target)
			}
		}
		many = max(many, len(a.Targets)-before)
	}
	if a.Risk != auth.Read {
		a.Objects = many
	}
	return a, nil
}

func explanation(agent string, a auth.Action, x auth.Explanation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) for %s: ", a.Tool, a.Risk, agent)
	switch {
	case !x.Allow:
		b.WriteString("refused, " + x.Reason)
	case x.Approval == auth.ClientApproval:
		b.WriteString("allowed when a person agrees in the caller's client")
	case x.Approval == auth.HumanApproval:
		b.WriteString("allowed when an approver agrees")
	case x.Approval == auth.OtherHumanApproval:
		b.WriteString("allowed when an approver agrees who is not the one the agent acts for")
	default:
		b.WriteString("allowed")
	}
	if x.Allow && x.Wait > 0 {
		b.WriteString(" within " + strings.TrimSuffix(x.Wait.String(), "0s"))
	}
	fmt.Fprintf(&b, "\n  decided by %s, version %s\n", x.Rule, x.Version)
	if x.Orgs != "" {
		b.WriteString("  in " + x.Orgs + "\n")
	}
	if a.Targets != nil {
		names := make([]string, len(a.Targets))
		for i, t := range a.Targets {
			names[i] = t.Type + " " + t.Name
		}
		fmt.Fprintf(&b, "  on %s; objects changed: %d\n", orElse(strings.Join(names, ", "), "nothing that its arguments name"), a.Objects)
	}
	for _, step := range x.Steps {
		if !strings.Contains(step, " refuses: ") { // said above
			b.WriteString("  " + step + "\n")
		}
	}
	for _, p := range x.Provided {
		b.WriteString("  provided that " + p + "\n")
	}
	for _, c := range x.Counts {
		b.WriteString("  counts against " + c + "\n")
	}
	return b.String()
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (s *shell) grantsInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a grant file to begin with, with comments",
		Long: `Prints a commented grant file with a help desk, an auditor and an agent that takes
people on, or writes it to FILE, which must not be there yet.`,
		Example: `  jc-mcp grants init grants.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("init takes one file name at most")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := s.out.Write(auth.GrantStarter)
				return err
			}
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, os.ErrExist) {
				return fmt.Errorf("%s is there already, and stays as it is", args[0])
			}
			if err != nil {
				return fmt.Errorf("%s cannot be written", args[0])
			}
			_, err = f.Write(auth.GrantStarter)
			if err = errors.Join(err, f.Close()); err != nil {
				return fmt.Errorf("%s cannot be written", args[0])
			}
			fmt.Fprintf(s.err, "wrote %s; next: jc-mcp grants check %s\n", args[0], args[0])
			return nil
		},
	}
}

func (s *shell) grantsToken() *cobra.Command {
	var agent string
	cmd := &cobra.Command{
		Use:   "token --agent A",
		Short: "Make a bearer token for an agent that comes over HTTP",
		Long: `Prints a new bearer token on stdout, once: it is kept nowhere. The line for the
grant file, which knows it by its hash, goes to stderr.`,
		Example: `  jc-mcp grants token --agent onboarding > token`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			if agent == "" {
				return usagef("token needs --agent A")
			}
			token, hash := auth.NewToken()
			if _, err := fmt.Fprintln(s.out, token); err != nil {
				return err
			}
			fmt.Fprintf(s.err, "Give the token to agent %s as Authorization: Bearer …; it is not shown again. In the grant file:\n"+
				"  %s:\n    who: [{token_sha256: %q}]\n", agent, agent, hash)
			return nil
		},
	}
	cmd.Flags().StringVar(&agent, "agent", "", "the name of the agent in the grant file")
	return cmd
}
