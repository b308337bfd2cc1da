package tools

import (
	"context"
	"fmt"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type googleEnterpriseNew struct {
	SignupURLName   string `json:"signupUrlName" jsonschema:"required,minLength=1"`
	EnrollmentToken string `json:"enrollmentToken" jsonschema:"required,minLength=1"`
}

type googleEnterpriseEdit struct {
	googleEnterprise
	AllowEnrollment *bool                  `json:"allowDeviceEnrollment,omitempty"`
	DeviceGroup     jc.Ref[jc.DeviceGroup] `json:"device_group,omitzero" api:"deviceGroupId"`
}

type googleToken struct {
	googleEnterprise
	Token jc.Ref[jc.GoogleToken] `json:"token" in:"path" jsonschema:"required"`
}

type googleTokenNew struct {
	Enterprise     jc.Ref[jc.GoogleEnterprise] `json:"enterprise,omitzero" in:"-"`
	DisplayName    string                      `json:"displayName,omitempty"`
	EnrollmentType string                      `json:"enrollmentType,omitempty" jsonschema:"enum=WORK_PROFILE,enum=FULLY_MANAGED,enum=DEDICATED,enum=BYOD,enum=COPE"`
	Duration       string                      `json:"duration,omitempty" jsonschema:"example=604800s"`
	OneTimeOnly    *bool                       `json:"oneTimeOnly,omitempty"`
	User           jc.Ref[jc.User]             `json:"user,omitzero" api:"userObjectId"`
	PersonalUsage  string                      `json:"allowPersonalUsage,omitempty" rare:"true" jsonschema:"enum=PERSONAL_USAGE_ALLOWED,enum=PERSONAL_USAGE_DISALLOWED,enum=DEDICATED_DEVICE"`
	CreatedWhere   string                      `json:"createdWhere,omitempty" rare:"true" jsonschema:"enum=API,enum=ADMIN_PORTAL,enum=USER_PORTAL"`
	Wifi           *googleWifi                 `json:"provisioningExtras,omitempty" rare:"true"`
	ZeroTouch      *bool                       `json:"zeroTouch,omitempty" rare:"true"`
}

type googleWifi struct {
	SSID     string `json:"wifiSsid,omitempty"`
	Password string `json:"wifiPassword,omitempty"`
	Security string `json:"wifiSecurityType,omitempty" jsonschema:"enum=NONE,enum=WPA,enum=WEP"`
	Hidden   *bool  `json:"wifiHiddenNetwork,omitempty"`
}

type googleWebToken struct {
	Enterprise jc.Ref[jc.GoogleEnterprise] `json:"enterprise" api:"enterpriseObjectId" jsonschema:"required"`
	Feature    string                      `json:"iframeFeature,omitempty" jsonschema:"enum=SOFTWARE_MANAGEMENT,enum=ZERO_TOUCH_CUSTOMER_MANAGEMENT"`
	ParentURL  string                      `json:"parentFrameUrl,omitempty"`
}

const (
	googleEnterpriseAt = "/api/v2/google-emm/enterprises/{enterprise}"
	googleTokensAt     = googleEnterpriseAt + "/enrollment-tokens"
	listGoogles        = "GET /api/v2/google-emm/enterprises"
)

// The two operations that make an enrolment token: of an enterprise, and of the
// organisation's only one.
var (
	googleTokenIn  = jc.At("POST " + googleTokensAt)
	googleTokenAny = jc.At("POST /api/v2/google-emm/enrollment-tokens")
)

// googleSetup is Android Enterprise and how devices enrol in it.
var googleSetup = Set{Name: "google_emm"}.Of(
	Create[googleEnterpriseNew, None]("google_emm_enterprises_create", "POST /api/v2/google-emm/enterprises",
		"Finish the sign-up of a Google enterprise for Android management.", NoReadBack("it is then in google_emm_enterprises_list")),
	Change[googleEnterpriseEdit, jc.GoogleEnterprise]("google_emm_enterprises_update", "PATCH "+googleEnterpriseAt,
		"Allow or stop Android enrolment, and set the device group of new devices.", ReadIn(listGoogles, "objectId")),
	Delete[googleEnterprise]("google_emm_enterprises_delete", "DELETE "+googleEnterpriseAt,
		"Delete a Google enterprise. All its Android devices and apps leave management.", ReadIn(listGoogles, "objectId")),
	Get[googleEnterprise, jc.GoogleConnection]("google_emm_connection_get", "GET "+googleEnterpriseAt+"/connection-status",
		"Test the connection between JumpCloud and a Google enterprise."),
	Secret[googleEnterprise]("google_emm_upgrade_url_create", "POST "+googleEnterpriseAt+"/generate-upgrade-url",
		"Make the URL on which an administrator upgrades a Google enterprise.", Untyped()),
	Secret[None]("google_emm_signup_url_create", "POST /api/v2/google-emm/signup-urls",
		"Make the URL on which an administrator signs up for Android Enterprise."),
	Secret[googleWebToken]("google_emm_web_token_create", "POST /api/v2/google-emm/web-tokens",
		"Make a token that shows managed Google Play in a web page."),
	List[googleEnterprise, jc.GoogleToken]("google_emm_enrollment_tokens_list", "GET "+googleTokensAt,
		"List the active enrolment tokens of a Google enterprise, without their values.", Takes("limit", "skip", "sort", "filter"),
		Rows(withoutToken), Columns("displayName", "enrollmentType", "oneTimeOnly", "expirationTime", "id")),
	Secret[googleToken]("google_emm_enrollment_tokens_get", "GET "+googleTokensAt+"/{token}",
		"Read an enrolment token with which any Android device can enrol.", Untyped()),
	Delete[googleToken]("google_emm_enrollment_tokens_delete", "DELETE "+googleTokensAt+"/{token}",
		"Delete an enrolment token. Android devices can no longer enrol with it.", ReadIn("GET "+googleTokensAt, "id")),
	Job("google_emm_enrollment_tokens_create", "Make a token (QR code, link) with which Android devices enrol.",
		Uses{Own: []string{googleTokenAny.String(), googleTokenIn.String()}, Risk: auth.Reveal, Effect: jc.Once}, planGoogleToken),
	Get[None, Raw]("google_emm_gcep_get", "GET /api/v2/gcep/configuration",
		"Show the integration with Chrome Enterprise Premium (GCEP).", Untyped()),
	Change[None, Raw]("google_emm_gcep_update", "PUT /api/v2/gcep/configuration",
		"Set up or change the integration with Chrome Enterprise Premium (GCEP).", Untyped(), Upsert),
	Delete[None]("google_emm_gcep_delete", "DELETE /api/v2/gcep/configuration",
		"Delete the integration with Chrome Enterprise Premium (GCEP).", Untyped()),
)

// withoutToken keeps what a token is known by and leaves out what makes it one.
func withoutToken(row jc.Row) jc.Row {
	return only(row, "id", "displayName", "name", "enrollmentType", "oneTimeOnly", "expirationTime", "createdBy", "createdWhere")
}

// planGoogleToken takes the operation of the enterprise that is given, or the one
// that needs none.
func planGoogleToken(_ context.Context, r *Reader, in *googleTokenNew) (*Plan, error) {
	req, err := r.bind(r.trip.tool, googleTokenAny, in)
	if err != nil {
		return nil, err
	}
	if e := in.Enterprise.Found(); e.ID != "" {
		req.Endpoint, req.Params = googleTokenIn, map[string]string{"enterprise": e.ID}
	}
	if req.Body == nil {
		req.Body = map[string]any{}
	}
	what := "Android enrolment token"
	if in.DisplayName != "" {
		what = fmt.Sprintf("%s %s", what, plainName(in.DisplayName))
	}
	return withheld(r.trip.tool, Step{Request: req, Targets: targetsOf(in), After: hideSecrets(bodyOf(req)), Line: "make an " + what}), nil
}
