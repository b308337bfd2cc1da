package jumpcloud

// SSHKey is a public key of a user for signing in to devices.
type SSHKey struct {
	ID        string `json:"_id,omitempty"`
	Name      string `json:"name,omitempty"`
	PublicKey string `json:"public_key,omitempty"`
	Created   string `json:"create_date,omitempty"`
}
