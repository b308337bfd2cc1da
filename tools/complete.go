package tools

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	maxCompletions = 100
	completeWithin = 10 * time.Second // somebody is typing
)

// Complete offers values for an argument of a prompt or a variable of a template.
// What the caller may not use or list is answered with none.
func (d *Desk) Complete(ctx context.Context, c Completing) (Completion, error) {
	who, known := auth.From(ctx)
	if !known || unfitText(c.Value) != "" {
		return Completion{Values: []string{}}, nil
	}
	s := d.source(who, c)
	if s.thing != nil {
		return d.names(ctx, who, s, c.Value)
	}
	return fromList(s.values, c.Value), nil
}

// source is where values come from: a closed list, or the names of a type.
type source struct {
	values []string
	thing  *thing
	// list: several names, separated by commas; the last one is completed.
	list bool
	// inURI: the value goes into an address, where a name cannot hold a slash.
	inURI bool
}

func (d *Desk) source(who auth.Principal, c Completing) source {
	if c.Template != "" {
		return d.templateSource(who, c)
	}
	p := d.prompt(who, c.Prompt)
	if p == nil {
		return source{}
	}
	a := p.arg(c.Argument)
	if a == nil {
		return source{}
	}
	for i := range things {
		if things[i].plural == a.of {
			return source{thing: &things[i], list: a.list}
		}
	}
	return source{values: a.values}
}

func (d *Desk) templateSource(who auth.Principal, c Completing) source {
	switch {
	case c.Template == scheme+"fields/{type}" && c.Argument == "type":
		return source{values: d.fieldTypes(who)}
	case c.Template == scheme+"schemas/{tool}" && c.Argument == "tool":
		return source{values: d.schemaNames(who)}
	}
	for i := range things {
		th := &things[i]
		if c.Template == th.uri() && c.Argument == th.argument && d.usable(who, th.getter()) != nil {
			return source{thing: th, inURI: true}
		}
	}
	return source{}
}

// fromList gives the values of a closed list that begin with what was typed.
func fromList(values []string, typed string) Completion {
	out := Completion{Values: []string{}}
	for _, v := range values {
		if strings.HasPrefix(v, strings.ToLower(typed)) {
			out.Values = append(out.Values, v)
		}
	}
	out.Total = len(out.Values)
	if out.Total > maxCompletions {
		out.Values, out.More = out.Values[:maxCompletions], true
	}
	return out
}

// names looks the names of a type up that begin with what was typed. It reads the
// directory, so it needs the grant of the type's list, is fenced to one look-up,
// and leaves a line in the audit.
func (d *Desk) names(ctx context.Context, who auth.Principal, s source, typed string) (Completion, error) {
	out := Completion{Values: []string{}}
	t := d.usable(who, s.thing.lister())
	if t == nil || d.o.Client == nil {
		return out, nil
	}
	head := ""
	if i := strings.LastIndexByte(typed, ','); s.list && i >= 0 {
		rest := strings.TrimLeft(typed[i+1:], " ")
		head, typed = typed[:len(typed)-len(rest)], rest
	}
	kind := d.seesKind(who, s.thing.kind).by(s.thing.kind)
	if kind == nil {
		return out, nil
	}
	find := kind.Find
	ctx, cancel := context.WithTimeout(jc.WithFence(jc.WithAgent(ctx, who.Agent), find), completeWithin)
	defer cancel()
	start := time.Now()
	found, more, err := d.dir.Starting(ctx, kind, typed, maxCompletions)
	d.noteCompletion(ctx, who, t, find, start, err)
	if err != nil {
		return out, err
	}
	found = d.finds(&trip{tool: t, who: who}).known(ctx, kind, found)
	for _, v := range s.offered(found) {
		out.Values = append(out.Values, head+v)
	}
	out.Total, out.More = len(out.Values), more
	if more {
		out.Total = -1
	}
	return out, nil
}

// offered are values that mean the objects found: a name that several share gets
// the end of the id, one that cannot be given as it is the whole id.
func (s source) offered(found []jc.Object) (out []string) {
	count := map[string]int{}
	for _, o := range found {
		count[strings.ToLower(o.Name)]++
	}
	for _, o := range found {
		v := o.Name
		switch {
		case unfitText(v) != "", strings.TrimSpace(v) != v, s.inURI && strings.Contains(v, "/"), s.list && strings.Contains(v, ","):
			v = o.ID
		case count[strings.ToLower(v)] > 1:
			v = handle(v, o.ID)
		}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// noteCompletion writes the audit line of a look-up: never what was typed.
func (d *Desk) noteCompletion(ctx context.Context, who auth.Principal, t *Tool, at jc.Endpoint, start time.Time, err error) {
	tr := d.trip(t, who, Call{})
	line := auth.Line{Method: at.Method, Path: at.Path, Outcome: string(WasRead), MS: time.Since(start).Milliseconds()}
	if err != nil {
		line.Outcome, line.Code = string(Failed), failure(err, false).Code
	}
	line.Say = clean(tr.where() + ", " + line.Outcome + ": names to complete what is being typed")
	if err := d.o.Audit.Write(context.WithoutCancel(ctx), tr.line(auth.PhaseResult, line)); err != nil {
		d.o.Log.ErrorContext(ctx, "the audit line of a completion could not be written", "tool", t.Name)
	}
}
