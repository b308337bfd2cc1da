package tools

import (
	"context"
	"net/url"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type channel struct {
	Channel string `json:"channel" in:"path" jsonschema:"required,minLength=1"`
}

// messageSent is what the answer to a test message means.
const messageSent = "the message was handed over; whether it arrived is seen where it goes to"

var notifications = Set{"notifications", "Channels and tests of notifications."}.Of(
	List[None, Raw]("notifications_channels_list", "GET /api/v2/notifications/channels",
		"List the notification channels: e-mail, Slack, webhooks.", Untyped(), Rows(veiled)),
	List[None, Raw]("notifications_webhooks_list", "GET /api/v2/notifications/webhook/channels",
		"List the notification channels that are webhooks.", Untyped(), Rows(veiled)),
	shaped(Get[channel, Raw]("notifications_channels_get", "GET /api/v2/notifications/channels/{channel}",
		"Show one notification channel.", Untyped()), veiled),
	discreetly(Create[None, Raw]("notifications_channels_create", "POST /api/v2/notifications/channels",
		"Create a notification channel: e-mail, Slack or webhook.", Untyped("channel"))),
	discreetly(Change[channel, Raw]("notifications_channels_update", "PATCH /api/v2/notifications/channels/{channel}",
		"Change a notification channel, or switch it on or off.", Untyped("channel"))),
	Delete[channel]("notifications_channels_delete", "DELETE /api/v2/notifications/channels/{channel}",
		"Delete a notification channel. Alerts sent through it no longer arrive.", Untyped()),
	discreetly(Act[None, Raw]("notifications_slack_test", "POST /api/v2/notifications/slack/test",
		"Send a test message to Slack.", Untyped(), NoReadBack(messageSent))),
	discreetly(Act[None, Raw]("notifications_webhook_test", "POST /api/v2/notifications/webhook/test",
		"Send a test message to a webhook.", Untyped(), NoReadBack(messageSent))),
)

// The address of a Slack or webhook channel is what lets anybody write to it: of
// such an address only the host is shown.

// veiled is a channel with no address in it.
func veiled(row jc.Row) jc.Row {
	out := jc.Row{}
	for name, v := range row {
		out[name] = veil(v)
	}
	return out
}

func veil(v any) any {
	switch x := v.(type) {
	case map[string]any:
		return map[string]any(veiled(x))
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = veil(e)
		}
		return out
	case string:
		u, err := url.Parse(x)
		if err == nil && u.Host != "" && (u.Path != "" || u.RawQuery != "" || u.User != nil) {
			return u.Scheme + "://" + u.Host + "/…"
		}
	}
	return v
}

// discreetly keeps addresses out of what a plan shows.
func discreetly(t *Tool) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		for i := range p.Steps {
			s := &p.Steps[i]
			if s.Before != nil { // nothing read is told apart from nothing there
				s.Before = veiled(s.Before)
			}
			s.After = veiled(s.After)
		}
		return nil
	})
}
