package conformance

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
)

const (
	// TaskAfter is when a call becomes a task here: soon, so that the suite need not wait.
	TaskAfter = 100 * time.Millisecond
	// long is longer than that by far.
	long = 4 * TaskAfter
)

// taskTools show calls that become tasks.
func (s *Server) taskTools() []fixture {
	return []fixture{
		{name: "greet", about: "Greets at once.", schema: `{"type":"object","properties":{"name":{"type":"string"}}}`,
			answer: func(_ context.Context, r transport.Request) transport.Response {
				return blocks(textBlock("Hello, " + arg[string](r, "name") + "!"))
			}},
		{name: "slow_compute", about: "Takes as many seconds as it is told.",
			schema: `{"type":"object","properties":{"seconds":{"type":"number"},"label":{"type":"string"}}}`,
			answer: func(ctx context.Context, r transport.Request) transport.Response {
				if !pause(ctx, time.Duration(arg[float64](r, "seconds")*float64(time.Second))) {
					return failure("cancelled; nothing was computed")
				}
				return blocks(textBlock("computed " + arg[string](r, "label")))
			}},
		{name: "failing_job", about: "Fails after a second, and only as a task.", answer: onlyAsTask(takes(time.Second, func(transport.Request) transport.Response {
			return failure("the job failed")
		}))},
		{name: "protocol_error_job", about: "Breaks while it runs.", answer: takes(long, func(transport.Request) transport.Response {
			panic("the fixture breaks, as it should")
		})},
		{name: "confirm_delete", about: "Asks for a yes while it runs.", schema: `{"type":"object","properties":{"filename":{"type":"string"}}}`,
			answer: takes(long, asksFor("confirm"))},
		{name: "multi_input", about: "Asks two things while it runs.", answer: takes(long, asksFor("first", "second"))},
		{name: "test_tool_with_task", about: "Asks for a name, then takes long.", answer: s.asksThenTakesLong},
	}
}

// takes makes a fixture that takes a while before it does what it does; once it
// has been answered it goes on at once.
func takes(d time.Duration, then func(transport.Request) transport.Response) answer {
	return func(ctx context.Context, r transport.Request) transport.Response {
		if len(r.Inputs) == 0 && !pause(ctx, d) {
			return failure("cancelled")
		}
		return then(r)
	}
}

// onlyAsTask makes a fixture that runs only where it can become a task.
func onlyAsTask(then answer) answer {
	return func(ctx context.Context, r transport.Request) transport.Response {
		if !r.Client.DeclaresTasks() {
			return transport.Response{Missing: json.RawMessage(`{"extensions":{"io.modelcontextprotocol/tasks":{}}}`)}
		}
		return then(ctx, r)
	}
}

// asksFor puts a form under each key, until all have come back.
func asksFor(keys ...string) func(transport.Request) transport.Response {
	return func(r transport.Request) transport.Response {
		if !r.Client.Declares(eliciting) {
			return failure("this client does not declare " + eliciting)
		}
		ask := map[string]transport.Question{}
		for _, key := range keys {
			ask[key] = form("May it be done: "+key+"?", `{"type":"object","properties":{"confirm":{"type":"boolean"}}}`)
		}
		for _, key := range keys {
			if !isObject(r.Inputs[key]) {
				return transport.Response{Ask: ask}
			}
		}
		return blocks(textBlock("done"))
	}
}

func (s *Server) asksThenTakesLong(ctx context.Context, r transport.Request) transport.Response {
	name := field(r.Inputs["user_name"], "name")
	if name == "" {
		return transport.Response{
			Ask:   map[string]transport.Question{"user_name": form("What is your name?", nameFields)},
			State: s.seal(r.Name, "asked"),
		}
	}
	if _, ok := s.open(r.Name, r.State); !ok {
		return transport.Response{Refused: "requestState is not what this server gave"}
	}
	if !pause(ctx, long) {
		return failure("cancelled")
	}
	return blocks(textBlock("Hello, " + name + "!"))
}
