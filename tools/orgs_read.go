package tools

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// Of callers with several organisations, what concerns one stands at an address that
// begins with its name, jumpcloud://acme/users/jdoe, and what concerns this server
// alone (rights, events, fields, schemas) at the address it always has. Prompts take
// the organisation as an argument; completions take it from the arguments given.

const orgInURI = scheme + "{" + OrgArgument + "}/"

// ofServer reports whether an address concerns this server alone.
func ofServer(uri string) bool {
	head, _, _ := strings.Cut(strings.TrimPrefix(uri, scheme), "/")
	return head == "rights" || head == "events" || head == "fields" || head == "schemas"
}

// Resources are what can be read at a fixed address, sorted by address.
func (o *Organizations) Resources(ctx context.Context) []Resource {
	mine, names := o.desksOf(ctx)
	switch len(mine) {
	case 0:
		return nil
	case 1:
		return mine[0].Resources(ctx)
	}
	var out []Resource
	for _, r := range o.front.Resources(ctx) {
		if ofServer(r.URI) {
			out = append(out, r)
			continue
		}
		for _, org := range names {
			of := r
			of.URI = scheme + org + "/" + strings.TrimPrefix(r.URI, scheme)
			of.Name, of.Title = r.Name+"_"+org, r.Title+" "+org
			out = append(out, of)
		}
	}
	slices.SortFunc(out, func(a, b Resource) int { return strings.Compare(a.URI, b.URI) })
	return out
}

// Templates are the addresses with variables, sorted.
func (o *Organizations) Templates(ctx context.Context) []Template {
	mine, _ := o.desksOf(ctx)
	switch len(mine) {
	case 0:
		return nil
	case 1:
		return mine[0].Templates(ctx)
	}
	out := o.front.Templates(ctx)
	for i := range out {
		if !ofServer(out[i].URITemplate) {
			out[i].URITemplate = orgInURI + strings.TrimPrefix(out[i].URITemplate, scheme)
		}
	}
	slices.SortFunc(out, func(a, b Template) int { return strings.Compare(a.URITemplate, b.URITemplate) })
	return out
}

// Read reads a resource of the organisation that its address names.
func (o *Organizations) Read(ctx context.Context, uri string) (Content, error) {
	mine, names := o.desksOf(ctx)
	switch {
	case len(mine) == 0:
		return Content{}, nothingAt(uri)
	case len(mine) == 1:
		return mine[0].Read(ctx, uri)
	case !strings.HasPrefix(uri, scheme) || len(uri) > maxURI:
		return Content{}, nothingAt(uri)
	}
	who, _ := auth.From(ctx)
	head, rest, deep := strings.Cut(strings.TrimPrefix(uri, scheme), "/")
	switch {
	case head == "schemas" && deep:
		name, err := variable(rest)
		if err != nil {
			return Content{}, err
		}
		return o.front.readSchema(who, uri, name, names)
	case head == "rights" && !deep:
		rights := o.front.rights(who)
		rights.Organizations = names
		return jsonContent(uri, rights)
	case ofServer(uri):
		return o.front.Read(ctx, uri)
	}
	i := slices.Index(names, head)
	if i < 0 || !deep || ofServer(scheme+rest) {
		return Content{}, &Refusal{jc.CodeNotFound, fmt.Sprintf("there is nothing at %q; addresses begin with an organisation: %s%s/…", clip(uri), scheme, names[0])}
	}
	content, err := mine[i].Read(ctx, scheme+rest)
	content.URI = uri
	return content, err
}

// Prompts are the prompts whose tools the caller may use, sorted by name.
func (o *Organizations) Prompts(ctx context.Context) []Prompt {
	mine, names := o.desksOf(ctx)
	switch len(mine) {
	case 0:
		return nil
	case 1:
		return mine[0].Prompts(ctx)
	}
	out := o.front.Prompts(ctx)
	for i := range out {
		out[i].Arguments = append(slices.Clone(out[i].Arguments), PromptArgument{
			Name: OrgArgument, Description: "The organisation: " + fewNames(names) + ".",
		})
	}
	return out
}

// Prompt fills a prompt in, and says for which organisation its calls are.
func (o *Organizations) Prompt(ctx context.Context, name string, args map[string]string) (string, error) {
	mine, names := o.desksOf(ctx)
	if len(mine) == 1 {
		return mine[0].Prompt(ctx, name, args)
	}
	if len(mine) == 0 {
		return "", &Refusal{jc.CodeNotFound, fmt.Sprintf("there is no prompt %q here", clip(name))}
	}
	args = maps.Clone(args)
	org := strings.TrimSpace(args[OrgArgument])
	delete(args, OrgArgument)
	text, err := o.front.Prompt(ctx, name, args)
	switch {
	case err != nil:
		return "", err
	case org == "":
		return text + "\nEach call takes org, the organisation (" + fewNames(names) + "): ask which one is meant where that is not clear.", nil
	case !slices.Contains(names, org):
		problem := fmt.Sprintf("there is no organisation %q here", clip(org))
		if near := schemas.Nearest(org, names); near != "" {
			problem += fmt.Sprintf("; did you mean %q", near)
		}
		return "", invalid(OrgArgument, problem)
	}
	return text + "\nAll of it is in one organisation: give org=" + org + " with each call.", nil
}

// Complete offers values from the organisation that the other arguments name; none
// where they name none.
func (o *Organizations) Complete(ctx context.Context, c Completing) (Completion, error) {
	mine, names := o.desksOf(ctx)
	none := Completion{Values: []string{}}
	switch {
	case len(mine) == 0:
		return none, nil
	case len(mine) == 1:
		return mine[0].Complete(ctx, c)
	case c.Argument == OrgArgument && unfitText(c.Value) == "":
		return fromList(names, c.Value), nil
	case c.Template != "" && ofServer(c.Template):
		return o.front.Complete(ctx, c)
	}
	if c.Template != "" {
		rest, its := strings.CutPrefix(c.Template, orgInURI)
		if !its {
			return none, nil
		}
		c.Template = scheme + rest
	}
	i := slices.Index(names, c.Arguments[OrgArgument])
	if i < 0 {
		return o.front.Complete(ctx, c) // closed lists; names of objects are of an organisation
	}
	return mine[i].Complete(ctx, c)
}
