package jumpcloud

// PasswordSync is whether new devices take the password of JumpCloud.
type PasswordSync struct {
	Enabled *bool `json:"enabled,omitempty"`
}

// SignInSettings say, by operating system, whether users sign in to devices with JumpCloud.
type SignInSettings struct {
	Organization string `json:"organizationObjectId,omitempty"`
	Settings     []any  `json:"settings,omitempty"`
}

// PolicyStats count the policies of a device by their outcome.
type PolicyStats struct {
	Counts  map[string]any `json:"policyCountData,omitempty"`
	Failed  []any          `json:"failedPolicies,omitempty"`
	Pending []any          `json:"pendingPolicies,omitempty"`
}

// DeviceSoftware is a software app on a device, in short.
type DeviceSoftware struct {
	ID          string `json:"id,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	State       any    `json:"state,omitempty"`
	Version     any    `json:"version,omitempty"`
	Details     any    `json:"details,omitempty"`
	Timestamp   any    `json:"timestamp,omitempty"`
}

// SoftwareStatus is how a software app fares on a device.
type SoftwareStatus struct {
	ID        string `json:"id,omitempty"`
	System    string `json:"systemId,omitempty"`
	App       string `json:"softwareAppId,omitempty"`
	State     any    `json:"state,omitempty"`
	Version   any    `json:"version,omitempty"`
	Code      any    `json:"code,omitempty"`
	Details   any    `json:"details,omitempty"`
	Timestamp any    `json:"timestamp,omitempty"`
}

// PackageCheck is what JumpCloud found in an installer.
type PackageCheck struct {
	Apple map[string]any `json:"applePackageDetails,omitempty"`
}

// Suggestion is a member whom a dynamic group would take in or let go.
type Suggestion struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type,omitempty"`
	Op   string `json:"op,omitempty"` // add, remove
}

// AdministratorAccount is an administrator as changing one answers.
type AdministratorAccount struct {
	ID          string `json:"_id,omitempty"`
	Email       string `json:"email,omitempty"`
	Firstname   string `json:"firstname,omitempty"`
	Lastname    string `json:"lastname,omitempty"`
	RoleName    string `json:"roleName,omitempty"`
	RoleNames   []any  `json:"roleNames,omitempty"`
	MultiFactor *bool  `json:"enableMultiFactor,omitempty"`
	APIAllowed  *bool  `json:"apiKeyAllowed,omitempty"`
	Suspended   *bool  `json:"suspended,omitempty"`
}
