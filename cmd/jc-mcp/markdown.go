package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/tools"
)

// sharedArguments says once what many tools take.
const sharedArguments = "Arguments that mean the same everywhere: `filter` is `field=value` or `field!=value`, with a comma for and; " +
	"`search` finds a word in the fields people search; `fields` are the columns to show, with commas; `sort` is a field, or `-field` for descending; " +
	"`limit` is how many rows; `cursor` goes on where a list was cut; `dry_run` shows what would be sent and sends nothing. " +
	"An object of the directory is named by its id or by the name people use.\n"

// markdown is the reference of tools, grouped by toolset.
func markdown(list []*tools.Tool) string {
	bySet := map[string][]*tools.Tool{}
	var sets []string
	for _, t := range list {
		if bySet[t.Toolset] == nil {
			sets = append(sets, t.Toolset)
		}
		bySet[t.Toolset] = append(bySet[t.Toolset], t)
	}
	slices.Sort(sets)
	var b strings.Builder
	fmt.Fprintf(&b, "# Tools\n\n%d tools in %d toolsets. Made by `go run ./cmd/jc-mcp tools --markdown > docs/tools.md`; do not edit.\n\n",
		len(list), len(sets))
	b.WriteString("Risk: read; change; destroy (a person is asked); reveal (would return a secret). " +
		"Effect: what sending it again would do. " +
		"Surface: the smallest that lists it (micro is in core, core in full). Tokens: what listing it costs. Arguments marked * are required.\n\n" + sharedArguments)
	for _, set := range sets {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", set, tools.Toolsets[set])
		b.WriteString("| name | risk | effect | surface | tokens | operations | description |\n| --- | --- | --- | --- | --- | --- | --- |\n")
		for _, t := range bySet[set] {
			toolRow(&b, t)
		}
		for _, t := range bySet[set] {
			toolArguments(&b, t)
		}
	}
	return b.String()
}

func toolRow(b *strings.Builder, t *tools.Tool) {
	ops := operations(t)
	for i, o := range ops {
		ops[i] = "`" + o + "`"
	}
	cells := []string{"`" + t.Name + "`", riskOf(t), t.Effect.String(), string(t.Surface()), fmt.Sprint(t.ListedTokens()), strings.Join(ops, "<br>"), t.Doc}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func toolArguments(b *strings.Builder, t *tools.Tool) {
	fmt.Fprintf(b, "\n### %s\n\n", t.Name)
	var root described
	if err := json.Unmarshal(t.Schema.Full(), &root); err != nil || len(root.Properties) == 0 {
		b.WriteString("No arguments.\n")
		return
	}
	for _, name := range t.Schema.Names() {
		p := root.Properties[name]
		if p == nil {
			continue
		}
		star := ""
		if slices.Contains(root.Required, name) {
			star = "*"
		}
		fmt.Fprintf(b, "- `%s`%s %s", name, star, p.words())
		if p.Description != "" {
			b.WriteString(": " + p.Description)
		}
		b.WriteString("\n")
	}
}

// described is as much of a JSON Schema as the reference tells.
type described struct {
	Type        typeNames             `json:"type"`
	Description string                `json:"description"`
	Format      string                `json:"format"`
	Enum        []any                 `json:"enum"`
	Const       any                   `json:"const"`
	Minimum     *json.Number          `json:"minimum"`
	Maximum     *json.Number          `json:"maximum"`
	Properties  map[string]*described `json:"properties"`
	Required    []string              `json:"required"`
	Items       *described            `json:"items"`
	AnyOf       []*described          `json:"anyOf"`
	OneOf       []*described          `json:"oneOf"`
}

// words says in short what values there may be.
func (d *described) words() string {
	switch {
	case d.Const != nil:
		return fmt.Sprintf("`%v`", d.Const)
	case len(d.Enum) > 0:
		words := make([]string, len(d.Enum))
		for i, e := range d.Enum {
			words[i] = fmt.Sprintf("`%v`", e)
		}
		return "one of " + strings.Join(words, ", ")
	case len(d.AnyOf)+len(d.OneOf) > 0:
		var words []string
		for _, alt := range slices.Concat(d.AnyOf, d.OneOf) {
			words = append(words, alt.words())
		}
		return strings.Join(words, " or ")
	case slices.Contains(d.Type, "array") && d.Items != nil:
		return "list of " + d.Items.words()
	case len(d.Properties) > 0:
		return "object (" + strings.Join(d.fields(), ", ") + ")"
	}
	s := strings.Join(d.Type, " or ")
	if s == "" {
		s = "any value"
	}
	if d.Format != "" {
		s += " (" + d.Format + ")"
	}
	return s + d.bounds()
}

func (d *described) bounds() string {
	switch {
	case d.Minimum != nil && d.Maximum != nil:
		return fmt.Sprintf(", %s to %s", *d.Minimum, *d.Maximum)
	case d.Minimum != nil:
		return fmt.Sprintf(", at least %s", *d.Minimum)
	case d.Maximum != nil:
		return fmt.Sprintf(", at most %s", *d.Maximum)
	}
	return ""
}

// fields are the names in an object, sorted, the required ones marked.
func (d *described) fields() []string {
	names := make([]string, 0, len(d.Properties))
	for name := range d.Properties {
		if slices.Contains(d.Required, name) {
			name += "*"
		}
		names = append(names, "`"+name+"`")
	}
	slices.Sort(names)
	return names
}

// riskOf is the risk in words; a grave change says that it is one.
func riskOf(t *tools.Tool) string {
	if t.Grave {
		return t.Risk.String() + ", grave"
	}
	if t.GraveWith != nil {
		return t.Risk.String() + ", grave with " + strings.Join(t.GraveWith, ", ")
	}
	return t.Risk.String()
}
