package jumpcloud

import "regexp"

// ApprovalFlow says who has to approve what users request.
type ApprovalFlow struct {
	ID                  string `json:"id,omitempty"`
	Name                string `json:"name,omitempty"`
	Description         string `json:"description,omitempty"`
	Status              string `json:"status,omitempty"`
	Category            string `json:"category,omitempty"`
	ApprovalType        string `json:"approvalType,omitempty"`
	ApproverRequirement string `json:"approverRequirement,omitempty"`
	ApproverResources   []any  `json:"approverResources,omitempty"`
	NonAdminApproval    *bool  `json:"nonAdminApproval,omitempty"`
	Resources           []any  `json:"resources,omitempty"` // what is requested: id, name, type
	VisibleTo           []any  `json:"visibleTo,omitempty"` // who may request it: id, name
	TimeBasedAccess     *bool  `json:"timeBasedAccess,omitempty"`
	TTLConfig           string `json:"ttlConfig,omitempty"`
	FixedDuration       string `json:"fixedDuration,omitempty"`
	MultiSelectDuration []any  `json:"multiSelectDuration,omitempty"`
	SlackEnabled        *bool  `json:"slackEnabled,omitempty"`
	SlackConfig         []any  `json:"slackConfig,omitempty"`
	IconURL             string `json:"iconUrl,omitempty"`
	IconColor           string `json:"iconColor,omitempty"`
	OrganizationID      string `json:"organizationId,omitempty"`
	CreatedBy           string `json:"createdBy,omitempty"`
	UpdatedBy           string `json:"updatedBy,omitempty"`
}

// Kind is the kind of approval flows.
func (ApprovalFlow) Kind() *Kind { return approvalFlowKind }

var approvalFlowKind = &Kind{
	Type: "approval_flow", Noun: "approval flow", ID: "id",
	Names:  []Name{{Field: "name"}},
	Get:    At("GET /api/v2/approvalflows/{id}"),
	Find:   At("GET /api/v2/approvalflows"),
	IDForm: regexp.MustCompile(`^[0-9]{1,20}$`),
}

// ApprovalRequest is what a user asked for through an approval flow, and how far it got.
type ApprovalRequest struct {
	ID                      string `json:"id,omitempty"`
	UserName                string `json:"userName,omitempty"`
	Requestor               string `json:"requestor,omitempty"`
	Manager                 string `json:"manager,omitempty"`
	Department              string `json:"department,omitempty"`
	Group                   string `json:"group,omitempty"`
	ApprovalFlowName        string `json:"approvalFlowName,omitempty"`
	ApprovalFlowID          string `json:"approvalFlowId,omitempty"`
	ApprovalFlowDescription string `json:"approvalFlowDescription,omitempty"`
	ApprovalType            string `json:"approvalType,omitempty"`
	Approvers               []any  `json:"approvers,omitempty"`
	ApproversRequirement    string `json:"approversRequirement,omitempty"`
	NonAdminApproval        *bool  `json:"nonAdminApproval,omitempty"`
	Status                  string `json:"status,omitempty"`
	Remarks                 string `json:"remarks,omitempty"`
	RequestedDuration       string `json:"requestedDuration,omitempty"`
	ApprovedDuration        string `json:"approvedDuration,omitempty"`
	FixedDuration           string `json:"fixedDuration,omitempty"`
	MultiSelectDuration     []any  `json:"multiSelectDuration,omitempty"`
	TimeBasedAccess         *bool  `json:"timeBasedAccess,omitempty"`
	TTLConfig               string `json:"ttlConfig,omitempty"`
	Metadata                string `json:"metadata,omitempty"`   // base64, of one request
	WFMetadata              string `json:"wfMetadata,omitempty"` // base64, of a list
	RunID                   string `json:"runId,omitempty"`
	IconURL                 string `json:"iconUrl,omitempty"`
	IconColor               string `json:"iconColor,omitempty"`
	CreatedAt               string `json:"createdAt,omitempty"`
	UpdatedAt               string `json:"updatedAt,omitempty"`
	UpdatedBy               string `json:"updatedBy,omitempty"`
}

// Kind is the kind of requests for approval; they are named by id alone.
func (ApprovalRequest) Kind() *Kind { return approvalRequestKind }

// The form of the ids is not published.
var approvalRequestKind = &Kind{
	Type: "approval_request", Noun: "approval request", ID: "id",
	Get:    At("GET /api/v2/approvalflowrequest/{id}"),
	IDForm: regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`),
}

// ApprovalProgress is who has approved a request and who still has to.
type ApprovalProgress struct {
	Approvers            []any  `json:"approvers,omitempty"`
	ApproversRequirement string `json:"approversRequirement,omitempty"`
}

// ApprovalSettings are those of the whole organisation.
type ApprovalSettings struct {
	ID                     any    `json:"id,omitempty"`
	ResourceRequest        *bool  `json:"resourceRequest,omitempty"`
	AdminApprovalEmail     *bool  `json:"adminApprovalEmail,omitempty"`
	UserApprovalEmail      *bool  `json:"userApprovalEmail,omitempty"`
	UserRequestEmail       *bool  `json:"userRequestEmail,omitempty"`
	ExposeApprovalProgress *bool  `json:"exposeApprovalProgress,omitempty"`
	ChannelEvents          []any  `json:"channelEvents,omitempty"`
	CreatedBy              string `json:"createdBy,omitempty"`
	UpdatedBy              string `json:"updatedBy,omitempty"`
}
