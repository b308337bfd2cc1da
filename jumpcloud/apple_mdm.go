package jumpcloud

// AppleMDM is an enrolment of the organisation with Apple's device management.
type AppleMDM struct {
	ID                  string         `json:"id,omitempty"`
	Name                string         `json:"name,omitempty"`
	Organization        string         `json:"organization,omitempty"`
	APNSCertExpiry      any            `json:"apnsCertExpiry,omitempty"` // orders stop to reach devices then
	APNSPushTopic       any            `json:"apnsPushTopic,omitempty"`
	CertCreator         any            `json:"appleCertCreatorAppleID,omitempty"`
	CertSerial          any            `json:"appleCertSerialNumber,omitempty"`
	DEPTokenExpiry      any            `json:"depAccessTokenExpiry,omitempty"`
	DEPTokenState       any            `json:"depServerTokenState,omitempty"`
	AllowMobile         *bool          `json:"allowMobileUserEnrollment,omitempty"`
	DefaultGroup        any            `json:"defaultSystemGroupID,omitempty"`
	DefaultMobileGroup  any            `json:"defaultIosUserEnrollmentDeviceGroupID,omitempty"`
	ServiceDiscovery    *bool          `json:"serviceDiscoveryEnabled,omitempty"`
	DEP                 map[string]any `json:"dep,omitempty"`
	AutomatedEnrollment map[string]any `json:"ades,omitempty"`
}

// Kind is the kind of Apple MDMs; the API reads none by itself, it lists them.
func (AppleMDM) Kind() *Kind { return appleMDMKind }

var appleMDMKind = &Kind{
	Type: "apple_mdm", Noun: "Apple MDM", ID: "id",
	Names: []Name{{Field: "name"}},
	Find:  At("GET /api/v2/applemdms"),
}

// AppleDevice is a device as Apple MDM knows it. Its id is not that of the device
// of the organisation: the serial number is what both have.
type AppleDevice struct {
	ID            string         `json:"id,omitempty"`
	SerialNumber  string         `json:"serialNumber,omitempty"`
	UDID          any            `json:"udid,omitempty"`
	Enrolled      *bool          `json:"enrolled,omitempty"`
	DEPRegistered *bool          `json:"depRegistered,omitempty"`
	OSVersion     any            `json:"osVersion,omitempty"`
	OSFamily      any            `json:"mdmOsFamily,omitempty"`
	ModelFamily   any            `json:"modelFamily,omitempty"`
	Information   map[string]any `json:"deviceInformation,omitempty"`
	Security      map[string]any `json:"securityInfo,omitempty"`
	HasBypassCode *bool          `json:"hasActivationLockBypassCodes,omitempty"`
	CreatedAt     any            `json:"createdAt,omitempty"`
}

// Kind is the kind of devices in Apple MDM; one is read only beside its MDM.
func (AppleDevice) Kind() *Kind { return appleDeviceKind }

var appleDeviceKind = &Kind{
	Type: "apple_device", Noun: "Apple device", ID: "id", Label: "serialNumber",
	Facts: []Fact{
		{Name: "name", Needs: []string{"deviceInformation"}, Of: func(r Row) (any, bool) { return r.At("deviceInformation.deviceName") }},
		{Name: "model", Needs: []string{"deviceInformation"}, Of: func(r Row) (any, bool) { return r.At("deviceInformation.modelName") }},
		{Name: "supervised", Needs: []string{"deviceInformation"}, Bool: true, Of: boolFact("deviceInformation.isSupervised")},
		{Name: "user_approved", Needs: []string{"securityInfo"}, Bool: true, Of: boolFact("securityInfo.userApprovedEnrollment")},
	},
}
