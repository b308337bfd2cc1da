package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/ops"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// config is what flags and environment say, checked.
type config struct {
	org, region              string
	console, insights, oauth *url.URL // nil: not set
	proxy                    *url.URL
	caFile                   string
	sandbox                  bool
	keychain                 string // entry that holds the credential
	orgsFile                 string
	selection                tools.Selection
	structured               bool
	exportDir                string
	confirm                  auth.Confirm
	auditLog                 string // "" is stderr
	grants, agent, stateDir  string
	remote                   remoteAccess
	operation                operation
	watch                    *ops.Instruments // nil where nobody looks
	balancing                balancing
	sharing                  sharing
	logLevel                 slog.Level

	login     auth.Login // of the one organisation
	warnings  []string
	transport *http.Transport

	organizations []organization // those that are served; one without a name where there is no file of them
	known         []organization // those that a grant file may name

	orgsSum [sha256.Size]byte // of the file that they are of

	latest *atomic.Pointer[config] // what a changed file of organisations has made of this; nil where none is followed
}

// now is the configuration in force: this one, with the organisations as they are now.
func (c *config) now() *config {
	if c.latest == nil || c.latest.Load() == nil {
		return c
	}
	return c.latest.Load()
}

// addFlags gives cmd the flags of these groups of settings.
func addFlags(cmd *cobra.Command, groups ...group) {
	for _, s := range settings() {
		if s.flag == "" || !slices.Contains(groups, s.group) {
			continue
		}
		f := cmd.Flags().VarPF(&flagText{onOff: s.onOff, help: s.help}, s.flag, "", s.usage())
		if s.onOff {
			f.NoOptDefVal = "true"
		}
	}
}

// flagText is a flag as it was typed; the table reads it.
type flagText struct {
	text, help string
	onOff      bool
}

func (f *flagText) String() string { return f.text }

// Set takes a value. Where it was forgotten, the next flag stands in its place.
func (f *flagText) Set(v string) error {
	if !f.onOff && strings.HasPrefix(v, "--") {
		return errors.New("no value") // flagError says it
	}
	f.text = v
	return nil
}

func (f *flagText) Type() string {
	if f.onOff {
		return "bool"
	}
	return "string"
}

// load reads and checks the whole configuration: a flag beats the environment,
// which beats the default.
func (s *shell) load(ctx context.Context, cmd *cobra.Command) (*config, error) {
	c, err := s.read(cmd, connecting, surface, selecting, guarding, governing, remote, operating, logging)
	if err != nil {
		return nil, err
	}
	if c.login, err = s.readCredential(ctx, c); err != nil {
		return nil, asUsage(err)
	}
	if err := s.readSharing(ctx, c); err != nil {
		return nil, asUsage(err)
	}
	if err := c.check(); err != nil {
		return nil, asUsage(err)
	}
	if c.transport, err = jc.NewTransport(jc.TransportOptions{Proxy: c.proxy, CAFile: c.caFile}); err != nil {
		return nil, usagef("JC_PROXY, JC_CA_FILE: %v", err)
	}
	if c.orgsFile != "" {
		c.latest = &atomic.Pointer[config]{}
		return c, s.readOrgs(ctx, c)
	}
	return c, c.one()
}

// read reads the settings of some groups. A JC_ variable that no setting has
// stops it, whatever the groups: it was meant to do something.
func (s *shell) read(cmd *cobra.Command, groups ...group) (*config, error) {
	if err := s.checkEnvironment(); err != nil {
		return nil, err
	}
	c := &config{}
	for _, row := range settings() {
		if row.read == nil || !slices.Contains(groups, row.group) {
			continue
		}
		from, value, given := row.env, s.getenv(row.env), s.getenv(row.env) != ""
		if f := cmd.Flags().Lookup(row.flag); row.flag != "" && f != nil && f.Changed {
			from, value, given = "--"+row.flag, f.Value.String(), true
		}
		switch {
		case given:
		case row.def == "":
			continue
		default:
			value = row.def
		}
		if err := row.take(c, from, value); err != nil {
			return nil, err
		}
	}
	if _, err := selected(c); err != nil {
		return nil, err // the selection names what does not exist
	}
	return c, nil
}

// given reports whether the setting with this flag was set at all.
func (s *shell) given(cmd *cobra.Command, flag string) bool {
	f := cmd.Flags().Lookup(flag)
	if f != nil && f.Changed {
		return true
	}
	rows := settings()
	i := slices.IndexFunc(rows, func(row setting) bool { return row.flag == flag })
	return i >= 0 && s.getenv(rows[i].env) != ""
}

func (s *shell) checkEnvironment() error {
	var known []string
	for _, row := range settings() {
		known = append(known, row.variables()...)
	}
	var set []string
	for name := range s.environ {
		if strings.HasPrefix(name, "JC_") && !slices.Contains(known, name) {
			set = append(set, name)
		}
	}
	if len(set) == 0 {
		return nil
	}
	slices.Sort(set)
	return unknown("environment variable", set[0], known)
}

func (s *shell) getenv(name string) string { return s.environ[name] }

// environment reads NAME=value entries; the last of a name counts, as everywhere.
func environment(entries []string) map[string]string {
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			continue
		}
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name) // names have no case there
		}
		out[name] = value
	}
	return out
}

// readCredential finds the secrets and reads those that cost nothing to read: a
// file that is not there stops the start; a command runs at the first call.
func (s *shell) readCredential(ctx context.Context, c *config) (l auth.Login, err error) {
	if l.APIKey, err = s.secret(ctx, c, "JC_API_KEY"); err != nil {
		return l, err
	}
	id, err := s.secret(ctx, c, "JC_CLIENT_ID")
	if err != nil {
		return l, err
	}
	for _, name := range []string{"JC_CLIENT_SECRET", "JC_CLIENT_SECRET_2"} {
		src, err := s.secret(ctx, c, name)
		if err != nil {
			return l, err
		}
		if src != nil {
			l.Secrets = append(l.Secrets, src)
		} else if name == "JC_CLIENT_SECRET" {
			if _, second, _ := auth.Lookup(s.getenv, "JC_CLIENT_SECRET_2"); second {
				return l, usagef("JC_CLIENT_SECRET_2 is set and JC_CLIENT_SECRET is not: the second is for rotation")
			}
		}
	}
	switch {
	case id == nil && l.Secrets != nil:
		return l, usagef("JC_CLIENT_SECRET is set and JC_CLIENT_ID is not: a service account needs both")
	case id != nil && l.Secrets == nil:
		return l, usagef("JC_CLIENT_ID is set and JC_CLIENT_SECRET is not: a service account needs both")
	case id == nil:
		return l, nil
	}
	text, err := id.Get(ctx)
	if err != nil {
		return l, usagef("JC_CLIENT_ID: %v", err)
	}
	l.ClientID = text.Reveal()
	return l, nil
}

// secret is where the secret of that name comes from; nil when it is not set.
func (s *shell) secret(ctx context.Context, c *config, name string) (auth.Source, error) {
	src, found, err := auth.Lookup(s.getenv, name)
	if err != nil || !found {
		return nil, err
	}
	if s.getenv(name+"_CMD") != "" {
		return src, nil
	}
	warning, err := auth.Check(ctx, src)
	if err != nil {
		return nil, usagef("%s: %v", name, err)
	}
	if warning != "" {
		c.warnings = append(c.warnings, warning)
	}
	return src, nil
}

// check refuses settings that contradict each other.
func (c *config) check() error {
	set := ""
	switch {
	case c.login.APIKey != nil:
		set = "JC_API_KEY"
	case c.login.ClientID != "":
		set = "JC_CLIENT_ID"
	case c.keychain != "":
		set = "JC_KEYCHAIN"
	}
	url := c.console != nil || c.insights != nil || c.oauth != nil
	switch {
	case c.login.APIKey != nil && c.login.ClientID != "":
		return usagef("JC_API_KEY and JC_CLIENT_ID are both set: set an API key or a service account")
	case c.login.Given() && c.keychain != "":
		return usagef("%s and JC_KEYCHAIN are both set: a credential stands in one place", set)
	case c.sandbox && set != "":
		return usagef("the sandbox and %s are both set: with a credential this could be meant for the real organisation; unset one", set)
	case c.sandbox && url:
		return usagef("the sandbox and a base URL (JC_CONSOLE_URL, JC_INSIGHTS_URL, JC_OAUTH_URL) are both set; unset one")
	case c.orgsFile != "" && (set != "" || c.sandbox || url || c.region != "us"):
		return usagef("JC_ORGS and a setting of one organisation (a credential, JC_KEYCHAIN, JC_REGION, JC_SANDBOX, a base URL) are both set: with a file of organisations, these stand in it")
	case c.orgsFile == "" && c.org != "":
		return checkOrganisationID(c.org)
	}
	return nil
}
