// Command apidiff says what a description of the API has that the tools do not,
// and the other way round: operations that are new or gone, parameters and body
// fields that were added, dropped or became required, enums that changed. It is
// for maintainers, when JumpCloud publishes a newer description:
//
//	go run ./tools/apidiff v1.json v2.json insights.json
//	go run ./tools/apidiff operations.jsonl
//
// Files are OpenAPI 3 or Swagger 2 in JSON, or a list of operations, one JSON
// object a line with method and path. It ends with 1 when something differs.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/jc-mcp/jc-mcp/tools"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/apidiff FILE…  (OpenAPI or Swagger in JSON, or operations one a line)")
		os.Exit(2)
	}
	described, err := read(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "apidiff:", err)
		os.Exit(2)
	}
	out := bufio.NewWriter(os.Stdout)
	n := report(out, described, tools.All())
	if err := out.Flush(); err != nil || n > 0 {
		os.Exit(1)
	}
}

// report writes a line a difference and gives their number.
func report(w io.Writer, described map[string]*operation, all []*tools.Tool) int {
	list := compare(described, all)
	for _, line := range list {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "%d operations described, %d differences\n", len(described), len(list))
	return len(list)
}
