package tools

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/tiktoken-go/tokenizer"

	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// cellsOf are the rows of the CSV block of an answer, the header first, comments left out.
func cellsOf(t *testing.T, a Answer) [][]string {
	t.Helper()
	if len(a.Text) < 2 {
		return nil
	}
	r := csv.NewReader(strings.NewReader(a.Text[1]))
	r.Comment, r.FieldsPerRecord = '#', -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v: %s", err, a.Text[1])
	}
	return rows
}

// realTokens counts with the model's own tokenizer.
func realTokens(t *testing.T, s string) int {
	t.Helper()
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	ids, _, err := enc.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return len(ids)
}

// What is right for 120 people is right for 10,000, and takes no more than a list
// of that many takes.
func TestAtTenThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	bubble(t, func(t *testing.T) {
		b := newBench(t, sandbox.Options{Users: 10_000})
		checkInsightCounts(t, b, 10_000)
		checkPolicyResults(t, b, 10_000)
		checkAccessList(t, b, "all")
		checkRunOnServers(t, b)
	})
}
