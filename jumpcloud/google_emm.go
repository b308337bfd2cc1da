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
		{Name: "compliant", Needs: []string{"deviceInformation"}, Of: boolFact("deviceInformation.deviceStateInfo.policyCompliant")},
		{Name: "mode", Needs: []string{"deviceInformation"}, Of: func(r Row) (any, bool) { return r.At("deviceInformation.emmEnrollmentInfo.managementMode") }},
	},
}
