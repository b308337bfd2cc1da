package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	searchCommands = jc.At("POST /api/search/commands")
	commandDevices = jc.At("GET /api/v2/commands/{command}/systems")
	commandResults = jc.At("GET /api/commands/{command}/results")
	groupDevices   = jc.At("GET /api/v2/systemgroups/{group}/membership")
	runCommand     = jc.At("POST /api/runCommand")
	makeCommand    = jc.At("POST /api/commands")
	deleteCommand  = jc.At("DELETE /api/commands/{command}")
	cancelRun      = jc.At("DELETE /api/v2/commandqueue/{run}")
)

// runQueued is what the answer to a run means.
const runQueued = "it is queued; devices that are offline run it when they next connect"

const maxScriptBytes = 30_000 // what a script may have here; longer ones are better saved

type commandRun struct {
	Command     jc.Ref[jc.Command]     `json:"command,omitzero" in:"-"`
	Script      string                 `json:"script,omitempty" in:"-" jsonschema:"minLength=1"`
	Shell       string                 `json:"shell,omitempty" in:"-" jsonschema:"enum=bash,enum=powershell"`
	Devices     []jc.Ref[jc.Device]    `json:"devices,omitempty" in:"-" jsonschema:"minItems=1"`
	DeviceGroup jc.Ref[jc.DeviceGroup] `json:"device_group,omitzero" in:"-"`
	Wait        *int                   `json:"wait,omitempty" in:"-" jsonschema:"minimum=0,maximum=600,description=Seconds."`
}

// commandsRun runs code on devices. For a script it makes a command that it
// deletes again, which nothing but its grant decides.
func commandsRun() *Tool {
	uses := runs
	uses.Own = []string{runCommand.String(), makeCommand.String(), cancelRun.String(), deleteCommand.String()}
	uses.Reads = []string{commandDevices.String(), commandResults.String(), groupDevices.String(), "GET /api/commands/{command}", searchCommands.String()}
	return Job("commands_run", "Run a saved command or a script on devices and wait for the results.", uses, planRun, Core, NoReadBack(runQueued))
}

// planRun names every device before anything is sent: those of a group and those
// that the command is bound to are looked up and sent by id, so that exactly what
// was shown is run.
func planRun(ctx context.Context, r *Reader, in *commandRun) (*Plan, error) {
	c := in.Command.Found()
	switch {
	case c.ID == "" && in.Script == "":
		return nil, invalid("", "say what to run: command, the name of a saved one, or script")
	case c.ID != "" && in.Script != "":
		return nil, invalid("script", "give it or command, not both")
	case in.Script == "" && in.Shell != "":
		return nil, invalid("shell", "it goes with script; a saved command has its own")
	case len(in.Script) > maxScriptBytes:
		return nil, invalid("script", fmt.Sprintf("it is longer than %d bytes; save it with commands_create", maxScriptBytes))
	}
	devices, err := runDevices(ctx, r, in, c)
	if err != nil {
		return nil, err
	}
	j := &runJob{patient: r.trip.call.Patient}
	j.setWait(in)
	if in.Script == "" {
		j.runs = []*oneRun{{command: c, devices: devices}}
		return j.plan(), nil
	}
	if err := j.scripts(r, in, devices); err != nil {
		return nil, err
	}
	return j.plan(), nil
}

// runDevices are the devices that are meant, each once and with what a plan needs to know of it.
func runDevices(ctx context.Context, r *Reader, in *commandRun, c jc.Object) ([]jc.Object, error) {
	var ids []string
	for _, d := range objects(in.Devices) {
		ids = append(ids, d.ID)
	}
	if g := in.DeviceGroup.Found(); g.ID != "" {
		rows, _, err := r.walk(ctx, jc.Request{Endpoint: groupDevices, Params: map[string]string{"group": g.ID}}, jc.Query{}, 0)
		if err != nil {
			return nil, err
		}
		for _, row := range rows.Rows {
			ids = append(ids, row.Text("id"))
		}
		if len(ids) == 0 {
			return nil, invalid("device_group", "group "+plainName(g.Name)+" has no devices")
		}
	}
	if len(ids) == 0 && in.Script != "" {
		return nil, invalid("devices", "say where to run it: devices or device_group")
	}
	if len(ids) == 0 {
		bound, err := boundIDs(ctx, r, c)
		if err != nil {
			return nil, err
		}
		if len(bound) == 0 {
			return nil, invalid("devices", "command "+plainName(c.Name)+" is bound to no device; name some, or a device_group")
		}
		ids = bound
	}
	return deviceRows(ctx, r, ids)
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
	ids, err := boundIDs(ctx, r, c)
	if err != nil {
		return nil, err
	}
	return deviceRows(ctx, r, ids)
}

func boundIDs(ctx context.Context, r *Reader, c jc.Object) (ids []string, err error) {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: commandDevices, Params: map[string]string{"command": c.ID}}, jc.Query{}, 0)
	for _, row := range rows.Rows {
		if id := row.Text("id"); id != "" {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// runFields are what a plan needs to know of a device.
var runFields = []string{"_id", "hostname", "displayName", "serialNumber", "os", "osFamily", "active", "lastContact"}

// deviceRows reads devices as they are now, a hundred in one request. One that is
// gone stops the call: what is run is exactly what was shown.
func deviceRows(ctx context.Context, r *Reader, ids []string) ([]jc.Object, error) {
	kind := jc.Device{}.Kind()
	slices.Sort(ids)
	ids = slices.Compact(ids)
	parts := slices.Collect(slices.Chunk(ids, jc.MaxPage))
	pages := make([][]jc.Row, len(parts))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, part := range parts {
		g.Go(func() error {
			page, err := r.d.o.Client.Page(gctx, jc.Request{Endpoint: kind.Find}, jc.Query{Fields: runFields,
				Body: map[string]any{"filter": map[string]any{"and": []any{map[string]any{kind.ID: map[string]any{"$in": part}}}}}})
			pages[i] = page.Rows
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []jc.Object
	for _, row := range slices.Concat(pages...) {
		out = append(out, jc.Object{Kind: kind, ID: kind.IDOf(row), Name: kind.NameOf(row), Row: row})
	}
	if len(out) != len(ids) {
		return nil, notFound("devices", fmt.Sprintf("%d of the %d devices cannot be read", len(ids)-len(out), len(ids)))
	}
	slices.SortStableFunc(out, func(a, b jc.Object) int { return strings.Compare(a.Name, b.Name) })
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

// mostNames is how many devices a question names; a longer list nobody reads.
const mostNames = 100

// countedNames is "2 devices: a, b".
func countedNames(list []jc.Object) string {
	names := labels(list)
	switch n := len(names); {
	case n == 0:
		return "no device"
	case n == 1:
		return "device " + names[0]
	case n > mostNames:
		return fmt.Sprintf("%d devices: %s and %d more", n, strings.Join(names[:mostNames], ", "), n-mostNames)
	}
	return fmt.Sprintf("%d devices: %s", len(names), strings.Join(names, ", "))
}

// labels are the names of objects, with the end of the id where two share one.
func labels(list []jc.Object) []string {
	count := map[string]int{}
	for _, o := range list {
		count[o.Name]++
	}
	names := make([]string, len(list))
	for i, o := range list {
		switch names[i] = plainName(o.Name); {
		case o.Name == "":
			names[i] = o.ID
		case count[o.Name] > 1:
			names[i] = handle(names[i], o.ID)
		}
	}
	return names
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
	if n := len(names); n > mostNames/4 {
		names = append(names[:mostNames/4], fmt.Sprintf("and %d more", n-mostNames/4))
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
