package jumpcloud

import "regexp"

// CustomEmail is a mail of JumpCloud in the organisation's words. There is one of a
// type, and the type is what it is read by.
type CustomEmail struct {
	Type        string `json:"type,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Title       any    `json:"title,omitempty"`
	Header      any    `json:"header,omitempty"`
	Body        any    `json:"body,omitempty"`
	Button      any    `json:"button,omitempty"`
	NextContact any    `json:"nextStepContactInfo,omitempty"`
	ID          string `json:"id,omitempty"`
}

// Kind is the kind of custom mails.
func (CustomEmail) Kind() *Kind { return customEmailKind }

var customEmailKind = &Kind{
	Type: "custom_email", Noun: "custom e-mail", ID: "type",
	Get:    At("GET /api/v2/customemails/{custom_email_type}"),
	IDForm: regexp.MustCompile(`\A[a-z][a-z0-9_]{0,63}\z`),
}

// EmailTemplate is a mail that can be given own words, with the fields that take them.
type EmailTemplate struct {
	Type        string `json:"type,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	Description any    `json:"description,omitempty"`
	Fields      []any  `json:"fields,omitempty"`
	MessageType any    `json:"messageType,omitempty"`
}
