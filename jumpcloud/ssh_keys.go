package jumpcloud

// SSHKey is a public key of a user for signing in to devices.
type SSHKey struct {
	ID        string `json:"_id,omitempty"`
	Name      string `json:"name,omitempty"`
	PublicKey string `json:"public_key,omitempty"`
	Created   string `json:"create_date,omitempty"`
}

// Kind is the kind of SSH keys, which are found by name inside their user. The API
// reads none by itself, it lists them.
func (SSHKey) Kind() *Kind { return sshKeyKind }

var sshKeyKind = &Kind{
	Type: "ssh_key", Noun: "SSH key", ID: "_id",
	Names: []Name{{Field: "name"}},
	Find:  At("GET /api/systemusers/{user}/sshkeys"),
}
