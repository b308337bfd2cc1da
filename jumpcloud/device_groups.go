package jumpcloud

// DeviceGroup is a group of devices (the API's system group).
type DeviceGroup struct {
	ID               string         `json:"id,omitempty"`
	Name             string         `json:"name,omitempty"`
	Description      string         `json:"description,omitempty"`
	Email            string         `json:"email,omitempty"`
	Type             string         `json:"type,omitempty"`
	MembershipMethod string         `json:"membershipMethod,omitempty"`
	MemberQuery      any            `json:"memberQuery,omitempty"`
	Exemptions       []any          `json:"memberQueryExemptions,omitempty"`
	SuggestNotify    *bool          `json:"memberSuggestionsNotify,omitempty"`
	SuggestionCounts map[string]any `json:"suggestionCounts,omitempty"`
	Attributes       any            `json:"attributes,omitempty"`
	Organization     string         `json:"organizationObjectId,omitempty"`
}

// Kind is the kind of device groups.
func (DeviceGroup) Kind() *Kind { return deviceGroupKind }

var deviceGroupKind = &Kind{
	Type: "system_group", Noun: "device group", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/systemgroups/{id}"),
	Find:  At("GET /api/v2/systemgroups"),
	Facts: []Fact{dynamicFact},
}
