package sandbox

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var braces = regexp.MustCompile(`\{[\w.-]+\}`)

// TestEveryPublishedOperationHasAHandler reads the reference, which only
// developers have beside the checkout.
func TestEveryPublishedOperationHasAHandler(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "jumpcloud", "operations.jsonl"))
	if err != nil {
		t.Skip("the list of operations is not here")
	}
	defer func() { _ = f.Close() }()
	g := newRig(t, Options{})
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	n := 0
	for lines.Scan() {
		var op struct{ Method, Path string }
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			t.Fatal(err)
		}
		n++
		if h, _, _ := g.org.routes.find(op.Method, braces.ReplaceAllString(op.Path, "x")); h == nil {
			t.Errorf("%s %s is not answered", op.Method, op.Path)
		}
	}
	if n < 830 {
		t.Errorf("%d operations were read, want 830", n)
	}
}
