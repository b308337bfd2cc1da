package tools

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type command struct {
	Command jc.Ref[jc.Command] `json:"command" in:"path" jsonschema:"required"`
}

type commandNew struct {
	Name        string `json:"name" jsonschema:"required,minLength=1"`
	Command     string `json:"command" jsonschema:"required,minLength=1,description=The script."`
	CommandType string `json:"commandType" jsonschema:"required,enum=linux,enum=mac,enum=windows"`
	commandExtras
}

// Body fills in what the API wants and people leave out: root on Linux and Mac, a shell on Windows.
func (c *commandNew) Body(body map[string]any) error {
	if c.CommandType == "windows" {
		if body["shell"] == nil {
			body["shell"] = "powershell"
		}
	} else if body["user"] == nil {
		body["user"] = jc.RootUser
	}
	return nil
}

// commandEdit cannot call the script `command`: that names the command to change.
type commandEdit struct {
	command
	Name        string `json:"name,omitempty" jsonschema:"minLength=1"`
	Script      string `json:"script,omitempty" api:"command" jsonschema:"minLength=1"`
	CommandType string `json:"commandType,omitempty" jsonschema:"enum=linux,enum=mac,enum=windows"`
	commandExtras
}

// commandExtras are what creating and changing take alike. The organization is
// left to the configuration of this server.
type commandExtras struct {
	Description        *string  `json:"description,omitempty"`
	Shell              string   `json:"shell,omitempty" jsonschema:"description=powershell or cmd."`
	Sudo               *bool    `json:"sudo,omitempty"`
	User               runAs    `json:"user,omitzero" jsonschema:"description=Runs as this user; root unless given."`
	LaunchType         string   `json:"launchType,omitempty" jsonschema:"enum=manual,enum=trigger,enum=scheduled,enum=repeated,enum=one-time"`
	Trigger            *string  `json:"trigger,omitempty"`
	Schedule           *string  `json:"schedule,omitempty" rare:"true" jsonschema:"description=Crontab with seconds in front\\, or immediate."`
	ScheduleRepeatType string   `json:"scheduleRepeatType,omitempty" rare:"true"`
	ScheduleYear       *int     `json:"scheduleYear,omitempty" rare:"true"`
	Timeout            string   `json:"timeout,omitempty" jsonschema:"description=Seconds."`
	TimeToLiveSeconds  *int     `json:"timeToLiveSeconds,omitempty" rare:"true" jsonschema:"description=How long it may wait in the queue."`
	Files              []string `json:"files,omitempty" rare:"true"`
	FilesS3            []fileS3 `json:"filesS3,omitempty" rare:"true"`
	CommandRunners     []string `json:"commandRunners,omitempty" rare:"true"`
	ListensTo          *string  `json:"listensTo,omitempty" rare:"true"`
	Template           string   `json:"template,omitempty" rare:"true"`
	TemplatingRequired *bool    `json:"templatingRequired,omitempty" rare:"true"`
	AIGenerated        *bool    `json:"aiGenerated,omitempty" rare:"true"`
}

type fileS3 struct {
	Name            string `json:"name" jsonschema:"required"`
	Destination     string `json:"destination" jsonschema:"required"`
	ObjectStorageID string `json:"objectStorageId" jsonschema:"required"`
	SHA256          string `json:"sha256" jsonschema:"required"`
}

// runAs is a user, or root, which is no user of the directory.
type runAs struct{ jc.Ref[jc.User] }

const root = "root"

// Wanted is what has to be looked up: nothing for root.
func (u *runAs) Wanted() string {
	if u.Given == root {
		return ""
	}
	return u.Given
}

// MarshalJSON gives the id that the API knows root by.
func (u runAs) MarshalJSON() ([]byte, error) {
	if u.Given == root && u.ID == "" {
		return json.Marshal(jc.RootUser)
	}
	return u.Ref.MarshalJSON()
}

type commandResult struct {
	Result jc.Ref[jc.CommandResult] `json:"result" in:"path" jsonschema:"required"`
}

// here answers the conditions of a list in this process: its operation takes no filter.
var here = Rows(func(r jc.Row) jc.Row { return r })

var commands = Set{"commands", "Saved scripts for devices, running them, and their results."}.Of(
	List[None, jc.Command]("commands_list", "GET /api/commands",
		"Find saved commands.", Core, Searches("POST /api/search/commands"), Columns("name", "commandType", "launchType", "description")),
	Get[command, jc.Command]("commands_get", "GET /api/commands/{command}",
		"Show one command with its script."),
	Create[commandNew, jc.Command]("commands_create", "POST /api/commands",
		"Save a command; it runs on no device until it is run or bound."),
	commandsUpdate(),
	Delete[command]("commands_delete", "DELETE /api/commands/{command}",
		"Delete a saved command."),
	List[command, jc.CommandFile]("commands_files_list", "GET /api/files/command/{command}",
		"List the files that travel with a command.", Columns("name", "destination"), here),
	commandsResultsList(),
	commandsResultsGet(),
	Delete[commandResult]("commands_results_delete", "DELETE /api/commandresults/{result}",
		"Delete the record of what a command did on a device."),
	commandsRun(),
	commandsTrigger(),
)

// commandsUpdate is as dangerous as running: a scheduled or triggered command
// that is bound to devices runs there as changed. So the person who is asked sees
// the script itself, and not only the beginning that a field shows.
func commandsUpdate() *Tool {
	t := Change[commandEdit, jc.Command]("commands_update", "PUT /api/commands/{command}",
		"Change a saved command; devices it is bound to run it as changed.", Merge, Destroy)
	return amended(t, func(_ context.Context, _ *Reader, in any, p *Plan) error {
		script := in.(*commandEdit).Script
		if script == "" {
			return nil
		}
		s := &p.Steps[0]
		rest := *s
		rest.After = maps.Clone(s.After)
		delete(rest.After, "command")
		s.Line = stepLine(&rest) + "\n" + foreignLines("new script", script, maxScript)
		p.Finish = func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
			done[0].Step.Line = "" // the answer need not repeat it
			return r.d.report(ctx, r, done)
		}
		return nil
	})
}

type commandResultFind struct {
	Command jc.Ref[jc.Command] `json:"command,omitzero" in:"-"`
	Device  jc.Ref[jc.Device]  `json:"device,omitzero" in:"-"`
}

type resultsOfCommand struct {
	Command jc.Ref[jc.Command] `json:"command" in:"path"`
}

// commandsResultsList is one list over three operations: all results, those of
// one command, and the search, which alone takes conditions.
func commandsResultsList() *Tool {
	t := List[commandResultFind, jc.CommandResult]("commands_results_list", "GET /api/commandresults",
		"Results of commands on devices; output is text from the device.", Core,
		Searches("POST /api/search/commandresults"), Columns("name", "device", "exit_code", "requestTime", "output"))
	of := jc.At("GET /api/commands/{command}/results")
	t.Operations = append(t.Operations, of)
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		find := in.(*commandResultFind)
		if c := find.Command.Found(); c.ID != "" { // what belongs to nothing lists as empty in places
			if there, err := named(ctx, r, c); err != nil {
				return nil, err
			} else if there.Name == "" && there.Row == nil {
				return nil, notFound("command", "there is no command with the id "+c.ID)
			}
		}
		args := &r.trip.args
		bare := args.list.Filter == "" && args.list.Sort == "" && args.search.Search == "" && find.Device.ID == ""
		use, check := *t, checks[jc.CommandResult]
		use.search = nil
		switch {
		case bare && find.Command.ID != "":
			use.Operations = []jc.Endpoint{of} // newest first by itself
			return planList(ctx, &use, r, &resultsOfCommand{find.Command}, check)
		case !bare || find.Command.ID != "":
			use.Operations = []jc.Endpoint{*t.search}
		}
		if find.Command.ID != "" {
			r.where("workflowId", find.Command.ID)
		}
		if find.Device.ID != "" {
			// That the search knows systemId is not published: a row of another device shows that it does not.
			r.where("systemId", find.Device.ID)
			check = onDevice(find.Device.ID)
		}
		if args.list.Sort == "" {
			args.list.Sort = "-_id" // ids rise with time: the newest first, and stable while paging
		}
		return planList(ctx, &use, r, &None{}, check)
	}
	return t
}

func onDevice(id string) func(jc.Row) error {
	return func(row jc.Row) error {
		if other := row.Text("systemId"); other != "" && other != id {
			return &jc.Error{Code: jc.CodeUpstreamDown, Cause: "it answered with results of other devices than asked for"}
		}
		return checks[jc.CommandResult](row)
	}
}

// where adds a condition that an argument of its own makes to those of the filter.
func (r *Reader) where(field, value string) {
	list := &r.trip.args.list
	if list.Filter != "" {
		list.Filter += ","
	}
	list.Filter += field + "=" + value
}

// commandsResultsGet shows what the device wrote in a block of its own, longer
// than a field may be.
func commandsResultsGet() *Tool {
	t := Get[commandResult, jc.CommandResult]("commands_results_get", "GET /api/commandresults/{result}",
		"Show one result of a command with its output, which is text from the device.")
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		p.Finish = func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
			row := done[0].Value.(jc.Row).Clone()
			response, _ := row["response"].(map[string]any)
			data, _ := response["data"].(map[string]any)
			output, complaint := row.Text("response.data.output"), row.Text("response.error")
			rest := maps.Clone(data)
			delete(rest, "output")
			row["response"] = rest
			a := r.object(ctx, t, row)
			for _, part := range []struct{ title, text string }{{"output", output}, {"error", complaint}} {
				if block := foreignLines(part.title, part.text, maxOutput); block != "" {
					a.Text = append(a.Text, block)
				}
			}
			return a, nil
		}
		return nil
	})
}

// runs says that code runs on devices.
var runs = Uses{Risk: auth.Destroy, Effect: jc.Once}
