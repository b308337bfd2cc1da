package tools

import (
	"context"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// appleDeviceMore are the operations on a device in Apple MDM of which only the
// path is published. The device is named as everywhere, its MDM is found.
var appleDeviceMore = Set{Name: "apple_mdm"}.Of(
	Job("apple_mdm_clear_passcode", "Clear the passcode of an iPhone or iPad. Whoever holds it can open it.",
		appleUses("POST "+appleDeviceAt+"/clearPasscode", jc.Once), appleOrder("clearPasscode", "clear the passcode of"), Untyped(), NoReadBack(ordered)),
	Job("apple_mdm_clear_restrictions_password", "Clear the restrictions (Screen Time) password of an Apple device.",
		appleUses("POST "+appleDeviceAt+"/clearRestrictionsPassword", jc.Once), appleOrder("clearRestrictionsPassword", "clear the restrictions password of"), Untyped(), NoReadBack(ordered)),
	Job("apple_mdm_lost_mode", "Put an iPhone or iPad into lost mode, where only a message shows, or end it.",
		appleUses("POST "+appleDeviceAt+"/lostmode", jc.Once), appleOrder("lostmode", "change lost mode of"), Untyped(), NoReadBack(ordered)),
	Job("apple_mdm_lock_generated_pin", "Lock a Mac with a PIN that JumpCloud makes and keeps.",
		appleUses("POST "+appleDeviceAt+"/lockwithgeneratedpin", jc.Once), appleOrder("lockwithgeneratedpin", "lock, with a PIN that is made for it,"), Untyped(), NoReadBack(ordered)),
	Job("apple_mdm_lock_pin_get", "Read the PIN that unlocks a locked Mac.",
		appleReads(auth.Reveal, "/lockpin"), appleSecret("lockpin", "read the lock PIN of"), Untyped()),
	Job("apple_mdm_recovery_lock_password_get", "Read the recovery lock password of a Mac.",
		appleReads(auth.Reveal, "/getrecoverylockpassword"), appleSecret("getrecoverylockpassword", "read the recovery lock password of"), Untyped()),
	Job("apple_mdm_recovery_lock_get", "Show the recovery lock configuration of a Mac.",
		appleReads(auth.Read, "/getrecoverylockconfig"), appleRead("getrecoverylockconfig"), Untyped()),
	Job("apple_mdm_lock_state_get", "Show whether an Apple device is locked.",
		appleReads(auth.Read, "/lockstate"), appleRead("lockstate"), Untyped()),
	appleBackgroundTasks(),
)

// appleReads is what reading something of a device is made of.
func appleReads(risk auth.Risk, path string) Uses {
	return Uses{Risk: risk, Effect: jc.Safe, Own: []string{"GET " + appleDeviceAt + path}, Reads: enrolmentReads, Kinds: []*jc.Kind{jc.User{}.Kind()}}
}

// appleOrder is an order with what the caller gave as its body.
func appleOrder(path, line string) func(context.Context, *Reader, *appleTarget) (*Plan, error) {
	return func(ctx context.Context, r *Reader, in *appleTarget) (*Plan, error) {
		var body any
		given := r.trip.args.body
		if len(given) > 0 {
			body = given
		}
		s, err := appleStep(ctx, r, in, "POST "+appleDeviceAt+"/"+path, line, body)
		if len(given) > 0 {
			s.After = hideSecrets(given)
			s.Line += ": " + changesOf(nil, s.After)
		}
		return &Plan{Steps: []Step{s}}, err
	}
}

// appleSecret reads something of a device that is withheld.
func appleSecret(path, line string) func(context.Context, *Reader, *appleTarget) (*Plan, error) {
	return func(ctx context.Context, r *Reader, in *appleTarget) (*Plan, error) {
		s, err := appleStep(ctx, r, in, "GET "+appleDeviceAt+"/"+path, line, nil)
		if err != nil {
			return nil, err
		}
		return withheld(r.trip.tool, s), nil
	}
}

func appleRead(path string) func(context.Context, *Reader, *appleTarget) (*Plan, error) {
	at := jc.At("GET " + appleDeviceAt + "/" + path)
	return func(_ context.Context, r *Reader, in *appleTarget) (*Plan, error) {
		return readPlan(at, in, func(ctx context.Context, r *Reader) (any, error) {
			e, err := enrolledApple(ctx, r, in)
			if err != nil {
				return nil, err
			}
			return r.anything(ctx, jc.Request{Endpoint: at, Params: e.appleParams()})
		}, func(ctx context.Context, r *Reader, got any) Answer { return r.object(ctx, r.trip.tool, got.(jc.Row)) }), nil
	}
}

// appleBackgroundTasks lists by the id that Apple MDM has for the device.
func appleBackgroundTasks() *Tool {
	t := List[device, Raw]("apple_mdm_background_tasks_list", "GET /api/v2/applemdms/{device}/background_tasks",
		"List the background tasks that Apple MDM has for a device.", Untyped(), Reads(enrolmentReads...))
	inner := t.plan
	t.plan = func(ctx context.Context, r *Reader, in any) (*Plan, error) {
		asked := in.(*device)
		e, err := enrolledApple(ctx, r, &appleTarget{Device: asked.Device})
		if err != nil {
			return nil, err
		}
		sent := *asked
		sent.Device.Set(jc.Object{Kind: e.device.Kind, ID: e.id, Name: e.device.Name, Row: e.device.Row})
		p, err := inner(ctx, r, &sent)
		if err == nil {
			p.Steps[0].Targets = targetsOf(asked)
		}
		return p, err
	}
	return t
}
