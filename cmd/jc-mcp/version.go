package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release: -ldflags "-X main.version=v1.2.3".
var version string

// revisions are the MCP revisions that the transport serves, newest first.
func revisions() []string { return []string{"2026-07-28", "2025-11-25", "2025-06-18"} }

// buildVersion is the version of a release, or what Go knows of the build.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if version != "" || !ok {
		return cmp.Or(version, "devel")
	}
	return cmp.Or(strings.Trim(info.Main.Version, "()"), "devel")
}

// commit is what the binary was built from; "unknown" outside of a repository.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	text := cmp.Or(set["vcs.revision"], "unknown")
	if set["vcs.modified"] == "true" {
		text += " with changes"
	}
	return text
}

func (s *shell) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which version this is",
		Long:    "Says the version, the commit it was built from, the Go version, and the MCP revisions that it serves.",
		Example: "  jc-mcp version",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(s.out, "jc-mcp %s\ncommit %s\n%s %s/%s\nMCP %s\n", buildVersion(), commit(),
				runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(revisions(), ", "))
			return err
		},
	}
}
