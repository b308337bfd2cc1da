package transport

import (
	"context"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jc-mcp/jc-mcp/tools"
)

// maxCompletions is how many values the protocol lets through at once.
const maxCompletions = 100

type completeResult struct {
	head
	Completion completionOut `json:"completion"`
}

type completionOut struct {
	Values  []string `json:"values"`
	Total   *int     `json:"total,omitempty"`
	HasMore bool     `json:"hasMore"`
}

// complete answers completion/complete.
func (t *Transport) complete(ctx context.Context, x *exchange) reply {
	c, bad := completing(x.msg)
	if bad != nil {
		return reply{err: bad}
	}
	found := tools.Completion{}
	if t.offers(ctx, c) { // for what is not there, nothing is looked up
		if bad := t.enter(ctx); bad != nil {
			return reply{err: bad}
		}
		defer t.slots.give()
		var err error
		if found, err = t.server.Complete(ctx, c); err != nil {
			return explained(err, mcp.INVALID_PARAMS, "")
		}
	}
	out := completionOut{Values: found.Values, HasMore: found.More}
	if len(out.Values) > maxCompletions {
		out.Values, out.HasMore = out.Values[:maxCompletions], true
	}
	if out.Values == nil {
		out.Values = []string{}
	}
	if found.Total >= 0 {
		out.Total = &found.Total
	}
	return encoded(completeResult{x.head(mcp.ResultTypeComplete), out})
}

// completing reads what values are wanted for.
func completing(m *message) (c tools.Completing, bad *rpcError) {
	ref, argument := m.param("ref"), m.param("argument")
	if !isObject(ref) || !isObject(argument) {
		return c, invalidParams("ref and argument must be objects")
	}
	name, value := member(argument, "name"), member(argument, "value")
	if text(name) == "" || !isString(value) {
		return c, invalidParams("argument needs a name and a value, both strings")
	}
	c = tools.Completing{Argument: text(name), Value: text(value)}
	if known := member(m.param("context"), "arguments"); isObject(known) {
		c.Arguments = map[string]string{}
		members(known, func(key string, value []byte) { c.Arguments[key] = text(value) })
	}
	switch text(member(ref, "type")) {
	case "ref/prompt":
		c.Prompt = text(member(ref, "name"))
	case "ref/resource":
		c.Template = text(member(ref, "uri"))
	default:
		return c, invalidParams("ref.type must be ref/prompt or ref/resource")
	}
	if c.Prompt == "" && c.Template == "" {
		return c, invalidParams("ref must name a prompt or a resource template")
	}
	return c, nil
}

// offers says that the caller may see the prompt or the template.
func (t *Transport) offers(ctx context.Context, c tools.Completing) bool {
	if c.Prompt != "" {
		_, ok := promptNamed(t.server.Prompts(ctx), c.Prompt)
		return ok
	}
	return slices.ContainsFunc(t.server.Templates(ctx), func(r tools.Template) bool { return r.URITemplate == c.Template })
}
