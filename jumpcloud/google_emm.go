package jumpcloud

// GoogleEnterprise is the organisation as Google's management of Android knows it.
type GoogleEnterprise struct {
	ObjectID        string `json:"objectId,omitempty"`
	Name            string `json:"name,omitempty"` // enterprises/…, Google's own
	DisplayName     string `json:"displayName,omitempty"`
	ContactEmail    any    `json:"contactEmail,omitempty"`
	AllowEnrollment *bool  `json:"allowDeviceEnrollment,omitempty"`
	DeviceGroup     any    `json:"deviceGroupId,omitempty"`
	CreatedAt       any    `json:"createdAt,omitempty"`
	Organization    any    `json:"organizationObjectId,omitempty"`
}

// Kind is the kind of Google enterprises; there is one at most for now.
func (GoogleEnterprise) Kind() *Kind { return googleEnterpriseKind }

var googleEnterpriseKind = &Kind{
	Type: "google_enterprise", Noun: "Google enterprise", ID: "objectId", Label: "displayName",
	Names: []Name{{Field: "displayName"}, {Field: "name"}},
	Find:  At("GET /api/v2/google-emm/enterprises"),
}

// GoogleDevice is a device as Google's management of Android knows it.
type GoogleDevice struct {
	DeviceID    string         `json:"deviceId,omitempty"`
	Name        any            `json:"name,omitempty"`
	Information map[string]any `json:"deviceInformation,omitempty"`
}

// Kind is the kind of devices in Google's management.
func (GoogleDevice) Kind() *Kind { return googleDeviceKind }

var googleDeviceKind = &Kind{
	Type: "google_device", Noun: "Android device", ID: "deviceId",
	Get: At("GET /api/v2/google-emm/devices/{id}"),
	Facts: []Fact{
		{Name: "serial", Needs: []string{"deviceInformation"}, Of: func(r Row) (any, bool) { return r.At("deviceInformation.hardwareInfo.serialNumber") }},
		{Name: "model", Needs: []string{"deviceInformation"}, Of: func(r Row) (any, bool) { return r.At("deviceInformation.hardwareInfo.model") }},
		{Name: "compliant", Needs: []string{"deviceInformation"}, Bool: true, Of: boolFact("deviceInformation.deviceStateInfo.policyCompliant")},
		{Name: "mode", Needs: []string{"deviceInformation"}, Of: func(r Row) (any, bool) { return r.At("deviceInformation.emmEnrollmentInfo.managementMode") }},
	},
}

// GoogleToken is an enrolment token of a Google enterprise without what makes it
// one: its value, link and code are secrets.
type GoogleToken struct {
	ID             string `json:"id,omitempty"`
	DisplayName    string `json:"displayName,omitempty"`
	Name           string `json:"name,omitempty"` // Google's own
	EnrollmentType string `json:"enrollmentType,omitempty"`
	OneTimeOnly    *bool  `json:"oneTimeOnly,omitempty"`
	ExpirationTime any    `json:"expirationTime,omitempty"`
	CreatedBy      any    `json:"createdBy,omitempty"`
	CreatedWhere   any    `json:"createdWhere,omitempty"`
}

// Kind is the kind of enrolment tokens, which are found inside their enterprise.
// The API can read one; that would bring its value, so it is not looked up so.
func (GoogleToken) Kind() *Kind { return googleTokenKind }

var googleTokenKind = &Kind{
	Type: "google_enrollment_token", Noun: "enrolment token", ID: "id", Label: "displayName",
	Names: []Name{{Field: "displayName"}, {Field: "name"}, {Field: "id"}},
	Find:  At("GET /api/v2/google-emm/enterprises/{google_enterprise}/enrollment-tokens"),
}

// GooglePolicy is the policy that Google applies to an Android device.
type GooglePolicy struct {
	Policy string `json:"policy,omitempty"`
}

// GoogleConnection tells whether JumpCloud reaches a Google enterprise.
type GoogleConnection struct {
	Enterprise   string `json:"enterpriseId,omitempty"`
	Connected    *bool  `json:"isConnected,omitempty"`
	Organization string `json:"organizationObjectId,omitempty"`
}
