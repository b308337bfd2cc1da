package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

// moment is how long the fixtures wait between two messages.
const moment = 50 * time.Millisecond

// pause waits, or says that the call was cancelled.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// clientTools show what a server may say to its client and ask it while a call runs.
func (s *Server) clientTools() []fixture {
	return []fixture{
		{name: "test_tool_with_progress", about: "Says three times how far it is.", answer: withProgress},
		{name: "test_tool_with_logging", about: "Writes three log messages.", answer: withLogging},
		{name: "test_logging_tool", about: "Writes a log message for who asked for one.", answer: func(_ context.Context, r transport.Request) transport.Response {
			r.Client.Log("info", "a log message")
			return blocks(textBlock("logged"))
		}},
		{name: "test_sampling", about: "Lets the client's model write.",
			schema: `{"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]}`,
			answer: s.asks(sampling, "sampling", func(r transport.Request) transport.Question {
				return sample(arg[string](r, "prompt"))
			}, func(in json.RawMessage) string { return "LLM response: " + string(in) })},
		{name: "test_elicitation", about: "Asks the person for a name and an address.",
			schema: `{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}`,
			answer: s.asks(eliciting, "answer", func(r transport.Request) transport.Question {
				return form(arg[string](r, "message"), userFields)
			}, userResponse)},
		{name: "test_elicitation_sep1034_defaults", about: "Asks with defaults of every type.",
			answer: s.asks(eliciting, "answer", formWith(defaultFields), elicited)},
		{name: "test_elicitation_sep1330_enums", about: "Asks with every form of choice.",
			answer: s.asks(eliciting, "answer", formWith(choiceFields), elicited)},
		{name: "test_streaming_elicitation", about: "Asks the person as a result, never on the stream.",
			answer: s.asks(eliciting, "answer", formWith(nameFields), elicited)},
		{name: "test_missing_capability", about: "Needs a client that declares sampling.", answer: func(_ context.Context, r transport.Request) transport.Response {
			if !r.Client.Declares(sampling) {
				return transport.Response{Missing: json.RawMessage(`{"sampling":{}}`)}
			}
			return blocks(textBlock("sampling is declared"))
		}},
	}
}

func withProgress(ctx context.Context, r transport.Request) transport.Response {
	for i, done := range []int{0, 50, 100} {
		if i > 0 && !pause(ctx, moment) {
			return failure("cancelled")
		}
		r.Client.Progress(done, 100, "")
	}
	return blocks(textBlock("done, with progress"))
}

func withLogging(ctx context.Context, r transport.Request) transport.Response {
	for i, message := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
		if i > 0 && !pause(ctx, moment) {
			return failure("cancelled")
		}
		r.Client.Log("info", message)
	}
	return blocks(textBlock("done, with log messages"))
}

func userResponse(in json.RawMessage) string {
	action, content := replyOf(in)
	return fmt.Sprintf("User response: action=%s, content=%s", action, content)
}

func elicited(in json.RawMessage) string {
	action, content := replyOf(in)
	return fmt.Sprintf("Elicitation completed: action=%s, content=%s", action, content)
}

func replyOf(in json.RawMessage) (action string, content json.RawMessage) {
	var reply struct {
		Action  string
		Content json.RawMessage
	}
	_ = json.Unmarshal(in, &reply)
	return reply.Action, reply.Content
}

// The forms that are asked for.
const (
	nameFields = `{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}`
	okFields   = `{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}`
	userFields = `{"type":"object","properties":{
		"username":{"type":"string","description":"User's response"},
		"email":{"type":"string","description":"User's email address"}},"required":["username","email"]}`
	defaultFields = `{"type":"object","properties":{
		"name":{"type":"string","default":"John Doe"},
		"age":{"type":"integer","default":30},
		"score":{"type":"number","default":95.5},
		"status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},
		"verified":{"type":"boolean","default":true}}}`
	choiceFields = `{"type":"object","properties":{
		"untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
		"titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},{"const":"value2","title":"Second Option"}]},
		"legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
		"untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},
		"titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},{"const":"value2","title":"Second Choice"}]}}}}`
)
