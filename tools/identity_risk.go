package tools

type riskEvent struct {
	Event string `json:"risk_event" in:"path" jsonschema:"required,minLength=1"`
}

type riskIdentity struct {
	Identity string `json:"identity" in:"path" jsonschema:"required,minLength=1"`
}

const (
	riskEventAt    = "/api/v2/identityrisk/events/{risk_event}"
	riskIdentityAt = "/api/v2/identityrisk/identities/{identity}"
)

var identityRisk = Set{"identity_risk", "Risk seen in how people sign in."}.Of(
	List[None, Raw]("identity_risk_events_list", "GET /api/v2/identityrisk/events",
		"List risk events: suspicious sign-ins and other detections.", Untyped()),
	Get[riskEvent, Raw]("identity_risk_events_get", "GET "+riskEventAt,
		"Show one risk event: who, where from, how risky.", Untyped()),
	Act[riskEvent, Raw]("identity_risk_events_resolve", "PATCH "+riskEventAt+"/resolve",
		"Resolve a risk event. It cannot be reopened.", Untyped(), EmptyBody, Destroy, Idempotent, NoReadBack("see identity_risk_events_get for its status")),
	List[None, Raw]("identity_risk_identities_list", "GET /api/v2/identityrisk/identities",
		"List users by how risky their sign-ins are.", Untyped()),
	Get[riskIdentity, Raw]("identity_risk_identities_get", "GET "+riskIdentityAt,
		"Show the risk profile of one user: score, level, factors.", Untyped()),
	Get[riskIdentity, Raw]("identity_risk_identities_trend_get", "GET "+riskIdentityAt+"/trend",
		"Show how the risk score of one user developed.", Untyped()),
	Get[None, Raw]("identity_risk_stats_get", "GET /api/v2/identityrisk/stats",
		"Count risky users and risk events by level.", Untyped()),
	Get[None, Raw]("identity_risk_geolocations_get", "GET /api/v2/identityrisk/access-geolocations",
		"Count sign-ins by country and place they came from.", Untyped()),
	Get[None, Raw]("identity_risk_login_types_get", "GET /api/v2/identityrisk/login-types",
		"Count sign-ins by the type of login.", Untyped()),
	ReadPost[None, Raw]("identity_risk_timeline_get", "POST /api/v2/identityrisk/factors-timeline",
		"Show detections of risk factors over time.", Untyped()),
)
