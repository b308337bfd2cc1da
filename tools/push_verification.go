package tools

import (
	"maps"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type pushEndpoint struct {
	user
	Endpoint jc.Ref[jc.PushEndpoint] `json:"push_endpoint" in:"path" jsonschema:"required"`
}

type pushEndpointEdit struct {
	pushEndpoint
	Name  string `json:"name,omitempty" jsonschema:"minLength=1"`
	State string `json:"state,omitempty" jsonschema:"enum=active,enum=inactive"`
}

type pushMessage struct {
	pushEndpoint
	Message string `json:"message,omitempty"`
}

type pushVerification struct {
	Verification string `json:"verification" in:"path" jsonschema:"required,minLength=1"`
}

var pushVerifications = Set{"push_verification", "Push messages that verify who somebody is."}.Of(
	List[user, jc.PushEndpoint]("push_verification_endpoints_list", "GET /api/v2/users/{user}/pushendpoints",
		"List the phones on which a user approves push MFA (JumpCloud Protect).", Takes(), Columns("name", "state", "enrollmentDate", "lastUsedDate")),
	Get[pushEndpoint, jc.PushEndpoint]("push_verification_endpoints_get", "GET /api/v2/users/{user}/pushendpoints/{push_endpoint}",
		"Show one phone on which a user approves push MFA."),
	Change[pushEndpointEdit, jc.PushEndpoint]("push_verification_endpoints_update", "PATCH /api/v2/users/{user}/pushendpoints/{push_endpoint}",
		"Rename a phone of push MFA, or make it active or inactive."),
	Delete[pushEndpoint]("push_verification_endpoints_delete", "DELETE /api/v2/users/{user}/pushendpoints/{push_endpoint}",
		"Remove a phone from a user's push MFA. The user has to enrol again."),
	withBody(Create[pushMessage, jc.PushVerification]("push_verification_send", "POST /api/v2/users/{user}/pushendpoints/{push_endpoint}/verify",
		"Send a push message that verifies who a user is.", NoReadBack("whether the user accepts is in push_verification_get"))),
	shaped(Get[pushVerification, jc.PushVerification]("push_verification_get", "GET /api/v2/pushendpoints/verifications/{verification}",
		"Show whether a user accepted or denied a push verification."), withoutCode),
)

// withoutCode leaves out the code that proves the message: it is for the two
// people who compare it.
func withoutCode(row jc.Row) jc.Row {
	out := maps.Clone(row)
	delete(out, "confirmationCode")
	return out
}
