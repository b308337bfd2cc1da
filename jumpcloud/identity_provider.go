package jumpcloud

// RoutingPolicy sends sign-ins to another identity provider. The API lists and
// reads none: one is named by its id.
type RoutingPolicy struct {
	ID string `json:"id,omitempty"`
}

// Kind is the kind of routing policies.
func (RoutingPolicy) Kind() *Kind { return routingPolicyKind }

var routingPolicyKind = &Kind{Type: "idp_routing_policy", Noun: "routing policy", ID: "id"}
