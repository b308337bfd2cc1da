package jumpcloud

// FeatureTrial is when the trial of a feature began and ends.
type FeatureTrial struct {
	StartDate any `json:"startDate,omitempty"`
	EndDate   any `json:"endDate,omitempty"`
}

// SupportCase is a support or feature request that was filed with JumpCloud.
type SupportCase struct {
	CaseNumber                string `json:"caseNumber,omitempty"`
	Subject                   any    `json:"subject,omitempty"`
	Status                    any    `json:"status,omitempty"`
	Date                      any    `json:"date,omitempty"`
	Description               any    `json:"description,omitempty"`
	Label                     any    `json:"label,omitempty"`
	Organization              any    `json:"organization,omitempty"`
	OS                        any    `json:"os,omitempty"`
	Reporter                  any    `json:"reporter,omitempty"`
	ReporterEmail             any    `json:"reporterEmail,omitempty"`
	CaseSubmissionProductType any    `json:"caseSubmissionProductType,omitempty"`
}

// SupportCaseOptions are the values that the fields of cases take.
type SupportCaseOptions struct {
	Results map[string]any `json:"results,omitempty"`
}

// Subscription is a plan that can be bought, or is.
type Subscription struct {
	DisplayName           string `json:"displayName,omitempty"`
	ProductCode           string `json:"productCode,omitempty"`
	ListPrice             any    `json:"listPrice,omitempty"`
	AnnualPrice           any    `json:"annualPrice,omitempty"`
	Features              []any  `json:"features,omitempty"`
	UpgradeRecommendation any    `json:"upgradeRecommendation,omitempty"`
}
