package jumpcloud

// AdministratorLink says that an administrator may enter an organisation; both are ids.
type AdministratorLink struct {
	Administrator string `json:"administrator,omitempty"`
	Organization  string `json:"organization,omitempty"`
}
