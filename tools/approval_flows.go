package tools

import (
	"maps"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type approvalFlow struct {
	Flow jc.Ref[jc.ApprovalFlow] `json:"approval_flow" in:"path" jsonschema:"required"`
}

type approvalFlowNew struct {
	Name         string `json:"name" jsonschema:"required,minLength=1"`
	Category     string `json:"category,omitempty"`
	ResourceType string `json:"resourceType,omitempty"`
	approvalFlowBody
}

type approvalFlowEdit struct {
	approvalFlow
	Name string `json:"name,omitempty" jsonschema:"minLength=1"`
	approvalFlowBody
}

// approvalFlowBody is what creating and changing take alike. The organisation is
// left to the configuration of this server.
type approvalFlowBody struct {
	Description         *string            `json:"description,omitempty"`
	Status              string             `json:"status,omitempty"`
	ResourceID          string             `json:"resourceId,omitempty" jsonschema:"description=What users request."`
	VisibleTo           []string           `json:"visibleTo,omitzero" jsonschema:"description=Ids of who may request it."`
	ApproverResources   []approverResource `json:"approverResources,omitzero"`
	ApproverRequirement string             `json:"approverRequirement,omitempty"`
	ApprovalType        string             `json:"approvalType,omitempty"`
	NonAdminApproval    *bool              `json:"nonAdminApproval,omitempty" rare:"true"`
	TimeBasedAccess     *bool              `json:"timeBasedAccess,omitempty"`
	TTLConfig           string             `json:"ttlConfig,omitempty" rare:"true" jsonschema:"enum=TTL_CONFIG_UNSPECIFIED,enum=TTL_CONFIG_MULTI_SELECT_DURATIONS,enum=TTL_CONFIG_FIXED_DURATION"`
	FixedDuration       string             `json:"fixedDuration,omitempty" rare:"true"`
	MultiSelectDuration []string           `json:"multiSelectDuration,omitzero" rare:"true"`
	SlackEnabled        *bool              `json:"slackEnabled,omitempty" rare:"true"`
	SlackConfig         []approvalSlack    `json:"slackConfig,omitzero" rare:"true"`
	IconURL             *string            `json:"iconUrl,omitempty" rare:"true"`
	IconColor           *string            `json:"iconColor,omitempty" rare:"true"`
}

type approverResource struct {
	ResourceID    string `json:"resourceId,omitempty"`
	ResourceName  string `json:"resourceName,omitempty"`
	ResourceType  string `json:"resourceType,omitempty"`
	ResourceOrder *int   `json:"resourceOrder,omitempty"`
	RequireAll    *bool  `json:"requireAll,omitempty"`
}

type approvalSlack struct {
	SlackResourceID string `json:"slackResourceId,omitempty"`
}

type approvalRequest struct {
	Request jc.Ref[jc.ApprovalRequest] `json:"request" in:"path" jsonschema:"required"`
}

type approvalRequestEdit struct {
	approvalRequest
	Status           string  `json:"status,omitempty"`
	Remarks          *string `json:"remarks,omitempty"`
	ApprovedDuration string  `json:"approvedDuration,omitempty"`
	InternalNote     *string `json:"internalNote,omitempty"`
	Admin            string  `json:"admin,omitempty" rare:"true"`
}

type approvalDecision struct {
	Request          jc.Ref[jc.ApprovalRequest] `json:"request" api:"id" jsonschema:"required"`
	Status           string                     `json:"status" jsonschema:"required,minLength=1"`
	Remarks          string                     `json:"remarks,omitempty"`
	ApprovedDuration string                     `json:"approvedDuration,omitempty"`
}

type approvalSettings struct {
	ResourceRequest        *bool                  `json:"resourceRequest,omitempty"`
	AdminApprovalEmail     *bool                  `json:"adminApprovalEmail,omitempty"`
	UserApprovalEmail      *bool                  `json:"userApprovalEmail,omitempty"`
	UserRequestEmail       *bool                  `json:"userRequestEmail,omitempty"`
	ExposeApprovalProgress *bool                  `json:"exposeApprovalProgress,omitempty"`
	ChannelEvents          []approvalChannelEvent `json:"channelEvents,omitzero"`
}

type approvalChannelEvent struct {
	ChannelObjectID string   `json:"channelObjectId,omitempty"`
	EventTypes      []string `json:"eventTypes,omitzero" jsonschema:"enum=ACCESS_MANAGEMENT_ACCESS_REQUEST,enum=ACCESS_MANAGEMENT_ACCESS_REQUEST_APPROVAL,enum=ACCESS_MANAGEMENT_ASSOCIATION_CHANGE,enum=ACCESS_MANAGEMENT_APPROVAL_FLOW_CREATE,enum=ACCESS_MANAGEMENT_APPROVAL_FLOW_UPDATE,enum=ACCESS_MANAGEMENT_APPROVAL_FLOW_DELETE,enum=ACCESS_MANAGEMENT_ACCESS_REQUEST_SETTINGS_UPDATE,enum=ACCESS_MANAGEMENT_EVENT_TYPE_UNSPECIFIED"`
}

const (
	approvalFlowAt     = "/api/v2/approvalflows/{approval_flow}"
	approvalRequests   = "/api/v2/approvalflowrequest"
	approvalRequestAt  = approvalRequests + "/{request}"
	approvalSettingsAt = "/api/v2/approvalflowsettings"
)

var approvalFlows = Set{"approval_flows", "Approval flows and the requests users make of them."}.Of(
	List[None, jc.ApprovalFlow]("approval_flows_list", "GET /api/v2/approvalflows",
		"Find approval flows (access workflows): what users may request and who approves.", Columns("name", "status", "category", "approvalType")),
	Get[approvalFlow, jc.ApprovalFlow]("approval_flows_get", "GET "+approvalFlowAt,
		"Show one approval flow with its approvers."),
	Create[approvalFlowNew, jc.ApprovalFlow]("approval_flows_create", "POST /api/v2/approvalflows",
		"Create an approval flow for something that users may request.", AsSent(approvalFlowSent)),
	Change[approvalFlowEdit, jc.ApprovalFlow]("approval_flows_update", "PUT "+approvalFlowAt,
		"Change an approval flow; lists that are given replace what was there.", Merge, AsSent(approvalFlowSent)),
	Delete[approvalFlow]("approval_flows_delete", "DELETE "+approvalFlowAt,
		"Delete an approval flow. Users can no longer request what it gave."),

	List[None, jc.ApprovalRequest]("approval_flows_requests_list", "GET "+approvalRequests,
		"List what users requested through approval flows, pending and decided.",
		Columns("userName", "approvalFlowName", "status", "requestedDuration", "createdAt", "id")),
	Get[approvalRequest, jc.ApprovalRequest]("approval_flows_requests_get", "GET "+approvalRequestAt,
		"Show one request with its approvers."),
	Get[approvalRequest, jc.ApprovalProgress]("approval_flows_requests_progress_get", "GET /api/v2/approversprogress/{request}",
		"Show who has approved a request and who still has to."),
	Create[None, Raw]("approval_flows_requests_create", "POST "+approvalRequests,
		"Request access through an approval flow.", Untyped()),
	Change[approvalRequestEdit, jc.ApprovalRequest]("approval_flows_requests_update", "PUT "+approvalRequestAt,
		"Approve or deny a request as administrator, or note something on it.", Merge),
	Act[approvalDecision, None]("approval_flows_requests_decide", "POST /api/v2/userapprovalrequest",
		"Approve or deny a request as one of its approvers.", NoReadBack("see approval_flows_requests_progress_get for what counts")),
	Act[approvalRequest, Raw]("approval_flows_requests_cancel", "POST "+approvalRequestAt+"/cancel",
		"Cancel a request before it is decided.", Untyped(), Idempotent, NoReadBack("see approval_flows_requests_get for its status")),
	Act[approvalRequest, Raw]("approval_flows_sessions_start", "POST "+approvalRequestAt+"/startsession",
		"Start the session on a device that an approved request allows.", Untyped(), NoReadBack("see approval_flows_requests_get for its status")),
	Act[approvalRequest, Raw]("approval_flows_sessions_end", "POST "+approvalRequestAt+"/endsession",
		"End the session on a device that a request gave.", Untyped(), Idempotent, NoReadBack("see approval_flows_requests_get for its status")),
	Act[None, Raw]("approval_flows_sessions_revoke", "POST "+approvalRequests+"/revoke-ttl-active-session",
		"Take back time-limited access that is in use.", Untyped(), Idempotent, NoReadBack("see approval_flows_requests_list for the requests")),

	Get[None, jc.ApprovalSettings]("approval_flows_settings_get", "GET "+approvalSettingsAt,
		"Show the settings of approval flows: e-mails, channels, what users see."),
	Create[None, Raw]("approval_flows_settings_create", "POST "+approvalSettingsAt,
		"Set up approval flows in an organisation that has no settings yet.", Untyped(), NoReadBack("see approval_flows_settings_get")),
	Change[approvalSettings, jc.ApprovalSettings]("approval_flows_settings_update", "PUT "+approvalSettingsAt,
		"Change the settings of approval flows.", Merge),
)

// approvalFlowSent is a flow in the form in which it is sent: who sees it by ids
// alone, and the one thing it gives by its id.
func approvalFlowSent(row jc.Row) jc.Row {
	out := maps.Clone(row)
	if people := rowsIn(row["visibleTo"]); len(people) > 0 {
		ids := make([]any, len(people))
		for i, p := range people {
			ids[i] = p.Text("id")
		}
		out["visibleTo"] = ids
	}
	if gives := rowsIn(row["resources"]); len(gives) == 1 && row.Text("resourceId") == "" {
		out["resourceId"] = gives[0].Text("resourceId")
	}
	return out
}
