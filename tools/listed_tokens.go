package tools

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// listedTokens holds, for each tool, what it costs to list: o200k tokens of its
// name, description and listed schema as compact JSON. A test counts and keeps it.
//
//go:embed listed_tokens.txt
var listedTokens string

var tokensByTool = sync.OnceValue(func() map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(listedTokens) {
		name, count, _ := strings.Cut(strings.TrimSpace(line), " ")
		out[name], _ = strconv.Atoi(count)
	}
	return out
})

// ListedTokens is what the tool costs in a model's context when it is listed, in o200k tokens.
func (t *Tool) ListedTokens() int { return tokensByTool()[t.Name] }

// Surface is the smallest surface that lists the tool.
func (t *Tool) Surface() Surface {
	switch {
	case t.Toolset == "api":
		return MicroSurface
	case t.Core:
		return CoreSurface
	}
	return FullSurface
}
