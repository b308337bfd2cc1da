package tools

type passwordPolicy struct {
	Policy string `json:"password_policy" in:"path" jsonschema:"required,minLength=1"`
}

var passwordPolicies = Set{"password_policies", "Rules for passwords."}.Of(
	Get[user, Raw]("password_policies_user_get", "GET /api/v2/passwordpolicies/user/{user}",
		"Show which password policy a user is held to.", Untyped()),
	Get[userGroup, Raw]("password_policies_group_get", "GET /api/v2/passwordpolicies/usergroup/{group}",
		"Show which password policy a user group is held to.", Untyped()),
	Get[passwordPolicy, Raw]("password_policies_get", "GET /api/v2/passwordpolicies/{password_policy}",
		"Show one password policy: length, complexity, expiration, reuse.", Untyped()),
	Create[None, Raw]("password_policies_create", "POST /api/v2/passwordpolicies",
		"Create a password policy: complexity rules, expiration, lockout.", Untyped(), Grave),
	Change[passwordPolicy, Raw]("password_policies_update", "PUT /api/v2/passwordpolicies/{password_policy}",
		"Change a password policy: complexity rules, expiration, lockout.", Untyped(), Grave),
	Delete[passwordPolicy]("password_policies_delete", "DELETE /api/v2/passwordpolicies/{password_policy}",
		"Delete a password policy. Its users fall back to the next one.", Untyped()),
	Delete[None]("password_policies_delete_many", "DELETE /api/v2/passwordpolicies",
		"Delete several password policies. Their users fall back to the next ones.", Untyped(), Selects("password_policy"),
		NoReadBack("the API took it; look whether they are gone")),
	Change[None, Raw]("password_policies_order_update", "PUT /api/v2/passwordpolicies/precedence/set",
		"Set the precedence of password policies: which one wins for a user.", Untyped(), NoReadBack("the API does not show the order"), Grave),
)
