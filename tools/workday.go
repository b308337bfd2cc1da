package tools

import (
	"context"
	"fmt"
	"maps"
	"reflect"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type workdayOne struct {
	Workday jc.Ref[jc.Workday] `json:"workday" in:"path" jsonschema:"required"`
}

// workdayLogin is the integration system user of Workday.
type workdayLogin struct {
	Username string `json:"username" in:"-" jsonschema:"required,minLength=1"`
	Password string `json:"password" in:"-" jsonschema:"required,minLength=1"`
}

// Body gives the credentials the form in which the API takes them.
func (l workdayLogin) Body(body map[string]any) error {
	body["auth"] = map[string]any{"basic": map[string]any{"username": l.Username, "password": l.Password}}
	return nil
}

type workdayNew struct {
	Name      string `json:"name" jsonschema:"required,minLength=1"`
	ReportURL string `json:"reportUrl" jsonschema:"required,format=uri"`
	workdayLogin
}

type workdayEdit struct {
	workdayOne
	ReportURL string `json:"reportUrl,omitempty" jsonschema:"format=uri"`
	Name      string `json:"name,omitempty" rare:"true" jsonschema:"minLength=1"`
}

type workdayAuth struct {
	workdayOne
	workdayLogin
}

type workdayImport struct {
	workdayOne
	Users []workdayUser `json:"users" in:"-" jsonschema:"required,minItems=1"`
}

type workdayUser struct {
	Username   string           `json:"username" jsonschema:"required,minLength=1"`
	Email      string           `json:"email" jsonschema:"required,format=email"`
	FirstName  string           `json:"firstname,omitempty"`
	LastName   string           `json:"lastname,omitempty"`
	Attributes []map[string]any `json:"attributes,omitzero"`
}

type workdayImportOne struct {
	workdayOne
	Job string `json:"job" in:"path" jsonschema:"required,minLength=1"`
}

const (
	workdayAt      = "/api/v2/workdays/{workday}"
	workdayImports = "POST " + workdayAt + "/import"
	workdayValid   = "workday_get shows whether the credentials are valid"
	workdayTaken   = "JumpCloud took the import and works on it; workday_import_results_list shows what it did"
)

var workday = Set{"workday", "Workday imports."}.Of(
	List[None, jc.Workday]("workday_list", "GET /api/v2/workdays",
		"Find Workday connections, from which people are imported (HR).", Columns("name", "lastImport", "reportUrl")),
	Get[workdayOne, jc.Workday]("workday_get", "GET "+workdayAt,
		"Show one Workday connection, and whether its credentials are valid."),
	Create[workdayNew, jc.WorkdayReport]("workday_create", "POST /api/v2/workdays",
		"Connect Workday by a custom report and the login of an integration system user.", AsSent(withoutAuth)),
	Change[workdayEdit, jc.Workday]("workday_update", "PUT "+workdayAt,
		"Change the report URL of a Workday connection.", Merge),
	Act[workdayAuth, None]("workday_auth_set", "POST "+workdayAt+"/auth",
		"Set the login (credentials) of a Workday connection.", Idempotent, NoReadBack(workdayValid)),
	Delete[workdayOne]("workday_auth_delete", "DELETE "+workdayAt+"/auth",
		"Remove the login of a Workday connection (deauthorize). Nothing can be imported until one is set.", NoReadBack(workdayValid)),
	List[workdayOne, jc.Worker]("workday_workers_list", "GET "+workdayAt+"/workers",
		"List the workers in the Workday report, who can be imported as users.",
		Takes("limit", "skip", "sort"), Columns("username", "email", "firstName", "lastName")),
	Job("workday_import", "Import workers of Workday as JumpCloud users.",
		Uses{Own: []string{workdayImports}, Risk: auth.Change, Effect: jc.Once}, planWorkdayImport, NoReadBack(workdayTaken)),
	List[workdayImportOne, jc.BulkResult]("workday_import_results_list", "GET "+workdayAt+"/import/{job}/results",
		"List what a Workday import did to each user.", Takes("limit", "skip"), Columns("persistedFields", "status", "statusMsg", "updatedAt")),
)

// withoutAuth leaves out what the API shows in the place of credentials: whether they are valid.
func withoutAuth(row jc.Row) jc.Row {
	out := maps.Clone(row)
	delete(out, "auth")
	return out
}

// planWorkdayImport sends the users as one list; JumpCloud works on it afterwards.
func planWorkdayImport(_ context.Context, _ *Reader, in *workdayImport) (*Plan, error) {
	from := in.Workday.Found()
	items := make([]any, len(in.Users))
	names := make([]string, len(in.Users))
	on := []auth.Target{targetOf(from)}
	for i, u := range in.Users {
		item, err := jsonOf(reflect.ValueOf(u))
		if err != nil {
			return nil, err
		}
		items[i], names[i] = item, plainName(u.Username)
		on = append(on, auth.Target{Type: "user", Name: u.Username})
	}
	s := Step{
		Request: jc.Request{Endpoint: jc.At(workdayImports), Params: map[string]string{"workday": from.ID}, Effect: jc.Once, Body: items},
		Targets: on, Line: fmt.Sprintf("import from Workday: %s", joinNames(names)), Verify: jobTaken(workdayTaken),
	}
	return &Plan{Steps: []Step{s}}, nil
}
