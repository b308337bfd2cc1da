package tools

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// The operations on one user, under the brace that the tools of users share.
var (
	userAt        = jc.At("GET /api/systemusers/{user}")
	userPut       = jc.At("PUT /api/systemusers/{user}")
	userActivate  = jc.At("POST /api/systemusers/{user}/state/activate")
	userUnlock    = jc.At("POST /api/systemusers/{user}/unlock")
	userExpire    = jc.At("POST /api/systemusers/{user}/expire")
	userResetMFA  = jc.At("POST /api/systemusers/{user}/resetmfa")
	statesPlanned = jc.At("GET /api/v2/bulk/userstates")
	statesPlan    = jc.At("POST /api/v2/bulk/userstates")
)

const (
	userActive    = "ACTIVATED"
	userSuspended = "SUSPENDED"
	userStaged    = "STAGED"
)

type userSuspend struct {
	user
	At string `json:"at,omitempty" in:"-" jsonschema:"example=2026-01-31T17:00:00Z"`
}

type userActivation struct {
	user
	Email string `json:"email,omitempty" in:"-" rare:"true" jsonschema:"description=Of a staged user: where the activation mail goes instead."`
}

type userMFAReset struct {
	user
	ExclusionUntil string `json:"exclusion_until,omitempty" in:"-" jsonschema:"example=7d"`
	ExpirePassword *bool  `json:"expire_password,omitempty" in:"-"`
	ExclusionDays  *int   `json:"exclusion_days,omitempty" in:"-" rare:"true" jsonschema:"minimum=1"`
}

var (
	usersSuspend = Job("users_suspend", "Block sign-in everywhere, now or at a time.",
		usersOwn(auth.Change, userPut, statesPlan), planSuspend, Core)
	usersActivate = Job("users_activate", "Let a suspended or staged user sign in again.",
		usersOwn(auth.Change, userPut, userActivate), planActivate, Core)
	usersUnlock = Job("users_unlock", "Unlock an account locked by failed sign-ins.",
		usersOwn(auth.Change, userUnlock), planUnlock, Core)
	usersExpirePassword = Job("users_expire_password", "Force a new password at next sign-in.",
		usersOwn(auth.Destroy, userExpire), planExpirePassword, Core)
	usersResetMFA = Job("users_reset_mfa", "Reset MFA so that the user enrols again.",
		usersResets(), planResetMFA, Core)
)

// usersStates are the tools that change how a user may sign in.
var usersStates = Set{Name: "users"}.Of(
	usersSuspend, usersActivate, usersUnlock, usersExpirePassword, usersResetMFA,
	List[user, jc.SSHKey]("users_ssh_keys_list", "GET /api/systemusers/{user}/sshkeys",
		"List the public SSH keys of a user.", Columns("name", "create_date", "public_key")),
)

func usersOwn(risk auth.Risk, own ...jc.Endpoint) Uses {
	u := Uses{Risk: risk, Effect: jc.Idempotent, Reads: []string{userAt.String()}}
	for _, e := range own {
		u.Own = append(u.Own, e.String())
		if e == statesPlan {
			u.Reads = append(u.Reads, statesPlanned.String())
		}
	}
	return u
}

func usersResets() Uses {
	u := usersOwn(auth.Destroy, userResetMFA)
	u.Tools = []*Tool{usersExpirePassword} // its step is granted as that tool
	return u
}

// userOrder is an order to one user whose effect the user's own fields show.
type userOrder struct {
	at   jc.Endpoint
	body any
	once bool // sending it again does something again: a mail
	line string
	// is tells whether a user is as ordered; told is false when the API does not show it.
	is func(jc.Row) (so, told bool)
	// already is why nothing has to be sent to a user that is as ordered.
	already string
}

// step makes the order's step for a user as it was read just now. What is so
// already is skipped; so a read-back that shows it shows that the order did it.
func (o userOrder) step(u jc.Object, now jc.Row) Step {
	s := Step{
		Request: jc.Request{Endpoint: o.at, Effect: jc.Idempotent, Params: map[string]string{"user": u.ID}, Body: o.body},
		Targets: []auth.Target{targetOf(u)},
		Line:    o.line + " " + describe(targetOf(u)),
		State:   u.Kind.State(now),
		now:     map[string]any{"state": now.Text("state")},
	}
	if o.once {
		s.Request.Effect = jc.Once
	}
	before, told := o.is(now)
	if before && told && o.already != "" {
		s.Skip = o.already
	}
	s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		row, err := readUser(ctx, r, u.ID)
		if err != nil {
			return Seen{Outcome: Accepted}, err
		}
		so, told := o.is(row)
		switch {
		case so && told && (resp != nil || !before):
			return Seen{Outcome: Done, Row: row}, nil
		case !told:
			return Seen{Outcome: Accepted, Note: "the API does not show it", Row: row}, nil
		}
		return Seen{Outcome: Accepted, Row: row}, nil
	}
	return s
}

func readUser(ctx context.Context, r *Reader, id string) (jc.Row, error) {
	return r.row(ctx, jc.Request{Endpoint: userAt, Params: map[string]string{"user": id}}, jc.User{}.Kind())
}

// planUser is the plan of a job that is one order to one user.
func planUser(ctx context.Context, r *Reader, u jc.Object, order func(jc.Row) userOrder) (*Plan, error) {
	now, err := readUser(ctx, r, u.ID)
	if err != nil {
		return nil, err
	}
	return &Plan{Steps: []Step{order(now).step(u, now)}}, nil
}

func stateIs(want string) func(jc.Row) (bool, bool) {
	return func(row jc.Row) (bool, bool) {
		state := row.Text("state")
		return state == want, state != ""
	}
}

func flagIs(field string, want bool) func(jc.Row) (bool, bool) {
	return func(row jc.Row) (bool, bool) {
		have, told := row.Bool(field)
		return have == want, told
	}
}

// suspending goes by state, which the boolean follows.
func suspending(jc.Row) userOrder {
	return userOrder{at: userPut, body: map[string]any{"state": userSuspended}, line: "suspend",
		is: stateIs(userSuspended), already: "already suspended"}
}

func planSuspend(ctx context.Context, r *Reader, in *userSuspend) (*Plan, error) {
	u := in.User.Found()
	if in.At == "" {
		return planUser(ctx, r, u, suspending)
	}
	when, err := futureTime(r, "at", in.At)
	if err != nil {
		return nil, err
	}
	s := Step{
		Request: jc.Request{Endpoint: statesPlan, Effect: jc.Once, Body: map[string]any{
			"user_ids": []any{u.ID}, "state": userSuspended, "start_date": when.Format(time.RFC3339),
		}},
		Targets: []auth.Target{targetOf(u)},
		Line:    fmt.Sprintf("suspend %s at %s", describe(targetOf(u)), when.Format(minute)),
	}
	if u.Row != nil {
		s.State = u.Kind.State(u.Row)
	}
	planned, err := isScheduled(ctx, r, u.ID, userSuspended, when)
	if err != nil {
		return nil, err
	}
	if planned {
		s.Skip = "already scheduled"
	}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		there, err := isScheduled(ctx, r, u.ID, userSuspended, when)
		if err != nil || !there {
			return Seen{Outcome: Accepted}, err
		}
		return Seen{Outcome: Done, Note: "scheduled, until then the user can sign in"}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}

// isScheduled reports whether a change of state is planned for a user at a time, to the minute.
func isScheduled(ctx context.Context, r *Reader, id, state string, when time.Time) (bool, error) {
	req := jc.Request{Endpoint: statesPlanned, Query: map[string][]string{"userid": {id}}}
	rows, _, err := r.walk(ctx, req, jc.Query{}, 0)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rows.Rows, func(row jc.Row) bool {
		at, err := time.Parse(time.RFC3339, row.Text("scheduledDate"))
		return err == nil && row.Text("systemUserId") == id && row.Text("state") == state &&
			at.Truncate(time.Minute).Equal(when.Truncate(time.Minute))
	}), nil
}

// futureTime reads a time to come, or a length of time from now. The latter is
// counted once for a call, so that what a person agreed to is what is done.
func futureTime(r *Reader, arg, given string) (time.Time, error) {
	if _, counted := parseDuration(given); !counted {
		now := time.Now().UTC()
		at, err := time.Parse(time.RFC3339, given)
		if err != nil {
			return at, invalid(arg, fmt.Sprintf("%q is neither an RFC 3339 time such as %s nor a length of time such as 45m, 2h or 7d",
				clip(given), now.Add(time.Hour).Format("2006-01-02T15:04:00Z")))
		}
		if !at.After(now) {
			return at, invalid(arg, fmt.Sprintf("%s is not in the future; it is %s now", at.UTC().Format(minute), now.Format(minute)))
		}
		return at.UTC(), nil
	}
	return steadyExpiry(r, given)
}

// planActivate takes the way that the state asks for: a staged user is activated
// with a mail, a suspended one gets the state back.
func planActivate(ctx context.Context, r *Reader, in *userActivation) (*Plan, error) {
	u := in.User.Found()
	now, err := readUser(ctx, r, u.ID)
	if err != nil {
		return nil, err
	}
	order := userOrder{at: userPut, body: map[string]any{"state": userActive}, line: "activate",
		is: stateIs(userActive), already: "already active"}
	if now.Text("state") == userStaged {
		order = activating(in.Email)
	} else if in.Email != "" {
		return nil, invalid("email", "only the activation of a staged user sends a mail")
	}
	return &Plan{Steps: []Step{order.step(u, now)}}, nil
}

// activating is the order to a staged user; it sends a mail.
func activating(email string) userOrder {
	body := map[string]any{}
	if email != "" {
		body["email"] = email
	}
	return userOrder{at: userActivate, body: body, once: true, line: "activate", is: stateIs(userActive), already: "already active"}
}

func planUnlock(ctx context.Context, r *Reader, in *user) (*Plan, error) {
	return planUser(ctx, r, in.User.Found(), func(jc.Row) userOrder {
		return userOrder{at: userUnlock, line: "unlock", is: flagIs("account_locked", false), already: "it is not locked"}
	})
}

func expiring(jc.Row) userOrder {
	return userOrder{at: userExpire, line: "expire the password of", is: flagIs("password_expired", true), already: "it has expired already"}
}

func planExpirePassword(ctx context.Context, r *Reader, in *user) (*Plan, error) {
	return planUser(ctx, r, in.User.Found(), expiring)
}

// planResetMFA resets and, where asked, expires the password too; one does not
// wait for the other.
func planResetMFA(ctx context.Context, r *Reader, in *userMFAReset) (*Plan, error) {
	u := in.User.Found()
	now, err := readUser(ctx, r, u.ID)
	if err != nil {
		return nil, err
	}
	body, excused := map[string]any{}, ""
	switch {
	case in.ExclusionUntil != "" && in.ExclusionDays != nil:
		return nil, invalid("exclusion_days", "give it or exclusion_until, not both")
	case in.ExclusionUntil != "":
		until, err := futureTime(r, "exclusion_until", in.ExclusionUntil)
		if err != nil {
			return nil, err
		}
		body["exclusion"], body["exclusionUntil"] = true, until.Format(time.RFC3339)
		excused = ", not asked for until " + until.Format(minute)
	case in.ExclusionDays != nil:
		body["exclusion"], body["exclusionDays"] = true, *in.ExclusionDays
		excused = fmt.Sprintf(", not asked for during %d days", *in.ExclusionDays)
	}
	reset := userOrder{at: userResetMFA, body: body, line: "reset MFA of", already: "no MFA is enrolled"}
	reset.is = func(row jc.Row) (bool, bool) {
		enrolled, told := u.Kind.Fact("mfa_enrolled").Of(row)
		if excused != "" {
			on, known := row.Bool("mfa.exclusion")
			return enrolled == false && on, told && known
		}
		return enrolled == false, told
	}
	if excused != "" {
		reset.already = "" // until when it is excused may still change
	}
	s := reset.step(u, now)
	s.Line += excused
	p := &Plan{Steps: []Step{s}, Parallel: true}
	if in.ExpirePassword != nil && *in.ExpirePassword {
		e := expiring(now).step(u, now)
		e.Tool, e.State = usersExpirePassword, ""
		p.Steps = append(p.Steps, e)
	}
	return p, nil
}
