package tools

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

var (
	createAccess = jc.At("POST /api/v2/accessrequests")
	readAccess   = jc.At("GET /api/v2/accessrequests/{request}")
	updateAccess = jc.At("PUT /api/v2/accessrequests/{request}")
	revokeAccess = jc.At("POST /api/v2/accessrequests/{request}/revoke")
)

type accessRequest struct {
	Request jc.Ref[jc.AccessRequest] `json:"request" in:"path" jsonschema:"required"`
}

type accessRequestNew struct {
	User            jc.Ref[jc.User]   `json:"user" api:"requestorId" jsonschema:"required"`
	Device          jc.Ref[jc.Device] `json:"device" api:"resourceId" jsonschema:"required"`
	Expiry          string            `json:"expiry" jsonschema:"required,example=2h,example=2026-01-31T09:00:00Z"`
	Remarks         string            `json:"remarks,omitempty"`
	WithoutPassword *bool             `json:"without_password,omitempty"`
	ApplicationID   string            `json:"applicationIntId,omitempty" rare:"true"`
}

// accessRequestFind names a request by its id, or by whose rights it gives on what.
type accessRequestFind struct {
	Request jc.Ref[jc.AccessRequest] `json:"request,omitzero" in:"path"`
	User    jc.Ref[jc.User]          `json:"user,omitzero" in:"-"`
	Device  jc.Ref[jc.Device]        `json:"device,omitzero" in:"-"`
}

type accessRequestEdit struct {
	accessRequestFind
	Expiry          string  `json:"expiry,omitempty" jsonschema:"example=2h"`
	Remarks         *string `json:"remarks,omitempty"`
	WithoutPassword *bool   `json:"without_password,omitempty" rare:"true"`
}

// createdAccess is the tool whose line in the audit says who gave the rights.
const createdAccess = "access_requests_create"

var accessRequests = Set{"access_requests", "Temporary administrator rights of a user on a device."}.Of(
	Job(createdAccess, "Make a user administrator of a device for a limited time.",
		Uses{Own: []string{createAccess.String()}, Risk: auth.Change, Effect: jc.Once, Reads: []string{readAccess.String()}},
		planElevate, Core),
	accessRequestsGet(),
	Job("access_requests_update", "Change when temporary administrator rights end; name the request, or user and device.",
		findsAccess(updateAccess), planExtend, Core),
	// Sent again after a lost answer it does no harm: what has ended stays ended.
	Job("access_requests_revoke", "End temporary administrator rights now; name the request, or user and device.",
		findsAccess(revokeAccess), planRevoke, Core),
)

func findsAccess(own jc.Endpoint) Uses {
	return Uses{Own: []string{own.String()}, Risk: auth.Change, Effect: jc.Idempotent,
		Reads: []string{readAccess.String(), eventsQuery.String()}}
}

// accessRequestsGet shows names in place of ids, and the attributes in words.
func accessRequestsGet() *Tool {
	t := Get[accessRequest, jc.AccessRequest]("access_requests_get", readAccess.String(),
		"Show a request for temporary administrator rights: whose, on which device, until when.")
	t.kinds = append(t.kinds, jc.User{}.Kind(), jc.Device{}.Kind())
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		p.Finish = func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
			e, err := readElevation(ctx, r, done[0].Value.(jc.Row))
			if err != nil {
				return Answer{}, err
			}
			return r.object(ctx, t, e.shown()), nil
		}
		return nil
	})
}

// elevation is an access request that is understood.
type elevation struct {
	row          jc.Row
	id           string
	user, device jc.Object // by id alone where they are gone
	attributes   map[string]any
	decoded      bool
}

func readElevation(ctx context.Context, r *Reader, row jc.Row) (elevation, error) {
	e := elevation{row: row, id: row.Text("accessId")}
	e.attributes, e.decoded = jc.AccessRequest{}.Attributes(row)
	for _, end := range []struct {
		to   *jc.Object
		kind *jc.Kind
		id   string
	}{{&e.user, jc.User{}.Kind(), row.Text("requestorId")}, {&e.device, jc.Device{}.Kind(), row.Text("resourceId")}} {
		*end.to = jc.Object{Kind: end.kind, ID: end.id}
		if end.id == "" {
			continue
		}
		found, err := r.dir.ByID(ctx, end.kind, []string{end.id}, false)
		if err != nil {
			return e, err
		}
		if o, ok := found[end.id]; ok {
			*end.to = o
		}
	}
	return e, nil
}

func (e elevation) state() string { return e.row.Text("accessState") }

func (e elevation) granted() bool { return e.state() == jc.AccessGranted }

// passwordless reports whether sudo asks for no password; known is false when the request does not tell.
func (e elevation) passwordless() (without, known bool) {
	return jc.Row(e.attributes).Bool("sudo.withoutPassword")
}

// until is the expiry to the minute.
func (e elevation) until() string { return shortTime(e.row.Text("expiry")) }

// shown is the request as a reader wants it: names, the attributes decoded, no base64.
func (e elevation) shown() jc.Row {
	out := jc.Row{}
	maps.Copy(out, e.row)
	for _, internal := range []string{"requestorId", "onBehalfOfUserId", "resourceId", "resourceType", "additionalAttributes", "companyId", "jobId", "metadata", "id", "operationId"} {
		delete(out, internal)
	}
	out["user"], out["device"] = nameOrID(e.user), nameOrID(e.device)
	if e.decoded {
		out["additionalAttributes"] = e.attributes
	}
	if b, err := base64.StdEncoding.DecodeString(e.row.Text("metadata")); err == nil {
		var m map[string]any
		if json.Unmarshal(b, &m) == nil && len(m) > 0 {
			out["metadata"] = m
		}
	}
	return out
}

func nameOrID(o jc.Object) string {
	if o.Name != "" {
		return o.Name
	}
	return o.ID
}

// whom is "ada.king on LT-042".
func (e elevation) whom() string {
	return plainName(nameOrID(e.user)) + " on " + plainName(nameOrID(e.device))
}

func (e elevation) targets() []auth.Target {
	out := []auth.Target{{Type: jc.AccessRequest{}.Kind().Type, ID: e.id, Name: e.id}}
	for _, o := range []jc.Object{e.user, e.device} {
		if o.ID != "" {
			out = append(out, targetOf(o))
		}
	}
	return out
}

func sudo(without bool) map[string]any {
	return map[string]any{"sudo": map[string]any{"enabled": true, "withoutPassword": without}}
}

func passwordWords(without bool) string {
	if without {
		return "no password asked"
	}
	return "password asked"
}

// planElevate makes a request. Before it is made nothing can tell whether one is
// running for the same user and device: the API cannot list them.
func planElevate(_ context.Context, r *Reader, in *accessRequestNew) (*Plan, error) {
	user, device := in.User.Found(), in.Device.Found()
	until, err := steadyExpiry(r, in.Expiry)
	if err != nil {
		return nil, err
	}
	without := in.WithoutPassword != nil && *in.WithoutPassword
	body := map[string]any{
		"requestorId": user.ID, "resourceId": device.ID, "resourceType": "device", "operationId": jc.ElevateOperation,
		"expiry": until.Format(time.RFC3339), "additionalAttributes": sudo(without),
	}
	if in.Remarks != "" {
		body["remarks"] = in.Remarks
	}
	if in.ApplicationID != "" {
		body["applicationIntId"] = in.ApplicationID
	}
	s := Step{
		Request: jc.Request{Endpoint: createAccess, Effect: jc.Once, Body: body},
		Targets: []auth.Target{targetOf(user), targetOf(device)}, Makes: jc.AccessRequest{}.Kind(),
		Line: fmt.Sprintf("make %s administrator of %s until %s, %s", plainName(user.Name), plainName(device.Name),
			until.Format(minute), passwordWords(without)),
	}
	if device.Row != nil {
		s.State = device.Kind.State(device.Row)
	}
	s.Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
		id := madeID(resp)
		if id == "" {
			return Seen{Outcome: Unknown}, nil // it has no key to be found by
		}
		return seeElevation(ctx, r, id, body)
	}
	return &Plan{Steps: []Step{s}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		if done[0].Outcome != Done {
			return r.d.report(ctx, r, done)
		}
		text := fmt.Sprintf("%s. %s is administrator of %s until %s (%s), %s (%s). Request %s, change %s; end early: access_requests_revoke user=%s device=%s.",
			Done, plainName(user.Name), plainName(device.Name), until.Format(minute), span(time.Until(until)), passwordWords(without),
			r.orgName(ctx), done[0].Row.Text("accessId"), r.change(done[0].Step), argument(user.Name), argument(device.Name))
		if s.State != "" {
			text += " " + upper(s.State) + "."
		}
		return Answer{Text: []string{text}}, nil
	}}, nil
}

// madeID is the id that the answer to a creation tells; "" when it cannot be read.
func madeID(resp *jc.Response) string {
	var made jc.Row
	if resp == nil || resp.Decode(&made) != nil {
		return ""
	}
	return made.Text("id")
}

const minute = "2006-01-02 15:04Z"

// span is a length of time as people say it: "60 min", "26 h", "5 d".
func span(d time.Duration) string {
	switch {
	case d <= 2*time.Hour:
		return fmt.Sprintf("%d min", int((d+time.Minute-1)/time.Minute)) // an hour that was cut to the minute is 60
	case d <= 72*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour)/time.Hour))
	}
	return fmt.Sprintf("%d d", int(d.Round(24*time.Hour)/(24*time.Hour)))
}

// seeElevation reads a request back and holds it against what was sent.
func seeElevation(ctx context.Context, r *Reader, id string, sent map[string]any) (Seen, error) {
	out := Seen{Outcome: Accepted, Note: "request " + id}
	row, err := r.row(ctx, accessAt(id), jc.AccessRequest{}.Kind())
	if jc.IsCode(err, jc.CodeNotFound) {
		out.Note += ", which cannot be found yet"
		return out, nil
	}
	if err != nil {
		return out, err
	}
	switch state := row.Text("accessState"); {
	case state != jc.AccessGranted:
		out.Note += ", its state is " + plainName(state)
	case !readsAs(row, sent):
		out.Note += ", but it does not read as it was sent"
	default:
		out.Outcome, out.Row = Done, row
		if out.Row.Text("accessId") == "" {
			out.Row["accessId"] = id
		}
	}
	return out, nil
}

func accessAt(id string) jc.Request {
	return jc.Request{Endpoint: readAccess, Params: map[string]string{"request": id}}
}

// planExtend changes a running request. The PUT replaces, so what is not given is sent as it was.
func planExtend(ctx context.Context, r *Reader, in *accessRequestEdit) (*Plan, error) {
	if in.Expiry == "" && in.Remarks == nil && in.WithoutPassword == nil {
		return nil, invalid("", "nothing to change was given; it takes expiry, remarks, without_password")
	}
	e, err := findElevation(ctx, r, &in.accessRequestFind)
	if err != nil {
		return nil, err
	}
	if !e.granted() {
		return nil, &Refusal{jc.CodeConflict, fmt.Sprintf("the request %s for %s has ended (%s, expiry %s); make a new one with access_requests_create",
			e.id, e.whom(), plainName(e.state()), e.until())}
	}
	body, before, after := map[string]any{}, map[string]any{}, map[string]any{}
	var words []string
	for _, name := range []string{"expiry", "remarks"} {
		if v := e.row[name]; !isEmpty(v) {
			body[name] = v
		}
	}
	if e.decoded {
		body["additionalAttributes"] = e.attributes
	}
	if in.Expiry != "" {
		until, err := steadyExpiry(r, in.Expiry)
		if err != nil {
			return nil, err
		}
		body["expiry"] = until.Format(time.RFC3339)
		before["expiry"], after["expiry"] = e.until(), until.Format(minute)
		words = append(words, "expiry "+orDash(e.until())+" -> "+until.Format(minute))
	}
	if in.Remarks != nil {
		body["remarks"] = *in.Remarks
		before["remarks"], after["remarks"] = e.row["remarks"], *in.Remarks
		words = append(words, "remarks "+inline(e.row["remarks"])+" -> "+inline(*in.Remarks))
	}
	if in.WithoutPassword != nil {
		body["additionalAttributes"] = sudo(*in.WithoutPassword)
		after["sudo"] = passwordWords(*in.WithoutPassword)
		if without, known := e.passwordless(); known {
			before["sudo"] = passwordWords(without)
		}
		words = append(words, passwordWords(*in.WithoutPassword))
	}
	s := Step{
		Request: jc.Request{Endpoint: updateAccess, Effect: jc.Idempotent, Params: map[string]string{"request": e.id}, Body: body},
		Targets: e.targets(), Before: before, After: after,
		Line: fmt.Sprintf("rights of %s, request %s: %s", e.whom(), e.id, strings.Join(words, ", ")),
	}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		seen, err := seeElevation(ctx, r, e.id, body)
		seen.Note = strings.TrimPrefix(strings.TrimPrefix(seen.Note, "request "+e.id), ", ")
		return seen, err
	}
	if readsAs(e.row, body) {
		s.Skip = "already so"
	}
	return &Plan{Steps: []Step{s}}, nil
}

// readsAs reports whether a request is what was sent, as far as that can be told.
func readsAs(row jc.Row, sent map[string]any) bool {
	for name, want := range sent {
		have, there := row[name]
		switch name {
		case "additionalAttributes":
			attributes, _ := jc.AccessRequest{}.Attributes(row)
			asked, _ := sent[name].(map[string]any)
			now, known := jc.Row(attributes).Bool("sudo.withoutPassword")
			if then, given := jc.Row(asked).Bool("sudo.withoutPassword"); given && (!known || now != then) {
				return false
			}
		default:
			if !equal(have, want) && (there || !isEmpty(want)) {
				return false
			}
		}
	}
	return true
}

// planRevoke ends a running request.
func planRevoke(ctx context.Context, r *Reader, in *accessRequestFind) (*Plan, error) {
	e, err := findElevation(ctx, r, in)
	if err != nil {
		return nil, err
	}
	s := Step{
		Request: jc.Request{Endpoint: revokeAccess, Effect: jc.Idempotent, Params: map[string]string{"request": e.id}},
		Targets: e.targets(),
		Line:    fmt.Sprintf("administrator rights of %s", e.whom()),
		now:     map[string]any{"expiry": e.row["expiry"]},
	}
	if !e.granted() {
		s.Skip = fmt.Sprintf("already ended (%s)", plainName(e.state()))
	} else if until := e.until(); until != "" {
		s.State = fmt.Sprintf("request %s, granted until %s", e.id, until)
	}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		row, err := r.row(ctx, accessAt(e.id), jc.AccessRequest{}.Kind())
		if err != nil {
			return Seen{Outcome: Accepted}, err
		}
		state := row.Text("accessState")
		if state == jc.AccessGranted || state == "" {
			return Seen{Outcome: Accepted, Note: "it still reads as granted"}, nil
		}
		return Seen{Outcome: Done, Note: "state " + plainName(state) + "; the device follows when it next connects", Row: row}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}
