package tools

import (
	"strings"

	"github.com/invopop/jsonschema"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type appleMDMEdit struct {
	appleMDM
	AppleSignedCert     string                     `json:"appleSignedCert,omitempty"`
	CertCreator         *string                    `json:"appleCertCreatorAppleID,omitempty"`
	DEPServerToken      string                     `json:"encryptedDepServerToken,omitempty"`
	AllowMobile         *bool                      `json:"allowMobileUserEnrollment,omitempty"`
	DefaultGroup        jc.Ref[jc.DeviceGroup]     `json:"device_group,omitzero" api:"defaultSystemGroupID"`
	DefaultMobileGroup  jc.Ref[jc.DeviceGroup]     `json:"mobile_device_group,omitzero" api:"defaultIosUserEnrollmentDeviceGroupID"`
	AutomatedEnrollment *appleAutomatedEnrollments `json:"ades,omitempty"`
	DEP                 *appleDEP                  `json:"dep,omitempty" rare:"true"`
	Name                string                     `json:"name,omitempty" rare:"true" jsonschema:"minLength=1,maxLength=255"`
}

// appleAutomatedEnrollments are the settings of Automated Device Enrollment by
// system.
type appleAutomatedEnrollments struct {
	IOS   *appleEnrollment `json:"ios,omitempty"`
	MacOS *appleEnrollment `json:"macos,omitempty"`
}

type appleEnrollment struct {
	DefaultGroups []jc.Ref[jc.DeviceGroup] `json:"defaultDeviceGroupObjectIds,omitzero"`
	ZeroTouch     *bool                    `json:"enableZeroTouchEnrollment,omitempty"`
	SetupSkips    []appleSetupOption       `json:"setupAssistantOptions,omitzero"`
	SetupOptions  []appleSetupScreen       `json:"setupOptions,omitzero"`
	Welcome       *appleWelcome            `json:"welcomeScreen,omitempty"`
}

type appleDEP struct {
	ZeroTouch  *bool              `json:"enableZeroTouchEnrollment,omitempty"`
	SetupSkips []appleSetupOption `json:"setupAssistantOptions,omitzero"`
	Welcome    *appleWelcome      `json:"welcomeScreen,omitempty"`
}

type appleSetupOption struct {
	Option appleSetupScreen `json:"option" jsonschema:"required"`
}

// appleSetupScreen is a screen of the setup that is skipped.
type appleSetupScreen string

// JSONSchema lists the screens.
func (appleSetupScreen) JSONSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, name := range strings.Fields(appleSetupScreens) {
		s.Enum = append(s.Enum, name)
	}
	return s
}

const appleSetupScreens = `accessibility appearance appleID biometric diagnostics displayTone fileVault icloudDiagnostics
	icloudStorage location payment privacy restore screenTime siri tos appStore displayZoom deviceToDeviceMigration homeButton
	imessageAndFacetime messagingActivationUsingPhoneNumber moveFromAndroid passcode restoreComplete setupCellular softwareUpdate
	unlockWithWatch updateComplete watchMigration welcome`

type appleWelcome struct {
	Title     string `json:"title,omitempty" jsonschema:"maxLength=255"`
	Paragraph string `json:"paragraph,omitempty" jsonschema:"maxLength=1024"`
	Button    string `json:"button,omitempty" jsonschema:"maxLength=64"`
}

type appleProfile struct {
	appleMDM
	Profile string `json:"profile" in:"path" jsonschema:"required,minLength=1"`
}

type appleOrganization struct {
	Organization jc.Ref[jc.Organization] `json:"organization" in:"path" jsonschema:"required"`
}

const listMDMs = "GET /api/v2/applemdms"

// appleSetup are the certificates, enrolment and discovery of an Apple MDM.
var appleSetup = Set{Name: "apple_mdm"}.Of(
	nested(Change[appleMDMEdit, jc.AppleMDM]("apple_mdm_update", "PUT /api/v2/applemdms/{mdm}",
		"Change an Apple MDM: push certificate, Apple Business Manager token, automated enrolment.", Merge, ReadIn(listMDMs, "id"))),
	Delete[appleMDM]("apple_mdm_delete", "DELETE /api/v2/applemdms/{mdm}",
		"Delete an Apple MDM with its push certificate. All its devices have to be enrolled anew.", ReadIn(listMDMs, "id")),
	Download[appleMDM]("apple_mdm_csr_download", "GET /api/v2/applemdms/{mdm}/csr", "application/octet-stream",
		"Download the signing request (CSR) that Apple makes a push certificate of."),
	Download[appleMDM]("apple_mdm_dep_key_download", "GET /api/v2/applemdms/{mdm}/depkey", "application/x-pem-file",
		"Download the public key for Apple Business Manager (DEP, automated enrolment)."),
	List[appleMDM, jc.AppleMDM]("apple_mdm_enrollment_profiles_list", "GET /api/v2/applemdms/{mdm}/enrollmentprofiles",
		"List the enrolment profiles of an Apple MDM.", Takes(), Columns("id", "name", "defaultSystemGroupID")),
	fileOf(Secret[appleProfile]("apple_mdm_enrollment_profile_get", "GET /api/v2/applemdms/{mdm}/enrollmentprofiles/{profile}",
		"Read the enrolment profile (mobileconfig) with which any Apple device can enrol."), "application/x-apple-aspen-config"),
	Act[appleMDM, None]("apple_mdm_dep_devices_refresh", "POST /api/v2/applemdms/{mdm}/refreshdepdevices",
		"Refresh the devices that Apple Business Manager assigns to JumpCloud (DEP).", Idempotent,
		NoReadBack("JumpCloud asks Apple; apple_mdm_abm_devices_list shows the devices later")),
	List[appleMDM, Raw]("apple_mdm_abm_devices_list", "GET /api/v2/applemdms/{mdm}/abm_devices",
		"List the devices that Apple Business Manager (ABM) assigns to JumpCloud.", Untyped()),
	Get[appleOrganization, Raw]("apple_mdm_discovery_get", "GET /api/v2/applemdms/{organization}/account-driven-service-discovery",
		"Show the service discovery of account-driven user enrolment (ADUE) for Apple devices.", Untyped()),
	Get[appleOrganization, Raw]("apple_mdm_discovery_config_get", "GET /api/v2/applemdms/{organization}/account-driven-service-discovery/config",
		"Show the discovery file for account-driven Apple enrolment (ADUE) to host on your domain.", Untyped()),
	Get[appleMDM, Raw]("apple_mdm_discovery_url_validate", "GET /api/v2/applemdms/{mdm}/validate-service-discovery-url",
		"Check the service discovery URL of account-driven Apple enrolment (ADUE).", Untyped()),
	Create[appleMDM, Raw]("apple_mdm_discovery_url_create", "POST /api/v2/applemdms/{mdm}/service-discovery-url",
		"Set the service discovery URL of account-driven Apple enrolment (ADUE).", Untyped(),
		NoReadBack("the API shows it nowhere; it is checked by apple_mdm_discovery_url_validate")),
	Delete[appleMDM]("apple_mdm_discovery_url_delete", "DELETE /api/v2/applemdms/{mdm}/service-discovery-url",
		"Delete the service discovery URL. Account-driven Apple enrolment (ADUE) stops.", Untyped(),
		NoReadBack("the API shows it nowhere; it is checked by apple_mdm_discovery_url_validate")),
)
