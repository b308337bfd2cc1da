package tools

import (
	"context"
	"fmt"
	"slices"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const queuedRuns = "GET /api/v2/queuedcommand/workflows"

type queuedRun struct {
	Run string `json:"run" in:"path" jsonschema:"required,minLength=1"`
}

// commandsQueue are tools of the toolset commands: what waits, and taking it back.
func commandsQueue() []*Tool {
	return []*Tool{
		List[None, jc.QueuedRun]("commands_queue_list", queuedRuns, "List runs of commands that devices have not taken yet.",
			Columns("command", "pendingCount", "id"), IDs("command", jc.Command{}.Kind()), here),
		Job("commands_queue_cancel", "Take a run of a command back from the devices that have not taken it yet.",
			Uses{Own: []string{cancelRun.String()}, Reads: []string{queuedRuns}, Kinds: []*jc.Kind{jc.Command{}.Kind()},
				Risk: auth.Destroy, Effect: jc.Idempotent}, planCancel),
	}
}

// planCancel shows how many devices it is taken from, and reads back that it waits no more.
func planCancel(ctx context.Context, r *Reader, in *queuedRun) (*Plan, error) {
	waiting, err := waitingRun(ctx, r, in.Run)
	if err != nil {
		return nil, err
	}
	s := Step{
		Request: jc.Request{Endpoint: cancelRun, Effect: jc.Idempotent, Params: map[string]string{"run": in.Run}},
		Targets: []auth.Target{{Type: jc.QueuedRun{}.Kind().Type, ID: in.Run, Name: in.Run}},
		Line:    "run " + inline(in.Run),
	}
	if waiting == nil {
		s.Skip = "no device waits for it (any more)"
		return &Plan{Steps: []Step{s}}, nil
	}
	command, err := named(ctx, r, jc.Object{Kind: jc.Command{}.Kind(), ID: waiting.Text("command")})
	if err != nil {
		return nil, err
	}
	s.Line = fmt.Sprintf("run %s of command %s, %s devices wait for it", inline(in.Run), plainName(nameOrID(command)), cell(waiting["pendingCount"]))
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		still, err := waitingRun(ctx, r, in.Run)
		if err != nil || still != nil {
			return Seen{Outcome: Accepted}, err
		}
		return Seen{Outcome: Done, Note: "devices that had taken it may still answer"}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}

func waitingRun(ctx context.Context, r *Reader, id string) (jc.Row, error) {
	rows, _, err := r.walk(ctx, jc.Request{Endpoint: jc.At(queuedRuns)}, jc.Query{}, maxScan)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows.Rows, func(row jc.Row) bool { return row.Text("id") == id })
	if i < 0 {
		return nil, nil
	}
	return rows.Rows[i], nil
}

var commandsQueues = Set{"commands", "Saved scripts for devices, running them, and their results."}.Of(commandsQueue()...)
