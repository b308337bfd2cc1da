package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fence = regexp.MustCompile("(?s)```([a-z ]+)\n(.*?)```")

// blocks are the fenced blocks of the README of one kind.
func blocks(t *testing.T, kind string) (out []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(raw), -1) {
		if strings.TrimSpace(m[1]) == kind {
			out = append(out, m[2])
		}
	}
	if len(out) == 0 {
		t.Fatalf("the README has no %q block", kind)
	}
	return out
}

// Every command that the README gives for the sandbox does what it says.
func TestReadmeCommands(t *testing.T) {
	path := filepath.Dir(binary) + string(os.PathListSeparator) + os.Getenv("PATH")
	for _, block := range blocks(t, "sh") {
		for line := range strings.Lines(block) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
			cmd.Env = []string{"PATH=" + path, "HOME=" + t.TempDir()}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil || len(bytes.TrimSpace(out)) == 0 {
				t.Errorf("$ %s\n%s%s\n%v", line, out, stderr.Bytes(), err)
				continue
			}
			t.Logf("$ %s\n%s", line, bytes.SplitN(out, []byte("\n"), 2)[0])
		}
	}
}

// The snippets for clients start a server that works: each is started as a client
// would, with the sandbox in place of the key.
func TestReadmeSnippets(t *testing.T) {
	for _, block := range blocks(t, "json") {
		var config map[string]map[string]struct {
			Type, Command string
			Args          []string
			Env           map[string]string
		}
		if err := json.Unmarshal([]byte(block), &config); err != nil {
			t.Fatalf("%v in\n%s", err, block)
		}
		for _, servers := range config {
			for name, s := range servers {
				if s.Command != "jc-mcp" || len(s.Args) == 0 {
					t.Errorf("%s starts %q %q", name, s.Command, s.Args)
					continue
				}
				cmd := exec.CommandContext(t.Context(), binary, append(s.Args, "--sandbox")...)
				cmd.Env = []string{"HOME=" + t.TempDir(), "JC_REGION=" + s.Env["JC_REGION"]}
				cmd.Stdin = strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n")
				out, err := cmd.Output()
				if err != nil || !strings.Contains(string(out), `"result":{}`) {
					t.Errorf("%s: %s, %v", name, out, err)
				}
			}
		}
	}
}

// The environment that the README shows is one the server takes.
func TestReadmeEnvironment(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("not-a-real-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + t.TempDir()}
	for _, m := range regexp.MustCompile(`export (JC_[A-Z_0-9]+)=(\S+)`).FindAllStringSubmatch(blocks(t, "sh environment")[0], -1) {
		if strings.HasSuffix(m[1], "_FILE") {
			m[2] = secret
		}
		env = append(env, m[1]+"="+m[2])
	}
	cmd := exec.CommandContext(t.Context(), binary, "stdio")
	cmd.Env = env
	cmd.Stdin = strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}` + "\n")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), `"result":{}`) {
		t.Errorf("%s, %v", out, err)
	}
}

// The grant file that the README shows is good, and its commands work on it.
func TestReadmeGrants(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "grants.yaml"), []byte(blocks(t, "yaml grants")[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(blocks(t, "sh grants")[0]) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + filepath.Dir(binary) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir}
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "To look at") {
			t.Errorf("$ %s%s%v", line, out, err)
		}
	}
}

// The grant file of remote callers is good, with nothing to look at, and narrows as is said.
func TestReadmeCallers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "grants.yaml")
	if err := os.WriteFile(file, []byte(blocks(t, "yaml callers")[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"check", file}, "is good"},
		{[]string{"explain", "--grants", file, "--agent", "helpdesk", "--scopes", "jc:read", "users_list"}, "allowed"},
		{[]string{"explain", "--grants", file, "--agent", "helpdesk", "--scopes", "jc:read", "users_update"}, "it takes the scope jc:change:users"},
		{[]string{"explain", "--grants", file, "--agent", "helpdesk", "--scopes", "jc:change:users", "users_reset_mfa"}, "it takes the scope jc:change:users jc:destroy"},
		{[]string{"explain", "--grants", file, "--agent", "helpdesk", "--scopes", "jc:change:users jc:destroy", "users_reset_mfa"}, "who is not the one the agent acts for"},
	} {
		out, _ := exec.CommandContext(t.Context(), binary, append([]string{"grants"}, c.args...)...).CombinedOutput() // a refusal is exit code 1
		if !strings.Contains(string(out), c.want) || strings.Contains(string(out), "To look at") {
			t.Errorf("%v: %s, which does not say %q", c.args, out, c.want)
		}
	}
}

// Every test that the README names is there.
func TestReadmeNamesTests(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	text, readErr := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil || readErr != nil {
		t.Fatal(err, readErr)
	}
	named := regexp.MustCompile("`(Test[A-Z]\\w+)`").FindAllSubmatch(text, -1)
	for _, m := range named {
		if !there[string(m[1])] {
			t.Errorf("there is no test %s", m[1])
		}
	}
	if len(named) < 40 {
		t.Errorf("only %d tests are named", len(named))
	}
}
