package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/tools"
)

// grants runs a subcommand of grants.
func grants(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var out, errs buffer
	s := testShell(environ, strings.NewReader(""), &out, &errs)
	args = append([]string{"grants"}, args...)
	root := s.root(args)
	if c, _, err := root.Find([]string{"grants"}); err != nil || c.Name() != "grants" {
		root.AddCommand(s.grantsCommand())
	}
	root.SetArgs(args)
	root.SetOut(s.out)
	root.SetErr(s.err)
	code := s.exitCode(root.ExecuteContext(t.Context()))
	return result{code, out.String(), errs.String()}
}

// starterFile is the starter on disk, with its commented parts uncommented when all is true.
func starterFile(t *testing.T, all bool) string {
	t.Helper()
	text := string(auth.GrantStarter)
	if all {
		text = strings.NewReplacer("# protect:", "protect:", "#   users: [break", "  users: [break", "#   user_groups: [Dom", "  user_groups: [Dom",
			"      # - write:", "      - write:", "      #   only:", "        only:", "      #   at_most:", "        at_most:", "      #   when:", "        when:",
			"# approvers:", "approvers:", "#   it-lead:", "  it-lead:", "# notify:", "notify:").Replace(text)
	}
	return grantFile(t, text)
}

func grantFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "grants.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGrantsInit(t *testing.T) {
	r := grants(t, nil, "init")
	if r.want(t, exitDone); r.out != string(auth.GrantStarter) {
		t.Error("something else is printed")
	}
	path := filepath.Join(t.TempDir(), "grants.yaml")
	grants(t, nil, "init", path).want(t, exitDone, "wrote "+path)
	if readFile(t, path) != string(auth.GrantStarter) {
		t.Error("something else is written")
	}
	grants(t, nil, "init", path).want(t, exitFailed, "is there already")
	grants(t, nil, "init", filepath.Join(path, "x")).want(t, exitFailed, "cannot be written")
	grants(t, nil, "init", "a", "b").want(t, exitUsage)
}

// TestTheStarterIsGood: as it is, and with all that it has commented out.
func TestTheStarterIsGood(t *testing.T) {
	r := grants(t, nil, "check", starterFile(t, false))
	r.want(t, exitDone, "grants.yaml is good: version ", "agents helpdesk, auditor, onboarding", "Compared with nothing:",
		"helpdesk is new (local stdio)", "helpdesk gains devices_lock, users_reset_mfa (approve human within 30m; with a reason)",
		"line ", "no approver may agree to users_reset_mfa, devices_lock: it will never run")
	r = grants(t, nil, "check", starterFile(t, true))
	r.want(t, exitDone, "approvers it-lead", "only user groups Contractors, Project *")
	if strings.Contains(r.out, "To look at") {
		t.Errorf("with all of it there is something to look at:\n%s", r.out)
	}
}

func TestGrantsCheckCompares(t *testing.T) {
	old, now := starterFile(t, false), starterFile(t, true)
	grants(t, nil, "check", now, "--against", old).want(t, exitDone, "Compared with "+old, "helpdesk gains", "protected from now on: users breakglass@example.com")
	grants(t, nil, "check", old, "--against", old).want(t, exitDone, "nobody gains or loses anything")
	grants(t, nil, "check", old, "--against", filepath.Join(t.TempDir(), "none")).want(t, exitFailed, "cannot be read")

	dir := t.TempDir()
	grants(t, nil, "check", now, "--state-dir", dir).want(t, exitDone, "Compared with nothing")
	if err := os.WriteFile(filepath.Join(dir, lastGoodName), []byte(readFile(t, old)), 0o600); err != nil {
		t.Fatal(err)
	}
	grants(t, nil, "check", now, "--state-dir", dir).want(t, exitDone, "Compared with "+dir)
	grants(t, []string{"JC_STATE_DIR=" + dir}, "check", now).want(t, exitDone, "Compared with "+dir)
}

func TestGrantsCheckSaysWhatIsWrong(t *testing.T) {
	bad := grantFile(t, "version: 1\nagents:\n  a:\n    who: [{local: stdio}]\n    may: [{read: [user]}, {do: [users_unlok]}]\n")
	grants(t, nil, "check", bad).want(t, exitFailed,
		`grants.yaml:5: unknown toolset "user"; did you mean "users"?`, `grants.yaml:5: unknown tool "users_unlok"; did you mean "users_unlock"?`)
	grants(t, nil, "check", filepath.Join(t.TempDir(), "none")).want(t, exitFailed, "cannot be read")
	grants(t, nil, "check").want(t, exitUsage, "usage: jc-mcp grants check FILE")
	grants(t, nil, "check", bad, bad).want(t, exitUsage)
	grants(t, nil).want(t, exitUsage, "check, explain, init, token")
	grants(t, nil, "chek").want(t, exitUsage, `did you mean "check"?`)
}

// TestGrantsExplain runs without a credential and with no sandbox: nothing could be asked.
func TestGrantsExplain(t *testing.T) {
	file := starterFile(t, true)
	explain := func(code int, words []string, args ...string) {
		t.Helper()
		grants(t, nil, append([]string{"explain", "--grants", file, "--at", "2026-11-05T11:00:00Z"}, args...)...).want(t, code, words...)
	}
	explain(exitDone, []string{"users_unlock (change) for helpdesk: allowed\n", "decided by grants.yaml line ", "on user jdoe; objects changed: 1",
		"counts against at most 20 objects an hour", "provided that user jdoe is not one of the protected users breakglass@example.com"}, "--agent", "helpdesk", "users_unlock", "user=jdoe")
	explain(exitDone, []string{"allowed when an approver agrees within 30m\n"}, "--agent", "helpdesk", "users_reset_mfa", "user=jdoe")
	explain(exitFailed, []string{"refused, user breakglass@example.com is protected"}, "--agent", "helpdesk", "users_unlock", "user=breakglass@example.com")
	explain(exitFailed, []string{"refused, never devices_erase"}, "--agent", "helpdesk", "devices_erase")
	explain(exitFailed, []string{"refused, it takes the scope jc:change:users", "decided by the caller's token"}, "--agent", "helpdesk", "--scopes", "jc:read", "users_unlock", "user=jdoe")
	explain(exitFailed, []string{"refused, it takes the scope jc:change:users"}, "--agent", "helpdesk", "--scopes", "", "users_unlock")
	explain(exitDone, []string{"allowed\n"}, "--agent", "helpdesk", "--scopes", "jc:change:users openid", "users_unlock", "user=jdoe")
	explain(exitFailed, []string{"auditor is not granted users_unlock"}, "--agent", "auditor", "users_unlock")
	explain(exitDone, []string{"on user ana, user bo, user_group Project X; objects changed: 2"}, "--agent", "helpdesk",
		"user_groups_members_change", "group=Project X", "add=ana", "add=bo")
	explain(exitFailed, []string{"only user groups Contractors, Project *, and not user group Admins"}, "--agent", "helpdesk",
		"user_groups_members_change", "group=Admins", "add=ana")
	explain(exitFailed, []string{"at most 5 objects a call, not 6"}, "--agent", "helpdesk", "user_groups_members_change", "--objects", "6", "group=Project X")
	explain(exitFailed, []string{"it is fri 00:00 there"}, "--at", "2026-11-05T23:00:00Z", "--agent", "helpdesk", "user_groups_update")
	explain(exitDone, []string{"users_list (read) for auditor: allowed"}, "--agent", "auditor", "users_list")

	explain(exitUsage, []string{`unknown agent "helpdsk"; did you mean "helpdesk"?`}, "--agent", "helpdsk", "users_list")
	explain(exitUsage, []string{`unknown tool "users_lst"; did you mean "users_list"?`}, "--agent", "helpdesk", "users_lst")
	explain(exitUsage, []string{`unknown argument of users_unlock "usr"`}, "--agent", "helpdesk", "users_unlock", "usr=jdoe")
	explain(exitUsage, []string{"--agent A"}, "users_list")
	explain(exitUsage, []string{"is no time"}, "--at", "noon", "--agent", "helpdesk", "users_list")
	explain(exitUsage, []string{"needs the name of a tool"}, "--agent", "helpdesk")
	grants(t, nil, "explain", "--agent", "a", "users_list").want(t, exitUsage, "--grants FILE")
	grants(t, []string{"JC_GRANTS=" + file}, "explain", "--agent", "auditor", "users_list").want(t, exitDone, "allowed")
}

func TestGrantsToken(t *testing.T) {
	r := grants(t, nil, "token", "--agent", "onboarding")
	r.want(t, exitDone)
	token := strings.TrimSuffix(r.out, "\n")
	sum := sha256.Sum256([]byte(token))
	if len(token) < 43 || strings.ContainsAny(token, " \n") || !strings.Contains(r.err, `  onboarding:`+"\n"+`    who: [{token_sha256: "`+hex.EncodeToString(sum[:])+`"}]`) {
		t.Errorf("%q %q", r.out, r.err)
	}
	if strings.Contains(r.err, token) {
		t.Error("the token is in what is kept")
	}
	if again := grants(t, nil, "token", "--agent", "onboarding"); again.out == r.out {
		t.Error("the same twice")
	}
	grants(t, nil, "token").want(t, exitUsage, "--agent A")
}

// TestGrantNamesAreThoseOfTheTools: what a grant file may protect and narrow to are
// toolsets there are, and every kind of object that a file can name is one that
// targets have.
func TestGrantNamesAreThoseOfTheTools(t *testing.T) {
	names := grantNames{all: tools.All()}
	if len(names.Tools()) != len(tools.All()) || !slices.Contains(names.Toolsets(), "user_groups") {
		t.Error("tools are missing")
	}
	for toolset, kinds := range auth.GrantKinds() {
		if _, ok := tools.Toolsets[toolset]; !ok {
			t.Errorf("there is no toolset %s", toolset)
		}
		if !slices.ContainsFunc(kinds, func(kind string) bool { return jc.KindOf(kind) != nil }) {
			t.Logf("%s is known by the names of arguments only: %v", toolset, kinds)
		}
	}
}
