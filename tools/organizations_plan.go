package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type featureTrial struct {
	Feature string `json:"feature" in:"path" jsonschema:"required,description=Code of the feature."`
}

type featureSetting struct {
	Feature string `json:"feature" in:"path" jsonschema:"required"`
	Setting string `json:"setting" in:"path" jsonschema:"required"`
}

// organizationsPlan is what the organisation has bought, tries and has asked for.
var organizationsPlan = Set{Name: "organizations"}.Of(
	List[None, jc.Subscription]("organizations_subscriptions_list", "GET /api/v2/subscriptions",
		"List the subscriptions (plans, packages) with prices and features.", Takes(), Columns("displayName", "productCode", "listPrice", "annualPrice")),
	Get[featureTrial, jc.FeatureTrial]("organizations_feature_trial_get", "GET /api/v2/featureTrials/{feature}",
		"Show when the trial of a feature began and when it ends."),
	Get[None, Raw]("organizations_feature_settings_get", "GET /api/v2/feature-settings",
		"Show the feature settings of the organisation: what is switched on or off.", Untyped()),
	Change[featureSetting, Raw]("organizations_feature_settings_update", "PUT /api/v2/feature-settings/{feature}/{setting}",
		"Change one feature setting of the organisation.", Untyped(), NoReadBack("organizations_feature_settings_get shows the settings"), Grave),
	List[None, jc.SupportCase]("organizations_cases_list", "GET /api/v2/organizations/cases",
		"List the support cases and feature requests that the organisation filed.",
		Takes("limit", "skip", "sort", "filter"), Columns("caseNumber", "subject", "status", "date", "reporter")),
	Act[None, Raw]("organizations_sample_data_create", "POST /api/v2/sample-data",
		"Fill a trial organisation with sample data (demo users, groups, devices).", Untyped(), EmptyBody, NoReadBack("the API does not tell what was made")),
)
