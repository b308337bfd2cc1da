package conformance

import (
	"context"
	"fmt"

	"github.com/jc-mcp/jc-mcp/cmd/jc-mcp/internal/transport"
	"github.com/jc-mcp/jc-mcp/tools"
)

type fixturePrompt struct {
	tools.Prompt
	answer answer
}

// Prompts gives the prompts.
func (s *Server) Prompts(context.Context) []tools.Prompt {
	out := make([]tools.Prompt, 0, len(s.prompts))
	for _, p := range s.prompts {
		out = append(out, p.Prompt)
	}
	return out
}

func (s *Server) promptFixtures() []fixturePrompt {
	text := func(name string) tools.PromptArgument {
		return tools.PromptArgument{Name: name, Description: "Any text.", Required: true}
	}
	picture := block{"type": "image", "data": pixel(), "mimeType": "image/png"}
	return []fixturePrompt{
		{tools.Prompt{Name: "test_input_required_result_prompt", Description: "Asks the person before it is filled in."}, askingPrompt},
		{tools.Prompt{
			Name: "test_prompt_with_arguments", Description: "Is filled in with two arguments.",
			Arguments: []tools.PromptArgument{text("arg1"), text("arg2")},
		}, func(_ context.Context, r transport.Request) transport.Response {
			return messages(textBlock(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", arg[string](r, "arg1"), arg[string](r, "arg2"))))
		}},
		{tools.Prompt{
			Name: "test_prompt_with_embedded_resource", Description: "Has a resource inside.",
			Arguments: []tools.PromptArgument{text("resourceUri")},
		}, func(_ context.Context, r transport.Request) transport.Response {
			resource := block{"uri": arg[string](r, "resourceUri"), "mimeType": "text/plain", "text": "Embedded resource content for testing."}
			return messages(block{"type": "resource", "resource": resource}, textBlock("Please process the embedded resource above."))
		}},
		{tools.Prompt{Name: "test_prompt_with_image", Description: "Has an image inside."},
			fixed(messages(picture, textBlock("Please analyze the image above.")))},
		{tools.Prompt{Name: "test_simple_prompt", Description: "Is a line of text."},
			fixed(messages(textBlock("This is a simple prompt for testing.")))},
	}
}

func askingPrompt(_ context.Context, r transport.Request) transport.Response {
	if in := r.Inputs["user_context"]; isObject(in) {
		return messages(textBlock("Use this context: " + field(in, "context")))
	}
	return transport.Response{Ask: map[string]transport.Question{"user_context": form("What context should the prompt use?",
		`{"type":"object","properties":{"context":{"type":"string"}},"required":["context"]}`)}}
}

// messages is a prompt's result: a message of the user for each block.
func messages(content ...block) transport.Response {
	out := make([]block, 0, len(content))
	for _, b := range content {
		out = append(out, block{"role": "user", "content": b})
	}
	return result(map[string]any{"messages": out})
}
