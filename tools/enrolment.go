package tools

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

// way is how an order reaches a device.
type way string

const (
	wayNone    way = ""
	wayAgent   way = "the JumpCloud agent"
	wayApple   way = "Apple MDM"
	wayAndroid way = "Google EMM"
)

var (
	listAppleMDMs    = jc.At("GET /api/v2/applemdms")
	listAppleDevices = jc.At("GET /api/v2/applemdms/{mdm}/devices")
	listEnterprises  = jc.At("GET /api/v2/google-emm/enterprises")
	listGoogle       = jc.At("GET /api/v2/google-emm/enterprises/{enterprise}/devices")
	readGoogle       = jc.At("GET /api/v2/google-emm/devices/{device}")
	readDevice       = jc.At("GET /api/systems/{device}")
)

var enrolmentReads = []string{listAppleMDMs.String(), listAppleDevices.String(), listEnterprises.String(), listGoogle.String(), readGoogle.String(), readDevice.String()}

// androidLooked is how many Android devices are looked at to find one by its serial.
const androidLooked = 500

// enrolment is a device with how it is managed.
type enrolment struct {
	device jc.Object
	family string // see familyOf
	serial string
	vendor string // of its MDM: internal is JumpCloud's
	way    way
	mdm    string // the Apple MDM
	id     string // of the device by this way
	row    jc.Row // as the MDM knows it; nil for the agent
}

// enrolmentOf tells from the device as it is now how orders reach it.
func enrolmentOf(ctx context.Context, r *Reader, device jc.Object) (*enrolment, error) {
	if device.Row.Text("osFamily") == "" && device.Row.Text("os") == "" {
		row, err := r.row(ctx, jc.Request{Endpoint: readDevice, Params: map[string]string{"device": device.ID}}, device.Kind)
		if err != nil {
			return nil, err
		}
		device.Row, device.Name = row, device.Kind.NameOf(row)
	}
	e := &enrolment{device: device, serial: device.Row.Text("serialNumber"), vendor: device.Row.Text("mdm.vendor")}
	switch e.family = familyOf(device.Row); e.family {
	case "darwin", "ios":
		return e, e.findApple(ctx, r)
	case "android":
		return e, e.findAndroid(ctx, r)
	case "windows", "linux", "": // where nothing is told JumpCloud says whether the agent can
		e.way, e.id = wayAgent, device.ID
	}
	return e, nil
}

// familyOf is windows, linux, darwin, ios or android; another word where it is
// none of these, "" where the device does not tell. Not all rows have osFamily.
func familyOf(row jc.Row) string {
	family, os := strings.ToLower(row.Text("osFamily")), strings.ToLower(row.Text("os"))
	if family == "" {
		family = os
	}
	switch {
	case strings.Contains(family, "darwin"), strings.HasPrefix(family, "mac"):
		return "darwin"
	case family == "ios", family == "ipados", family == "tvos":
		return "ios"
	case strings.HasPrefix(family, "windows"):
		return "windows"
	case family == os && slices.ContainsFunc(linuxes, func(name string) bool { return strings.Contains(os, name) }):
		return "linux"
	}
	return family
}

// linuxes are words by which Linux systems call themselves.
var linuxes = []string{"linux", "ubuntu", "debian", "fedora", "centos", "red hat", "rhel", "rocky", "alma", "suse", "mint", "pop!_os", "raspbian"}

// findApple looks for the serial number in Apple MDM: ids differ there.
func (e *enrolment) findApple(ctx context.Context, r *Reader) error {
	if e.serial == "" || strings.ContainsAny(e.serial, ",|:") {
		return nil
	}
	mdms, _, err := r.walk(ctx, jc.Request{Endpoint: listAppleMDMs}, jc.Query{}, 0)
	if err != nil {
		return err
	}
	for _, mdm := range mdms.Rows {
		id := mdm.Text("id")
		rows, err := r.d.o.Client.Page(ctx, jc.Request{Endpoint: listAppleDevices, Params: map[string]string{"mdm": id}},
			jc.Query{Filters: []string{"serialNumber:eq:" + e.serial}})
		if err != nil {
			return err
		}
		for _, row := range rows.Rows {
			if on, known := row.Bool("enrolled"); row.Text("serialNumber") == e.serial && row.Text("id") != "" && (on || !known) {
				e.way, e.mdm, e.id, e.row = wayApple, id, row.Text("id"), row
				return nil
			}
		}
	}
	return nil
}

// findAndroid reads Google's record of the device. Public clients take its id from
// mdm.internal.deviceId (seen, not published); where that is not told it is looked
// for by the device's own id and by serial number.
func (e *enrolment) findAndroid(ctx context.Context, r *Reader) error {
	for _, id := range []string{e.device.Row.Text("mdm.internal.deviceId"), e.device.ID} {
		if id == "" {
			continue
		}
		row, err := r.row(ctx, jc.Request{Endpoint: readGoogle, Params: map[string]string{"device": id}}, jc.GoogleDevice{}.Kind())
		if jc.IsCode(err, jc.CodeNotFound) || jc.IsCode(err, jc.CodeInvalidArgument) {
			continue
		}
		if err != nil {
			return err
		}
		if other := row.Text("deviceInformation.hardwareInfo.serialNumber"); other != "" && e.serial != "" && other != e.serial {
			continue
		}
		e.way, e.id, e.row = wayAndroid, id, row
		return nil
	}
	return e.androidBySerial(ctx, r)
}

func (e *enrolment) androidBySerial(ctx context.Context, r *Reader) error {
	if e.serial == "" {
		return nil
	}
	enterprises, _, err := r.walk(ctx, jc.Request{Endpoint: listEnterprises}, jc.Query{}, 0)
	if jc.IsCode(err, jc.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	kind := jc.GoogleDevice{}.Kind()
	for _, ent := range enterprises.Rows {
		list, _, err := r.walk(ctx, jc.Request{Endpoint: listGoogle, Params: map[string]string{"enterprise": ent.Text("objectId")}}, jc.Query{}, androidLooked)
		if err != nil {
			return err
		}
		rows := make([]jc.Row, len(list.Rows))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(8)
		for i, one := range list.Rows {
			g.Go(func() (err error) {
				rows[i], err = r.row(gctx, jc.Request{Endpoint: readGoogle, Params: map[string]string{"device": one.Text("deviceId")}}, kind)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, row := range rows {
			if row.Text("deviceInformation.hardwareInfo.serialNumber") == e.serial {
				e.way, e.id, e.row = wayAndroid, row.Text("deviceId"), row
				return nil
			}
		}
	}
	return nil
}

// partly reports whether only a work profile on an Android device is managed.
func (e *enrolment) partly() bool {
	return e.way == wayAndroid && e.row.Text("deviceInformation.emmEnrollmentInfo.managementMode") == "PROFILE_OWNER"
}

// why says why no way takes the order.
func (e *enrolment) why(o deviceOrder) string {
	system := firstText(e.device.Row.Text("os"), e.family)
	switch {
	case o.whole && e.partly():
		return "Google EMM takes it for devices that are managed as a whole, and this one has a work profile only"
	case e.way == wayAndroid:
		return "Google EMM has no such order for Android"
	case e.family == "android":
		return "Android devices take it through Google EMM, where this one is not enrolled"
	case e.family == "darwin" || e.family == "ios":
		why := "Apple devices take it through Apple MDM, where this one is not enrolled"
		if e.vendor == "external" {
			why += "; it is in the MDM of another vendor"
		}
		return why
	}
	return fmt.Sprintf("the agent takes it on Windows and Linux, and this device runs %s", inline(system))
}

// described is what a person knows the device by: " (serial C02XYZ, Windows 11, user bob.stone, encrypted)".
func (e *enrolment) described(ctx context.Context, r *Reader) string {
	row := e.device.Row
	var words []string
	if e.serial != "" {
		words = append(words, "serial "+plainName(e.serial))
	}
	if s := strings.TrimSpace(row.Text("hwVendor") + " " + firstText(row.Text("hwModel"), e.row.Text("deviceInformation.modelName"), e.row.Text("deviceInformation.hardwareInfo.model"))); s != "" {
		words = append(words, plainName(s))
	}
	if s := strings.TrimSpace(row.Text("os") + " " + row.Text("version")); s != "" {
		words = append(words, plainName(s))
	}
	words = append(words, e.owner(ctx, r))
	if on, known := row.Bool("fde.active"); known {
		words = append(words, map[bool]string{true: "encrypted", false: "not encrypted"}[on])
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// owner is "user bob.stone"; that it could not be read is not that there is none.
func (e *enrolment) owner(ctx context.Context, r *Reader) string {
	v, read := e.device.Kind.Fact("user").Of(e.device.Row)
	id, _ := v.(string)
	switch {
	case !read:
		return "user not read"
	case id == "":
		return "no user"
	}
	found, err := r.dir.ByID(ctx, jc.User{}.Kind(), []string{id}, false)
	if err != nil || found[id].Name == "" {
		return "user " + id
	}
	return "user " + plainName(found[id].Name)
}
