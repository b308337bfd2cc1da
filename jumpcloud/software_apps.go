package jumpcloud

// SoftwareApp is software that JumpCloud installs. Settings has one element:
// the package, where it comes from and what state is wanted.
type SoftwareApp struct {
	ID          string `json:"id,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	Settings    []any  `json:"settings,omitempty"`
	CreatedAt   any    `json:"createdAt,omitempty"`
	UpdatedAt   any    `json:"updatedAt,omitempty"`
}

// Kind is the kind of software apps.
func (SoftwareApp) Kind() *Kind { return softwareAppKind }

var softwareAppKind = &Kind{
	Type: "software_app", Noun: "software app", ID: "id",
	Names: []Name{{Field: "displayName"}},
	Get:   At("GET /api/v2/softwareapps/{id}"),
	Find:  At("GET /api/v2/softwareapps"),
	Facts: []Fact{
		{Name: "package_manager", Needs: []string{"settings"}, Of: softwareSetting("packageManager")},
		{Name: "package", Needs: []string{"settings"}, Of: softwareSetting("packageId")},
		{Name: "version", Needs: []string{"settings"}, Of: softwareSetting("packageVersion")},
		{Name: "desired_state", Needs: []string{"settings"}, Of: softwareSetting("desiredState")},
		{Name: "auto_update", Needs: []string{"settings"}, Bool: true, Of: softwareSetting("autoUpdate")},
	},
}

// softwareSetting reads a field of the first setting. An app without settings
// has none of them, which is known.
func softwareSetting(field string) func(Row) (any, bool) {
	return func(r Row) (any, bool) {
		list, sent := r["settings"].([]any)
		if !sent || len(list) == 0 {
			return nil, sent
		}
		first, ok := list[0].(map[string]any)
		return first[field], ok
	}
}
