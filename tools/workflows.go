package tools

type workflow struct {
	Workflow string `json:"workflow" in:"path" jsonschema:"required,minLength=1"`
}

type workflowRun struct {
	Run string `json:"run" in:"path" jsonschema:"required,minLength=1"`
}

type workflowTemplate struct {
	Template string `json:"workflow_template" in:"path" jsonschema:"required,minLength=1"`
}

const (
	workflowsAt = "/api/v2/workflows"
	workflowAt  = workflowsAt + "/{workflow}"
)

// The steps of a workflow may suspend users and run commands on devices, and an
// active one starts by itself: what makes, changes or starts one is as dangerous
// as running a command.
var workflows = Set{"workflows", "Workflows and their runs."}.Of(
	List[None, Raw]("workflows_list", "GET "+workflowsAt,
		"List workflows (automations).", Untyped()),
	Get[workflow, Raw]("workflows_get", "GET "+workflowAt,
		"Show one workflow: trigger, steps, status.", Untyped()),
	Create[None, Raw]("workflows_create", "POST "+workflowsAt,
		"Create a workflow (automation). Once active it acts by itself.", Untyped(), Destroy),
	Change[workflow, Raw]("workflows_update", "PUT "+workflowAt,
		"Change a workflow. Once active it acts by itself; what body leaves out may be cleared.", Untyped(), Destroy),
	Delete[workflow]("workflows_delete", "DELETE "+workflowAt,
		"Delete a workflow. It runs no more.", Untyped()),
	Act[workflow, Raw]("workflows_run", "POST "+workflowAt+"/runs",
		"Start a workflow now. Its steps act on users and devices.", Untyped(), Destroy, NoReadBack("see workflows_runs_list for how it ends")),
	List[None, Raw]("workflows_runs_list", "GET "+workflowsAt+"/runs",
		"List runs of workflows and how they ended.", Untyped()),
	Get[workflowRun, Raw]("workflows_runs_get", "GET "+workflowsAt+"/runs/{run}",
		"Show one run of a workflow, with its steps.", Untyped()),
	List[None, Raw]("workflows_templates_list", "GET "+workflowsAt+"/templates",
		"List templates from which workflows are made.", Untyped()),
	Get[workflowTemplate, Raw]("workflows_templates_get", "GET "+workflowsAt+"/templates/{workflow_template}",
		"Show one workflow template.", Untyped()),
)
