package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

const (
	scheme   = "jumpcloud://"
	jsonMIME = "application/json"
	textMIME = "text/plain"
	maxURI   = 2048 // bytes; a name of 256 runes fits, escaped
)

// thing is a type of object that has addresses of its own and is completed.
type thing struct {
	plural   string // its toolset; its tools are plural_list and plural_get
	address  string // jumpcloud://address/{argument}
	argument string // of plural_get
	kind     *jc.Kind
}

var things = []thing{
	{"users", "users", "user", jc.User{}.Kind()},
	{"devices", "devices", "device", jc.Device{}.Kind()},
	{"user_groups", "user-groups", "group", jc.UserGroup{}.Kind()},
	{"device_groups", "device-groups", "group", jc.DeviceGroup{}.Kind()},
	{"applications", "applications", "application", jc.Application{}.Kind()},
	{"policies", "policies", "policy", jc.Policy{}.Kind()},
	{"commands", "commands", "command", jc.Command{}.Kind()},
}

func (th *thing) lister() string { return th.plural + "_list" }
func (th *thing) getter() string { return th.plural + "_get" }

// fieldTypes are the types of which the caller may read a list.
func (d *Desk) fieldTypes(who auth.Principal) (out []string) {
	for i := range things {
		if d.usable(who, things[i].lister()) != nil {
			out = append(out, things[i].plural)
		}
	}
	return out
}

// Resources are what can be read at a fixed address, sorted by address.
func (d *Desk) Resources(ctx context.Context) []Resource {
	who, known := auth.From(ctx)
	if !known {
		return nil
	}
	out := []Resource{
		{scheme + "organization", "organization", "The organisation", "Name, region, and how many of each there are.", jsonMIME},
		{scheme + "rights", "rights", "Rights", "Who the caller is, which tools it may use, and when a person is asked.", jsonMIME},
	}
	if d.readsEvents(who) {
		out = append(out, Resource{scheme + "events", "events", "Events", "The services that write audit events, and the types of events known.", jsonMIME})
	}
	for _, name := range d.fieldTypes(who) {
		words := strings.ReplaceAll(name, "_", " ")
		out = append(out, Resource{scheme + "fields/" + name, "fields_" + name, "Fields of " + words,
			"What fields, filter and sort take when " + words + " are listed.", jsonMIME})
	}
	slices.SortFunc(out, func(a, b Resource) int { return strings.Compare(a.URI, b.URI) })
	return out
}

// Templates are the addresses with a variable, sorted.
func (d *Desk) Templates(ctx context.Context) []Template {
	who, known := auth.From(ctx)
	if !known {
		return nil
	}
	var out []Template
	if len(d.fieldTypes(who)) > 0 {
		out = append(out, Template{scheme + "fields/{type}", "fields", "Fields of a type", "What fields, filter and sort take in a list of that type.", jsonMIME})
	}
	if len(d.schemaNames(who)) > 0 {
		out = append(out, Template{scheme + "schemas/{tool}", "schemas", "Schema of a tool", "Everything that a tool takes, seldom used arguments included.", jsonMIME})
	}
	for i := range things {
		th := &things[i]
		if d.usable(who, th.getter()) == nil {
			continue
		}
		out = append(out, Template{th.uri(), strings.TrimSuffix(th.getter(), "_get"), upper(th.kind.Noun),
			"One " + th.kind.Noun + ", by name or id.", textMIME})
	}
	slices.SortFunc(out, func(a, b Template) int { return strings.Compare(a.URITemplate, b.URITemplate) })
	return out
}

func (th *thing) uri() string { return scheme + th.address + "/{" + th.argument + "}" }

// Read reads a resource. Objects are read by the tool that shows them, on its
// road: its grant, its audit lines, its shape.
func (d *Desk) Read(ctx context.Context, uri string) (Content, error) {
	who, known := auth.From(ctx)
	head, rest, deep := strings.Cut(strings.TrimPrefix(uri, scheme), "/")
	if !known || !strings.HasPrefix(uri, scheme) || len(uri) > maxURI || strings.ContainsAny(rest, "/?#") {
		return Content{}, nothingAt(uri)
	}
	if !deep {
		return d.readFixed(ctx, who, uri, head)
	}
	name, err := variable(rest)
	if err != nil {
		return Content{}, err
	}
	switch head {
	case "fields":
		return d.readFields(who, uri, name)
	case "schemas":
		return d.readSchema(who, uri, name, nil)
	}
	for i := range things {
		if things[i].address == head {
			return d.readThing(ctx, uri, &things[i], name)
		}
	}
	return Content{}, nothingAt(uri)
}

func (d *Desk) readFixed(ctx context.Context, who auth.Principal, uri, head string) (Content, error) {
	switch {
	case head == "organization":
		return jsonContent(uri, d.summary(ctx, who))
	case head == "rights":
		return jsonContent(uri, d.rights(who))
	case head == "events" && d.readsEvents(who):
		return jsonContent(uri, map[string]any{
			"services": eventCatalog,
			"note":     "More types exist: insights_distinct field=event_type shows those of a time. service=all asks every service.",
		})
	}
	return Content{}, nothingAt(uri)
}

func nothingAt(uri string) error {
	return &Refusal{jc.CodeNotFound, fmt.Sprintf("there is nothing at %q", clip(uri))}
}

func jsonContent(uri string, v any) (Content, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // no browser reads it, and > is an operator of filters
	err := enc.Encode(v)
	return Content{URI: uri, MIMEType: jsonMIME, Text: strings.TrimSpace(b.String())}, err
}

// variable decodes what stands in an address for a variable, once. What could
// pass for a path of its own afterwards is refused.
func variable(raw string) (string, error) {
	s, err := url.PathUnescape(raw)
	switch {
	case err != nil:
		return "", invalid("uri", "holds a % that begins no escape")
	case s == "":
		return "", invalid("uri", "ends where a name should stand")
	case strings.Contains(s, "/"):
		return "", invalid("uri", "holds a slash inside a name; use the id")
	}
	if why := unfitText(s); why != "" {
		return "", invalid("uri", why)
	}
	return s, nil
}

// answered is a failed answer of a tool as an error.
type answered struct{ answer Answer }

func (e *answered) Error() string { return strings.Join(e.answer.Text, "\n") }

// Unwrap lets it be taken for the refusal that it is.
func (e *answered) Unwrap() error {
	return &Refusal{jc.Code(e.answer.Code), e.Error()}
}

// Explain puts an error of the desk into words for a client.
func Explain(err error) (code jc.Code, text string) {
	var done *answered
	if errors.As(err, &done) {
		return jc.Code(done.answer.Code), done.Error()
	}
	a := failure(err, false)
	return jc.Code(a.Code), a.Text[0]
}

func (d *Desk) readThing(ctx context.Context, uri string, th *thing, name string) (Content, error) {
	if d.byName[th.getter()] == nil {
		return Content{}, &Refusal{jc.CodeDenied, "this server does not offer " + th.getter() + ", which reads this address"}
	}
	args, err := json.Marshal(map[string]string{th.argument: name})
	if err != nil {
		return Content{}, err
	}
	a := d.Call(ctx, Call{Tool: th.getter(), Arguments: args})
	if a.Ask != nil {
		return Content{}, &Refusal{jc.CodeNeedsApproval, "a person has to agree; call " + th.getter() + " instead"}
	}
	if a.IsError {
		return Content{}, &answered{a}
	}
	return Content{URI: uri, MIMEType: textMIME, Text: strings.Join(a.Text, "\n")}, nil
}

// schemaNames are the declared tools that the caller's grant does not rule out,
// whether they are listed or not.
func (d *Desk) schemaNames(who auth.Principal) (out []string) {
	for _, t := range d.o.Tools {
		if d.asSuch(who, t).Allow {
			out = append(out, t.Name)
		}
	}
	slices.Sort(out)
	return out
}

func (d *Desk) readSchema(who auth.Principal, uri, name string, orgs []string) (Content, error) {
	i := slices.IndexFunc(d.o.Tools, func(t *Tool) bool { return t.Name == name })
	if i < 0 {
		return Content{}, notThere("tool", name, d.schemaNames(who))
	}
	t := d.o.Tools[i]
	if dec := d.asSuch(who, t); !dec.Allow {
		return Content{}, denied(dec)
	}
	return Content{URI: uri, MIMEType: jsonMIME, Text: string(d.choosing(t, t.Schema, orgs).Full())}, nil
}

func notThere(what, name string, known []string) error {
	problem := fmt.Sprintf("there is no %s %q here", what, clip(name))
	if near := schemas.Nearest(name, known); near != "" {
		problem += fmt.Sprintf("; did you mean %q", near)
	} else if len(known) <= manyNames {
		problem += "; known: " + joinNames(known)
	}
	return &Refusal{jc.CodeNotFound, problem}
}
