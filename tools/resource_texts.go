package tools

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// organizationSummary is what jumpcloud://organization holds. What could not be
// read is in NotRead with the reason, and never 0.
type organizationSummary struct {
	Name    string            `json:"name,omitempty"`
	Region  string            `json:"region,omitempty"`
	Sandbox bool              `json:"sandbox,omitempty"`
	Counts  map[string]int    `json:"counts"`
	NotRead map[string]string `json:"not_read,omitempty"`
}

// alsoCounted are the lists beside those of things whose totals make the summary.
var alsoCounted = []string{"software_apps", "ip_lists"}

// summary asks each list for one row, on the road of the list's own tool, and
// keeps the total.
func (d *Desk) summary(ctx context.Context, who auth.Principal) organizationSummary {
	out := organizationSummary{
		Region: d.o.Region, Sandbox: d.o.Sandbox,
		Counts: map[string]int{}, NotRead: map[string]string{},
	}
	if out.Name = strings.TrimSpace(d.org.read(jc.WithAgent(ctx, who.Agent), d)); out.Name == "" {
		out.NotRead["name"] = "could not be read"
	}
	lists := make([]string, 0, len(things)+len(alsoCounted))
	for i := range things {
		lists = append(lists, things[i].plural)
	}
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(4) // an agent has eight requests at once; others want some
	for _, plural := range append(lists, alsoCounted...) {
		g.Go(func() error {
			n, why := d.total(ctx, plural+"_list")
			mu.Lock()
			defer mu.Unlock()
			if why != "" {
				out.NotRead[plural] = why
			} else {
				out.Counts[plural] = n
			}
			return nil
		})
	}
	_ = g.Wait()
	return out
}

// headTotal is the beginning of a list's head block, which is ours alone.
var headTotal = regexp.MustCompile(`^# total (\d+);`)

// total is how many a list has; why says that it is not known.
func (d *Desk) total(ctx context.Context, tool string) (n int, why string) {
	if d.byName[tool] == nil {
		return 0, "not offered by this server"
	}
	a := d.Call(ctx, Call{Tool: tool, Arguments: []byte(`{"limit":1}`)})
	if a.Ask != nil {
		return 0, string(jc.CodeNeedsApproval)
	}
	if a.IsError || len(a.Text) == 0 {
		return 0, a.Code
	}
	m := headTotal.FindStringSubmatch(a.Text[0])
	if m == nil {
		return 0, "JumpCloud does not tell the total"
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, "JumpCloud does not tell the total"
	}
	return n, ""
}

// callerRights is what jumpcloud://rights holds.
type callerRights struct {
	Agent   string `json:"agent"`
	Name    string `json:"name,omitempty"`
	Rules   string `json:"rules,omitempty"`
	Confirm string `json:"confirm"`
	// Asks are the tools for which a person is asked whatever they act on; "every
	// destroy" stands for all of a risk.
	Asks []string `json:"asks_a_person,omitempty"`
	// Tools are those that may be called, listed or through a carrier, by toolset and
	// risk: "all 13", or "2 of 13: get list" with names that lack the toolset's.
	Tools map[string]map[string]string `json:"tools"`
	// Organizations are the caller's, where it has several.
	Organizations []string `json:"organizations,omitempty"`
}

func (d *Desk) rights(who auth.Principal) callerRights {
	out := callerRights{Agent: who.Agent, Name: who.Name, Confirm: d.confirmMode(), Tools: map[string]map[string]string{}}
	granted, asking := map[auth.Risk]int{}, map[auth.Risk][]string{}
	names, declared := map[[2]string][]string{}, map[[2]string]int{}
	for _, t := range sortedTools(d.reach) {
		if t.Toolset == "api" {
			continue
		}
		at := [2]string{t.Toolset, t.Risk.String()}
		declared[at]++
		dec := d.asSuch(who, t)
		if !dec.Allow {
			continue
		}
		if out.Rules == "" {
			out.Rules = dec.Rule
		}
		names[at] = append(names[at], strings.TrimPrefix(t.Name, t.Toolset+"_"))
		granted[t.Risk]++
		if dec.Approval != auth.NoApproval {
			asking[t.Risk] = append(asking[t.Risk], t.Name)
		}
	}
	for at, have := range names {
		if out.Tools[at[0]] == nil {
			out.Tools[at[0]] = map[string]string{}
		}
		out.Tools[at[0]][at[1]] = fmt.Sprintf("all %d", len(have))
		if n := declared[at]; len(have) < n {
			out.Tools[at[0]][at[1]] = fmt.Sprintf("%d of %d: %s", len(have), n, strings.Join(have, " "))
		}
	}
	for risk := auth.Read; risk <= auth.Reveal; risk++ {
		if n := len(asking[risk]); n > 1 && n == granted[risk] {
			out.Asks = append(out.Asks, "every "+risk.String())
			continue
		}
		out.Asks = append(out.Asks, asking[risk]...)
	}
	return out
}

// sortedTools are tools in the order of their names.
func sortedTools(byName map[string]*Tool) []*Tool {
	out := make([]*Tool, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// confirmMode says when a person is asked, where one setting decides it.
func (d *Desk) confirmMode() string {
	g, ok := d.o.Grants.(auth.AllowAll)
	if !ok {
		return "the grants say which calls a person is asked about"
	}
	switch g.Confirm {
	case auth.ConfirmNever:
		return "never: nobody is asked"
	case auth.ConfirmChange:
		return "change: a person is asked before everything that changes something"
	}
	return "destroy: a person is asked before what destroys or reveals, and before changes of many objects at once"
}

// typeFields is what jumpcloud://fields/{type} holds.
type typeFields struct {
	Type   string     `json:"type"`
	Tool   string     `json:"tool"`
	Shown  []string   `json:"shown_by_default"`
	Fields []string   `json:"fields"`
	Ours   []ourField `json:"our_fields,omitempty"`
	Flags  string     `json:"flags,omitempty"`
	Filter string     `json:"filter"`
	Sort   string     `json:"sort"`
	Search string     `json:"search,omitempty"`
	// Names are fields that hold other objects: names are shown, and filter takes names.
	Names   []string `json:"shown_as_names,omitempty"`
	NamedBy []string `json:"named_by"`
}

// ourField is a field that this server makes of those that the API sends.
type ourField struct {
	Name string   `json:"name"`
	From []string `json:"from"`
	// SameAs is the field of the API with the same value: JumpCloud filters and sorts by it.
	SameAs string `json:"same_as,omitempty"`
	Flag   string `json:"flag,omitempty"`
	// When is the value that raises the flag.
	When *bool `json:"flag_when,omitempty"`
}

func (d *Desk) readFields(who auth.Principal, uri, name string) (Content, error) {
	i := slices.IndexFunc(things, func(th thing) bool { return th.plural == name })
	if i < 0 {
		return Content{}, notThere("type", name, d.fieldTypes(who))
	}
	th := &things[i]
	t := d.byName[th.lister()]
	if t == nil {
		return Content{}, &Refusal{jc.CodeDenied, "this server does not offer " + th.lister() + ", whose fields these are"}
	}
	if dec := d.asSuch(who, t); !dec.Allow {
		return Content{}, denied(dec)
	}
	return jsonContent(uri, fieldsOfList(th, t, d.seesOf(who, t)))
}

func fieldsOfList(th *thing, t *Tool, sees sight) typeFields {
	out := typeFields{Type: th.plural, Tool: t.Name}
	for _, c := range t.columns {
		if sees.column(th.kind, c) {
			out.Shown = append(out.Shown, c)
		}
	}
	for _, f := range slices.Sorted(slices.Values(sees.of(t.outFields))) {
		if th.kind.Fact(f) == nil { // a name that both have means ours
			out.Fields = append(out.Fields, f)
		}
	}
	var flags []string
	for _, f := range th.kind.Facts {
		if !sees.has(f.Name) {
			continue
		}
		o := ourField{Name: f.Name, From: f.Needs, SameAs: f.API, Flag: f.Flag}
		if f.Flag != "" {
			when := f.Exception
			o.When = &when
			flags = append(flags, f.Flag)
		}
		out.Ours = append(out.Ours, o)
	}
	if len(flags) > 0 {
		out.Flags = "The column flags shows the exceptions of each row: " + joinNames(flags) + ". Line 1 names those that could be read; ? is not read. In filter use the field, not the flag."
	}
	out.Filter = "a=x, b!=y, c~part, d>30d: a comma is \"and\", x|y is \"or\"; a value with one of these in it stands in double quotes; a= is none; " +
		"d>30d is longer ago, d<30d less long. All fields, nested ones by a dot. What the API cannot compare is answered here over at most " +
		strconv.Itoa(maxScan) + " rows, and line 1 says so."
	if t.groups != nil && sees.has(groupField) {
		out.Filter += " " + groupField + "=name is the members of a " + t.groups.kind.Noun + "."
	}
	out.Sort = "One of fields, or of our_fields with same_as; -field for descending."
	out.Names = sees.of(slices.Sorted(maps.Keys(t.idFields)))
	if names := sees.of(th.kind.NameFields()); t.search != nil && len(names) > 0 {
		out.Search = "search looks for a part of " + joinNames(names) + ", in any case."
	}
	for _, n := range th.kind.Names {
		if sees.has(n.Field) {
			out.NamedBy = append(out.NamedBy, n.Field)
		}
	}
	return out
}

// readsEvents reports whether the caller may ask for events at all.
func (d *Desk) readsEvents(who auth.Principal) bool {
	return slices.ContainsFunc(d.listed, func(t *Tool) bool { return t.Toolset == "insights" && d.usable(who, t.Name) != nil })
}
