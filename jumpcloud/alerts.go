package jumpcloud

import "regexp"

// AlertRule is a rule of health monitoring, which raises alerts. Its shape is not
// published; that rules have a name is seen in what is sent to make one.
type AlertRule struct{}

// Kind is the kind of rules that raise alerts.
func (AlertRule) Kind() *Kind { return alertRuleKind }

// A rule is not read by its id before it is used: under which key its answer holds
// it is not known.
var alertRuleKind = &Kind{
	Type: "alert_rule", Noun: "health monitoring rule", ID: "id",
	Names:  []Name{{Field: "name"}},
	Find:   At("GET /api/v2/healthmonitoring/rules"),
	IDForm: regexp.MustCompile(`^[0-9]{1,20}$`),
}
