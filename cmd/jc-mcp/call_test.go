package main

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

func TestCallPrintsWhatAnAgentReads(t *testing.T) {
	r := jcmcp(t, nil, "call", "--sandbox", "users_list", "limit=3", "fields=username,email")
	r.want(t, exitDone)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if !strings.HasPrefix(lines[0], "# total 120; 3 shown") || !strings.Contains(lines[0], "SANDBOX") {
		t.Errorf("head %q", lines[0])
	}
	if len(lines) != 6 || lines[1] != "username,email" || strings.Count(lines[2], ",") != 1 {
		t.Errorf("rows are not raw CSV: %q", lines)
	}
	for _, line := range strings.Split(strings.TrimSpace(r.err), "\n") {
		var audit auth.Line
		if err := json.Unmarshal([]byte(line), &audit); err != nil || audit.Principal != "call" {
			t.Errorf("stderr is not audit lines of this caller: %q %v", line, err)
		}
	}
}

func TestCallReadsArgumentsFromStdin(t *testing.T) {
	name := firstUser(t)
	r := jcmcpIn(t, `{"user":"nobody-at-all"}`, nil, "call", "--sandbox", "users_get", "-", "user="+name)
	r.want(t, exitDone, name)
}

// firstUser is the name of somebody in the sandbox.
func firstUser(t *testing.T) string {
	t.Helper()
	r := jcmcp(t, nil, "call", "--sandbox", "users_list", "limit=1", "fields=username")
	r.want(t, exitDone)
	return strings.Split(r.out, "\n")[2]
}

func TestCallFailures(t *testing.T) {
	for _, c := range []struct {
		name  string
		args  string
		code  int
		words []string
	}{
		{"no tool", "--sandbox", exitUsage, []string{"name of a tool"}},
		{"unknown tool", "--sandbox user_list", exitUsage, []string{`unknown tool "user_list"`, `did you mean "users_list"`, "jc-mcp tools --surface full lists all "}},
		{"tool left out", "--sandbox --read-only users_delete user=x", exitUsage, []string{"users_delete is a tool", "--read-only"}},
		{"no word of an argument", "--sandbox users_list limit", exitUsage, []string{"key=value"}},
		{"wrong type", "--sandbox users_list limit=many", exitFailed, []string{"invalid_argument", "limit"}},
		{"unknown argument", "--sandbox users_list zebra=3", exitFailed, []string{"invalid_argument", "zebra"}},
		{"no such object", "--sandbox users_get user=nobody-at-all", exitFailed, []string{"not_found"}},
		{"no credential", "users_list", exitFailed, []string{"JC_API_KEY", "JC_CLIENT_ID", "--sandbox"}},
		{"surface is for lists", "--sandbox --surface core users_list", exitUsage, []string{"unknown flag"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			jcmcp(t, nil, append([]string{"call"}, strings.Fields(c.args)...)...).want(t, c.code, c.words...)
		})
	}
}

func TestCallTextOfAFailureIsOnStdout(t *testing.T) {
	r := jcmcp(t, nil, "call", "--sandbox", "users_get", "user=nobody-at-all")
	if !strings.HasPrefix(r.out, "not_found") {
		t.Errorf("stdout %q", r.out)
	}
}

func TestCallOffTheCoreSurface(t *testing.T) {
	r := jcmcp(t, []string{"JC_SURFACE=core"}, "call", "--sandbox", "user_groups_get", "group=nobody-at-all")
	r.want(t, exitFailed, "not_found")
}

func TestDestroyWithoutATerminalIsRefused(t *testing.T) {
	r := jcmcpIn(t, "yes\n", nil, "call", "--sandbox", "users_delete", "user="+firstUser(t))
	r.want(t, exitFailed, "needs_approval", "Nothing was")
	if !strings.HasPrefix(r.out, "needs_approval") || strings.Contains(r.out, "Type yes") || strings.Contains(r.out, "elicitation") {
		t.Errorf("stdout %q", r.out)
	}
	r.want(t, exitFailed, "there is no terminal here to ask one on", "`jc-mcp call` on a terminal")
}

// A credential that cannot be read is not one that JumpCloud refuses.
func TestCallWithoutTheSecret(t *testing.T) {
	for command, why := range map[string]string{"exit 3": "The credential's secret cannot be read", "true": "The credential's secret cannot be read"} {
		r := jcmcp(t, []string{"JC_API_KEY_CMD=" + command, "JC_CONSOLE_URL=http://127.0.0.1:1"}, "call", "users_list")
		r.want(t, exitFailed, "unauthorized", why, "was not sent", "jc-mcp doctor")
		if strings.Contains(r.out, "does not accept") {
			t.Errorf("%s: %s", command, r.out)
		}
	}
}

func TestDestroyOnATerminal(t *testing.T) {
	name := firstUser(t)
	for _, c := range []struct {
		typed string
		code  int
		word  string
	}{
		{"yes\n", exitDone, "done"},
		{"no\n", exitFailed, "denied"},
		{"y\n", exitFailed, "denied"},
		{"YES\n", exitFailed, "denied"},
		{"", exitFailed, "denied"},
	} {
		r := person(t.Context(), strings.NewReader(c.typed), "call", "--sandbox", "users_delete", "user="+name)
		r.want(t, c.code, "Type yes to go on", name)
		if !strings.Contains(r.out, c.word) {
			t.Errorf("typed %q: %q", c.typed, r.out)
		}
	}
}

func TestQuestionEndsWithTheProcess(t *testing.T) {
	name := firstUser(t)
	ctx, cancel := context.WithCancel(t.Context())
	in, typing := io.Pipe()
	defer typing.Close()
	watched := &onWord{word: "Type yes", then: cancel}
	var out buffer
	s := testShell(nil, in, &out, watched)
	s.terminal = func(any) bool { return true }
	if code := s.run(ctx, []string{"call", "--sandbox", "users_delete", "user=" + name}); code != exitFailed || !strings.HasPrefix(out.String(), "denied") {
		t.Errorf("exit code %d, %s", code, out.String())
	}
}

// onWord does something once a word was written.
type onWord struct {
	word string
	then func()
}

func (w *onWord) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.word) {
		w.then()
	}
	return len(p), nil
}

func TestConfirmNeverIsSaidAndAsksNobody(t *testing.T) {
	r := jcmcp(t, nil, "call", "--sandbox", "--confirm", "never", "users_delete", "user="+firstUser(t))
	r.want(t, exitDone, `"level":"WARN"`, "confirm is never")
}

func TestTableOnATerminal(t *testing.T) {
	r := person(t.Context(), strings.NewReader(""), "call", "--sandbox", "users_list", "limit=3", "fields=username,email")
	r.want(t, exitDone, "audit: local (call)")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	col := strings.Index(lines[1], "email")
	if len(lines) != 6 || col < 0 {
		t.Fatalf("%q", lines)
	}
	for _, line := range lines[2:5] {
		if line[col-1] != ' ' || line[col] == ' ' || strings.Contains(line, ",") {
			t.Errorf("%q does not stand under %q", line, lines[1])
		}
	}
	if !strings.HasPrefix(lines[5], "# 117 more") {
		t.Errorf("last line %q", lines[5])
	}
}

func TestAligned(t *testing.T) {
	for in, want := range map[string]string{
		"a,b\nlong,\"x, y\"":      "a     b\nlong  x, y",
		"é,b\nab,c\n# 2 more":     "é   b\nab  c\n# 2 more",
		"a,b\nc":                  "a,b\nc", // no CSV: as it was
		"only":                    "only",
		"":                        "",
		"a,b\n\"#1\",2\n-,3":      "a   b\n#1  2\n-   3",
		"a,b\n# 1 more\n\"# x\",": "a,b\n# 1 more\n\"# x\",",
	} {
		if got := aligned(in); got != want {
			t.Error(cmp.Diff(want, got))
		}
	}
}

func TestVisible(t *testing.T) {
	if got := visible("a\x1b[31m\u202eb\r\n\tc\x07"); got != "a[31mb\n\tc" {
		t.Errorf("%q", got)
	}
}

func TestProgressIsClearedAndOnlyOnATerminal(t *testing.T) {
	var errs buffer
	s := testShell(nil, strings.NewReader(""), io.Discard, &errs)
	step, end := s.progress()
	end()
	if errs.String() != "" {
		t.Errorf("nothing was shown, and %q was cleared", errs.String())
	}
	step(2, 5, "rows\x1b")
	step(3, 0, "")
	end()
	if got := errs.String(); got != "\r\x1b[K2 of 5 rows\r\x1b[K3 \r\x1b[K" {
		t.Errorf("%q", got)
	}
}

func TestAuditLogTakesTheLines(t *testing.T) {
	path := t.TempDir() + "/audit.log"
	r := jcmcp(t, nil, "call", "--sandbox", "--audit-log", path, "users_list", "limit=1")
	r.want(t, exitDone)
	if r.err != "" {
		t.Errorf("stderr %q", r.err)
	}
	if b := readFile(t, path); strings.Count(b, "\n") != 2 || !strings.Contains(b, `"phase":"intent"`) {
		t.Errorf("audit log %q", b)
	}
}
