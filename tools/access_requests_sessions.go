package tools

// accessSessions ends rights that are in use, whatever request they came from.
var accessSessions = Set{"access_requests", "Temporary administrator rights of a user on a device."}.Of(
	Act[None, Raw]("access_requests_sessions_revoke", "POST /api/v2/sudoactivesessions/revoke",
		"End active sessions with temporary administrator rights (elevated permissions).", Untyped(), Idempotent,
		NoReadBack("the devices follow when they next connect")),
)
