package jumpcloud

import "strings"

// User is a person of the directory (the API's system user). The fields are
// those of the v1 list and get; which of them an answer holds depends on the
// endpoint and on the fields asked for.
type User struct {
	ID                string         `json:"_id,omitempty"`
	Username          string         `json:"username,omitempty"`
	Email             string         `json:"email,omitempty"`
	Firstname         string         `json:"firstname,omitempty"`
	Middlename        string         `json:"middlename,omitempty"`
	Lastname          string         `json:"lastname,omitempty"`
	Displayname       string         `json:"displayname,omitempty"`
	State             string         `json:"state,omitempty"` // STAGED, ACTIVATED, SUSPENDED
	Activated         *bool          `json:"activated,omitempty"`
	Suspended         *bool          `json:"suspended,omitempty"`
	AccountLocked     *bool          `json:"account_locked,omitempty"`
	AccountLockedDate any            `json:"account_locked_date,omitempty"`
	Department        string         `json:"department,omitempty"`
	JobTitle          string         `json:"jobTitle,omitempty"`
	CostCenter        string         `json:"costCenter,omitempty"`
	Company           string         `json:"company,omitempty"`
	Location          string         `json:"location,omitempty"`
	Description       string         `json:"description,omitempty"`
	EmployeeType      string         `json:"employeeType,omitempty"`
	EmployeeID        string         `json:"employeeIdentifier,omitempty"`
	Manager           any            `json:"manager,omitempty"` // id of another user
	AlternateEmail    any            `json:"alternateEmail,omitempty"`
	TOTPEnabled       *bool          `json:"totp_enabled,omitempty"`
	PortalMFA         *bool          `json:"enable_user_portal_multifactor,omitempty"`
	MFA               map[string]any `json:"mfa,omitempty"`
	MFAEnrollment     map[string]any `json:"mfaEnrollment,omitempty"`
	PasswordExpired   *bool          `json:"password_expired,omitempty"`
	PasswordExpires   any            `json:"password_expiration_date,omitempty"`
	PasswordNever     *bool          `json:"password_never_expires,omitempty"`
	PasswordDate      any            `json:"password_date,omitempty"`
	Sudo              *bool          `json:"sudo,omitempty"`
	PasswordlessSudo  *bool          `json:"passwordless_sudo,omitempty"`
	LDAPBinding       *bool          `json:"ldap_binding_user,omitempty"`
	SambaService      *bool          `json:"samba_service_user,omitempty"`
	ExternallyManaged *bool          `json:"externally_managed,omitempty"`
	BadLogins         any            `json:"badLoginAttempts,omitempty"`
	UnixUID           any            `json:"unix_uid,omitempty"`
	UnixGID           any            `json:"unix_guid,omitempty"`
	ManagedAppleID    string         `json:"managedAppleId,omitempty"`
	Created           string         `json:"created,omitempty"`
	CreationSource    string         `json:"creationSource,omitempty"`
	Addresses         []any          `json:"addresses,omitempty"`
	PhoneNumbers      []any          `json:"phoneNumbers,omitempty"`
	Attributes        []any          `json:"attributes,omitempty"`
	SSHKeys           []any          `json:"ssh_keys,omitempty"`
	Relationships     []any          `json:"relationships,omitempty"`
	RecoveryEmail     map[string]any `json:"recoveryEmail,omitempty"`
	Admin             any            `json:"admin,omitempty"`
	Organization      string         `json:"organization,omitempty"`
}

// Kind is the kind of users.
func (User) Kind() *Kind { return userKind }

var userKind = &Kind{
	Type: "user", Noun: "user", ID: "_id",
	Names: []Name{{"username", true}, {"email", true}},
	Get:   At("GET /api/systemusers/{id}"),
	Find:  At("POST /api/search/systemusers"),
	Facts: []Fact{
		{Name: "name", Needs: []string{"firstname", "lastname", "displayname"}, Of: userName},
		{Name: "suspended", Needs: []string{"state", "suspended"}, Flag: "suspended", Exception: true, Of: userSuspended},
		{Name: "locked", Needs: []string{"account_locked"}, Flag: "locked", Exception: true, Of: boolFact("account_locked")},
		{Name: "mfa_enrolled", Needs: []string{"mfa", "mfaEnrollment", "totp_enabled"}, Flag: "nomfa", Exception: false, Of: userEnrolled},
		{Name: "mfa_required", Needs: []string{"enable_user_portal_multifactor"}, Bool: true, Of: boolFact("enable_user_portal_multifactor")},
		{Name: "mfa_excused_until", Needs: []string{"mfa"}, Of: userExcused},
	},
	State: func(r Row) string {
		if s := r.Text("state"); s != "" {
			return "state " + s
		}
		return ""
	},
}

func boolFact(field string) func(Row) (any, bool) {
	return func(r Row) (any, bool) { b, known := r.Bool(field); return b, known }
}

// userName is what a person is called: first and last name, else the display name.
func userName(r Row) (any, bool) {
	if s := strings.TrimSpace(r.Text("firstname") + " " + r.Text("lastname")); s != "" {
		return s, true
	}
	s, sent := r.At("displayname")
	return s, sent
}

// userSuspended goes by state; older objects have only the boolean.
func userSuspended(r Row) (any, bool) {
	if s := r.Text("state"); s != "" {
		return s == "SUSPENDED", true
	}
	b, known := r.Bool("suspended")
	return b, known
}

// userEnrolled: any second factor counts. The overall status is the best source;
// answers without it tell of TOTP and of the older flag.
func userEnrolled(r Row) (any, bool) {
	if s := r.Text("mfaEnrollment.overallStatus"); s != "" {
		return s == "ENROLLED", true
	}
	totp, k1 := r.Bool("totp_enabled")
	configured, k2 := r.Bool("mfa.configured")
	return totp || configured, k1 || k2
}

func userExcused(r Row) (any, bool) {
	if _, sent := r.At("mfa"); !sent {
		return nil, false
	}
	if on, _ := r.Bool("mfa.exclusion"); !on {
		return nil, true
	}
	until, _ := r.At("mfa.exclusionUntil")
	return until, true
}
