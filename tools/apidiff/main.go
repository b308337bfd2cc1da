// Command apidiff says what a description of the API has that the tools do not,
// and the other way round: operations that are new or gone, parameters and body
// fields that were added, dropped or became required, enums that changed. It is
// for maintainers, when JumpCloud publishes a newer description:
//
//	go run ./tools/apidiff v1.json v2.json insights.json
//	go run ./tools/apidiff operations.jsonl
//
// Files are OpenAPI 3 or Swagger 2 in JSON, or a list of operations, one JSON
// object a line with method and path. Differences that were looked at and are
// meant stand in known.txt beside this file and are left out; -all shows them too.
// It ends with 1 when something differs.
package main

import (
	"bufio"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/tools"
)

//go:embed known.txt
var known string

func main() {
	all := flag.Bool("all", false, "show the differences that are known too")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/apidiff [-all] FILE…  (OpenAPI or Swagger in JSON, or operations one a line)")
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	described, err := read(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "apidiff:", err)
		os.Exit(2)
	}
	leave := map[string]bool{}
	if !*all {
		for line := range strings.Lines(known) {
			leave[strings.TrimSpace(line)] = true
		}
	}
	out := bufio.NewWriter(os.Stdout)
	n := report(out, described, tools.All(), leave)
	if err := out.Flush(); err != nil || n > 0 {
		os.Exit(1)
	}
}

// report writes a line a difference that is not to be left out, and gives their number.
func report(w io.Writer, described map[string]*operation, all []*tools.Tool, leave map[string]bool) int {
	list := slices.DeleteFunc(compare(described, all), func(line string) bool { return leave[line] })
	for _, line := range list {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "%d operations described, %d differences\n", len(described), len(list))
	return len(list)
}
