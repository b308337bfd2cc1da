package tools

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type bulkUsersOf struct {
	Users []jc.Ref[jc.User] `json:"users" in:"-" jsonschema:"required,minItems=1"`
}

type bulkUsersNew struct {
	Users  []userNew `json:"users" in:"-" jsonschema:"required,minItems=1"`
	Source string    `json:"creation_source,omitempty" in:"-" rare:"true" jsonschema:"enum=jumpcloud:bulk,enum=jumpcloud:gapps,enum=jumpcloud:o365,enum=jumpcloud:workday,enum=jumpcloud:scim,enum=jumpcloud:custom_integration"`
}

type bulkJobOne struct {
	Job string `json:"job" in:"path" jsonschema:"required,minLength=1"`
}

type scheduledFind struct {
	User jc.Ref[jc.User] `json:"user,omitzero" in:"query" api:"userid"`
}

type scheduledNext struct {
	Users []jc.Ref[jc.User] `json:"users" in:"query" jsonschema:"required,minItems=1,maxItems=100"`
}

const listScheduled = "GET /api/v2/bulk/userstates"

var scheduledColumns = []Option{Columns("systemUserId", "state", "scheduledDate", "scheduledJobId"), IDs("systemUserId", jc.User{}.Kind())}

// usersInBulk are jobs of JumpCloud over many users. They answer with the id of the
// job before it has run.
var usersInBulk = Set{"bulk_users", "Jobs over many users at once, and scheduled user states."}.Of(
	bulkJobOf("bulk_users_expire", "Expire the passwords of many users. Each has to set a new one at the next sign-in.",
		"POST /api/v2/bulk/user/expires", "expire the passwords of", auth.Destroy),
	bulkJobOf("bulk_users_unlock", "Unlock the accounts of many users.",
		"POST /api/v2/bulk/user/unlocks", "unlock", auth.Change),
	Job("bulk_users_create", "Create many users at once (import).",
		Uses{Own: []string{"POST /api/v2/bulk/users"}, Risk: auth.Change, Effect: jc.Once}, planBulkCreate, NoReadBack(bulkTaken), GraveWith(newUserPower...)),
	List[bulkJobOne, jc.BulkResult]("bulk_users_results_list", "GET /api/v2/bulk/users/{job}/results",
		"List what a bulk job did to each user.", Takes("limit", "skip"), Columns("persistedFields", "status", "statusMsg", "updatedAt")),
	List[scheduledFind, jc.ScheduledState]("bulk_users_states_list", listScheduled,
		"List scheduled user suspensions and activations.", append(scheduledColumns, Takes("limit", "skip", "filter"))...),
	List[scheduledNext, jc.ScheduledState]("bulk_users_states_next", "GET /api/v2/bulk/userstates/eventlist/next",
		"List the next scheduled suspension or activation of each of some users.", append(scheduledColumns, Takes("limit", "skip"))...),
	Delete[bulkJobOne]("bulk_users_states_delete", "DELETE /api/v2/bulk/userstates/{job}",
		"Cancel a scheduled user suspension or activation. It does not happen then.", ReadIn(listScheduled, "scheduledJobId")),
)

// bulkTaken is what the answer to such a job means.
const bulkTaken = "JumpCloud took the job and works on it; bulk_users_results_list shows what it did"

// bulkJobOf declares a job that does one thing to many users.
func bulkJobOf(name, doc, at, verb string, risk auth.Risk) *Tool {
	uses := Uses{Own: []string{at}, Risk: risk, Effect: jc.Idempotent}
	return Job(name, doc, uses, func(_ context.Context, _ *Reader, in *bulkUsersOf) (*Plan, error) {
		list := distinctObjects(objects(in.Users))
		items := make([]any, len(list))
		for i, u := range list {
			items[i] = map[string]any{"id": u.ID}
		}
		return bulkPlan(jc.Request{Endpoint: jc.At(at), Effect: jc.Idempotent, Body: items}, targets(list),
			fmt.Sprintf("%s %s: %s", verb, manyUsers(len(list)), joinNames(plainNames(list)))), nil
	}, NoReadBack(bulkTaken))
}

// bulkPlan is one request whose answer is the id of a job.
func bulkPlan(req jc.Request, on []auth.Target, line string) *Plan {
	return &Plan{Steps: []Step{{Request: req, Targets: on, Each: true, Line: line, Verify: jobTaken(bulkTaken)}}}
}

// jobTaken is what the answer with the id of a job means, which has not run by then.
func jobTaken(note string) func(context.Context, *Reader, *jc.Response) (Seen, error) {
	return func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		var made struct {
			Job string `json:"jobId"`
		}
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		if err := resp.Decode(&made); err == nil && made.Job != "" {
			note += "; job " + made.Job
		}
		return Seen{Outcome: Accepted, Note: note}, nil
	}
}

// planBulkCreate refuses names that are taken, as the creation of one user does.
func planBulkCreate(ctx context.Context, r *Reader, in *bulkUsersNew) (*Plan, error) {
	var names []string
	for _, u := range in.Users {
		names = append(names, u.Username, u.Email)
	}
	have, err := r.dir.ByName(ctx, jc.User{}.Kind(), names, true)
	if err != nil {
		return nil, err
	}
	var taken []string
	seen := map[string]bool{}
	items := make([]any, len(in.Users))
	on := make([]auth.Target, len(in.Users))
	for i, u := range in.Users {
		name, mail := strings.ToLower(u.Username), strings.ToLower(u.Email)
		for _, given := range []string{u.Username, u.Email} {
			if len(have[given]) > 0 || seen[strings.ToLower(given)] {
				taken = append(taken, plainName(given))
			}
		}
		seen[name], seen[mail] = true, true
		if items[i], err = jsonOf(reflect.ValueOf(u)); err != nil {
			return nil, err
		}
		on[i] = auth.Target{Type: "user", Name: u.Username}
	}
	if len(taken) > 0 {
		return nil, &Refusal{jc.CodeConflict, "these names are taken or given twice: " + joinNames(taken)}
	}
	req := jc.Request{Endpoint: jc.At("POST /api/v2/bulk/users"), Effect: jc.Once, Body: items}
	if in.Source != "" {
		req.Header = http.Header{"creation-source": {in.Source}}
	}
	return bulkPlan(req, on, fmt.Sprintf("create %s: %s", manyUsers(len(on)), joinNames(usernames(in.Users)))), nil
}

func manyUsers(n int) string {
	if n == 1 {
		return "1 user"
	}
	return fmt.Sprintf("%d users", n)
}

func usernames(list []userNew) []string {
	out := make([]string, len(list))
	for i, u := range list {
		out[i] = plainName(u.Username)
	}
	return out
}
