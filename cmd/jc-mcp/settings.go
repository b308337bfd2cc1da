package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// group says which commands have the flags of a setting.
type group uint8

const (
	connecting group = iota // which organisation, and how it is reached
	surface                 // how much is listed
	selecting               // which tools there are
	guarding                // who is asked, what is written down
	governing               // what each agent may do; of servers only
	remote                  // who reaches a server on http
	operating               // who watches a server
	logging
)

// setting is one row of the table that flags, environment, help and checks are made from.
type setting struct {
	env, flag string // flag "" is none
	group     group
	def       string
	known     []string // the values there are; nil when any is read
	help      string
	// read checks a value and puts it into the configuration; nil for a secret,
	// which has no flag and is read through auth.Lookup.
	read func(c *config, value string) error
	// onOff marks a setting that is true or false: its flag needs no value.
	onOff bool
}

var organisationID = regexp.MustCompile(`^(?i:[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// settings are all there are, in the order of the help.
func settings() []setting {
	return slices.Concat(secretSettings(), connectSettings(), toolSettings(), guardSettings(), remoteSettings(), balancingSettings(), storeSettings(), operateSettings())
}

func secretSettings() []setting {
	return []setting{
		{env: "JC_API_KEY", help: "API key of an administrator"},
		{env: "JC_CLIENT_ID", help: "client id of a service account, instead of an API key"},
		{env: "JC_CLIENT_SECRET", help: "its secret"},
		{env: "JC_CLIENT_SECRET_2", help: "a second secret of it, for rotation"},
	}
}

func connectSettings() []setting {
	return []setting{
		{env: "JC_ORG_ID", flag: "org", group: connecting, help: "id of the organisation, for administrators of several; with --orgs the name of one, and no other is used",
			read: func(c *config, v string) error { c.org = v; return nil }},
		{env: "JC_ORGS", flag: "orgs", group: connecting, help: "file of organisations to serve, each with its region and credential, in the place of the settings for one",
			read: func(c *config, v string) error { c.orgsFile = v; return nil }},
		{env: "JC_KEYCHAIN", flag: "keychain", group: connecting, help: "entry of this user's keychain that holds the credential (jc-mcp login puts it there)",
			read: func(c *config, v string) error { c.keychain = v; return auth.CheckKeychainName(v) }},
		{env: "JC_REGION", flag: "region", group: connecting, def: "us", known: jc.Regions(), help: "where the organisation lives",
			read: func(c *config, v string) error { c.region = v; return nil }},
		{env: "JC_CONSOLE_URL", group: connecting, help: "another base URL than the region's; the next two follow it unless they are set",
			read: func(c *config, v string) (err error) { c.console, err = jc.ParseBase(v); return err }},
		{env: "JC_INSIGHTS_URL", group: connecting, help: "another base URL for Directory Insights",
			read: func(c *config, v string) (err error) { c.insights, err = jc.ParseBase(v); return err }},
		{env: "JC_OAUTH_URL", group: connecting, help: "another base URL for tokens of service accounts",
			read: func(c *config, v string) (err error) { c.oauth, err = jc.ParseBase(v); return err }},
		{env: "JC_PROXY", group: connecting, help: "egress proxy: http, https or socks5",
			read: func(c *config, v string) (err error) {
				if c.proxy, err = url.Parse(v); err != nil || c.proxy.Scheme == "" || c.proxy.Hostname() == "" {
					return errors.New("a proxy is http://host:port, https://… or socks5://…") // the parser's words could repeat a password
				}
				return nil
			}},
		{env: "JC_CA_FILE", group: connecting, help: "PEM file of certificates to trust beside the system's",
			read: func(c *config, v string) error { c.caFile = v; return nil }},
		{env: "JC_SANDBOX", flag: "sandbox", group: connecting, def: "false", onOff: true, help: "use an organisation in memory instead of JumpCloud",
			read: func(c *config, v string) error { c.sandbox = v == "true"; return nil }},
	}
}

func toolSettings() []setting {
	return []setting{
		{env: "JC_SURFACE", flag: "surface", group: surface, def: string(tools.CoreSurface), known: tools.Surfaces(), help: "how many tools are listed",
			read: func(c *config, v string) error { c.selection.Surface = tools.Surface(v); return nil }},
		{env: "JC_TOOLSETS", flag: "toolsets", group: selecting, help: "only these toolsets, a comma between two",
			read: func(c *config, v string) (err error) { c.selection.Toolsets, err = commaList(v); return err }},
		{env: "JC_TOOLS", flag: "tools", group: selecting, help: "only these tools: names or globs, a comma between two, ! leaves out",
			read: func(c *config, v string) (err error) { c.selection.Tools, err = commaList(v); return err }},
		{env: "JC_READ_ONLY", flag: "read-only", group: selecting, def: "false", onOff: true, help: "only tools that change nothing",
			read: func(c *config, v string) error { c.selection.ReadOnly = v == "true"; return nil }},
		{env: "JC_STRUCTURED", flag: "structured", group: selecting, def: "false", onOff: true, help: "add a structured copy to every answer, for hosts that run code",
			read: func(c *config, v string) error { c.structured = v == "true"; return nil }},
		{env: "JC_EXPORT_DIR", flag: "export-dir", group: selecting, help: "folder that lists may be exported to; adds the arguments all and export",
			read: func(c *config, v string) error {
				if info, err := os.Stat(v); err != nil || !info.IsDir() {
					return errors.New("the export folder does not exist or is no folder")
				}
				c.exportDir = v
				return nil
			}},
	}
}

func guardSettings() []setting {
	return []setting{
		{env: "JC_CONFIRM", flag: "confirm", group: guarding, def: string(auth.ConfirmDestroy),
			known: []string{string(auth.ConfirmDestroy), string(auth.ConfirmChange), string(auth.ConfirmNever)},
			help:  "what a person is asked about: destroy (and reveal, and changes of more than 5 objects), change (these and every change), never",
			read:  func(c *config, v string) (err error) { c.confirm, err = auth.ParseConfirm(v); return err }},
		{env: "JC_AUDIT_LOG", flag: "audit-log", group: guarding, help: "file that audit lines are added to, else stderr",
			read: func(c *config, v string) error {
				if v == "" {
					return errors.New("the audit log needs a file name")
				}
				c.auditLog = v
				return nil
			}},
		{env: "JC_GRANTS", flag: "grants", group: governing, help: "grant file: what each agent may do (jc-mcp grants init writes one)",
			read: func(c *config, v string) error { c.grants = v; return nil }},
		{env: "JC_AGENT", flag: "agent", group: governing, def: auth.LocalStdio, help: "the word under 'local' that grants know the caller on stdio by",
			read: func(c *config, v string) error { c.agent = v; return nil }},
		{env: "JC_STATE_DIR", flag: "state-dir", group: governing, help: "directory that the servers of a user share: kill switch, quotas, requests, keys (default: this user's)",
			read: func(c *config, v string) error { c.stateDir = v; return nil }},
		{env: "JC_LOG_LEVEL", flag: "log-level", group: logging, def: "info", known: []string{"debug", "info", "warn", "error"}, help: "what is logged, as JSON on stderr",
			read: func(c *config, v string) error { return c.logLevel.UnmarshalText([]byte(v)) }},
	}
}

// variables are the environment variables of a setting.
func (s *setting) variables() []string {
	if s.read != nil {
		return []string{s.env}
	}
	return []string{s.env, s.env + "_FILE", s.env + "_CMD"}
}

// take checks a value and puts it into c. from is what the person wrote it in.
func (s *setting) take(c *config, from, value string) error {
	known := s.known
	if s.onOff {
		known = []string{"true", "false"}
		switch value {
		case "1":
			value = "true"
		case "0":
			value = "false"
		}
	}
	if known != nil && !slices.Contains(known, value) {
		return unknown("value of "+from, value, known)
	}
	if err := s.read(c, value); err != nil {
		return usagef("%s: %v", from, err)
	}
	return nil
}

// usage is the help of the setting's flag.
func (s *setting) usage() string {
	text := s.help
	if s.known != nil && !strings.Contains(text, ":") {
		text += ": " + strings.Join(s.known, ", ")
	}
	if s.def != "" && !s.onOff {
		text += fmt.Sprintf(" (default %s)", s.def)
	}
	return text + " [" + s.env + "]"
}

// environmentHelp lists what has no flag.
func environmentHelp() string {
	var b strings.Builder
	b.WriteString("Set in the environment only (a secret also as NAME_FILE, a path, or NAME_CMD, a\ncommand that prints it):\n")
	for _, s := range settings() {
		if s.flag == "" {
			fmt.Fprintf(&b, "  %-20s %s\n", s.env, s.help)
		}
	}
	return b.String()
}

func commaList(v string) ([]string, error) {
	parts := strings.Split(v, ",")
	for i, p := range parts {
		if parts[i] = strings.TrimSpace(p); parts[i] == "" {
			return nil, errors.New("it is names with a comma between two, and one of them is empty")
		}
	}
	return parts, nil
}
