package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"
)

// TestTwoCalls goes from nothing to a finished call of each published operation:
// its title is searched for, with the name of its part of the API ("Get device"
// alone could be of five parts), and what was found is called through its carrier.
// Counted are the tokens of the query, of the answer, and of the call.
func TestTwoCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("it walks all tools: the run without -short does")
	}
	published := publishedOperations(t)
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	count := func(s string) int { ids, _, _ := enc.Encode(s); return len(ids) }
	b := newBench(t, sandboxOptions)
	holders := map[string][]*Tool{}
	for _, x := range All() {
		for _, e := range x.Operations {
			holders[atForm(e.Method, e.Path)] = append(holders[atForm(e.Method, e.Path)], x)
		}
	}
	calls := map[string]int{} // by tool: an argument is made once
	var costs []int
	missed := 0
	for _, o := range published {
		query, _ := json.Marshal(map[string]any{"query": o.Title + ", " + o.Tag})
		text := b.must("api_search", string(query))
		found := slices.IndexFunc(holders[atForm(o.Method, o.Path)], func(x *Tool) bool { return lineOf(text, x.Name) })
		if found < 0 {
			missed++
			continue
		}
		x := holders[atForm(o.Method, o.Path)][found]
		if calls[x.Name] == 0 {
			args := sampleArgs(b, x, false)
			calls[x.Name] = count(`{"tool":"` + x.Name + `","arguments":` + args + `}`)
		}
		costs = append(costs, count(string(query))+count(text)+calls[x.Name])
	}
	slices.Sort(costs)
	t.Logf("%d operations: %d found by their title in one search; query, answer and call: p50 %d tokens, p95 %d, most %d",
		len(published), len(costs), costs[len(costs)/2], costs[len(costs)*95/100], costs[len(costs)-1])
	if costs[len(costs)/2] > 160 {
		t.Errorf("p50 is %d tokens; at most 160", costs[len(costs)/2])
	}
	if len(costs)*100 < len(published)*97 {
		t.Errorf("%d of %d operations are not among the five that their title finds", missed, len(published))
	}
}

// lineOf reports whether one of the lines of an answer is the signature of a tool.
func lineOf(text, tool string) bool {
	for line := range strings.Lines(text) {
		name := strings.TrimLeft(line, "*- ")
		if rest, ok := strings.CutPrefix(name, tool); ok && (rest == "" || !strings.ContainsAny(rest[:1], "_abcdefghijklmnopqrstuvwxyz0123456789")) {
			return true
		}
	}
	return false
}
