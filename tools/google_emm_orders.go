package tools

import (
	"context"
	"fmt"
	"maps"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

const googleDeviceAt = "/api/v2/google-emm/devices/{device}"

type googlePasscode struct {
	device
	Password string   `json:"newPassword" in:"-" jsonschema:"required,minLength=4"`
	Flags    []string `json:"flags,omitzero" in:"-" rare:"true" jsonschema:"example=LOCK_NOW"`
}

// googleOrders go to Android devices, which are named as everywhere.
var googleOrders = Set{Name: "google_emm"}.Of(
	Job("google_emm_lost_mode_start", "Put an Android device into lost mode: it locks and shows a message.",
		googleUses("/lostmode/start"), googleOrder("lostmode/start", "start lost mode on"), Untyped(), NoReadBack(ordered)),
	Job("google_emm_lost_mode_stop", "End the lost mode of an Android device.",
		googleUses("/lostmode/stop"), googleOrder("lostmode/stop", "stop lost mode on"), Untyped(), NoReadBack(ordered)),
	Job("google_emm_reset_password", "Set a new passcode on an Android device. The old one ends.",
		googleUses("/resetpassword"), planGooglePasscode, NoReadBack(ordered)),
	Job("google_emm_device_policy_get", "Show the policy that Google applies to an Android device.",
		Uses{Risk: auth.Read, Effect: jc.Safe, Own: []string{"GET " + googleDeviceAt + "/policy_results"}, Reads: enrolmentReads}, planGooglePolicy),
)

func googleUses(path string) Uses {
	return Uses{Risk: auth.Destroy, Effect: jc.Once, Own: []string{"POST " + googleDeviceAt + path}, Reads: enrolmentReads, Kinds: []*jc.Kind{jc.User{}.Kind()}}
}

// enrolledGoogle is the device in Google EMM, or why it is not there.
func enrolledGoogle(ctx context.Context, r *Reader, in *device) (*enrolment, error) {
	e, err := enrolmentOf(ctx, r, in.Device.Found())
	if err != nil {
		return nil, err
	}
	if e.way != wayAndroid {
		return nil, notFound("device", fmt.Sprintf("%s is not enrolled in Google EMM (it runs %s)", plainName(e.device.Name), inline(e.device.Row["os"])))
	}
	return e, nil
}

// googleStep is an order that has no other way than Google EMM.
func googleStep(ctx context.Context, r *Reader, in *device, path, line string, body map[string]any) (*Plan, error) {
	e, err := enrolledGoogle(ctx, r, in)
	if err != nil {
		return nil, err
	}
	s := Step{
		Request: jc.Request{Endpoint: jc.At("POST " + googleDeviceAt + "/" + path), Effect: jc.Once, Params: map[string]string{"device": e.id}, Body: body},
		Targets: []auth.Target{targetOf(e.device)}, State: e.device.Kind.State(e.device.Row), After: hideSecrets(body),
		Line: line + " " + plainName(e.device.Name) + e.described(ctx, r),
	}
	if len(body) > 0 {
		s.Line += ": " + changesOf(nil, s.After)
	}
	s.Verify = func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		return Seen{Outcome: Accepted, Note: ordered + "; " + s.State}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}

func googleOrder(path, line string) func(context.Context, *Reader, *device) (*Plan, error) {
	return func(ctx context.Context, r *Reader, in *device) (*Plan, error) {
		body := map[string]any{}
		maps.Copy(body, r.trip.args.body)
		return googleStep(ctx, r, in, path, line, body)
	}
}

func planGooglePasscode(ctx context.Context, r *Reader, in *googlePasscode) (*Plan, error) {
	body := map[string]any{"newPassword": in.Password}
	if len(in.Flags) > 0 {
		body["flags"] = in.Flags
	}
	return googleStep(ctx, r, &in.device, "resetpassword", "set a new passcode on", body)
}

func planGooglePolicy(_ context.Context, _ *Reader, in *device) (*Plan, error) {
	at := jc.At("GET " + googleDeviceAt + "/policy_results")
	return readPlan(at, in, func(ctx context.Context, r *Reader) (any, error) {
		e, err := enrolledGoogle(ctx, r, in)
		if err != nil {
			return nil, err
		}
		row, err := r.row(ctx, jc.Request{Endpoint: at, Params: map[string]string{"device": e.id}}, nil)
		if err != nil {
			return nil, err
		}
		return row, checks[jc.GooglePolicy](row)
	}, func(ctx context.Context, r *Reader, got any) Answer { return r.object(ctx, r.trip.tool, got.(jc.Row)) }), nil
}
