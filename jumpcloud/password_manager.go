package jumpcloud

// PasswordManagerDevice is a device on which the password manager app is set up.
type PasswordManagerDevice struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"name,omitempty"`
	OSName     string `json:"osName,omitempty"`
	AppVersion string `json:"appVersion,omitempty"`
	UserUUID   string `json:"userUuid,omitempty"`
	PublicKey  string `json:"publicKey,omitempty"`
	CreatedAt  string `json:"createdAt,omitempty"`
	UpdatedAt  string `json:"updatedAt,omitempty"`
}

// Kind is the kind of these devices.
func (PasswordManagerDevice) Kind() *Kind { return passwordManagerDeviceKind }

var passwordManagerDeviceKind = &Kind{
	Type: "password_manager_device", Noun: "password manager device", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/passwordmanager/devices/{id}"),
	Find:  At("GET /api/v2/passwordmanager/devices"),
}

// PasswordItem is an item of the password manager as the graph knows it. Its
// fields are not published, so it is named by id alone.
type PasswordItem struct {
	ID string `json:"id,omitempty"`
}

// Kind is the kind of password manager items.
func (PasswordItem) Kind() *Kind { return passwordItemKind }

var passwordItemKind = &Kind{Type: "password_manager_item", Noun: "password manager item", ID: "id"}
