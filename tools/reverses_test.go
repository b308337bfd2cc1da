package tools

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jc-mcp/jc-mcp/auth"
)

// Which changes can be taken back, by what a dry run says of each. One that silently
// loses its reverse is a difference; UPDATE_GOLDEN=1 writes the list anew.
func TestReverses(t *testing.T) {
	b := newBench(t, sandboxOptions, keepsChanges(t))
	count := map[string]int{}
	var lines []string
	for _, tool := range sortedTools(b.desk.reach) {
		if tool.Risk != auth.Change || tool.carries != nil || tool.undoes {
			continue
		}
		how := "no: creates"
		switch {
		case tool.untyped:
			how = "no: untyped"
		case tool.creates:
		default:
			how = reverseOf(t, tool)
		}
		word, _, _ := strings.Cut(how, ":")
		count[word]++
		lines = append(lines, tool.Name+" "+how)
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", "reverses.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("what can be undone has changed; if that is meant, UPDATE_GOLDEN=1 go test ./tools -run TestReverses\n%s", diff)
	}
	t.Logf("%d tools that change: %d can be undone, %d not, %d that the sandbox cannot tell", len(lines), count["yes"], count["no"], count["untold"])
}

// reverseOf tells of an edit the fields that can be set back, of anything else
// whether a call of it can be undone.
func reverseOf(t *testing.T, tool *Tool) string {
	t.Helper()
	var b *bench // its own for each sample, which may change the sandbox
	var fields []string
	told := false
	dry := func(args map[string]any) bool {
		args["dry_run"] = true
		raw, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		text, a := b.call(tool.Name, string(raw))
		told = told || !a.IsError && strings.Contains(text, "undone") || strings.Contains(text, "No reverse")
		return !a.IsError && strings.Contains(text, "undone with changes_undo")
	}
	for _, all := range []bool{false, true} {
		b = newBench(t, sandboxOptions, keepsChanges(t))
		var args map[string]any
		if err := json.Unmarshal([]byte(sampleArgs(b, tool, all)), &args); err != nil {
			t.Fatal(err)
		}
		if dry(args) && tool.job {
			return "yes"
		}
		if tool.job {
			continue
		}
		body := bodyNames(tool)
		for name, v := range args {
			if !slices.Contains(body, name) || slices.Contains(fields, name) {
				continue
			}
			one := map[string]any{name: v}
			for other, w := range args {
				if !slices.Contains(body, other) {
					one[other] = w
				}
			}
			if dry(one) {
				fields = append(fields, name)
			}
		}
	}
	slices.Sort(fields)
	switch {
	case len(fields) > 0:
		return "yes: " + strings.Join(fields, " ")
	case !told:
		return "untold"
	}
	return "no"
}
