package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// everything has to be proved: what a test needs and is not there fails it.
var everything = os.Getenv("CI_COMPLETE") == "1"

// binary is the path of the product, built once by TestMain.
var binary string

func TestMain(m *testing.M) { os.Exit(withBinary(m)) }

func withBinary(m *testing.M) int {
	for _, v := range os.Environ() { // the product refuses settings that it does not know, such as those of tests
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "JC_") {
			_ = os.Unsetenv(name)
		}
	}
	dir, err := os.MkdirTemp("", "jc-mcp-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	_ = os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state")) // not the state of whoever runs the tests
	binary = filepath.Join(dir, "jc-mcp")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	args := []string{"build", "-buildvcs=false", "-o", binary}
	if raced { // races of the product end it with an exit code that the tests see
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "../cmd/jc-mcp")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the product does not build: %v\n%s", err, out)
		return 1
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}
