package tools

import "slices"

// All is every tool there is.
func All() []*Tool {
	return slices.Concat(users, userGroups, devices, deviceGroups)
}
