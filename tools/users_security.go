package tools

import (
	"context"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var userSuspendNow = jc.At("POST /api/systemusers/{user}/state/suspend")

const userKeys = "GET /api/systemusers/{user}/sshkeys"

type sshKeyNew struct {
	user
	Name      string `json:"name" jsonschema:"required,minLength=1"`
	PublicKey string `json:"public_key" jsonschema:"required,minLength=1"`
}

type sshKeyOne struct {
	user
	Key jc.Ref[jc.SSHKey] `json:"ssh_key" in:"path" jsonschema:"required"`
}

// usersSecurity are the tools for how a user proves who they are.
var usersSecurity = Set{Name: "users"}.Of(
	Create[sshKeyNew, jc.SSHKey]("users_ssh_keys_create", "POST /api/systemusers/{user}/sshkeys",
		"Add a public SSH key to a user."),
	Delete[sshKeyOne]("users_ssh_keys_delete", "DELETE /api/systemusers/{user}/sshkeys/{ssh_key}",
		"Remove a public SSH key from a user. Sign-ins with it end.", ReadIn(userKeys, "_id")),
	Act[user, Raw]("users_mfa_enforce", "POST /api/systemusers/{user}/mfa/enforce",
		"Enforce multi-factor authentication for a user, or change its MFA properties.",
		Untyped(), NoReadBack("the user's MFA is in users_get")),
	Act[user, None]("users_mfa_sync", "POST /api/systemusers/{user}/mfasync",
		"Sync the MFA enrolment status of a user anew.", Idempotent, NoReadBack("the user's MFA is in users_get")),
	Create[user, Raw]("users_password_set", "POST /api/systemusers/{user}/password",
		"Force a new password on a user. The old one ends at once.",
		Untyped(), Destroy, NoReadBack("passwords cannot be read back")),
	Act[user, Raw]("users_reactivate", "POST /api/systemusers/{user}/reactivate",
		"Send a user the activation mail again, to set a new password.",
		Untyped(), NoReadBack("the mail is on its way")),
	Secret[user]("users_totp_get", "GET /api/systemusers/{user}/totpinfo",
		"Show since when a user has one-time codes (TOTP, authenticator app)."),
	Job("users_state_suspend", "Suspend a user by the operation made for it; users_suspend also schedules.",
		usersOwn(auth.Change, userSuspendNow), planSuspendNow, Untyped()),
)

// planSuspendNow is the suspension that a user's state shows.
func planSuspendNow(ctx context.Context, r *Reader, in *user) (*Plan, error) {
	return planUser(ctx, r, in.User.Found(), func(now jc.Row) userOrder {
		o := suspending(now)
		o.at, o.body = userSuspendNow, nil
		if b := r.trip.args.body; len(b) > 0 {
			o.body = b
		}
		return o
	})
}
