// Package conformance holds what the MCP conformance suite expects to find in a
// server under test: tools, prompts and resources that do nothing but show a
// feature of the protocol. They run on the transport that the product has, and
// on nothing else of it: no credential, no tool, no road.
package conformance

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
	"github.com/jc-mcp/jc-mcp/tools"
)

// Server serves the fixtures. It is safe for concurrent use.
type Server struct {
	tools   []fixture
	prompts []fixturePrompt
	key     []byte // seals the states of questions
}

var _ transport.Wide = (*Server)(nil)

// answer is what a fixture does.
type answer func(ctx context.Context, r transport.Request) transport.Response

// fixture is a tool.
type fixture struct {
	name, about string
	schema      string // "" takes nothing
	answer      answer
}

// New makes the fixtures.
func New() *Server {
	s := &Server{key: make([]byte, 32)}
	rand.Read(s.key) //nolint:errcheck // it never fails
	s.tools = slices.Concat(s.contentTools(), s.clientTools(), s.questionTools(), s.taskTools(), schemaTools())
	slices.SortFunc(s.tools, func(a, b fixture) int { return strings.Compare(a.name, b.name) })
	s.prompts = s.promptFixtures()
	return s
}

// List gives the tools.
func (s *Server) List(context.Context) []tools.Listed {
	out := make([]tools.Listed, 0, len(s.tools))
	for _, f := range s.tools {
		schema := f.schema
		if schema == "" {
			schema = `{"type":"object","additionalProperties":false}`
		}
		out = append(out, tools.Listed{Name: f.name, Title: f.name, Description: f.about, InputSchema: json.RawMessage(schema), ReadOnly: true, Idempotent: true})
	}
	return out
}

// Instructions says what this is.
func (s *Server) Instructions(context.Context) string {
	return "Fixtures for the MCP conformance suite. Nothing here reaches JumpCloud."
}

// Answer runs the fixture that the request names.
func (s *Server) Answer(ctx context.Context, r transport.Request) transport.Response {
	switch r.Method {
	case "tools/call":
		i := slices.IndexFunc(s.tools, func(f fixture) bool { return f.name == r.Name })
		if i >= 0 {
			return s.tools[i].answer(ctx, r)
		}
	case "prompts/get":
		i := slices.IndexFunc(s.prompts, func(p fixturePrompt) bool { return p.Name == r.Name })
		if i >= 0 {
			return s.prompts[i].answer(ctx, r)
		}
	case "resources/read":
		return read(r.Name)
	}
	return transport.Response{Unknown: true}
}

// Call is never used: the transport takes Answer where there is one.
func (s *Server) Call(context.Context, tools.Call) tools.Answer { return tools.Answer{IsError: true} }

// Prompt is never used, as Call.
func (s *Server) Prompt(context.Context, string, map[string]string) (string, error) {
	return "", &tools.Refusal{Code: jc.CodeNotFound, Text: "there is no such prompt"}
}

// Read is never used, as Call.
func (s *Server) Read(context.Context, string) (tools.Content, error) {
	return tools.Content{}, &tools.Refusal{Code: jc.CodeNotFound, Text: "there is no such resource"}
}

// Complete offers what starts with the value.
func (s *Server) Complete(_ context.Context, c tools.Completing) (tools.Completion, error) {
	var values []string
	for _, v := range []string{"paris", "park", "party", "test", "tested", "tester"} {
		if strings.HasPrefix(v, c.Value) {
			values = append(values, v)
		}
	}
	return tools.Completion{Values: values, Total: len(values)}, nil
}

// result encodes the members of a result.
func result(v any) transport.Response {
	b, err := json.Marshal(v)
	if err != nil {
		return transport.Response{Refused: "the fixture cannot be encoded"}
	}
	return transport.Response{Result: b}
}

// block is a content block or a member of one.
type block map[string]any

func textBlock(text string) block { return block{"type": "text", "text": text} }

// blocks is a tool's result.
func blocks(b ...block) transport.Response { return result(map[string]any{"content": b}) }

// failure is a tool's result that says it failed.
func failure(text string) transport.Response {
	return result(map[string]any{"content": []block{textBlock(text)}, "isError": true})
}

// fixed is a fixture that always answers the same.
func fixed(r transport.Response) answer {
	return func(context.Context, transport.Request) transport.Response { return r }
}

// arg reads one argument of any type; the zero value when it is absent or another.
func arg[T any](r transport.Request, name string) (v T) {
	var all map[string]json.RawMessage
	if json.Unmarshal(r.Arguments, &all) == nil {
		_ = json.Unmarshal(all[name], &v)
	}
	return v
}
