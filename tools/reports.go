package tools

import (
	"slices"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type report struct {
	Report string `json:"report" in:"path" jsonschema:"required,minLength=1"`
}

type reportSchedule struct {
	Schedule string `json:"schedule" in:"path" jsonschema:"required,minLength=1"`
}

type reportRun struct {
	Run string `json:"run" in:"path" jsonschema:"required,minLength=1"`
}

type reportRequest struct {
	Type string `json:"report_type" in:"path" jsonschema:"required,enum=browser-patch-policy,enum=os-patch-policy,enum=os-version,enum=software-inventory,enum=user-account-health,enum=users-to-devices,enum=users-to-directories,enum=users-to-ldap-servers,enum=users-to-radius-servers,enum=users-to-sso-applications,enum=users-to-user-groups"`
}

type reportArtifact struct {
	Report   string `json:"report" in:"path" jsonschema:"required,minLength=1"`
	Artifact string `json:"artifact" in:"path" jsonschema:"required,minLength=1,description=Id of one of its artifacts (CSV or JSON)."`
}

const (
	reportSchedules  = "/api/v2/reports/scheduled"
	reportScheduleAt = reportSchedules + "/{schedule}"
	reportRuns       = reportSchedules + "/runs"
	generatedReports = "/insights/directory/v1/reports"
)

// Reports are of four makes: those that JumpCloud generates as files, those it comes
// with, those that people made and saved, and those that run on a schedule.
var reports = Set{"reports", "Reports and their files."}.Of(slices.Concat(reportsGenerated, reportsSaved, reportsScheduled)...)

var reportsGenerated = []*Tool{
	List[None, jc.Report]("reports_list", "GET "+generatedReports,
		"List the reports that were requested, with their state and files (artifacts).", Takes(),
		Columns("type", "status", "created_at", "expiration", "requester_email", "id")),
	Create[reportRequest, Raw]("reports_request", "POST "+generatedReports+"/{report_type}",
		"Generate a report about users, devices, software or patches as a file.",
		NoReadBack("it is being made; reports_list shows when it is COMPLETED, reports_download gets the file")),
	Download[reportArtifact]("reports_download", "GET "+generatedReports+"/{report}/artifacts/{artifact}/content", anyMedia,
		"Download the CSV or JSON file of a generated report."),
}

var reportsSaved = slices.Concat(
	reportTools("custom", "/api/v2/reports/custom", "reportView", "a custom report", "custom reports"),
	reportTools("builder", "/api/v2/reports/custom-reports", "customReport",
		"a report of the custom report builder", "reports of the custom report builder"),
	[]*Tool{
		List[None, Raw]("reports_jumpcloud_list", "GET /api/v2/reports/jumpcloud",
			"List the ready-made reports that JumpCloud comes with.", Untyped(), Takes("limit", "skip", "filter", "sort")),
		Get[report, Raw]("reports_jumpcloud_get", "GET /api/v2/reports/jumpcloud/{report}",
			"Show one ready-made report of JumpCloud.", Untyped()),
		List[None, Raw]("reports_saved_list", "GET /api/v2/reports/saved-reports",
			"List saved reports, custom and ready-made.", Untyped(), Takes("limit", "skip", "filter", "sort")),
		Get[report, Raw]("reports_saved_get", "GET /api/v2/reports/saved-reports/{report}",
			"Show one saved report.", Untyped()),
		Act[None, Raw]("reports_export", "POST /api/v2/reports/export",
			"Export a report to a file, on request by e-mail.", Untyped("exportType", "reportName", "notifyByEmail", "searchRequest"),
			NoReadBack("the export is made in the background")),
	},
)

// reportTools are the tools that both kinds of reports made by people have; key is
// what their bodies hold the report under.
func reportTools(name, at, key, one, all string) []*Tool {
	name = "reports_" + name
	return []*Tool{
		List[None, Raw](name+"_list", "GET "+at,
			"List "+all+".", Untyped(), Takes("limit", "skip", "filter", "sort")),
		Get[report, Raw](name+"_get", "GET "+at+"/{report}",
			"Show "+one+".", Untyped()),
		Create[None, Raw](name+"_create", "POST "+at,
			"Create "+one+".", Untyped(key+".name")),
		Change[report, Raw](name+"_update", "PUT "+at+"/{report}",
			"Change "+one+". What body leaves out may be cleared.", Untyped(key+".name")),
		Delete[report](name+"_delete", "DELETE "+at+"/{report}",
			"Delete "+one+".", Untyped()),
	}
}

var reportsScheduled = []*Tool{
	List[None, Raw]("reports_scheduled_list", "GET "+reportSchedules,
		"List the reports that are sent on a schedule.", Untyped(), Takes("limit", "skip", "filter", "sort")),
	Get[reportSchedule, Raw]("reports_scheduled_get", "GET "+reportScheduleAt,
		"Show one scheduled report: when it runs and who gets it.", Untyped()),
	Create[None, Raw]("reports_scheduled_create", "POST "+reportSchedules,
		"Schedule a report; its recipients get it by e-mail.", Untyped("scheduledReport.name")),
	Change[reportSchedule, Raw]("reports_scheduled_update", "PUT "+reportScheduleAt,
		"Change a scheduled report. What body leaves out may be cleared.", Untyped("scheduledReport.name")),
	Delete[reportSchedule]("reports_scheduled_delete", "DELETE "+reportScheduleAt,
		"Delete a scheduled report. It is sent no more.", Untyped()),
	Act[reportSchedule, Raw]("reports_scheduled_run", "POST "+reportScheduleAt+"/trigger",
		"Run a scheduled report now; its recipients get it.", Untyped(), NoReadBack("see reports_scheduled_runs_list for how it ends")),
	List[reportSchedule, Raw]("reports_scheduled_runs_list", "GET "+reportScheduleAt+"/runs",
		"List the runs of one scheduled report.", Untyped()),
	List[None, Raw]("reports_runs_list", "GET "+reportRuns,
		"List the runs of all scheduled reports.", Untyped()),
	Get[reportRun, Raw]("reports_runs_get", "GET "+reportRuns+"/{run}",
		"Show one run of a scheduled report.", Untyped()),
	Create[None, Raw]("reports_runs_create", "POST "+reportRuns,
		"Create a run of a scheduled report, described in body.", Untyped()),
}
