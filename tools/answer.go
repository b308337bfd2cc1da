// Package tools declares what agents can do with a JumpCloud organisation,
// and carries every call of every tool down the same road.
//
// It knows nothing of MCP: transports serve what it exports ([Desk.List],
// [Desk.Call], [Desk.Instructions]) and put its answers on the wire.
package tools

import (
	"context"
	"encoding/json"
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
	// Reply is the person's answer to an earlier Ask of the same call; nil when none was asked.
	Reply *Reply
	// Progress, when not nil, is told how far a long call is. It is called from
	// the goroutine of the call, never after the call has returned. total 0 is unknown.
	Progress func(done, total int, message string)
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
	// The four hints of MCP; all are always stated.
	ReadOnly, Destructive, Idempotent, OpenWorld bool
}

// Server is what a transport serves. [Desk] is the one that the product has;
// the methods are safe for concurrent use.
type Server interface {
	// List gives the tools that the caller in ctx may see, sorted by name.
	// It is the same for every connection of callers with the same rights.
	List(ctx context.Context) []Listed
	// Call runs a tool. It never panics and always answers.
	Call(ctx context.Context, c Call) Answer
	// Instructions is the short text for clients, made from what is enabled.
	Instructions(ctx context.Context) string
}
