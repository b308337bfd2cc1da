package transport

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jc-mcp/jc-mcp/tools"
)

// promptsResult is that of prompts/list.
type promptsResult struct {
	cacheableHead
	Prompts []promptOut `json:"prompts"`
}

type promptOut struct {
	Name        string        `json:"name"`
	Title       string        `json:"title,omitempty"`
	Description string        `json:"description,omitempty"`
	Arguments   []argumentOut `json:"arguments,omitempty"`
}

type argumentOut struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Required    bool   `json:"required,omitempty"`
}

// promptResult is that of prompts/get.
type promptResult struct {
	head
	Description string       `json:"description,omitempty"`
	Messages    []messageOut `json:"messages"`
}

type messageOut struct {
	Role    mcp.Role `json:"role"`
	Content textOut  `json:"content"`
}

type textOut struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// listPrompts answers prompts/list.
func (t *Transport) listPrompts(ctx context.Context, x *exchange) reply {
	if bad := onePage(x, "prompts"); bad != nil {
		return reply{err: bad}
	}
	list := t.server.Prompts(ctx)
	key := t.lists.keyOf(kindPrompts, x.modern, func(write func(...string)) {
		for _, p := range list {
			write(p.Name, p.Title, p.Description)
			for _, a := range p.Arguments {
				write("argument", a.Name, a.Description, fmt.Sprint(a.Required))
			}
		}
	})
	return t.lists.through(key, func() reply {
		out := make([]promptOut, 0, len(list))
		for _, p := range list {
			out = append(out, promptOf(p))
		}
		return encoded(promptsResult{x.cacheable(cacheMillis), out})
	})
}

func promptOf(p tools.Prompt) promptOut {
	out := promptOut{Name: p.Name, Title: p.Title, Description: p.Description}
	for _, a := range p.Arguments {
		out.Arguments = append(out.Arguments, argumentOut(a))
	}
	return out
}

// getPrompt answers prompts/get.
func (t *Transport) getPrompt(ctx context.Context, x *exchange) reply {
	name := text(x.msg.param("name"))
	if name == "" {
		return reply{err: invalidParams("name must be the name of a prompt")}
	}
	p, ok := promptNamed(t.server.Prompts(ctx), name)
	if !ok {
		return failed(mcp.INVALID_PARAMS, fmt.Sprintf("unknown prompt: %.80q", name))
	}
	if t.wide != nil {
		return x.answerWide(ctx, name, x.msg.param("arguments"))
	}
	args, bad := textArguments(x.msg.param("arguments"))
	if bad != nil {
		return reply{err: bad}
	}
	filled, err := t.server.Prompt(ctx, name, args)
	if err != nil {
		return explained(err, mcp.INVALID_PARAMS, "")
	}
	return encoded(promptResult{
		x.head(mcp.ResultTypeComplete), p.Description,
		[]messageOut{{mcp.RoleUser, textOut{"text", filled}}},
	})
}

func promptNamed(list []tools.Prompt, name string) (tools.Prompt, bool) {
	for _, p := range list {
		if p.Name == name {
			return p, true
		}
	}
	return tools.Prompt{}, false
}

// textArguments reads the arguments of a prompt, whose values are text.
func textArguments(arguments []byte) (map[string]string, *rpcError) {
	if arguments == nil {
		return nil, nil
	}
	var args map[string]*string
	if !isObject(arguments) || json.Unmarshal(arguments, &args) != nil {
		return nil, invalidParams("arguments must be an object of strings")
	}
	out := make(map[string]string, len(args))
	for name, value := range args {
		if value == nil {
			return nil, invalidParams("arguments must be an object of strings")
		}
		out[name] = *value
	}
	return out, nil
}
