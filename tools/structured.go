package tools

import (
	"encoding/json"
	"strings"
	"time"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// outputSchema is the form of all structured answers: columnar, equal in
// substance to the text, which hosts drop when it is there.
var outputSchema = json.RawMessage(`{"type":"object","properties":{` +
	`"head":{"type":"string","description":"What the answer is: totals, cuts, what was not read."},` +
	`"columns":{"type":"array","items":{"type":"string"}},` +
	`"rows":{"type":"array","items":{"type":"array","items":{"type":"string"}}},` +
	`"object":{"type":"object"},` +
	`"text":{"type":"array","items":{"type":"string"}},` +
	`"error":{"type":"object","properties":{"code":{"type":"string"},"retryable":{"type":"boolean"},"retry_after_s":{"type":"integer"},"outcome":{"type":"string"}},"required":["code","retryable","outcome"],"additionalProperties":false}` +
	`},"required":["head"],"additionalProperties":false}`)

// data is an answer as a program reads it.
type data struct {
	Head    string          `json:"head"`
	Columns []string        `json:"columns,omitempty"`
	Rows    [][]string      `json:"rows,omitempty"`
	Object  json.RawMessage `json:"object,omitempty"`
	Text    []string        `json:"text,omitempty"`
	Error   *dataError      `json:"error,omitempty"`
}

type dataError struct {
	Code       string `json:"code"`
	Retryable  bool   `json:"retryable"`
	RetryAfter int    `json:"retry_after_s,omitempty"`
	Outcome    string `json:"outcome"`
}

// show keeps the rows that the text shows, for the structured copy.
func (a *Answer) show(t *table, n int) {
	a.columns, a.rows = t.columns, t.rows[:n]
}

// structure makes the structured copy from the text blocks: rows where there is a
// table, an object where a block is one, text for the rest.
func (a *Answer) structure(now time.Time) {
	d := data{Columns: a.columns, Rows: a.rows}
	table := a.columns != nil
	for i, block := range a.Text {
		switch {
		case i == 0:
			d.Head = strings.TrimPrefix(block, "# ")
		case table: // the block of the rows
			table = false
			if cut := lastComment(block); cut != "" {
				d.Text = append(d.Text, cut)
			}
		case strings.HasPrefix(block, "{") && json.Valid([]byte(block)) && d.Object == nil:
			d.Object = json.RawMessage(block)
		default:
			d.Text = append(d.Text, block)
		}
	}
	if a.IsError {
		d.Error = &dataError{Code: a.Code, Outcome: a.outcome()}
		switch jc.Code(a.Code) {
		case jc.CodeRateLimited, jc.CodeUpstreamDown, jc.CodeTimeout:
			d.Error.Retryable = d.Error.Outcome != string(Unknown)
		}
		if !a.retryAt.IsZero() {
			d.Error.RetryAfter = max(1, int(a.retryAt.Sub(now)/time.Second))
		}
	}
	if b, err := json.Marshal(d); err == nil {
		a.Structured = b
	}
}

func (a *Answer) outcome() string {
	if a.Code == string(jc.CodeOutcomeUnknown) {
		return string(Unknown)
	}
	if strings.HasPrefix(a.Text[0], "partly done") {
		return "partly done"
	}
	return string(NotSent)
}

func lastComment(block string) string {
	last := block[strings.LastIndexByte(block, '\n')+1:]
	if strings.HasPrefix(last, "# ") {
		return last[2:]
	}
	return ""
}
