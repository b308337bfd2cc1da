package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/schemas"
)

// A prompt is a plan for a job of an administrator, told to a model in words.
type prompt struct {
	name, title, doc string
	args             []promptArg
	// plan is the goal and then the steps, one a line. {name} is the value of an
	// argument as JSON; «…» is left out when an argument in it was not given, and so
	// is a whole line. A call stands in backticks: `tool argument=value`.
	plan []string
}

type promptArg struct {
	name, doc string
	required  bool
	// standard is the value of one that was not given.
	standard string
	// of is the type of the object that it names, one of things; "" for none.
	of string
	// list says that it holds several names, separated by commas.
	list bool
	// values is a closed list.
	values []string
	// form checks any other value, and says what it should be.
	form *form
}

// form is what a value has to look like.
type form struct {
	says string
	ok   func(string) bool
	bare bool // stands in the text without quotes
}

var (
	placeForm    = regexp.MustCompile(`\{([a-z_]+)\}`)
	optionalForm = regexp.MustCompile(`«[^»]*»`)
	mentionForm  = regexp.MustCompile("`([a-z_]+)[^`]*`")
)

// Prompts are the prompts whose tools the caller may use, sorted by name.
func (d *Desk) Prompts(ctx context.Context) []Prompt {
	who, known := auth.From(ctx)
	if !known {
		return nil
	}
	var out []Prompt
	for i := range prompts {
		if p := &prompts[i]; d.offers(who, p) {
			out = append(out, p.shown())
		}
	}
	slices.SortFunc(out, func(a, b Prompt) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Prompt fills a prompt in. Values stand in it as JSON, so that none of them can
// pass for a step of the plan.
func (d *Desk) Prompt(ctx context.Context, name string, args map[string]string) (string, error) {
	who, _ := auth.From(ctx)
	p := d.prompt(who, name)
	if p == nil {
		problem := fmt.Sprintf("there is no prompt %q here", clip(name))
		var names []string
		for _, p := range d.Prompts(ctx) {
			names = append(names, p.Name)
		}
		if near := schemas.Nearest(name, names); near != "" {
			problem += fmt.Sprintf("; did you mean %q", near)
		}
		return "", &Refusal{jc.CodeNotFound, problem}
	}
	values, err := p.check(args)
	if err != nil {
		return "", err
	}
	return p.fill(values), nil
}

// prompt is the prompt of that name, nil when there is none for the caller.
func (d *Desk) prompt(who auth.Principal, name string) *prompt {
	for i := range prompts {
		if p := &prompts[i]; p.name == name && d.offers(who, p) {
			return p
		}
	}
	return nil
}

// offers reports whether the caller may use every tool that the prompt names.
func (d *Desk) offers(who auth.Principal, p *prompt) bool {
	for _, line := range p.plan {
		for _, m := range mentionForm.FindAllStringSubmatch(line, -1) {
			if d.usable(who, m[1]) == nil {
				return false
			}
		}
	}
	return true
}

// usable is the tool of that name, nil when it is not served or not granted.
func (d *Desk) usable(who auth.Principal, name string) *Tool {
	t := d.byName[name]
	if t == nil || who.Agent == "" || !d.asSuch(who, t).Allow {
		return nil
	}
	return t
}

func (p *prompt) shown() Prompt {
	out := Prompt{Name: p.name, Title: p.title, Description: p.doc}
	for _, a := range p.args {
		doc := a.doc
		if len(a.values) > 0 {
			doc += " One of " + strings.Join(a.values, ", ") + "."
		}
		if a.standard != "" {
			doc += " " + a.standard + " unless given."
		}
		out.Arguments = append(out.Arguments, PromptArgument{Name: a.name, Description: doc, Required: a.required})
	}
	return out
}

func (p *prompt) arg(name string) *promptArg {
	for i := range p.args {
		if p.args[i].name == name {
			return &p.args[i]
		}
	}
	return nil
}

// check refuses what the prompt does not take, and gives the values as they stand in the text.
func (p *prompt) check(args map[string]string) (map[string]string, error) {
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if p.arg(name) != nil {
			continue
		}
		var known []string
		for _, a := range p.args {
			known = append(known, a.name)
		}
		return nil, invalid(clip(name), "the prompt "+p.name+" does not take it; it takes "+joinNames(known))
	}
	values := map[string]string{}
	for i := range p.args {
		a := &p.args[i]
		value := strings.TrimSpace(args[a.name])
		if value == "" {
			value = a.standard
		}
		if value == "" {
			if a.required {
				return nil, invalid(a.name, "is required")
			}
			continue
		}
		if err := a.check(value); err != nil {
			return nil, err
		}
		values[a.name] = a.quote(value)
	}
	return values, nil
}

func (a *promptArg) check(value string) error {
	if why := unfitText(value); why != "" {
		return invalid(a.name, why)
	}
	if len(a.values) > 0 && !slices.Contains(a.values, value) {
		return invalid(a.name, fmt.Sprintf("%q is none of %s", clip(value), joinNames(a.values)))
	}
	if a.form != nil && !a.form.ok(value) {
		return invalid(a.name, fmt.Sprintf("%q is not %s", clip(value), a.form.says))
	}
	if a.list && len(a.split(value)) == 0 {
		return invalid(a.name, "holds no name")
	}
	return nil
}

// unfitText says why a text of a caller is not taken; "" when it is.
func unfitText(s string) string {
	switch {
	case utf8.RuneCountInString(s) > maxRunes:
		return fmt.Sprintf("is longer than %d characters", maxRunes)
	case strings.ContainsFunc(s, jc.Hidden):
		return "holds control or hidden characters"
	}
	return ""
}

// quote is the value as JSON. Backticks and angle brackets are escaped too, which
// JSON allows: they would end a call or begin a tag.
func (a *promptArg) quote(value string) string {
	if a.form != nil && a.form.bare {
		return value
	}
	var v any = value
	if a.list {
		v = a.split(value)
	}
	b, _ := json.Marshal(v)
	return strings.NewReplacer("`", `\u0060`, `\u0026`, "&", "«", `\u00ab`, "»", `\u00bb`).Replace(string(b))
}

func (a *promptArg) split(value string) (out []string) {
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// fill writes the plan. What is left out is decided before values are put in.
func (p *prompt) fill(values map[string]string) string {
	var lines []string
	for _, line := range p.plan {
		line = optionalForm.ReplaceAllStringFunc(line, func(s string) string {
			if !given(s, values) {
				return ""
			}
			return strings.Trim(s, "«»")
		})
		if !given(line, values) {
			continue
		}
		line = placeForm.ReplaceAllStringFunc(line, func(s string) string { return values[s[1:len(s)-1]] })
		if len(lines) > 0 {
			line = fmt.Sprintf("%d. %s", len(lines), line)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// given reports whether every argument that a text names has a value.
func given(text string, values map[string]string) bool {
	for _, m := range placeForm.FindAllStringSubmatch(text, -1) {
		if values[m[1]] == "" {
			return false
		}
	}
	return true
}
