package jumpcloud

// Event is a line of Directory Insights. Services add fields of their own;
// these are the ones that were seen, all of which can be asked for and filtered by.
type Event struct {
	Timestamp     string `json:"timestamp,omitempty"` // RFC 3339 with milliseconds
	EventType     string `json:"event_type,omitempty"`
	InitiatedBy   any    `json:"initiated_by,omitempty"` // id, type, username or email
	Resource      any    `json:"resource,omitempty"`     // id, type, name; users have username, devices hostname
	Success       any    `json:"success,omitempty"`
	ClientIP      any    `json:"client_ip,omitempty"`
	Service       string `json:"service,omitempty"`
	Association   any    `json:"association,omitempty"` // op, connection{from, to}{object_id, type, name}
	Changes       any    `json:"changes,omitempty"`     // [{field, from, to}]
	Application   any    `json:"application,omitempty"`
	System        any    `json:"system,omitempty"`
	Username      any    `json:"username,omitempty"`
	ErrorMessage  any    `json:"error_message,omitempty"`
	ErrorCode     any    `json:"error_code,omitempty"`
	Message       any    `json:"message,omitempty"`
	AuthMethod    any    `json:"auth_method,omitempty"`
	AuthContext   any    `json:"auth_context,omitempty"`
	AuthMeta      any    `json:"auth_meta,omitempty"`
	MFA           any    `json:"mfa,omitempty"`
	MFAMeta       any    `json:"mfa_meta,omitempty"`
	Geo           any    `json:"geoip,omitempty"`
	UserAgent     any    `json:"useragent,omitempty"`
	SourceIP      any    `json:"src_ip,omitempty"`
	DN            any    `json:"dn,omitempty"`
	Filter        any    `json:"filter,omitempty"`
	Base          any    `json:"base,omitempty"`
	Command       any    `json:"command,omitempty"`
	CommandUUID   any    `json:"command_uuid,omitempty"`
	RequestType   any    `json:"request_type,omitempty"`
	OperationType any    `json:"operation_type,omitempty"`
	ProcessName   any    `json:"process_name,omitempty"`
	Provider      any    `json:"provider,omitempty"`
	State         any    `json:"state,omitempty"`
	Status        any    `json:"status,omitempty"`
	PreviousState any    `json:"previous_state,omitempty"`
	IdPInitiated  any    `json:"idp_initiated,omitempty"`
	MDMType       any    `json:"mdm_type,omitempty"`
	MDMDeviceID   any    `json:"mdm_device_id,omitempty"`
	Target        any    `json:"target_resource,omitempty"`
	Version       any    `json:"version,omitempty"`
	SystemTime    any    `json:"system_timestamp,omitempty"`
	Repeated      any    `json:"repeat_count,omitempty"`
	Organization  string `json:"organization,omitempty"`
	ID            string `json:"id,omitempty"`
}
