package tools

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const (
	mostWait     = 30 * time.Second // while a client waits for the answer
	scriptWait   = 30 * time.Second // for a script, unless said otherwise: its results are why it is run
	cleanupLeave = 8 * time.Second  // of the budget, left to clean up
	devicesInRow = 12               // names that a line of results shows
)

// oneRun is a command on its devices.
type oneRun struct {
	system  string    // linux, mac or windows: what a command is made for
	command jc.Object // its id is known once it is made
	made    bool      // for this run, and removed after it
	script  string
	devices []jc.Object

	begun     time.Time
	id        string // the workflow instance
	unmade    bool   // the command could not be made
	results   map[string]jc.Row
	lastErr   error
	cancelled bool
}

// runJob is a call of commands_run.
type runJob struct {
	runs    []*oneRun
	skipped string // devices that the script is not for, with why
	wait    time.Duration
	waits   bool
	capped  bool
	patient bool
	took    time.Duration

	steps []Step
	roles []runRole
}

// runRole is what a step does, and for which run.
type runRole struct {
	run  *oneRun
	does string // make, run, poll, cancel, delete
}

func (j *runJob) setWait(in *commandRun) {
	if in.Script != "" {
		j.wait = scriptWait
	}
	if in.Wait != nil {
		j.wait = time.Duration(*in.Wait) * time.Second
	}
	if !j.patient && j.wait > mostWait {
		j.wait, j.capped = mostWait, true
	}
	j.waits = j.wait > 0
}

// scripts makes a run for each system that the devices have: a command is for one.
func (j *runJob) scripts(r *Reader, in *commandRun, devices []jc.Object) error {
	families := map[string][]jc.Object{}
	for _, d := range devices {
		f := strings.ToLower(d.Row.Text("osFamily"))
		families[f] = append(families[f], d)
	}
	shell := in.Shell
	if shell == "" {
		if shell = "bash"; len(families["windows"]) == len(devices) {
			shell = "powershell"
		}
	}
	name := "jc-mcp run " + steadyID(r)
	fits := map[string]string{"linux": "linux", "darwin": "mac"}
	if shell == "powershell" {
		fits = map[string]string{"windows": "windows"}
	}
	for _, f := range []string{"linux", "darwin", "windows"} {
		if fits[f] != "" && len(families[f]) > 0 {
			j.runs = append(j.runs, &oneRun{system: fits[f], made: true, script: in.Script, devices: families[f],
				command: jc.Object{Kind: jc.Command{}.Kind(), Name: strings.TrimSuffix(name+" "+fits[f], " linux")}})
			delete(families, f)
		}
	}
	var other []jc.Object
	for _, d := range devices {
		if _, left := families[strings.ToLower(d.Row.Text("osFamily"))]; left {
			other = append(other, d)
		}
	}
	left := labels(other)
	for i := range left {
		left[i] += " (" + inline(other[i].Row["os"]) + ")"
	}
	if len(j.runs) == 0 {
		return invalid("shell", fmt.Sprintf("none of the %d devices runs %s scripts: %s", len(devices), shell, someOf(left)))
	}
	if len(left) > 0 {
		j.skipped = "not run, the script is " + shell + ": " + someOf(left)
	}
	return nil
}

func someOf(names []string) string {
	if n := len(names); n > devicesInRow {
		return strings.Join(names[:devicesInRow], ", ") + fmt.Sprintf(" and %d more", n-devicesInRow)
	}
	return strings.Join(names, ", ")
}

// freshID is what newID makes.
var freshID = regexp.MustCompile(`^[a-z2-7]{8}$`)

// steadyID names what is made for a call. The call that comes back with a
// person's yes has to make the very plan that was shown.
func steadyID(r *Reader) string {
	return r.trip.steady("id", newID(""), freshID.MatchString)
}

// plan puts the steps in order: make, run, wait, and clean up.
func (j *runJob) plan() *Plan {
	add := func(run *oneRun, does string, s Step) {
		j.steps = append(j.steps, s)
		j.roles = append(j.roles, runRole{run, does})
	}
	for _, run := range j.runs {
		if run.made {
			add(run, "make", j.makeStep(run))
		}
		add(run, "run", j.runStep(run))
	}
	if j.waits {
		add(nil, "poll", Step{Request: jc.Request{Endpoint: commandResults}, Line: fmt.Sprintf("wait up to %s for the results", j.wait),
			read: func(ctx context.Context, r *Reader) (any, error) { j.poll(ctx, r); return nil, nil }})
		for _, run := range j.runs {
			if run.made {
				add(run, "cancel", Step{Request: jc.Request{Endpoint: cancelRun, Effect: jc.Idempotent, Params: map[string]string{}},
					Targets: []auth.Target{targetOf(run.command)}, Line: "take it out of the queue of devices that have not answered by then"})
				add(run, "delete", Step{Request: jc.Request{Endpoint: deleteCommand, Effect: jc.Idempotent, Params: map[string]string{}},
					Targets: []auth.Target{targetOf(run.command)}, Line: "delete the temporary command " + plainName(run.command.Name), Verify: run.seeDeleted})
			}
		}
	}
	return &Plan{Steps: j.steps, Finish: j.finish}
}

func (j *runJob) step(run *oneRun, does string) *Step {
	for i, role := range j.roles {
		if role.run == run && role.does == does {
			return &j.steps[i]
		}
	}
	return &Step{}
}

// makeStep makes the command. Its id goes into the steps after it.
func (j *runJob) makeStep(run *oneRun) Step {
	body := map[string]any{"name": run.command.Name, "command": run.script, "commandType": run.system, "launchType": "manual", "timeout": "120",
		"description": "Made by jc-mcp for one run; it may be deleted."}
	if run.system == "windows" {
		body["shell"] = "powershell"
	} else {
		body["user"] = jc.RootUser
	}
	s := Step{
		Request: jc.Request{Endpoint: makeCommand, Effect: jc.Once, Body: body},
		Targets: []auth.Target{targetOf(run.command)}, Makes: run.command.Kind,
		Line: "make the temporary command " + plainName(run.command.Name) + " (" + run.system + ")\n" + foreignLines("script", run.script, maxScript),
	}
	s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		if id := madeCommand(resp); id != "" {
			run.command.ID = id
		} else { // no other has its name
			found, err := r.dir.ByName(ctx, run.command.Kind, []string{run.command.Name}, true)
			if err != nil {
				run.fail(j)
				return Seen{Outcome: Unknown}, err
			}
			if same := found[run.command.Name]; len(same) == 1 {
				run.command.ID = same[0].ID
			}
		}
		if run.command.ID == "" {
			run.fail(j)
			return Seen{Outcome: Unknown}, nil
		}
		bodyOf(j.step(run, "run").Request)["_id"] = run.command.ID
		if j.waits {
			j.step(run, "delete").Request.Params["command"] = run.command.ID
		}
		return Seen{Outcome: Done}, nil
	}
	return s
}

// fail keeps a run from being sent for a command that is not known.
func (run *oneRun) fail(j *runJob) {
	run.unmade = true
	j.step(run, "run").Skip = "the temporary command could not be made"
}

func madeCommand(resp *jc.Response) string {
	var row jc.Row
	if resp == nil || resp.Decode(&row) != nil {
		return ""
	}
	return jc.Command{}.Kind().IDOf(row)
}

func (run *oneRun) seeDeleted(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
	_, err := r.row(ctx, jc.Request{Endpoint: jc.At("GET /api/commands/{command}"), Params: map[string]string{"command": run.command.ID}}, nil)
	switch {
	case jc.IsCode(err, jc.CodeNotFound):
		return Seen{Outcome: Done}, nil
	case err != nil:
		return Seen{Outcome: Accepted}, err
	}
	return Seen{Outcome: Accepted, Note: "it can still be read"}, nil
}

func (j *runJob) runStep(run *oneRun) Step {
	ids := make([]any, len(run.devices))
	for i, d := range run.devices {
		ids[i] = d.ID
	}
	what := "command " + plainName(run.command.Name)
	if run.made {
		what = "the script"
	}
	away := offline(run.devices)
	s := Step{
		Request: jc.Request{Endpoint: runCommand, Effect: jc.Once, Body: map[string]any{"_id": run.command.ID, "systemIds": ids}},
		Targets: append([]auth.Target{targetOf(run.command)}, targets(run.devices)...),
		Line:    "run " + what + " on " + countedNames(run.devices),
		State:   strings.TrimPrefix(scriptOf(run.command.Row)+"; "+away, "; "),
	}
	s.State = strings.TrimSuffix(s.State, "; ")
	if j.skipped != "" && run == j.runs[0] {
		s.Line += "; " + j.skipped
	}
	run.begun = time.Now()
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
			run.id = got.Run
			note = fmt.Sprintf("queued on %d devices, run %s", len(got.QueueIDs), got.Run)
		}
		if away != "" {
			note += "; " + away
		}
		return Seen{Outcome: Accepted, Note: note + "; see commands_results_list command=" + argument(run.command.Name)}, nil
	}
	return s
}

// poll reads results until every device that is connected has answered, or the
// time is over. It never fails: what it could not read is said at the end.
func (j *runJob) poll(ctx context.Context, r *Reader) {
	begin := time.Now()
	defer func() { j.took = time.Since(begin); j.afterPoll() }()
	end := begin.Add(j.wait)
	if d, ok := ctx.Deadline(); ok && d.Add(-cleanupLeave).Before(end) {
		end = d.Add(-cleanupLeave)
	}
	for pause := time.Second; ; pause = min(pause*3/2, 5*time.Second) {
		left := time.Until(end)
		if left <= 0 {
			break
		}
		timer := time.NewTimer(min(pause, left))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		answered, asked := 0, 0
		for _, run := range j.runs {
			if !run.complete() {
				run.lastErr = run.read(ctx, r)
			}
			answered, asked = answered+len(run.results), asked+len(run.devices)
		}
		if p := r.trip.call.Progress; p != nil {
			p(answered, asked, "devices answered")
		}
		if !slices.ContainsFunc(j.runs, func(run *oneRun) bool { return !run.complete() }) {
			return
		}
	}
}

// afterPoll decides what there is to clean up.
func (j *runJob) afterPoll() {
	for _, run := range j.runs {
		if !run.made {
			continue
		}
		cancel := j.step(run, "cancel")
		switch {
		case len(run.missing()) == 0:
			cancel.Skip = "every device has answered"
		case run.id == "":
			cancel.Skip = "it is not known by which id it is queued"
		default:
			cancel.Request.Params["run"] = run.id
		}
		if run.unmade {
			cancel.Skip, j.step(run, "delete").Skip = "there is none", "there is none"
		}
	}
}

// complete reports whether nothing more is to be expected soon: all have
// answered but those that are known to be away.
func (run *oneRun) complete() bool {
	if run.unmade {
		return true
	}
	return !slices.ContainsFunc(run.missing(), func(d jc.Object) bool {
		on, known := d.Row.Bool("active")
		return on || !known
	})
}

func (run *oneRun) missing() (out []jc.Object) {
	for _, d := range run.devices {
		if run.results[d.ID] == nil {
			out = append(out, d)
		}
	}
	return out
}

// read takes what has come in, the newest first. A command that was made for this
// run has no other results; of a saved one those of this run count.
func (run *oneRun) read(ctx context.Context, r *Reader) error {
	if run.command.ID == "" {
		return nil
	}
	if run.results == nil {
		run.results = map[string]jc.Row{}
	}
	req := jc.Request{Endpoint: commandResults, Params: map[string]string{"command": run.command.ID}}
	for skip := 0; skip <= len(run.devices)+jc.MaxPage; skip += jc.MaxPage {
		page, err := r.d.o.Client.Page(ctx, req, jc.Query{Skip: skip})
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if err := checks[jc.CommandResult](row); err != nil {
				return err
			}
			if run.owns(row) {
				run.take(row)
			}
		}
		if len(page.Rows) < jc.MaxPage || len(run.missing()) == 0 {
			break
		}
	}
	return nil
}

func (run *oneRun) owns(row jc.Row) bool {
	if run.made {
		return true
	}
	if of := row.Text("workflowInstanceId"); of != "" && run.id != "" {
		return of == run.id
	}
	at, err := time.Parse(time.RFC3339, row.Text("requestTime"))
	return err == nil && !at.Before(run.begun.Add(-time.Minute))
}

// take gives a result to its device. This list is published without the
// device's id: where it is not there the name has to do.
func (run *oneRun) take(row jc.Row) {
	if id := row.Text("systemId"); id != "" {
		run.results[id] = row
		return
	}
	seen := row.Text("_id")
	for _, have := range run.results {
		if have.Text("_id") == seen {
			return
		}
	}
	for _, d := range run.missing() {
		if name := row.Text("system"); name == d.Row.Text("displayName") || name == d.Name {
			run.results[d.ID] = row
			return
		}
	}
}
