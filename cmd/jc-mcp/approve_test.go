package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/jc-mcp/jc-mcp/auth"
	"github.com/jc-mcp/jc-mcp/auth/state"
)

const testPassphrase = "correct horse battery"

// approving runs one of the commands of approvers as somebody who types these
// passphrases at a terminal; nil is nobody at a terminal, but a pipe.
func approving(t *testing.T, typed []string, environ []string, args ...string) result {
	t.Helper()
	var out, errs buffer
	s := testShell(environ, strings.NewReader(strings.Join(typed, "\n")+"\nyes\n"), &out, &errs)
	ask := s.typedSecret
	if typed != nil {
		s.terminal = func(any) bool { return true }
		ask = func(_ context.Context, prompt string) ([]byte, error) {
			_, _ = errs.Write([]byte(prompt))
			if len(typed) == 0 {
				return nil, errors.New("nothing more is typed")
			}
			next := typed[0]
			typed = typed[1:]
			return []byte(next), nil
		}
	}
	root := &cobra.Command{Use: "jc-mcp", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(s.approverWith(ask), s.approveWith(ask), s.approvalsCommand(), s.stopCommand(), s.resumeCommand())
	root.SetArgs(args)
	root.SetOut(s.out)
	root.SetErr(s.err)
	return result{s.exitCode(root.ExecuteContext(t.Context())), out.String(), errs.String()}
}

// office is a state directory with a request in it, and an approver's key.
func office(t *testing.T) (d *state.Dir, environ []string, r state.Request, who auth.Approver) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	got := approving(t, []string{testPassphrase, testPassphrase}, nil, "approver", "init", "--name", "it-lead")
	got.want(t, exitDone, "it-lead: {key: ")
	public := regexp.MustCompile(`jca1_[\w-]+`).FindString(got.out)
	dir := filepath.Join(home, "state")
	d, err := state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("plan"))
	r, _, err = d.Ask(t.Context(), state.Request{
		Agent: "helpdesk", Principal: "stdio", Tool: "devices_recovery_key", Risk: "reveal", Bound: sum[:],
		Question: "Show the recovery key of lap-1.\nRequest    forged\x1b[2J", Targets: []auth.Target{{Type: "device", ID: "5f", Name: "lap-1"}},
		Before: map[string]any{"department": "Sales", "secret": "set"}, After: map[string]any{"department": "Legal"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, []string{"JC_STATE_DIR=" + dir}, r, auth.Approver{Name: "it-lead", Key: public, May: []string{"*"}}
}

func TestApproveOnTheTerminal(t *testing.T) {
	d, environ, r, who := office(t)
	approving(t, nil, environ, "approvals").want(t, exitDone, r.Code, "pending", "helpdesk", "devices_recovery_key")
	got := approving(t, []string{"wrong", testPassphrase}, environ, "approve", r.Code)
	got.want(t, exitDone, "helpdesk (stdio)", "devices_recovery_key (reveal)", "device lap-1 (5f)", "department: Sales -> Legal",
		"secret: set -> -", "\n  Request    forged", "to APPROVE this", "That does not open it", "Approved by it-lead", "--show")
	if strings.Contains(got.out, "\x1b") {
		t.Error("a request acts on the terminal")
	}
	approval, err := d.Take(t.Context(), r, []auth.Approver{who})
	if err != nil || approval.By.Name != "it-lead" {
		t.Fatal(approval, err)
	}
	approving(t, []string{testPassphrase}, environ, "approve", r.Code).want(t, exitFailed, "is used")
	approving(t, []string{testPassphrase}, environ, "approve", r.Code, "--show").want(t, exitFailed, "no secret waits")
	if err := d.Deliver(t.Context(), r.Code, who, []byte("AAAA-4711"), time.Minute); err != nil {
		t.Fatal(err)
	}
	approving(t, nil, environ, "approvals").want(t, exitDone, "used, a secret waits")
	approving(t, nil, environ, "approve", r.Code, "--show").want(t, exitFailed, "on a terminal only")
	got = approving(t, []string{testPassphrase}, environ, "approve", r.Code, "--show")
	if got.want(t, exitDone, "Shown once"); got.out != "AAAA-4711\n" {
		t.Errorf("%q", got.out)
	}
	approving(t, []string{testPassphrase}, environ, "approve", r.Code, "--show").want(t, exitFailed, "no secret waits")
}

func TestNothingButATerminalApproves(t *testing.T) {
	d, environ, r, who := office(t)
	environ = append(environ, "JC_PASSPHRASE="+testPassphrase, "PASSPHRASE="+testPassphrase)
	for _, args := range [][]string{{"approve", r.Code}, {"approve", r.Code, "--refuse"}, {"approver", "init", "--name", "agent"}} {
		approving(t, nil, environ, args...).want(t, exitFailed, "needs a person at a terminal")
	}
	// Said to be a terminal, but a pipe all the same.
	var out, errs buffer
	s := testShell(environ, bytes.NewReader([]byte(testPassphrase+"\n")), &out, &errs)
	s.terminal = func(any) bool { return true }
	if _, err := s.typedSecret(t.Context(), ""); !errors.Is(err, errNoTerminal) {
		t.Error(err)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s.in = f
	if _, err := s.typedSecret(t.Context(), ""); !errors.Is(err, errNoTerminal) {
		t.Error(err)
	}
	approving(t, []string{"wrong", "wrong again", "wrong still", testPassphrase}, environ, "approve", r.Code).want(t, exitFailed, "does not open this key")
	approving(t, []string{""}, environ, "approve", r.Code).want(t, exitFailed, "left as it is")
	if _, err := d.Take(t.Context(), r, []auth.Approver{who}); !errors.Is(err, state.ErrPending) {
		t.Errorf("it was approved: %v", err)
	}
}

func TestApproveRefuses(t *testing.T) {
	d, environ, r, who := office(t)
	approving(t, []string{testPassphrase}, environ, "approve", "--refuse", strings.ToLower(r.Code)).want(t, exitDone, "to REFUSE this", "Refused by it-lead")
	if _, err := d.Take(t.Context(), r, []auth.Approver{who}); !errors.Is(err, state.ErrRefused) {
		t.Error(err)
	}
	approving(t, []string{testPassphrase}, environ, "approve", r.Code).want(t, exitFailed, "is refused")
}

func TestApproveSaysWhatIsWrong(t *testing.T) {
	_, environ, r, _ := office(t)
	for _, c := range []struct {
		code int
		args []string
		word string
	}{
		{exitUsage, []string{"approve"}, "needs the code"},
		{exitUsage, []string{"approve", "nonsense"}, "is no code"},
		{exitUsage, []string{"approve", r.Code, "--show", "--refuse"}, "say one"},
		{exitFailed, []string{"approve", "ABCDEFGH"}, "no such request"},
		{exitFailed, []string{"approve", r.Code, "--as", "boss"}, "key file"},
		{exitUsage, []string{"approve", r.Code, "--as", "../boss"}, "name of an approver"},
		{exitUsage, []string{"approver"}, "approver init"},
		{exitUsage, []string{"approver", "init"}, "--name"},
		{exitUsage, []string{"approver", "init", "--name", "a b"}, "name of an approver"},
		{exitFailed, []string{"approver", "init", "--name", "it-lead"}, "never replaced"},
	} {
		approving(t, []string{testPassphrase}, environ, c.args...).want(t, c.code, c.word)
	}
	approving(t, []string{"short"}, environ, "approver", "init", "--name", "b").want(t, exitFailed, "12 letters")
	approving(t, []string{testPassphrase, "another passphrase"}, environ, "approver", "init", "--name", "b").want(t, exitFailed, "differ")
	approving(t, []string{testPassphrase, testPassphrase}, environ, "approver", "init", "--name", "b").want(t, exitDone, "b: {key")
	approving(t, []string{testPassphrase}, environ, "approve", r.Code).want(t, exitUsage, "--as NAME")
	approving(t, []string{testPassphrase}, environ, "approve", r.Code, "--as", "b").want(t, exitDone, "Approved by b")
}

func TestStopAndResume(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	environ := []string{"JC_STATE_DIR=" + dir}
	d, err := state.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	stopped := func() bool { _, yes := d.Stopped("helpdesk", "devices_erase"); return yes }
	for _, flags := range [][]string{nil, {"--agent", "helpdesk"}, {"--tool", "devices_erase"}} {
		approving(t, nil, environ, append([]string{"stop", "--why", "odd\nfriday"}, flags...)...).want(t, exitDone, "Stopped.\n", "odd friday")
		if !stopped() {
			t.Errorf("stop %v did not", flags)
		}
		approving(t, nil, environ, append([]string{"stop"}, flags...)...).want(t, exitDone, "already")
		approving(t, nil, environ, append([]string{"resume"}, flags...)...).want(t, exitDone, "Resumed.", "Nothing is stopped.")
		if stopped() {
			t.Errorf("resume %v did not", flags)
		}
		approving(t, nil, environ, append([]string{"resume"}, flags...)...).want(t, exitDone, "no such stop")
	}
	approving(t, nil, environ, "stop", "--agent", "a", "--tool", "b").want(t, exitUsage, "one at a time")
	approving(t, nil, environ, "stop", "--agent", "a b").want(t, exitFailed, "no name")
	approving(t, nil, environ, "stop", "now").want(t, exitUsage, "takes no argument")
}
