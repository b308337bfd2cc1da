package jumpcloud

// Device is a computer or phone under management (the API's system).
type Device struct {
	ID                 string         `json:"_id,omitempty"`
	Hostname           string         `json:"hostname,omitempty"`
	DisplayName        string         `json:"displayName,omitempty"`
	SerialNumber       string         `json:"serialNumber,omitempty"`
	OS                 string         `json:"os,omitempty"`
	OSFamily           string         `json:"osFamily,omitempty"`
	Version            string         `json:"version,omitempty"`
	OSVersionDetail    map[string]any `json:"osVersionDetail,omitempty"`
	Arch               string         `json:"arch,omitempty"`
	Active             *bool          `json:"active,omitempty"`
	LastContact        any            `json:"lastContact,omitempty"` // RFC 3339, null before the first
	AgentVersion       string         `json:"agentVersion,omitempty"`
	FDE                map[string]any `json:"fde,omitempty"`
	MDM                map[string]any `json:"mdm,omitempty"`
	PrimaryUser        map[string]any `json:"primarySystemUser,omitempty"`
	PolicyStats        map[string]any `json:"policyStats,omitempty"`
	Description        string         `json:"description,omitempty"`
	HWVendor           string         `json:"hwVendor,omitempty"`
	RemoteIP           string         `json:"remoteIP,omitempty"`
	TemplateName       string         `json:"templateName,omitempty"`
	SystemTimezone     any            `json:"systemTimezone,omitempty"`
	AllowMFA           *bool          `json:"allowMultiFactorAuthentication,omitempty"`
	AllowPublicKey     *bool          `json:"allowPublicKeyAuthentication,omitempty"`
	AllowSSHPassword   *bool          `json:"allowSshPasswordAuthentication,omitempty"`
	AllowSSHRoot       *bool          `json:"allowSshRootLogin,omitempty"`
	Attributes         []any          `json:"attributes,omitempty"`
	NetworkInterfaces  []any          `json:"networkInterfaces,omitempty"`
	ConnectionHistory  []any          `json:"connectionHistory,omitempty"`
	UserMetrics        []any          `json:"userMetrics,omitempty"`
	BuiltInCommands    []any          `json:"builtInCommands,omitempty"`
	SystemInsights     map[string]any `json:"systemInsights,omitempty"`
	DomainInfo         map[string]any `json:"domainInfo,omitempty"`
	AzureADJoined      *bool          `json:"azureAdJoined,omitempty"`
	IsPolicyBound      *bool          `json:"isPolicyBound,omitempty"`
	Created            string         `json:"created,omitempty"`
	Organization       string         `json:"organization,omitempty"`
	FileSystem         any            `json:"fileSystem,omitempty"`
	RemoteAssist       any            `json:"remoteAssistAgentVersion,omitempty"`
	HasServiceAccount  *bool          `json:"hasServiceAccount,omitempty"`
	ServiceAccount     map[string]any `json:"serviceAccountState,omitempty"`
	SecureLogin        map[string]any `json:"secureLogin,omitempty"`
	ProvisionMetadata  map[string]any `json:"provisionMetadata,omitempty"`
	AgentHasDiskAccess *bool          `json:"agentHasFullDiskAccess,omitempty"`
}

// Kind is the kind of devices.
func (Device) Kind() *Kind { return deviceKind }

var deviceKind = &Kind{
	Type: "system", Noun: "device", ID: "_id",
	Names: []Name{{"hostname", true}, {"serialNumber", true}, {"displayName", true}},
	Get:   At("GET /api/systems/{id}"),
	Find:  At("POST /api/search/systems"),
	Facts: []Fact{
		{Name: "encrypted", Needs: []string{"fde"}, Flag: "unencrypted", Exception: false, Of: boolFact("fde.active")},
		{Name: "online", Needs: []string{"active"}, Flag: "offline", Exception: false, Of: boolFact("active")},
		{Name: "user", Needs: []string{"primarySystemUser"}, Of: deviceUser},
		{Name: "last_contact", Needs: []string{"lastContact"}, API: "lastContact", Of: func(r Row) (any, bool) { return r.At("lastContact") }},
		{Name: "serial", Needs: []string{"serialNumber"}, API: "serialNumber", Of: func(r Row) (any, bool) { return r.At("serialNumber") }},
		{Name: "mdm_vendor", Needs: []string{"mdm"}, Of: func(r Row) (any, bool) { return r.At("mdm.vendor") }},
		{Name: "policies_failed", Needs: []string{"policyStats"}, Of: func(r Row) (any, bool) { return r.At("policyStats.failed") }},
	},
	State: func(r Row) string {
		seen := r.Text("lastContact")
		if seen == "" {
			return "never seen"
		}
		if len(seen) > 16 {
			seen = seen[:10] + " " + seen[11:16] + "Z"
		}
		if on, known := r.Bool("active"); known && !on {
			return "offline, last seen " + seen
		}
		return "last seen " + seen
	},
}

// deviceUser is the id of the main user; a device without one has none, which is
// not the same as not read.
func deviceUser(r Row) (any, bool) {
	v, sent := r.At("primarySystemUser")
	m, _ := v.(map[string]any)
	return m["id"], sent
}
