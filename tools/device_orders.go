package tools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// deviceOrder is an order to a device and the ways it can go. Which way follows
// from how the device is enrolled; "" where a way does not know the order.
type deviceOrder struct {
	verb                  string // "lock"; what a sentence of ours says
	does                  string // "locks"
	agent, apple, android string
	pin                   bool   // a Mac takes it with a PIN only
	onAndroid             string // what it means there
	whole                 bool   // on Android only for devices that are managed as a whole
}

var (
	lockOrder = deviceOrder{verb: "lock", does: "locks", pin: true,
		agent:   "POST /api/systems/{device}/command/builtin/lock",
		apple:   "POST /api/v2/applemdms/{mdm}/devices/{device}/lock",
		android: "POST /api/v2/google-emm/devices/{device}/lock"}
	restartOrder = deviceOrder{verb: "restart", does: "restarts",
		agent:   "POST /api/systems/{device}/command/builtin/restart",
		apple:   "POST /api/v2/applemdms/{mdm}/devices/{device}/restart",
		android: "POST /api/v2/google-emm/devices/{device}/reboot", whole: true}
	shutdownOrder = deviceOrder{verb: "shut down", does: "shuts down",
		agent: "POST /api/systems/{device}/command/builtin/shutdown",
		apple: "POST /api/v2/applemdms/{mdm}/devices/{device}/shutdown"}
	eraseOrder = deviceOrder{verb: "erase", does: "erases", pin: true,
		agent:     "POST /api/systems/{device}/command/builtin/erase",
		apple:     "POST /api/v2/applemdms/{mdm}/devices/{device}/erase",
		android:   "POST /api/v2/google-emm/devices/{device}/erase-device",
		onAndroid: "on Android it takes away the work profile and the policies; personal data stays"}
)

// ordered is what the answer to an order means, whichever way it went.
const ordered = "the order is queued; the device follows it when it next connects, and it does not expire"

type orderedDevice struct {
	Device jc.Ref[jc.Device] `json:"device" in:"-" jsonschema:"required"`
}

type orderedWithPIN struct {
	orderedDevice
	PIN string `json:"pin,omitempty" in:"-" jsonschema:"pattern=^[0-9]{6}$,description=For Macs."`
}

// deviceOrders are tools of the toolset devices.
func deviceOrders() []*Tool {
	return []*Tool{
		Job("devices_lock", "Lock a device until someone unlocks it.", lockOrder.uses(), lockOrder.withPIN, Core, NoReadBack(ordered)),
		Job("devices_restart", "Restart a device.", restartOrder.uses(), restartOrder.plain, Core, NoReadBack(ordered)),
		Job("devices_shutdown", "Shut a device down.", shutdownOrder.uses(), shutdownOrder.plain, NoReadBack(ordered)),
		Job("devices_erase", "Erase all data on a device. Cannot be undone.", eraseOrder.uses(), eraseOrder.withPIN, Core, NoReadBack(ordered)),
	}
}

func (o deviceOrder) uses() Uses {
	u := Uses{Risk: auth.Destroy, Effect: jc.Once, Reads: enrolmentReads, Kinds: []*jc.Kind{jc.User{}.Kind()}}
	for _, at := range []string{o.agent, o.apple, o.android} {
		if at != "" {
			u.Own = append(u.Own, at)
		}
	}
	return u
}

func (o deviceOrder) plain(ctx context.Context, r *Reader, in *orderedDevice) (*Plan, error) {
	return o.plan(ctx, r, in, "")
}

func (o deviceOrder) withPIN(ctx context.Context, r *Reader, in *orderedWithPIN) (*Plan, error) {
	return o.plan(ctx, r, &in.orderedDevice, in.PIN)
}

// plan is the order as a call of its own.
func (o deviceOrder) plan(ctx context.Context, r *Reader, in *orderedDevice, pin string) (*Plan, error) {
	s, e, err := o.step(ctx, r, in.Device.Found(), pin)
	if err != nil {
		return nil, err
	}
	return &Plan{Steps: []Step{s}, Finish: func(ctx context.Context, r *Reader, done []Result) (Answer, error) {
		if done[0].Outcome != Accepted || done[0].Err != nil {
			return r.d.report(ctx, r, done)
		}
		return Answer{Text: []string{o.accepted(ctx, r, e, &done[0])}}, nil
	}}, nil
}

// step finds the way to a device, and shows a person who decides what it is,
// whose, and when it was last seen. Other jobs give orders by it too; they
// declare what uses says.
func (o deviceOrder) step(ctx context.Context, r *Reader, device jc.Object, pin string) (Step, *enrolment, error) {
	e, err := enrolmentOf(ctx, r, device)
	if err != nil {
		return Step{}, nil, err
	}
	s := Step{Targets: []auth.Target{targetOf(e.device)}, State: e.device.Kind.State(e.device.Row)}
	if s.Request, err = o.request(e, pin); err != nil {
		return s, e, err
	}
	s.Line = fmt.Sprintf("%s %s%s, through %s", o.verb, describe(targetOf(e.device)), e.described(ctx, r), e.way)
	if e.way == wayAndroid && o.onAndroid != "" {
		s.Line += "; " + o.onAndroid
	}
	state := s.State
	s.Verify = func(_ context.Context, _ *Reader, resp *jc.Response) (Seen, error) {
		if resp == nil {
			return Seen{Outcome: Unknown}, nil
		}
		return Seen{Outcome: Accepted, Note: ordered + "; " + state}, nil
	}
	return s, e, nil
}

// accepted says what "accepted" means: the device has not done it yet.
func (o deviceOrder) accepted(ctx context.Context, r *Reader, e *enrolment, res *Result) string {
	what := upper(strings.ReplaceAll(o.verb, " ", "")) + " of "
	name := argument(e.device.Name)
	if e.serial != "" {
		name = argument(e.serial)
	}
	text := fmt.Sprintf("%s. %s%s (%s) queued through %s %s. The device was %s; it %s when it next connects, and the order does not expire.",
		Accepted, what, plainName(e.device.Name), strings.TrimPrefix(e.serial+", "+r.orgName(ctx), ", "), e.way,
		time.Now().UTC().Format("15:04Z"), res.Step.State, o.does)
	if e.way == wayAndroid && o.onAndroid != "" {
		text += " " + upper(o.onAndroid) + "."
	}
	if bodyOf(res.Step.Request)["pin"] != nil {
		text += " Whoever has it in hand needs the PIN."
	}
	return text + fmt.Sprintf(" Change %s, no undo. Check: devices_get device=%s include=events.", r.change(res.Step), name)
}

// request is the order by the way of the enrolment.
func (o deviceOrder) request(e *enrolment, pin string) (jc.Request, error) {
	req := jc.Request{Effect: jc.Once}
	name := plainName(e.device.Name)
	at := map[way]string{wayAgent: o.agent, wayApple: o.apple, wayAndroid: o.android}[e.way]
	if o.whole && e.partly() {
		at = ""
	}
	if at == "" {
		return req, invalid("device", fmt.Sprintf("nothing can %s %s: %s", o.verb, name, e.why(o)))
	}
	req.Endpoint = jc.At(at)
	switch e.way {
	case wayApple:
		req.Params = map[string]string{"mdm": e.mdm, "device": e.id}
		body := map[string]any{}
		if o.pin && e.family == "darwin" && pin == "" {
			return req, invalid("pin", fmt.Sprintf("%s is a Mac, which takes a PIN of six digits with this order; ask the person who will %s for one", name,
				map[string]string{"lock": "unlock it", "erase": "set it up again"}[o.verb]))
		}
		if o.pin && pin != "" {
			body["pin"] = pin
		}
		req.Body = body
		return req, nil
	case wayAndroid:
		req.Body = map[string]any{}
	}
	if pin != "" {
		return req, invalid("pin", name+" is no Apple device: it takes the order without a PIN")
	}
	req.Params = map[string]string{"device": e.id}
	return req, nil
}

// devicesOrders are the orders to devices; each finds its own way to a device.
var devicesOrders = Set{"devices", "Computers and phones under management."}.Of(deviceOrders()...)
