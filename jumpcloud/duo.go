package jumpcloud

// DuoAccount is the organisation's account at Duo, which asks for a second factor.
type DuoAccount struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Kind is the kind of Duo accounts.
func (DuoAccount) Kind() *Kind { return duoAccountKind }

var duoAccountKind = &Kind{
	Type: "duo_account", Noun: "Duo account", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/duo/accounts/{id}"),
	Find:  At("GET /api/v2/duo/accounts"),
}

// DuoApplication is what an account protects JumpCloud with. Its secret key is never shown.
type DuoApplication struct {
	ID             string `json:"id,omitempty"`
	Name           string `json:"name,omitempty"`
	APIHost        string `json:"apiHost,omitempty"`
	IntegrationKey string `json:"integrationKey,omitempty"` // what Duo calls the client id
}

// Kind is the kind of Duo applications, which are found inside their account.
func (DuoApplication) Kind() *Kind { return duoApplicationKind }

var duoApplicationKind = &Kind{
	Type: "duo_application", Noun: "Duo application", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/duo/accounts/{duo_account}/applications/{id}"),
	Find:  At("GET /api/v2/duo/accounts/{duo_account}/applications"),
}
