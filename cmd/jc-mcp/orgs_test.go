package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/jc-mcp/jc-mcp/auth"
)

const twoSandboxes = `version: 1
organizations:
  acme: {region: eu, sandbox: {users: 30, seed: 3}}
  globex: {sandbox: {users: 20, seed: 9}}
`

func fileOf(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCallInOneOfSeveral(t *testing.T) {
	orgs := fileOf(t, "orgs.yaml", twoSandboxes)
	jcmcp(t, nil, "call", "--orgs", orgs, "--org", "acme", "users_list", "limit=1").want(t, exitDone, "# total 30", "org acme (Acme Inc eu SANDBOX)", `"org":"acme"`)
	jcmcp(t, []string{"JC_ORGS=" + orgs, "JC_ORG_ID=globex"}, "call", "users_list", "limit=1").want(t, exitDone, "# total 20", "org globex")
	jcmcp(t, nil, "call", "--orgs", orgs, "users_list").want(t, exitUsage, "--orgs has several organisations: say which with --org; known: acme, globex")
	jcmcp(t, nil, "call", "--orgs", orgs, "--org", "globx", "users_list").want(t, exitUsage, `unknown organisation "globx"`, `"globex"`)
	only := fileOf(t, "one.yaml", "version: 1\norganizations:\n  acme: {sandbox: {users: 30}}\n")
	jcmcp(t, nil, "call", "--orgs", only, "users_list", "limit=1").want(t, exitDone, "# total 30")
	jcmcp(t, nil, "call", "--sandbox", "--org", "acme", "users_list").want(t, exitUsage, "the id of an organisation is 24 hex digits")
}

// TestCallInAll: the command line can do what a caller of a server with several can.
func TestCallInAll(t *testing.T) {
	orgs := fileOf(t, "orgs.yaml", twoSandboxes)
	for _, env := range [][]string{{"JC_ORGS=" + orgs, "JC_ORG_ID=*"}, {"JC_ORGS=" + orgs}} {
		args := []string{"call", "users_list", "limit=1"}
		if len(env) == 1 {
			args = append(args, "--org", "*")
		}
		r := jcmcp(t, env, args...)
		r.want(t, exitDone, "# 2 organisations, each in a section", "## acme\n# total 30", "## globex\n# total 20", `"org":"globex"`)
	}
	call := func(args ...string) result {
		return jcmcp(t, nil, append([]string{"call", "--orgs", orgs}, args...)...)
	}
	call("users_list", "org=*", "limit=1").want(t, exitDone, "## acme", "## globex")
	call("users_list", "org=globex", "limit=1").want(t, exitDone, "# total 20", "org globex")
	call("users_list", "org=initech").want(t, exitFailed, `there is no organisation "initech" here; known: acme, globex`)
	call("--org", "*", "users_list", "org=acme", "limit=1").want(t, exitDone, "# total 30", "org acme") // the narrower word counts
	call("--org", "acme", "users_list", "org=globex").want(t, exitFailed, `there is no organisation "globex" here; known: acme`)
	call("--org", "*", "users_suspend", "user=ada.king").want(t, exitFailed, "only a read runs in all organisations")
	call("users_suspend", "user=ada.king", "dry_run=true").want(t, exitUsage, "say which with --org; known: acme, globex; --org '*' reads in all")
	call("api_search", "query=suspend user").want(t, exitDone, "users_suspend")
	call("--org", "*", "api_search", "query=suspend user").want(t, exitDone, "users_suspend")
	jcmcp(t, nil, "call", "--sandbox", "--org", "*", "users_list").want(t, exitUsage, "the id of an organisation is 24 hex digits")
	if r := person(t.Context(), strings.NewReader(""), "call", "--orgs", orgs, "--org", "*", "users_list", "limit=1", "fields=username,email"); !strings.Contains(r.out, "\nusername  ") {
		t.Errorf("the list of a section is no table: %s", r.out)
	}
}

func TestOrgsAndSettingsOfOneExclude(t *testing.T) {
	orgs := fileOf(t, "orgs.yaml", twoSandboxes)
	for _, set := range []string{"JC_API_KEY=x", "JC_SANDBOX=true", "JC_REGION=eu", "JC_CONSOLE_URL=https://x.example", "JC_KEYCHAIN=acme"} {
		jcmcp(t, []string{set}, "doctor", "--orgs", orgs).want(t, exitUsage, "JC_ORGS and a setting of one organisation")
	}
	jcmcp(t, []string{"JC_CLIENT_ID=x", "JC_CLIENT_SECRET=y"}, "doctor", "--orgs", orgs).want(t, exitUsage, "JC_ORGS and a setting")
	jcmcp(t, nil, "doctor", "--orgs", filepath.Join(t.TempDir(), "none")).want(t, exitUsage, "the file of organisations", "cannot be read")
	bad := fileOf(t, "bad.yaml", "version: 1\norganizations:\n  acme: {credential: {api_key_file: /none}}\n  x: {region: uk}\n")
	jcmcp(t, nil, "doctor", "--orgs", bad).want(t, exitUsage, "bad.yaml:4: unknown region", "organization x has no credential")
	missing := fileOf(t, "missing.yaml", "version: 1\norganizations:\n  acme: {credential: {api_key_file: /none}}\n")
	jcmcp(t, nil, "stdio", "--orgs", missing).want(t, exitUsage, "organisation acme", "there is no such file")
	jcmcp(t, nil, "call", "--orgs", missing, "users_list").want(t, exitUsage, "there is no such file")
}

func TestDoctorLooksAtEveryOrganisation(t *testing.T) {
	orgs := fileOf(t, "orgs.yaml", twoSandboxes)
	jcmcp(t, nil, "doctor", "--orgs", orgs).want(t, exitDone, "configuration  acme: sandbox (in memory), region eu", "connection     globex: JumpCloud accepts")
	key := fileOf(t, "key", "secret-of-one")
	mixed := fileOf(t, "mixed.yaml", `version: 1
organizations:
  acme: {sandbox: {}}
  globex:
    console_url: http://127.0.0.1:1
    credential: {api_key_file: `+key+`}
    credentials: {readonly: {client_id: abc, client_secret_env: NOT_SET}}
`)
	r := jcmcp(t, nil, "doctor", "--orgs", mixed, "--org", "acme")
	r.want(t, exitDone, "acme: sandbox")
	if strings.Contains(r.out, "globex") {
		t.Error(r.out)
	}
	jcmcp(t, nil, "doctor", "--orgs", mixed).want(t, exitUsage, "globex", "NOT_SET is not set")
	jcmcp(t, []string{"NOT_SET=now-it-is"}, "doctor", "--orgs", mixed).want(t, exitFailed, "ok   connection     acme",
		"ok   configuration  globex: API key, region us", "globex, credential readonly: service account with 1 secret(s)", "fix  connection     globex: ")
}

const orgGrants = `version: 1
agents:
  helper:
    who: [{local: stdio}]
    orgs: ORGS
    may: [{read: [users]}]
`

// TestStdioOfSeveral: what the grant names is what the caller gets.
func TestStdioOfSeveral(t *testing.T) {
	orgs := fileOf(t, "orgs.yaml", twoSandboxes)
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n" +
		`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"
	call := func(args string) string {
		return hello + `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"users_list","arguments":` + args + `}}` + "\n"
	}
	serve := func(grants, args string) result {
		t.Helper()
		flags := []string{"stdio", "--orgs", orgs, "--state-dir", filepath.Join(t.TempDir(), "state")}
		if grants != "" {
			flags = append(flags, "--grants", fileOf(t, "grants.yaml", strings.Replace(orgGrants, "ORGS", grants, 1)))
		}
		return jcmcpIn(t, call(args), nil, flags...)
	}
	serve("", `{"org":"*","limit":1}`).want(t, exitDone, "JumpCloud of acme, globex. ", `## acme\n# total 30`, `## globex\n# total 20`)
	serve("[acme, globex]", `{"org":"globex","limit":1}`).want(t, exitDone, "# total 20", `helper (stdio) in globex, read: find`)
	serve("[globex]", `{"limit":1}`).want(t, exitDone, "# total 20")
	serve("[globex]", `{"org":"acme"}`).want(t, exitDone, `there is no organisation \"acme\" here`)
	serve("[acmee]", `{}`).want(t, exitUsage, `unknown organisation "acmee"; did you mean "acme"?`)
	r := jcmcpIn(t, call(`{"org":"acme"}`), nil, "stdio", "--orgs", orgs, "--state-dir", filepath.Join(t.TempDir(), "state"),
		"--grants", fileOf(t, "grants.yaml", strings.Replace(orgGrants, "    orgs: ORGS\n", "", 1)))
	r.want(t, exitDone, "no organisation is granted to helper (stdio)")
	r = jcmcpIn(t, call(`{}`), nil, "stdio", "--sandbox", "--state-dir", filepath.Join(t.TempDir(), "state"),
		"--grants", fileOf(t, "grants.yaml", strings.Replace(orgGrants, "ORGS", "[acme]", 1)))
	r.want(t, exitUsage, "this server has no file of organisations (--orgs)")
}

func TestGrantsCheckWithOrganisations(t *testing.T) {
	orgs := fileOf(t, "orgs.yaml", twoSandboxes)
	grants := fileOf(t, "grants.yaml", strings.Replace(orgGrants, "ORGS", "[acmee]", 1))
	jcmcp(t, nil, "grants", "check", grants).want(t, exitDone, "helper works in acmee from now on")
	jcmcp(t, nil, "grants", "check", grants, "--orgs", orgs).want(t, exitFailed, `unknown organisation "acmee"; did you mean "acme"?`)
	none := fileOf(t, "grants.yaml", strings.Replace(orgGrants, "    orgs: ORGS\n", "", 1))
	jcmcp(t, []string{"JC_ORGS=" + orgs}, "grants", "check", none).want(t, exitDone, "helper names no organisation, and there are several")
	good := fileOf(t, "grants.yaml", strings.Replace(orgGrants, "ORGS", "[acme, globex]", 1))
	jcmcp(t, nil, "grants", "explain", "--grants", good, "--agent", "helper", "--orgs", orgs, "users_list").want(t, exitDone, "allowed", "in acme, globex")
	jcmcp(t, nil, "doctor", "--orgs", orgs, "--grants", grants).want(t, exitFailed, `unknown organisation "acmee"`)
}

func TestLoginAndLogout(t *testing.T) {
	keyring.MockInit()
	s := testShell(nil, strings.NewReader(""), &buffer{}, &buffer{})
	typed := "secret-of-the-keychain\n"
	login := func(args ...string) error {
		cmd := s.loginCommandWith(func(context.Context, string) ([]byte, error) { return []byte(typed), nil })
		cmd.SetArgs(args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		return cmd.ExecuteContext(t.Context())
	}
	if err := login("acme"); err != nil {
		t.Fatal(err)
	}
	l, err := auth.KeychainLogin("acme")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := l.APIKey.Get(t.Context()); err != nil || v.Reveal() != "secret-of-the-keychain" {
		t.Errorf("%v", err)
	}
	if err := login("globex", "--client-id", "abc"); err != nil {
		t.Fatal(err)
	}
	jcmcp(t, []string{"JC_CONSOLE_URL=http://127.0.0.1:1"}, "doctor", "--keychain", "globex").want(t, exitFailed, "service account with 1 secret(s)", "fix  connection")
	jcmcp(t, nil, "doctor", "--keychain", "none").want(t, exitUsage, `the keychain holds no login "none": jc-mcp login none puts one there`)
	jcmcp(t, []string{"JC_API_KEY=x"}, "doctor", "--keychain", "acme").want(t, exitUsage, "JC_API_KEY and JC_KEYCHAIN are both set")
	orgs := fileOf(t, "orgs.yaml", "version: 1\norganizations:\n  acme: {console_url: 'http://127.0.0.1:1', credential: {keychain: acme}}\n  b: {sandbox: {}}\n")
	jcmcp(t, nil, "doctor", "--orgs", orgs).want(t, exitFailed, "acme: API key", "secret         acme: readable")
	jcmcp(t, nil, "login", "acme").want(t, exitFailed, "this needs a person at a terminal")
	jcmcp(t, nil, "login").want(t, exitUsage, "login takes one name")
	jcmcp(t, nil, "login", "a b").want(t, exitUsage, "is no name for the keychain")
	jcmcp(t, nil, "logout", "acme").want(t, exitDone, "removed acme from the keychain")
	jcmcp(t, nil, "logout", "acme").want(t, exitFailed, `the keychain holds no login "acme"`)
	typed = " \n"
	if err := login("empty"); err == nil {
		t.Error("nothing was typed, and something kept")
	}
}

// TestReadmeOrgs: the file in the README is one.
func TestReadmeOrgs(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(raw), "```yaml orgs\n")
	block, _, ended := strings.Cut(block, "```")
	if !found || !ended {
		t.Fatal("the README has no file of organisations")
	}
	s := testShell(nil, strings.NewReader(""), &buffer{}, &buffer{})
	list, err := s.parseOrgs(fileOf(t, "orgs.yaml", block))
	if err != nil || len(list) != 3 || len(list[1].Credentials) != 3 || list[2].Sandbox == nil {
		t.Errorf("%+v %v", list, err)
	}
}
