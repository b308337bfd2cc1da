// Package tools declares what agents can do with a JumpCloud organisation,
// and carries every call of every tool down the same road.
//
// It knows nothing of MCP: transports serve what it exports ([Desk.List],
// [Desk.Call], [Desk.Instructions]) and put its answers on the wire.
package tools

import (
	"context"
	"encoding/json"
	"time"
)

// Call is one use of a tool, as a transport hands it over.
type Call struct {
	// Tool is the name of the tool.
	Tool string
	// Arguments is a JSON object; nil means {}.
	Arguments json.RawMessage
	// CanAsk says that the caller's client declared that it can put a question
	// to a person (elicitation). Without it a call that needs a person is refused.
	CanAsk bool
	// NoAsk says in words why a person cannot be asked, where it is not that the
	// client did not declare it: "this server … cannot".
	NoAsk string
	// Reply is the person's answer to an earlier Ask of the same call; nil when none was asked.
	Reply *Reply
	// Progress, when not nil, is told how far a long call is: one telling after the
	// other, never after the call has returned. total 0 is unknown.
	Progress func(done, total int, message string)
	// Patient says that nobody waits for the answer (a task): the call may take
	// [PatientBudget] instead of [Budget].
	Patient bool
	// orgs are the caller's organisations where it has several.
	orgs []string
	// tokens is what the answer may be at most; 0 is maxTokens.
	tokens int
	// Trace is a W3C traceparent that came with the call, "" for none; its trace
	// id goes into logs and audit lines.
	Trace string
}

// Reply is what came back from an [Ask].
type Reply struct {
	// Accepted is true only for an explicit yes.
	Accepted bool
	// State is Ask.State, unchanged.
	State string
}

// Answer is what a call gives back.
type Answer struct {
	// Text holds the blocks a model reads, in order. The first block of a list is ours alone;
	// text from the directory stands in later blocks.
	Text []string
	// Structured is the same in substance for programs; nil unless asked for by configuration.
	Structured json.RawMessage
	// IsError is true for refused, failed and unknown.
	IsError bool
	// Code names the kind of failure ("" when IsError is false), one of the codes of jumpcloud.Code.
	Code string
	// Ask, when not nil, is a question for a person: nothing has been sent yet. The transport
	// puts it to the person and repeats the call with the Reply.
	Ask *Ask

	columns []string   // of the rows that the text shows, for the structured copy
	rows    [][]string //
	retryAt time.Time  // when JumpCloud wants to hear from us again
}

// Ask is a question that only a person may answer.
type Ask struct {
	// Question is plain text, the whole plan in it.
	Question string
	// State is opaque and sealed; it must come back unchanged in the Reply.
	State string
}

// Listed is a tool as clients see it.
type Listed struct {
	Name, Title, Description string
	// InputSchema is a JSON Schema (2020-12) with an object root.
	InputSchema json.RawMessage
	// OutputSchema is there only where answers have a structured copy.
	OutputSchema json.RawMessage
	// The four hints of MCP; all are always stated.
	ReadOnly, Destructive, Idempotent, OpenWorld bool
}

// Prompt is a prompt as clients see it.
type Prompt struct {
	Name, Title, Description string
	Arguments                []PromptArgument
}

// PromptArgument is what a prompt takes; its values are text.
type PromptArgument struct {
	Name, Description string
	Required          bool
}

// Resource is something that can be read at an address.
type Resource struct {
	URI, Name, Title, Description, MIMEType string
}

// Template is an address with one variable, "jumpcloud://users/{user}".
type Template struct {
	URITemplate, Name, Title, Description, MIMEType string
}

// Content is what a resource holds.
type Content struct {
	URI, MIMEType, Text string
}

// Completing is an argument of a prompt or a variable of a template that a
// client wants values for. Exactly one of Prompt and Template is set.
type Completing struct {
	Prompt, Template string
	Argument, Value  string
	// Arguments are those that are known already; may be nil.
	Arguments map[string]string
}

// Completion is what could be meant: at most 100 values, Total of them known (-1 unknown).
type Completion struct {
	Values []string
	Total  int
	More   bool
}

// Server is what a transport serves. [Desk] is the one that the product has;
// the methods are safe for concurrent use. Errors are *Refusal or *jumpcloud.Error;
// [Explain] puts them into words for a client.
type Server interface {
	// List gives the tools that the caller in ctx may see, sorted by name.
	// It is the same for every connection of callers with the same rights.
	List(ctx context.Context) []Listed
	// Call runs a tool. It never panics and always answers.
	Call(ctx context.Context, c Call) Answer
	// Instructions is the short text for clients, made from what is enabled.
	Instructions(ctx context.Context) string
	// Prompts are sorted by name; a prompt is there only with the tools it names.
	Prompts(ctx context.Context) []Prompt
	// Prompt fills a prompt in. Unknown names and missing or wrong arguments are refused.
	Prompt(ctx context.Context, name string, args map[string]string) (string, error)
	// Resources and Templates are sorted by address.
	Resources(ctx context.Context) []Resource
	Templates(ctx context.Context) []Template
	// Read reads a resource, the same road as a tool that reads.
	Read(ctx context.Context, uri string) (Content, error)
	// Complete offers values; none for what it does not know.
	Complete(ctx context.Context, c Completing) (Completion, error)
}
