package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/tools"
)

// Every setting has a row here that it must refuse, and the words that must be said.
func TestBadSettingsStopTheStart(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, env, flags string
		words            []string
	}{
		{"region", "JC_REGION=use", "", []string{"JC_REGION", `"use"`, `did you mean "us"`, "eu, in, us"}},
		{"region flag", "", "--region=mars", []string{"--region", "eu, in, us"}},
		{"empty flag", "", "--region=", []string{"--region", "eu, in, us"}},
		{"flag beats environment", "JC_REGION=eu", "--region=xx", []string{"--region", `"xx"`}},
		{"org", "JC_ORG_ID=acme", "", []string{"JC_ORG_ID", "24 hex"}},
		{"org with a line break", "JC_ORG_ID=65fa1c65fa1c65fa1c65fa1c\nx: y", "", []string{"JC_ORG_ID"}},
		{"console path", "JC_CONSOLE_URL=https://x.example/api", "", []string{"JC_CONSOLE_URL", "nothing else"}},
		{"insights scheme", "JC_INSIGHTS_URL=ftp://x.example", "", []string{"JC_INSIGHTS_URL", "https://"}},
		{"oauth plain http", "JC_OAUTH_URL=http://x.example", "", []string{"JC_OAUTH_URL", "loopback"}},
		{"proxy", "JC_PROXY=nonsense", "", []string{"JC_PROXY", "socks5"}},
		{"proxy scheme", "JC_PROXY=ftp://p.example", "", []string{"JC_PROXY", "socks5"}},
		{"no CA file", "JC_CA_FILE=" + missing, "", []string{"JC_CA_FILE"}},
		{"CA file without certificate", "JC_CA_FILE=" + notPEM, "", []string{"JC_CA_FILE", "no certificate"}},
		{"sandbox", "JC_SANDBOX=maybe", "", []string{"JC_SANDBOX", "true, false"}},
		{"sandbox flag", "", "--sandbox=ja", []string{"--sandbox", "true, false"}},
		{"surface", "JC_SURFACE=ful", "", []string{"JC_SURFACE", `did you mean "full"`, "core, full"}},
		{"toolset", "JC_TOOLSETS=users,device", "", []string{"toolset", `"device"`, "device_groups", "user_groups"}},
		{"toolset flag", "", "--toolsets=userz", []string{"toolset", `did you mean "users"`}},
		{"empty toolset", "", "--toolsets=users,", []string{"--toolsets", "empty"}},
		{"tool", "JC_TOOLS=users_lst", "", []string{"tool", `did you mean "users_list"`, "jc-mcp tools --surface full lists all "}},
		{"tool glob that meets nothing", "", "--tools=!zzz_*", []string{"tool", "zzz_*", "jc-mcp tools --surface full lists all "}},
		{"tool glob", "", "--tools=[", []string{"glob"}},
		{"read only", "JC_READ_ONLY=yes please", "", []string{"JC_READ_ONLY", "true, false"}},
		{"confirm", "JC_CONFIRM=nevr", "", []string{"JC_CONFIRM", `did you mean "never"`, "destroy, change, never"}},
		{"confirm flag", "", "--confirm=always", []string{"--confirm", "destroy, change, never"}},
		{"audit log", "", "--audit-log=", []string{"--audit-log", "file name"}},
		{"audit log in no folder", "", "--audit-log=" + filepath.Join(missing, "log"), []string{"audit log"}},
		{"log level", "JC_LOG_LEVEL=loud", "", []string{"JC_LOG_LEVEL", "debug, info, warn, error"}},
		{"unknown variable", "JC_REGIONS=us", "", []string{"JC_REGIONS", `did you mean "JC_REGION"`, "JC_API_KEY_FILE"}},
		{"unknown flag", "", "--regoin=us", []string{`"--regoin"`, `did you mean "--region"`, "--sandbox"}},
		{"shorthand", "", "-x", []string{`"-x"`, "--sandbox"}},
		{"two sources of a key", "JC_API_KEY=a JC_API_KEY_FILE=b", "", []string{"JC_API_KEY", "JC_API_KEY_FILE", "only one"}},
		{"missing key file", "JC_API_KEY_FILE=" + missing, "", []string{"JC_API_KEY", "no such file"}},
		{"key and account", "JC_API_KEY=a JC_CLIENT_ID=b JC_CLIENT_SECRET=c", "", []string{"JC_API_KEY", "JC_CLIENT_ID"}},
		{"id without secret", "JC_CLIENT_ID=b", "", []string{"JC_CLIENT_SECRET"}},
		{"secret without id", "JC_CLIENT_SECRET=b", "", []string{"JC_CLIENT_ID"}},
		{"second secret alone", "JC_CLIENT_ID=a JC_CLIENT_SECRET_2=b", "", []string{"JC_CLIENT_SECRET_2", "rotation"}},
		{"key in the sandbox", "JC_API_KEY=a", "--sandbox", []string{"sandbox", "JC_API_KEY"}},
		{"account in the sandbox", "JC_SANDBOX=1 JC_CLIENT_ID=b JC_CLIENT_SECRET=c", "", []string{"sandbox", "JC_CLIENT_ID"}},
		{"base URL in the sandbox", "JC_CONSOLE_URL=https://x.example", "--sandbox", []string{"sandbox", "JC_CONSOLE_URL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			environ := []string{c.env}
			if !strings.Contains(c.env, "\n") && !strings.Contains(c.env, "please") {
				environ = strings.Fields(c.env)
			}
			r := jcmcp(t, environ, append([]string{"stdio"}, strings.Fields(c.flags)...)...)
			r.want(t, exitUsage, c.words...)
			if r.out != "" {
				t.Errorf("stdout is for JSON-RPC and holds %q", r.out)
			}
		})
	}
}

func TestSecretsAreNotRepeated(t *testing.T) {
	const secret = "hunter2-hunter2"
	for _, env := range []string{
		"JC_PROXY=http://user:" + secret + "@[::1", "JC_CONSOLE_URL=https://user:" + secret + "@x.example",
		"JC_API_KEY=" + secret + "\n" + secret,
	} {
		r := jcmcp(t, []string{env}, "stdio")
		r.want(t, exitUsage)
		if strings.Contains(r.out+r.err, secret) {
			t.Errorf("%q shows the secret: %s", strings.SplitN(env, "=", 2)[0], r.err)
		}
	}
}

// loaded is the configuration that a command line comes to.
func loaded(t *testing.T, environ []string, args ...string) *config {
	t.Helper()
	s := testShell(environ, strings.NewReader(""), &buffer{}, &buffer{})
	cmd := &cobra.Command{Use: "x"}
	addFlags(cmd, connecting, surface, selecting, guarding, logging)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	c, err := s.load(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoad(t *testing.T) {
	c := loaded(t, []string{"JC_REGION=eu", "JC_READ_ONLY=1", "JC_TOOLSETS=", "JC_CONFIRM=change", "PATH=/bin"},
		"--region", "in", "--tools", "users_*, !users_delete", "--log-level=warn", "--surface", "full")
	if c.region != "in" {
		t.Errorf("region %q: a flag beats the environment", c.region)
	}
	want := tools.Selection{Surface: tools.FullSurface, Tools: []string{"users_*", "!users_delete"}, ReadOnly: true}
	if diff := cmp.Diff(want, c.selection); diff != "" {
		t.Error(diff)
	}
	if c.confirm != auth.ConfirmChange || c.logLevel != slog.LevelWarn {
		t.Errorf("confirm %q, level %v", c.confirm, c.logLevel)
	}
	if got := c.organizations[0].hosts.Console.String(); got != "https://console.in.jumpcloud.com" {
		t.Errorf("console %s", got)
	}
	if d := loaded(t, nil); d.region != "us" || d.confirm != auth.ConfirmDestroy || d.selection.Surface != tools.CoreSurface || d.sandbox {
		t.Errorf("defaults: %+v", d)
	}
	if f := loaded(t, []string{"JC_READ_ONLY=true"}, "--read-only=false"); f.selection.ReadOnly {
		t.Error("--read-only=false does not beat JC_READ_ONLY=true")
	}
}

// A key that is meant for one address must not travel to JumpCloud's others.
func TestHostsFollowTheConsole(t *testing.T) {
	c := loaded(t, []string{"JC_CONSOLE_URL=http://127.0.0.1:8090"})
	for _, u := range []string{c.organizations[0].hosts.Console.String(), c.organizations[0].hosts.Insights.String(), c.organizations[0].hosts.OAuth.String()} {
		if u != "http://127.0.0.1:8090" {
			t.Errorf("a host is %s", u)
		}
	}
	c = loaded(t, []string{"JC_CONSOLE_URL=http://127.0.0.1:8090", "JC_OAUTH_URL=http://127.0.0.1:8091"})
	if c.organizations[0].hosts.OAuth.Host != "127.0.0.1:8091" || c.organizations[0].hosts.Insights.Host != "127.0.0.1:8090" {
		t.Errorf("hosts %v", c.organizations[0].hosts)
	}
}

func TestEverySettingIsHelped(t *testing.T) {
	help := jcmcp(t, nil, "--help").out + jcmcp(t, nil, "stdio", "--help").out + jcmcp(t, nil, "http", "--help").out
	for _, s := range settings() {
		if !strings.Contains(help, s.env) || s.flag != "" && !strings.Contains(help, "--"+s.flag+" ") {
			t.Errorf("%s (--%s) is in no help", s.env, s.flag)
		}
	}
}

func TestWorldReadableKeyFileIsSaid(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("modes are a Unix matter")
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("jca_x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	r := jcmcp(t, []string{"JC_API_KEY_FILE=" + path}, "stdio")
	r.want(t, exitDone, "every user of this machine", `"level":"WARN"`)
}
