package tools

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// notDeclared are published operations that no tool has, with the reason.
var notDeclared = map[string]string{}

// publishedOperation is a line of the list of all published operations.
type publishedOperation struct {
	Method, Path, Title, Tag, Schema string
}

var pathArgument = regexp.MustCompile(`\{[^}]*\}`)

// atForm is the operation with its path arguments unnamed: their names differ.
func atForm(method, path string) string {
	return method + " " + pathArgument.ReplaceAllString(path, "{}")
}

// publishedOperations is that list, or the test is skipped.
func publishedOperations(t *testing.T) (out []publishedOperation) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "jumpcloud", "operations.jsonl"))
	if err != nil {
		t.Skip("the list of published operations is not here")
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var o publishedOperation
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	if err := lines.Err(); err != nil || len(out) == 0 {
		t.Fatalf("%d operations read, %v", len(out), err)
	}
	return out
}

// TestCoverage: every published operation is what some tool sends, what is marked
// as untyped is what has no published shape, and nothing else is sent.
func TestCoverage(t *testing.T) {
	published := map[string]publishedOperation{}
	for _, o := range publishedOperations(t) {
		published[atForm(o.Method, o.Path)] = o
	}
	declared := map[string][]*Tool{}
	for _, x := range All() {
		for _, e := range x.Operations {
			at := atForm(e.Method, e.Path)
			declared[at] = append(declared[at], x)
			o, known := published[at]
			if !known {
				t.Errorf("%s declares %s, which is not published", x.Name, e)
			}
			if x.untyped && known && o.Schema != "unknown" {
				t.Errorf("%s is untyped, and the shape of %s is published", x.Name, e)
			}
		}
		for _, e := range x.lookups() {
			if _, known := published[atForm(e.Method, e.Path)]; !known {
				t.Errorf("%s reads %s, which is not published", x.Name, e)
			}
		}
	}
	var missing []string
	for at, o := range published {
		if declared[at] == nil && notDeclared[at] == "" {
			missing = append(missing, o.Method+" "+o.Path)
		}
	}
	slices.Sort(missing)
	for _, at := range missing {
		t.Errorf("no tool has %s", at)
	}
	for at, why := range notDeclared {
		if declared[at] != nil || published[at].Path == "" {
			t.Errorf("%s is an exception (%s) for nothing", at, why)
		}
	}
	t.Logf("%d of %d published operations declared", len(published)-len(missing), len(published))
}
