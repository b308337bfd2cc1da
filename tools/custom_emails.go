package tools

import (
	"context"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type customEmail struct {
	Type string `json:"email_type" in:"path" jsonschema:"required,enum=activate_gapps_user,enum=activate_o365_user,enum=lockout_notice_user,enum=password_expiration,enum=password_expiration_warning,enum=password_reset_confirmation,enum=user_change_password,enum=activate_user_custom"`
}

type customEmailNew struct {
	Type    string `json:"email_type" api:"type" jsonschema:"required,enum=activate_gapps_user,enum=activate_o365_user,enum=lockout_notice_user,enum=password_expiration,enum=password_expiration_warning,enum=password_reset_confirmation,enum=user_change_password,enum=activate_user_custom"`
	Subject string `json:"subject" jsonschema:"required,minLength=1"`
	customEmailTexts
}

type customEmailEdit struct {
	customEmail
	Subject string `json:"subject,omitempty" jsonschema:"minLength=1"`
	customEmailTexts
}

// customEmailTexts are the parts of a mail; an empty one is left out of it.
type customEmailTexts struct {
	Title       *string `json:"title,omitempty"`
	Header      *string `json:"header,omitempty"`
	Text        *string `json:"text,omitempty" api:"body"`
	Button      *string `json:"button,omitempty"`
	NextContact *string `json:"nextStepContactInfo,omitempty"`
}

const customEmailAt = "/api/v2/customemails/{email_type}"

var customEmails = Set{"custom_emails", "E-mails that JumpCloud sends, in the organisation's words."}.Of(
	List[None, jc.EmailTemplate]("custom_emails_templates_list", "GET /api/v2/customemail/templates",
		"List the e-mails to users that can be customised, with their fields and usual texts.",
		Takes(), Columns("type", "displayName", "description")),
	Get[customEmail, jc.CustomEmail]("custom_emails_get", "GET "+customEmailAt,
		"Show the organisation's own text of an e-mail to users."),
	Create[customEmailNew, jc.CustomEmail]("custom_emails_create", "POST /api/v2/customemails",
		"Give an e-mail to users (activation, password, lockout) the organisation's own text."),
	typed(Change[customEmailEdit, jc.CustomEmail]("custom_emails_update", "PUT "+customEmailAt,
		"Change the organisation's own text of an e-mail to users. What is not given stays.", Merge)),
	Delete[customEmail]("custom_emails_delete", "DELETE "+customEmailAt,
		"Delete the organisation's own text of an e-mail. Users get JumpCloud's text again."),
)

// typed puts the type, which is in the path, into the body too, where the API wants it.
func typed(t *Tool) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, in any, p *Plan) error {
		bodyOf(p.Steps[0].Request)["type"] = in.(*customEmailEdit).Type
		return nil
	})
}
