package tools

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	// maxTokens is the hard cap of an answer.
	maxTokens = 6000
	noneMark  = "-" // the API says that there is nothing
	unread    = "?" // not read, or not granted
)

// table is rows of cells under column names.
type table struct {
	columns []string
	rows    [][]string
}

// csv writes the first n rows.
func (t *table) csv(n int) string {
	var b strings.Builder
	writeCSV(&b, t.columns)
	for _, row := range t.rows[:n] {
		writeCSV(&b, row)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fit is how many rows can be shown within a number of tokens.
func (t *table) fit(budget int) int {
	var b strings.Builder
	writeCSV(&b, t.columns)
	budget -= tokens(b.String())
	for i, row := range t.rows {
		b.Reset()
		writeCSV(&b, row)
		if budget -= tokens(b.String()); budget < 0 {
			return i
		}
	}
	return len(t.rows)
}

func writeCSV(b *strings.Builder, cells []string) {
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if needsQuotes(c) {
			b.WriteByte('"')
			b.WriteString(strings.ReplaceAll(c, `"`, `""`))
			b.WriteByte('"')
		} else {
			b.WriteString(c)
		}
	}
	b.WriteByte('\n')
}

// needsQuotes: what would break the row, and what a spreadsheet or a reader would
// take for a formula, a comment or a mark of ours.
func needsQuotes(c string) bool {
	if c == noneMark || c == unread {
		return false // these are ours: a value that looks like them arrives quoted, see cell
	}
	return strings.ContainsAny(c, ",\"\n") || c != strings.TrimSpace(c) || c != "" && strings.ContainsRune("=+-@#", rune(c[0]))
}

// cell is a value as it stands in a table.
func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return noneMark
	case string:
		s := clean(shortTime(x))
		switch s {
		case "":
			return noneMark
		case noneMark, unread:
			return s + " " // quoted because of the space, so that it is not taken for a mark of ours
		}
		return s
	case bool:
		if x {
			return "true"
		}
		return "false"
	case json.Number:
		return x.String()
	case []any:
		if len(x) == 0 {
			return noneMark
		}
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = cell(e)
		}
		return clean(strings.Join(parts, " | "))
	case map[string]any:
		if x, _ = cleanValue(x).(map[string]any); len(x) == 0 {
			return noneMark
		}
		b, _ := json.Marshal(x)
		return clean(string(b))
	}
	b, _ := json.Marshal(v)
	return clean(string(b))
}

// shortTime shows a time to the minute, in UTC.
func shortTime(s string) string {
	if len(s) < 20 || len(s) > 35 || s[4] != '-' {
		return s
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

// set is a value without what says nothing: null, "", empty arrays and objects.
// Secrets are dropped, text is cleaned, times are short.
func set(v any) any {
	switch x := v.(type) {
	case jc.Row:
		return set(map[string]any(x))
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			if isSecret(k, e) {
				continue
			}
			if e = set(e); !isEmpty(e) {
				out[clean(k)] = e
			}
		}
		return out
	case []any:
		var out []any
		for _, e := range x {
			if e = set(e); !isEmpty(e) {
				out = append(out, e)
			}
		}
		return out
	case string:
		return clean(shortTime(x))
	}
	return v
}

// object is the answer that holds one object: a head of ours, and compact JSON of what is set.
func (r *Reader) object(ctx context.Context, t *Tool, row jc.Row) Answer {
	noun, name := t.Toolset, ""
	if t.kind != nil {
		noun, name = t.kind.Noun, " "+plainName(t.kind.NameOf(r.sees(t).mask(row)))
	}
	head := "# " + noun + name + "; " + r.orgName(ctx)
	value := set(r.sees(t).mask(row))
	if t.Risk == auth.Reveal {
		head += "; secret fields are not shown"
	}
	b, _ := json.Marshal(value)
	if room := r.room(200); tokens(string(b)) > room {
		b = trimmed(value, room, &head)
	}
	return Answer{Text: []string{head, string(b)}}
}

// trimmed leaves out the largest fields until the rest fits into room, and names them in the head.
func trimmed(v any, room int, head *string) []byte {
	m, ok := v.(map[string]any)
	if !ok {
		m = map[string]any{"value": v}
	}
	var out []string
	b, _ := json.Marshal(m)
	for tokens(string(b)) > room && len(m) > 0 {
		largest, size := "", -1
		for k, e := range m {
			if j, _ := json.Marshal(e); len(j) > size {
				largest, size = k, len(j)
			}
		}
		delete(m, largest)
		out = append(out, largest)
		b, _ = json.Marshal(m)
	}
	*head += "; too large to show: " + strings.Join(out, ", ")
	return b
}
