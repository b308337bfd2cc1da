package main

import (
	"encoding/csv"
	"strings"
	"unicode/utf8"
)

// aligned shows a CSV block as columns. The last line of a list that goes on is
// a sentence and not a row; text that is no CSV stays as it is.
func aligned(text string) string {
	rows, rest := text, ""
	if i := strings.LastIndex(text, "\n# "); i >= 0 && !strings.Contains(text[i+1:], "\n") {
		rows, rest = text[:i], text[i:]
	}
	records, err := csv.NewReader(strings.NewReader(rows)).ReadAll()
	if err != nil || len(records) == 0 {
		return text
	}
	widths := make([]int, len(records[0]))
	for _, r := range records {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(records))
	for i, r := range records {
		lines[i] = row(r, widths)
	}
	return strings.Join(lines, "\n") + rest
}

func row(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
	}
	return strings.TrimRight(b.String(), " ")
}
