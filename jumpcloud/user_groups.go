package jumpcloud

// UserGroup is a group of users and what it grants.
type UserGroup struct {
	ID               string         `json:"id,omitempty"`
	Name             string         `json:"name,omitempty"`
	Description      string         `json:"description,omitempty"`
	Email            string         `json:"email,omitempty"`
	Type             string         `json:"type,omitempty"`
	MembershipMethod string         `json:"membershipMethod,omitempty"` // NOTSET, STATIC, DYNAMIC_REVIEW_REQUIRED, DYNAMIC_AUTOMATED
	MemberQuery      any            `json:"memberQuery,omitempty"`
	Exemptions       []any          `json:"memberQueryExemptions,omitempty"`
	SuggestNotify    *bool          `json:"memberSuggestionsNotify,omitempty"`
	SuggestionCounts map[string]any `json:"suggestionCounts,omitempty"`
	Attributes       any            `json:"attributes,omitempty"`
	Organization     string         `json:"organizationObjectId,omitempty"`
}

// Kind is the kind of user groups.
func (UserGroup) Kind() *Kind { return userGroupKind }

var userGroupKind = &Kind{
	Type: "user_group", Noun: "user group", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/usergroups/{id}"),
	Find:  At("GET /api/v2/usergroups"),
	Facts: []Fact{dynamicFact},
}

// dynamicFact: members come from a query, so adding and removing by hand is not what decides.
var dynamicFact = Fact{
	Name: "dynamic", Needs: []string{"membershipMethod"}, Flag: "dynamic", Exception: true,
	Of: func(r Row) (any, bool) {
		m := r.Text("membershipMethod")
		return m == "DYNAMIC_AUTOMATED" || m == "DYNAMIC_REVIEW_REQUIRED", m != ""
	},
}
