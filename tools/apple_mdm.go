package tools

import (
	"context"
	"fmt"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type appleMDM struct {
	MDM jc.Ref[jc.AppleMDM] `json:"mdm" in:"path" jsonschema:"required"`
}

// appleTarget names a device as all tools do; its MDM is found where it is not given.
type appleTarget struct {
	MDM    jc.Ref[jc.AppleMDM] `json:"mdm,omitzero" in:"path" rare:"true"`
	Device jc.Ref[jc.Device]   `json:"device" in:"path" jsonschema:"required"`
}

type osUpdate struct {
	appleTarget
	ProductKey    string `json:"product_key" jsonschema:"required,minLength=1"`
	InstallAction string `json:"install_action" jsonschema:"required,enum=DOWNLOAD_ONLY,enum=INSTALL_LATER,enum=INSTALL_ASAP,enum=INSTALL_FORCE_RESTART"`
	MaxDeferrals  *int   `json:"max_user_deferrals,omitempty" rare:"true" jsonschema:"minimum=0"`
}

const appleDeviceAt = "/api/v2/applemdms/{mdm}/devices/{device}"

// appleMDMs name devices as all tools do, by hostname or serial: the ids that
// Apple MDM has of its own are found by the serial number.
var appleMDMs = Set{"apple_mdm", "Apple device management: enrolment, devices, certificates, orders."}.Of(
	List[None, jc.AppleMDM]("apple_mdm_list", "GET /api/v2/applemdms",
		"List the Apple MDM configurations, with when their certificates expire.",
		Columns("name", "apnsCertExpiry", "depServerTokenState", "depAccessTokenExpiry"), here),
	List[appleMDM, jc.AppleDevice]("apple_mdm_devices_list", "GET /api/v2/applemdms/{mdm}/devices",
		"List the devices enrolled in Apple MDM.", Columns("serialNumber", "name", "model", "osVersion", "enrolled", "supervised"), here),
	Job("apple_mdm_devices_get", "Show a device as Apple MDM knows it.",
		Uses{Risk: auth.Read, Effect: jc.Safe, Own: []string{"GET " + appleDeviceAt}, Reads: enrolmentReads}, planAppleDevice),
	Job("apple_mdm_devices_unenrol", "Take a device out of Apple MDM; orders and profiles no longer reach it.",
		appleUses("DELETE "+appleDeviceAt, jc.Idempotent), appleUnenrol),
	Job("apple_mdm_clear_activation_lock", "Clear the activation lock of an Apple device.",
		appleUses("POST "+appleDeviceAt+"/clearActivationLock", jc.Once), appleVerb("clearActivationLock", "clear the activation lock of"), NoReadBack(ordered)),
	Job("apple_mdm_refresh_activation_lock", "Have Apple MDM read anew whether a device has an activation lock.",
		appleUses("POST "+appleDeviceAt+"/refreshActivationLockInformation", jc.Once), appleVerb("refreshActivationLockInformation", "refresh the activation lock state of"), NoReadBack(ordered)),
	Job("apple_mdm_refresh_os_updates", "Have Apple MDM read anew which system updates a device has.",
		appleUses("POST "+appleDeviceAt+"/osUpdateStatus", jc.Once), appleVerb("osUpdateStatus", "refresh the update status of"), NoReadBack(ordered)),
	Job("apple_mdm_schedule_os_update", "Schedule a system update on an Apple device.",
		appleUses("POST "+appleDeviceAt+"/scheduleOSUpdate", jc.Once), planOSUpdate, NoReadBack(ordered)),
)

func appleUses(own string, effect jc.Effect) Uses {
	return Uses{Risk: auth.Destroy, Effect: effect, Own: []string{own}, Reads: append([]string{"GET " + appleDeviceAt}, enrolmentReads...), Kinds: []*jc.Kind{jc.User{}.Kind()}}
}

// enrolledApple is the device in Apple MDM, or why it is not there.
func enrolledApple(ctx context.Context, r *Reader, in *appleTarget) (*enrolment, error) {
	e, err := enrolmentOf(ctx, r, in.Device.Found())
	if err != nil {
		return nil, err
	}
	if mdm := in.MDM.Found().ID; e.way != wayApple || mdm != "" && mdm != e.mdm {
		return nil, notFound("device", fmt.Sprintf("%s is not enrolled in Apple MDM (it runs %s)", plainName(e.device.Name), inline(e.device.Row["os"])))
	}
	return e, nil
}

func (e *enrolment) appleParams() map[string]string {
	return map[string]string{"mdm": e.mdm, "device": e.id}
}

func planAppleDevice(_ context.Context, r *Reader, in *appleTarget) (*Plan, error) {
	at := jc.At("GET " + appleDeviceAt)
	shown := &Tool{Toolset: "apple_mdm", kind: jc.AppleDevice{}.Kind()}
	return readPlan(at, in, func(ctx context.Context, r *Reader) (any, error) {
		e, err := enrolledApple(ctx, r, in)
		if err != nil {
			return nil, err
		}
		row, err := r.row(ctx, jc.Request{Endpoint: at, Params: e.appleParams()}, shown.kind)
		if err != nil {
			return nil, err
		}
		return row, checks[jc.AppleDevice](row)
	}, func(ctx context.Context, r *Reader, got any) Answer { return r.object(ctx, shown, got.(jc.Row)) }), nil
}

// appleStep is an order that has no other way than Apple MDM.
func appleStep(ctx context.Context, r *Reader, in *appleTarget, at, line string, body any) (Step, error) {
	e, err := enrolledApple(ctx, r, in)
	if err != nil {
		return Step{}, err
	}
	s := Step{
		Request: jc.Request{Endpoint: jc.At(at), Effect: r.trip.tool.Effect, Params: e.appleParams(), Body: body},
		Targets: []auth.Target{targetOf(e.device)}, State: e.device.Kind.State(e.device.Row),
		Line: line + " " + plainName(e.device.Name) + e.described(ctx, r),
	}
	s.Verify = func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		return Seen{Outcome: Accepted, Note: ordered + "; " + s.State}, nil
	}
	return s, nil
}

func appleVerb(path, line string) func(context.Context, *Reader, *appleTarget) (*Plan, error) {
	return func(ctx context.Context, r *Reader, in *appleTarget) (*Plan, error) {
		s, err := appleStep(ctx, r, in, "POST "+appleDeviceAt+"/"+path, line, nil)
		return &Plan{Steps: []Step{s}}, err
	}
}

func planOSUpdate(ctx context.Context, r *Reader, in *osUpdate) (*Plan, error) {
	body := map[string]any{"product_key": in.ProductKey, "install_action": in.InstallAction}
	if in.MaxDeferrals != nil {
		body["max_user_deferrals"] = *in.MaxDeferrals
	}
	s, err := appleStep(ctx, r, &in.appleTarget, "POST "+appleDeviceAt+"/scheduleOSUpdate",
		"update to "+inline(in.ProductKey)+" ("+in.InstallAction+") on", body)
	return &Plan{Steps: []Step{s}}, err
}

// appleUnenrol is read back: the device is then not found in the MDM.
func appleUnenrol(ctx context.Context, r *Reader, in *appleTarget) (*Plan, error) {
	s, err := appleStep(ctx, r, in, "DELETE "+appleDeviceAt, "take out of Apple MDM:", nil)
	if err != nil {
		return nil, err
	}
	read := jc.Request{Endpoint: jc.At("GET " + appleDeviceAt), Params: s.Request.Params}
	s.Verify = func(ctx context.Context, r *Reader, _ *jc.Response) (Seen, error) {
		row, err := r.row(ctx, read, nil)
		on, known := row.Bool("enrolled")
		switch {
		case jc.IsCode(err, jc.CodeNotFound), err == nil && known && !on:
			return Seen{Outcome: Done}, nil
		case err != nil:
			return Seen{Outcome: Accepted}, err
		}
		return Seen{Outcome: Accepted, Note: "it still reads as enrolled"}, nil
	}
	return &Plan{Steps: []Step{s}}, nil
}
