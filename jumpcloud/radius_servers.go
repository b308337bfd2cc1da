package jumpcloud

// RADIUSServer is a RADIUS server with what it asks of users. Its shared secret
// comes along in answers and is never shown.
type RADIUSServer struct {
	ID               string `json:"_id,omitempty"`
	Name             string `json:"name,omitempty"`
	NetworkSourceIP  any    `json:"networkSourceIp,omitempty"`
	AuthIDP          any    `json:"authIdp,omitempty"` // JUMPCLOUD, AZURE
	MFA              any    `json:"mfa,omitempty"`     // DISABLED, ENABLED, REQUIRED, ALWAYS
	UserCert         *bool  `json:"userCertEnabled,omitempty"`
	UserPassword     *bool  `json:"userPasswordEnabled,omitempty"`
	DeviceCert       *bool  `json:"deviceCertEnabled,omitempty"`
	RadSec           *bool  `json:"radsecEnabled,omitempty"`
	RequireRadSec    *bool  `json:"requireRadsec,omitempty"`
	RequireTLSAuth   *bool  `json:"requireTlsAuth,omitempty"`
	LockoutAction    any    `json:"userLockoutAction,omitempty"`
	ExpirationAction any    `json:"userPasswordExpirationAction,omitempty"`
	CACert           any    `json:"caCert,omitempty"`
	Organization     any    `json:"organization,omitempty"`
}

// Kind is the kind of RADIUS servers.
func (RADIUSServer) Kind() *Kind { return radiusServerKind }

var radiusServerKind = &Kind{
	Type: "radius_server", Noun: "RADIUS server", ID: "_id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/radiusservers/{id}"),
	Find:  At("GET /api/radiusservers"),
}
