package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type userOffboard struct {
	user
	Devices string          `json:"devices,omitempty" in:"-" jsonschema:"enum=keep,enum=lock,enum=erase"`
	Manager jc.Ref[jc.User] `json:"manager,omitzero" in:"-"`
	Plan    string          `json:"plan,omitempty" in:"-"`
	PIN     string          `json:"pin,omitempty" in:"-" rare:"true" jsonschema:"pattern=^[0-9]{6}$,description=For Macs."`
}

var usersOffboard = Job("users_offboard", "Plan a leaver: suspend, end access, lock or erase devices, hand reports to manager. Then run the plan by its id.",
	Uses{
		Tools: []*Tool{
			usersSuspend, usersBulkUpdate, toolIn(userGroups, "user_groups_members_change"),
			toolIn(usersGraph, "users_associations_change"), toolIn(accessRequests, "access_requests_revoke"),
			toolIn(devicesOrders, "devices_lock"), toolIn(devicesOrders, "devices_erase"),
		},
		Risk: auth.Change, Effect: jc.Idempotent,
		Reads: []string{userAt.String(), userParents, userAssociations, deviceBound.String(), searchUsers.String(), searchDevices.String()},
		Kinds: []*jc.Kind{jc.User{}.Kind(), jc.Device{}.Kind(), jc.UserGroup{}.Kind(), jc.Application{}.Kind(), jc.DeviceGroup{}.Kind(),
			jc.RADIUSServer{}.Kind(), jc.LDAPServer{}.Kind(), jc.ActiveDirectory{}.Kind(),
			jc.GoogleWorkspace{}.Kind(), jc.Office365{}.Kind(), jc.AccessRequest{}.Kind()},
	}, planOffboard, Core)

// usersLeaving holds the job.
var usersLeaving = Set{Name: "users"}.Of(usersOffboard)

// keptPlan is a leaver's plan between the call that makes it and those that run
// it. It is made again when it runs: only what it names is done, and of that only
// what is not so yet.
type keptPlan struct {
	User, Devices, Manager string
	PIN                    string
	Orders                 []keptDevice // they are found by bindings that the run itself ends
	Keys                   []string
	Sent                   []string // keys of orders that were taken: they are not given twice
}

type keptDevice struct{ ID, Name string }

func planOffboard(ctx context.Context, r *Reader, in *userOffboard) (*Plan, error) {
	l := &leaver{user: in.User.Found(), devices: in.Devices, manager: in.Manager.Found(), pin: in.PIN}
	var kept *keptPlan
	if in.Plan != "" {
		var err error
		if kept, err = l.resume(ctx, r, in.Plan); err != nil {
			return nil, err
		}
	}
	if l.devices == "" {
		l.devices = "keep"
	}
	if l.manager.ID == l.user.ID {
		return nil, invalid("manager", "the reports cannot be handed to the one who leaves")
	}
	if err := l.look(ctx, r); err != nil {
		return nil, err
	}
	if kept == nil {
		return l.propose(ctx, r)
	}
	return l.execute(r, in.Plan, kept), nil
}

// resume takes up a plan that the same caller made. Arguments that are given
// again have to be the same.
func (l *leaver) resume(ctx context.Context, r *Reader, id string) (*keptPlan, error) {
	var kept keptPlan
	b, err := r.keptPlan(ctx, id)
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(b, &kept) != nil || kept.User == "" {
		return nil, invalid("plan", "unknown or older than 30 minutes; call without plan for a new one, which has what is left to do")
	}
	switch {
	case kept.User != l.user.ID:
		return nil, invalid("plan", "it is for another user")
	case l.devices != "" && l.devices != kept.Devices:
		return nil, invalid("devices", fmt.Sprintf("the plan was made with devices=%s; call without plan for a new one", kept.Devices))
	case l.manager.ID != "" && l.manager.ID != kept.Manager:
		return nil, invalid("manager", "the plan was made with another one; call without plan for a new one")
	}
	l.devices = kept.Devices
	if l.pin == "" {
		l.pin = kept.PIN
	}
	l.orders = []jc.Object{}
	for _, d := range kept.Orders {
		l.orders = append(l.orders, jc.Object{Kind: jc.Device{}.Kind(), ID: d.ID, Name: d.Name})
	}
	if kept.Manager != "" && l.manager.ID == "" {
		kind := jc.User{}.Kind()
		found, err := r.dir.ByID(ctx, kind, []string{kept.Manager}, true)
		if err != nil {
			return nil, err
		}
		if l.manager = found[kept.Manager]; l.manager.ID == "" {
			return nil, notFound("manager", "the user who was to take over is gone; call without plan for a new one")
		}
	}
	return &kept, nil
}

// propose keeps the plan and shows it; a dry run shows the requests instead.
func (l *leaver) propose(ctx context.Context, r *Reader) (*Plan, error) {
	p := l.plan(l.steps)
	if r.trip.args.dry {
		return p, nil
	}
	p.own(r.trip.tool) // the road does it for steps that it sends; a plan that may not run is not offered
	if dec := r.d.decide(ctx, r.trip.who, p); !dec.Allow {
		return nil, denied(dec)
	}
	id := newID("p-")
	kept := keptPlan{User: l.user.ID, Devices: l.devices, Manager: l.manager.ID, PIN: l.pin}
	for _, d := range l.orders {
		kept.Orders = append(kept.Orders, keptDevice{d.ID, d.Name})
	}
	open := 0
	for _, s := range l.steps {
		if s.Skip == "" {
			open++
		}
		kept.Keys = append(kept.Keys, s.key)
	}
	if err := l.store(ctx, r, id, &kept); err != nil {
		return nil, err
	}
	return &Plan{Finish: func(ctx context.Context, r *Reader, _ []Result) (Answer, error) {
		return l.shown(ctx, r, id, open), nil
	}}, nil
}

func (l *leaver) store(ctx context.Context, r *Reader, id string, kept *keptPlan) error {
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return r.keepPlan(ctx, id, b)
}

func (l *leaver) plan(steps []leaverStep) *Plan {
	p := &Plan{Parallel: true, Objects: 1 + len(l.orders)} // the leaver, the devices that get orders
	if l.bulk != nil {
		p.Objects += len(l.bulk.users) // and the reports who get another manager
	}
	for _, s := range steps {
		p.Steps = append(p.Steps, s.Step)
	}
	return p
}

// shown is the answer to the call that makes a plan.
func (l *leaver) shown(ctx context.Context, r *Reader, id string, open int) Answer {
	who := describe(targetOf(l.user))
	if open == 0 {
		return Answer{Text: []string{fmt.Sprintf("no effect: nothing is left to do for %s (%s).%s", who, r.orgName(ctx), l.rest())}}
	}
	t := table{columns: []string{"step", "objects"}}
	var verb string
	var list []string
	flush := func() {
		if len(list) > 0 {
			t.rows = append(t.rows, []string{verb, cell(someNames(list, " | "))})
		}
		list = nil
	}
	for _, s := range l.steps {
		if s.verb != verb {
			flush()
			verb = s.verb
		}
		switch {
		case s.Skip != "":
			s.what += ": " + s.Skip
		case s.State != "" && s.ordersDevice():
			s.what += " (" + s.State + ")"
		}
		list = append(list, s.what)
	}
	flush()
	head := fmt.Sprintf("plan %s. Nothing was sent. %s leaves: %d steps, devices=%s (%s). Run it within 30 min: users_offboard user=%s plan=%s.%s",
		id, upper(who), open, l.devices, r.orgName(ctx), argument(l.user.Name), id, l.rest())
	return Answer{Text: []string{head, t.cut()}}
}

// rest says what the plan leaves, and what it does not know.
func (l *leaver) rest() string {
	s := ""
	if len(l.stays) > 0 {
		s += " Stays: " + someNames(l.stays, "; ") + "."
	}
	if len(l.unread) > 0 {
		s += " Not read: " + strings.Join(l.unread, ", ") + "."
	}
	return s
}

// manyShown is how many objects of one kind a line names.
const manyShown = 30

func someNames(list []string, sep string) string {
	if len(list) > manyShown {
		return strings.Join(list[:manyShown], sep) + fmt.Sprintf("%sand %d more", sep, len(list)-manyShown)
	}
	return strings.Join(list, sep)
}

// execute runs what the plan named and is not so yet.
func (l *leaver) execute(r *Reader, id string, kept *keptPlan) *Plan {
	run := slices.DeleteFunc(slices.Clone(l.steps), func(s leaverStep) bool {
		if slices.Contains(kept.Keys, s.key) {
			return false
		}
		if s.Skip == "" {
			l.stay("%s %s, which is not in the plan", s.verb, s.what)
		}
		return true
	})
	was := len(kept.Keys) - len(run) // done by an earlier call, or by others
	for i := range run {
		if run[i].Skip == "" && slices.Contains(kept.Sent, run[i].key) {
			run[i].Skip = "ordered already"
		}
	}
	p := l.plan(run)
	p.Finish = func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		err := l.remember(ctx, r, id, kept, run, done)
		a := l.ran(ctx, r, run, done, was)
		if err != nil {
			a.Text[0] = strings.Replace(a.Text[0], repeatPlan, "", 1) + " The shared store cannot be reached, so it was not noted which orders devices got: do not run this plan again, make a new one."
		}
		return a, nil
	}
	oneChange(r, p)
	return p
}

// remember notes the orders that devices were given.
func (l *leaver) remember(ctx context.Context, r *Reader, id string, kept *keptPlan, run []leaverStep, done []Result) error {
	for i, s := range run {
		if o := done[i].Outcome; s.ordersDevice() && (o == Done || o == Accepted || o == Unknown) {
			kept.Sent = append(kept.Sent, s.key)
		}
	}
	return l.store(context.WithoutCancel(ctx), r, id, kept)
}

// ran is the answer to a call that runs a plan: steps of one kind that ended
// alike share a line.
func (l *leaver) ran(ctx context.Context, r *Reader, run []leaverStep, done []Result, was int) Answer {
	t := table{columns: []string{"step", "objects", "result"}}
	var wheres [][]string
	at := map[string]int{}
	bad, sent, unseen := 0, 0, 0
	for i, s := range run {
		word, good := l.outcome(ctx, r, done[i])
		switch {
		case !good:
			bad++
		case done[i].Outcome == Accepted && word != stepDone:
			unseen++
		}
		if done[i].Outcome != NoEffect {
			sent++
		}
		if s.State != "" && s.ordersDevice() { // what is known of the device stands with it, not with the result
			s.what += " (" + s.State + ")"
			word = strings.TrimSuffix(word, "; "+clean(s.State))
		}
		key := s.verb + "\x00" + word
		if _, there := at[key]; !there {
			at[key] = len(t.rows)
			t.rows = append(t.rows, []string{s.verb, "", word})
			wheres = append(wheres, nil)
		}
		wheres[at[key]] = append(wheres[at[key]], s.what)
	}
	for i := range t.rows {
		t.rows[i][1] = cell(someNames(wheres[i], " | "))
	}
	who := describe(targetOf(l.user))
	var head string
	switch {
	case bad > 0:
		head = fmt.Sprintf("partly done, %d of %d steps of %s (%s).", len(run)-bad, len(run), who, r.orgName(ctx))
		if bad == len(run) {
			head = fmt.Sprintf("nothing is known to be done of %d steps of %s (%s).", len(run), who, r.orgName(ctx))
		}
	case sent == 0:
		head = fmt.Sprintf("no effect: all of the plan is done. %s (%s).", upper(who), r.orgName(ctx))
	case unseen > 0:
		head = fmt.Sprintf("done, but %d of %d steps are sent and not yet seen. %s (%s).", unseen, len(run), upper(who), r.orgName(ctx))
	default:
		head = fmt.Sprintf("done. %s: %d steps (%s).", upper(who), len(run), r.orgName(ctx))
	}
	if was > 0 {
		head += fmt.Sprintf(" %d were done before.", was)
	}
	head += l.rest()
	if bad > 0 {
		head += repeatPlan
	}
	if id := lastChange(r, done); id != noneMark {
		head += " change " + id
	}
	a := Answer{Text: []string{head}}
	if len(t.rows) > 0 {
		a.Text = append(a.Text, t.cut())
	}
	if bad > 0 {
		a.IsError, a.Code = true, codeOf(done)
	}
	return a
}

const (
	stepDone   = "done"
	repeatPlan = " Repeat the same call: what is done is skipped."
)

// outcome is how a step ended in a word or two, and whether that is well.
func (l *leaver) outcome(ctx context.Context, r *Reader, res Result) (word string, good bool) {
	if res.Step.Request.Endpoint == bulkUsersPatch && res.Outcome != NoEffect {
		rows, n := l.bulk.jobRows(ctx, r, res)
		if len(rows) == 0 {
			return stepDone, true
		}
		return fmt.Sprintf("%d done, %d not; first: %s %s", n, len(rows), rows[0][0], rows[0][1]), false
	}
	switch res.Outcome {
	case Done:
		return stepDone, true
	case NoEffect:
		return "skipped: " + res.Note, true
	case Accepted:
		if res.Note == "" {
			return "sent, not yet seen", true
		}
		return "sent, not yet seen: " + clean(res.Note), true
	}
	return resultWords(res), false
}
