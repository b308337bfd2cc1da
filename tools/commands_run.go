package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	searchCommands = jc.At("POST /api/search/commands")
	commandDevices = jc.At("GET /api/v2/commands/{command}/systems")
)

// runQueued is what the answer to a run means.
const runQueued = "it is queued; devices that are offline run it when they next connect"

type commandRun struct {
	Command jc.Ref[jc.Command]  `json:"command" api:"_id" jsonschema:"required"`
	Devices []jc.Ref[jc.Device] `json:"devices,omitempty" api:"systemIds" jsonschema:"minItems=1,description=Left out: all that the command is bound to."`
}

func commandsRun() *Tool {
	uses := runs
	uses.Own, uses.Reads, uses.Kinds = []string{"POST /api/runCommand"}, []string{commandDevices.String()}, nil
	return Job("commands_run", "Run a saved command on devices.", uses, planRun, Core, NoReadBack(runQueued))
}

// planRun names every device before anything is sent: those that the command is
// bound to are looked up and sent by id, so that exactly what was shown is run.
func planRun(ctx context.Context, r *Reader, in *commandRun) (*Plan, error) {
	c := in.Command.Found()
	devices := distinctObjects(objects(in.Devices))
	if len(devices) == 0 {
		var err error
		if devices, err = boundDevices(ctx, r, c); err != nil {
			return nil, err
		}
		if len(devices) == 0 {
			return nil, invalid("devices", "command "+plainName(c.Name)+" is bound to no device; name some")
		}
	}
	ids := make([]any, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	s := Step{
		Request: jc.Request{Endpoint: jc.At("POST /api/runCommand"), Effect: jc.Once, Body: map[string]any{"_id": c.ID, "systemIds": ids}},
		Targets: append([]auth.Target{targetOf(c)}, targets(devices)...),
		Line:    "run command " + plainName(c.Name) + " on " + countedNames(devices),
		State:   scriptOf(c.Row),
	}
	away := offline(devices)
	if away != "" {
		s.State = strings.TrimPrefix(s.State+"; "+away, "; ")
	}
	s.Verify = func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		var got struct {
			QueueIDs []string `json:"queueIds"`
			Run      string   `json:"workflowInstanceId"`
		}
		note := "queued"
		if resp.Decode(&got) == nil && got.Run != "" {
			note = fmt.Sprintf("queued on %d devices, run %s", len(got.QueueIDs), got.Run)
		}
		if away != "" {
			note += "; " + away
		}
		return Seen{Outcome: Accepted, Note: note + "; see commands_results_list command=" + argument(c.Name)}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}

type commandTrigger struct {
	Trigger   string         `json:"trigger" in:"path" jsonschema:"required,minLength=1"`
	Variables map[string]any `json:"variables,omitempty" in:"-" rare:"true" jsonschema:"description=Handed to the scripts."`
}

func commandsTrigger() *Tool {
	uses := runs
	uses.Own = []string{"POST /api/command/trigger/{trigger}"}
	uses.Reads = []string{searchCommands.String(), commandDevices.String()}
	uses.Kinds = []*jc.Kind{jc.Device{}.Kind()}
	return Job("commands_trigger", "Run the commands that wait for a trigger, on the devices they are bound to.",
		uses, planTrigger, NoReadBack(runQueued))
}

// planTrigger looks up what the trigger would start, so that a person who is
// asked sees commands and devices, and a trigger that starts nothing is not sent.
func planTrigger(ctx context.Context, r *Reader, in *commandTrigger) (*Plan, error) {
	page, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: searchCommands}, jc.Query{
		Body: map[string]any{"filter": map[string]any{"and": []any{map[string]any{"trigger": in.Trigger}}}},
	})
	if err != nil {
		return nil, err
	}
	kind := jc.Command{}.Kind()
	s := Step{Request: jc.Request{
		Endpoint: jc.At("POST /api/command/trigger/{trigger}"), Effect: jc.Once, Params: map[string]string{"trigger": in.Trigger},
	}}
	if len(in.Variables) > 0 {
		s.Request.Body = in.Variables
		s.After = hideSecrets(in.Variables)
	}
	var names, scripts []string
	var devices []jc.Object
	for _, row := range page.Rows {
		if row.Text("trigger") != in.Trigger || row.Text("launchType") != "trigger" {
			continue
		}
		c := jc.Object{Kind: kind, ID: kind.IDOf(row), Name: kind.NameOf(row)}
		names = append(names, plainName(c.Name))
		scripts = append(scripts, scriptOf(row))
		s.Targets = append(s.Targets, targetOf(c))
		bound, err := boundDevices(ctx, r, c)
		if err != nil {
			return nil, err
		}
		devices = append(devices, bound...)
	}
	if len(names) == 0 {
		return nil, notFound("trigger", fmt.Sprintf("no command waits for the trigger %q", clip(in.Trigger)))
	}
	devices = distinctObjects(devices)
	s.Targets = append(s.Targets, targets(devices)...)
	away := offline(devices)
	s.State = strings.TrimPrefix(strings.Join(scripts, "; ")+"; "+away, "; ")
	s.State = strings.TrimSuffix(s.State, "; ")
	s.Line = "run " + strings.Join(names, ", ") + " on " + countedNames(devices)
	if len(s.After) > 0 {
		s.Line += ", with " + changesOf(nil, s.After)
	}
	s.Verify = func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		note := runQueued
		if away != "" {
			note += "; " + away
		}
		return Seen{Outcome: Accepted, Note: note + "; see commands_results_list"}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}

// scriptOf is the beginning of what would run, for the person who has to decide.
func scriptOf(command jc.Row) string {
	script := strings.TrimSpace(command.Text("command"))
	if script == "" {
		return ""
	}
	lines := strings.Count(script, "\n") + 1
	return fmt.Sprintf("script of %d lines: %s", lines, inline(script))
}

// boundDevices are the devices that a command reaches, by groups too.
func boundDevices(ctx context.Context, r *Reader, c jc.Object) ([]jc.Object, error) {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: commandDevices, Params: map[string]string{"command": c.ID}}, jc.Query{}, 0)
	if err != nil {
		return nil, err
	}
	kind := jc.Device{}.Kind()
	var ids []string
	for _, row := range rows.Rows {
		if id := row.Text("id"); id != "" {
			ids = append(ids, id)
		}
	}
	known, err := r.dir.ByID(ctx, kind, ids, true)
	if err != nil {
		return nil, err
	}
	out := make([]jc.Object, len(ids))
	for i, id := range ids {
		if out[i] = known[id]; out[i].ID == "" {
			out[i] = jc.Object{Kind: kind, ID: id}
		}
	}
	return out, nil
}

func targets(list []jc.Object) []auth.Target {
	out := make([]auth.Target, len(list))
	for i, o := range list {
		out[i] = targetOf(o)
	}
	return out
}

func distinctObjects(list []jc.Object) (out []jc.Object) {
	for _, o := range list {
		if !slices.ContainsFunc(out, func(have jc.Object) bool { return have.ID == o.ID }) {
			out = append(out, o)
		}
	}
	return out
}

// countedNames is "2 devices: a, b"; every one is named, because a person decides by it.
func countedNames(list []jc.Object) string {
	names := make([]string, len(list))
	for i, o := range list {
		same := func(other jc.Object) bool { return other.Name == o.Name && other.ID != o.ID }
		switch names[i] = plainName(o.Name); {
		case o.Name == "":
			names[i] = o.ID
		case slices.ContainsFunc(list, same):
			names[i] = handle(names[i], o.ID)
		}
	}
	switch len(names) {
	case 0:
		return "no device"
	case 1:
		return "device " + names[0]
	}
	return fmt.Sprintf("%d devices: %s", len(names), strings.Join(names, ", "))
}

// offline names the devices of which it is known that they are not connected.
func offline(devices []jc.Object) string {
	var names []string
	for _, d := range devices {
		if on, known := d.Row.Bool("active"); known && !on {
			names = append(names, plainName(d.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "offline now: " + strings.Join(names, ", ")
}

// argument is a value as it can be repeated in a call.
func argument(s string) string {
	if plain.MatchString(s) && !strings.Contains(s, " ") {
		return s
	}
	return fmt.Sprintf("%q", clean(s))
}

const (
	maxOutput = 4000 // tokens of what a device wrote
	maxScript = 2000 // tokens of a script in a question
)

// foreignLines is text that is not ours, apart from ours: every line is marked,
// so that none of them can be taken for a head or a row.
func foreignLines(title, text string, budget int) string {
	text = strings.TrimRight(text, "\r\n ")
	if text == "" {
		return ""
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, %d lines", title, len(lines))
	for i, line := range lines {
		line = "| " + clean(line)
		if budget -= tokens(line) + 1; budget < 0 {
			fmt.Fprintf(&b, "\n# %d more lines are not shown", len(lines)-i)
			break
		}
		b.WriteString("\n" + line)
	}
	return b.String()
}
