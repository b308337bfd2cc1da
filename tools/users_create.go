package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// userOnboard is a new user with what belongs to a start. Activate false stages
// the user; where it is left out the organisation's default decides.
type userOnboard struct {
	userNew
	Groups   []jc.Ref[jc.UserGroup] `json:"groups,omitempty" in:"-"`
	Activate *bool                  `json:"activate,omitempty" in:"-"`
}

// userMade is the creation alone: its fields, key and read-back.
var userMade = Create[userNew, jc.User]("users_create", "POST /api/systemusers", "Create a user.")

// newUserPower are the fields that make a new user an administrator of devices.
var newUserPower = []string{"sudo", "passwordless_sudo"}

var usersCreate = Job("users_create", "Create a user and put them into groups.",
	Uses{
		Own: []string{"POST /api/systemusers", userActivate.String()}, Risk: auth.Change, Effect: jc.Once,
		Tools: []*Tool{toolIn(userGroups, "user_groups_members_change")},
		Reads: []string{userAt.String(), userParents}, Kinds: []*jc.Kind{jc.User{}.Kind()},
	}, planOnboard, Core, GraveWith(newUserPower...))

// usersCreating holds the job.
var usersCreating = Set{Name: "users"}.Of(usersCreate)

// toolIn is the tool of that name; a name that is not there stops the start.
func toolIn(set []*Tool, name string) *Tool {
	for _, t := range set {
		if t.Name == name {
			return t
		}
	}
	panic("tools: there is no tool " + name + " to build on")
}

// onboarding is a call of users_create on its way.
type onboarding struct {
	in    *userOnboard
	user  jc.Object // zero until it is made
	edges []edge    // the groups to join
	plan  *Plan     // its last steps are those of the edges
	notes []string  // what differs in a user who was there
	made  bool      // this call makes the user
}

// planOnboard makes a user, or goes on with the one that an earlier call made:
// same username and e-mail are the same person, anything else of either name is
// somebody else.
func planOnboard(ctx context.Context, r *Reader, in *userOnboard) (*Plan, error) {
	if in.Activate != nil {
		if in.State != "" {
			return nil, invalid("activate", "give it or state, not both")
		}
		if in.State = userStaged; *in.Activate {
			in.State = userActive
		}
	}
	o := &onboarding{in: in, plan: &Plan{}}
	if err := o.find(ctx, r); err != nil {
		return nil, err
	}
	if o.user.ID == "" {
		p, err := planCreate(ctx, userMade, r, in)
		if err != nil {
			return nil, err
		}
		o.made = true
		s := p.Steps[0]
		s.Tool = nil // decided as the job
		s.Line = "create " + describe(s.Targets[0]) + ": " + changesOf(nil, withoutKey(o.named(s.After), "username"))
		read := s.Verify
		s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
			seen, err := read(ctx, r, resp)
			o.becomes(resp, seen)
			return seen, err
		}
		o.plan.Steps = append(o.plan.Steps, s)
	} else if err := o.compare(ctx, r); err != nil {
		return nil, err
	}
	if err := o.join(ctx, r); err != nil {
		return nil, err
	}
	o.plan.Finish = o.finish
	oneChange(r, o.plan)
	return o.plan, nil
}

// find looks for the user by both names.
func (o *onboarding) find(ctx context.Context, r *Reader) error {
	kind := jc.User{}.Kind()
	have, err := r.dir.ByName(ctx, kind, []string{o.in.Username, o.in.Email}, true)
	if err != nil {
		return err
	}
	for _, name := range []string{o.in.Username, o.in.Email} {
		for _, u := range have[name] {
			same := strings.EqualFold(u.Row.Text("username"), o.in.Username) && strings.EqualFold(u.Row.Text("email"), o.in.Email)
			if !same {
				return &Refusal{jc.CodeConflict, fmt.Sprintf("user %s (id %s) has the username or e-mail already, with e-mail %s",
					plainName(u.Name), u.ID, inline(u.Row["email"]))}
			}
			o.user = u
		}
	}
	return nil
}

// compare plans what is missing in a user who was there: only the state is put
// right here, since a repeat may not overwrite what somebody changed in between.
func (o *onboarding) compare(ctx context.Context, r *Reader) error {
	now, err := readUser(ctx, r, o.user.ID)
	if err != nil {
		return err
	}
	req, err := bind(userMade, userMade.Operations[0], o.in)
	if err != nil {
		return err
	}
	sent := bodyOf(req)
	delete(sent, "state")
	delete(sent, "activated")
	o.notes, _ = userMade.compare(now, sent)
	var order userOrder
	switch state := now.Text("state"); {
	case o.in.State == "" || o.in.State == state:
		return nil
	case o.in.State == userActive && state == userStaged:
		order = activating("")
	case o.in.State == userActive:
		return &Refusal{jc.CodeConflict, fmt.Sprintf("%s exists and is %s; users_activate lets them sign in",
			describe(targetOf(o.user)), inline(state))}
	default:
		o.notes = append(o.notes, "state")
		return nil
	}
	o.plan.Steps = append(o.plan.Steps, order.step(o.user, now))
	return nil
}

// join plans the groups. While the user is not made, the steps have no request
// that could be sent; becomes gives it to them.
func (o *onboarding) join(ctx context.Context, r *Reader) error {
	tool := toolIn(userGroups, "user_groups_members_change")
	member := o.user
	if o.made {
		member = jc.Object{Kind: jc.User{}.Kind(), Name: o.in.Username}
	}
	for _, g := range distinctObjects(objects(o.in.Groups)) {
		o.edges = append(o.edges, edge{post: jc.At(userGroupEdges), group: g, member: member, op: "add", read: jc.At(userParents)})
	}
	var steps []Step
	if o.made {
		for _, e := range o.edges {
			s := e.step(false)
			s.Request.Params, s.Request.Body, s.Verify = nil, nil, nil
			steps = append(steps, s)
		}
	} else {
		var err error
		if steps, err = edgeSteps(ctx, r, o.edges); err != nil {
			return err
		}
	}
	for _, s := range steps {
		s.Tool = tool
		o.plan.Steps = append(o.plan.Steps, s)
	}
	return nil
}

// becomes learns the id of the new user and completes the steps that wait for it.
// Steps run one after the other, so nothing reads them meanwhile.
func (o *onboarding) becomes(resp *jc.Response, seen Seen) {
	kind := jc.User{}.Kind()
	id := kind.IDOf(seen.Row)
	if id == "" && resp != nil {
		var made jc.Row
		if resp.Decode(&made) == nil {
			id = kind.IDOf(made)
		}
	}
	if id == "" || o.user.ID != "" {
		return
	}
	o.user = jc.Object{Kind: kind, ID: id, Name: o.in.Username}
	steps := o.plan.Steps[len(o.plan.Steps)-len(o.edges):]
	for i, e := range o.edges {
		e.member = o.user
		whole := e.step(false)
		steps[i].Request, steps[i].Targets, steps[i].Verify = whole.Request, whole.Targets, whole.Verify
	}
}

// finish answers in one sentence when all went well, with a line a step otherwise.
func (o *onboarding) finish(ctx context.Context, r *Reader, done []Result) (Answer, error) {
	if o.user.ID == "" {
		for i := range done[1:] {
			done[i+1].Outcome, done[i+1].Err = NotSent, &Refusal{jc.CodeNotFound, "the id of the new user is not known"}
		}
	}
	if done[0].Err != nil && done[0].Outcome != Unknown && o.made {
		return r.d.reportOne(ctx, r, done[0]), nil
	}
	if slices.ContainsFunc(done, func(res Result) bool { return res.Outcome != Done && res.Outcome != NoEffect }) {
		a := r.d.reportMany(ctx, r, done)
		a.Text[0] += o.differs()
		return a, nil
	}
	return Answer{Text: []string{o.sentence(ctx, r, done)}}, nil
}

// sentence tells of steps that all ended well.
func (o *onboarding) sentence(ctx context.Context, r *Reader, done []Result) string {
	var joined, were []string
	for _, res := range done[len(done)-len(o.edges):] {
		group := plainName(res.Step.Targets[1].Name)
		if res.Outcome == NoEffect {
			were = append(were, group)
		} else {
			joined = append(joined, group)
		}
	}
	who := describe(targetOf(o.user))
	activated := !o.made && len(done) > len(o.edges) && done[0].Outcome == Done
	var b strings.Builder
	switch {
	case o.made:
		fmt.Fprintf(&b, "%s. %s created", Done, upper(who))
		if state := done[0].Row.Text("state"); state != "" {
			b.WriteString(", state " + plainName(state))
		}
	case activated:
		fmt.Fprintf(&b, "%s. %s existed, activated now", Done, upper(who))
	case len(joined) > 0:
		fmt.Fprintf(&b, "%s. %s existed already", Done, upper(who))
	default:
		fmt.Fprintf(&b, "%s: %s exists already", NoEffect, who)
	}
	if len(joined) > 0 {
		b.WriteString("; in groups " + strings.Join(joined, ", "))
	}
	if len(were) > 0 {
		b.WriteString("; was in " + strings.Join(were, ", "))
	}
	fmt.Fprintf(&b, " (%s).%s", r.orgName(ctx), o.differs())
	if o.made && done[0].Note != "" {
		b.WriteString(" " + sentence(upper(clean(done[0].Note))))
	}
	if o.made || activated || len(joined) > 0 {
		b.WriteString(" change " + lastChange(r, done))
	}
	return b.String()
}

func (o *onboarding) differs() string {
	if len(o.notes) == 0 {
		return ""
	}
	return " Left as it was, and not as given: " + joinNames(o.notes) + "; users_update changes it."
}

// named shows the manager by name.
func (o *onboarding) named(after map[string]any) map[string]any {
	if m := o.in.Manager.Found(); m.ID != "" {
		after = withoutKey(after, "manager")
		after["manager"] = m.Name
	}
	return after
}

func withoutKey(m map[string]any, key string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// oneChange gives all steps of a job the same change id: they are one change, which
// no single call takes back.
func oneChange(r *Reader, p *Plan) {
	p.one = true
	id := newID("c-")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes == nil {
		r.changes = map[*Step]string{}
	}
	for i := range p.Steps {
		r.changes[&p.Steps[i]] = id
	}
}

// changeIDs are the ids of the changes of a job; where there are many, how they are found.
func changeIDs(r *Reader, done []Result) string {
	var ids []string
	for _, res := range done {
		if id := r.change(res.Step); id != "" && !res.nothing() && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	switch {
	case len(ids) == 0:
		return "change " + noneMark
	case len(ids) <= 5:
		return "change " + strings.Join(ids, " ")
	}
	return fmt.Sprintf("%d changes, one a user: changes_list", len(ids))
}

// lastChange is the change id of the steps that were sent.
func lastChange(r *Reader, done []Result) string {
	for _, res := range done {
		if id := r.change(res.Step); id != "" {
			return id
		}
	}
	return noneMark
}
