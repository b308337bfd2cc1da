package jumpcloud

// CloudDirectory is what directories in the cloud have alike: users are synced to
// them. The actions say what becomes of a locked user there, and of one whose
// password expired.
type CloudDirectory struct {
	ID               string `json:"id,omitempty"`
	Name             string `json:"name,omitempty"`
	DefaultDomain    any    `json:"defaultDomain,omitempty"` // id and domain
	GroupsEnabled    *bool  `json:"groupsEnabled,omitempty"`
	LockoutAction    any    `json:"userLockoutAction,omitempty"`            // suspend, maintain
	ExpirationAction any    `json:"userPasswordExpirationAction,omitempty"` // suspend, maintain, remove_access
}

// GoogleWorkspace is an account of Google Workspace, formerly G Suite.
type GoogleWorkspace struct{ CloudDirectory }

// Kind is the kind of Google Workspace accounts.
func (GoogleWorkspace) Kind() *Kind { return googleWorkspaceKind }

// Office365 is a tenant of Microsoft 365, formerly Office 365.
type Office365 struct{ CloudDirectory }

// Kind is the kind of Microsoft 365 tenants.
func (Office365) Kind() *Kind { return office365Kind }

// The two have no lists of their own: that of all directories names them.
var (
	googleWorkspaceKind = &Kind{
		Type: "g_suite", Noun: "Google Workspace", ID: "id",
		Names: []Name{{Field: "name"}}, TypeField: "type",
		Get:  At("GET /api/v2/gsuites/{id}"),
		Find: At("GET /api/v2/directories"),
	}
	office365Kind = &Kind{
		Type: "office_365", Noun: "Microsoft 365", ID: "id",
		Names: []Name{{Field: "name"}}, TypeField: "type",
		Get:  At("GET /api/v2/office365s/{id}"),
		Find: At("GET /api/v2/directories"),
	}
)

// DirectoryDomain is a mail domain of a directory that users are synced to.
type DirectoryDomain struct {
	ID      string `json:"objectId,omitempty"`
	Domain  string `json:"domain,omitempty"`
	Default *bool  `json:"default,omitempty"`
}

// GoogleDomain is a domain of a Google Workspace account.
type GoogleDomain struct{ DirectoryDomain }

// Kind is the kind of Google Workspace domains.
func (GoogleDomain) Kind() *Kind { return googleDomainKind }

// Office365Domain is a domain of a Microsoft 365 tenant.
type Office365Domain struct{ DirectoryDomain }

// Kind is the kind of Microsoft 365 domains.
func (Office365Domain) Kind() *Kind { return office365DomainKind }

var (
	googleDomainKind = &Kind{
		Type: "g_suite_domain", Noun: "Google Workspace domain", ID: "objectId",
		Names: []Name{{Field: "domain", Fold: true}},
		Find:  At("GET /api/v2/gsuites/{g_suite}/domains"),
	}
	office365DomainKind = &Kind{
		Type: "office_365_domain", Noun: "Microsoft 365 domain", ID: "objectId",
		Names: []Name{{Field: "domain", Fold: true}},
		Find:  At("GET /api/v2/office365s/{office_365}/domains"),
	}
)

// TranslationRule says which attribute of a user goes to a directory, or comes from it.
type TranslationRule struct {
	ID        string `json:"id,omitempty"`
	BuiltIn   string `json:"builtIn,omitempty"`   // user_manager, user_city, …
	Direction any    `json:"direction,omitempty"` // export, import
}

// GoogleTranslationRule is a rule of a Google Workspace account.
type GoogleTranslationRule struct{ TranslationRule }

// Kind is the kind of translation rules of Google Workspace; they have no names.
func (GoogleTranslationRule) Kind() *Kind { return googleRuleKind }

// Office365TranslationRule is a rule of a Microsoft 365 tenant.
type Office365TranslationRule struct{ TranslationRule }

// Kind is the kind of translation rules of Microsoft 365; they have no names.
func (Office365TranslationRule) Kind() *Kind { return office365RuleKind }

// The same attribute may have a rule for each direction, so it names none.
var (
	googleRuleKind = &Kind{
		Type: "g_suite_translation_rule", Noun: "translation rule", ID: "id", Label: "builtIn",
		Get: At("GET /api/v2/gsuites/{g_suite}/translationrules/{id}"),
	}
	office365RuleKind = &Kind{
		Type: "office_365_translation_rule", Noun: "translation rule", ID: "id", Label: "builtIn",
		Get: At("GET /api/v2/office365s/{office_365}/translationrules/{id}"),
	}
)

// GoogleUser is a user of Google Workspace who may be imported.
type GoogleUser struct {
	ID         string `json:"id,omitempty"`
	Email      string `json:"primaryEmail,omitempty"`
	GivenName  any    `json:"givenName,omitempty"`
	FamilyName any    `json:"familyName,omitempty"`
	Photo      any    `json:"thumbnailPhotoUrl,omitempty"`
}

// Office365User is a user of Microsoft 365 who may be imported.
type Office365User struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"userPrincipalName,omitempty"`
	GivenName any    `json:"givenName,omitempty"`
	Surname   any    `json:"surname,omitempty"`
}

// ImportUser is a user of another system in the form of a JumpCloud user, as an
// import would make them.
type ImportUser struct {
	ID             any `json:"id,omitempty"`
	Username       any `json:"username,omitempty"`
	Email          any `json:"email,omitempty"`
	FirstName      any `json:"firstname,omitempty"`
	MiddleName     any `json:"middlename,omitempty"`
	LastName       any `json:"lastname,omitempty"`
	DisplayName    any `json:"displayname,omitempty"`
	AlternateEmail any `json:"alternateEmail,omitempty"`
	Department     any `json:"department,omitempty"`
	JobTitle       any `json:"jobTitle,omitempty"`
	Company        any `json:"company,omitempty"`
	CostCenter     any `json:"costCenter,omitempty"`
	EmployeeID     any `json:"employeeIdentifier,omitempty"`
	EmployeeType   any `json:"employeeType,omitempty"`
	Location       any `json:"location,omitempty"`
	Manager        any `json:"manager,omitempty"`
	Addresses      any `json:"addresses,omitempty"`
	PhoneNumbers   any `json:"phoneNumbers,omitempty"`
}
