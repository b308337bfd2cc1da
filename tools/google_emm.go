package tools

import (
	"context"
	"fmt"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type googleEnterprise struct {
	Enterprise jc.Ref[jc.GoogleEnterprise] `json:"enterprise" in:"path" jsonschema:"required"`
}

var googleEMMs = Set{"google_emm", "Android device management."}.Of(
	List[None, jc.GoogleEnterprise]("google_emm_enterprises_list", "GET /api/v2/google-emm/enterprises",
		"List the Google enterprises that manage Android devices.", Columns("displayName", "name", "allowDeviceEnrollment", "createdAt"), here),
	List[googleEnterprise, jc.GoogleDevice]("google_emm_devices_list", "GET /api/v2/google-emm/enterprises/{enterprise}/devices",
		"List the Android devices of a Google enterprise, by Google's names.", Columns("deviceId", "name"), here),
	Job("google_emm_devices_get", "Show an Android device as Google EMM knows it.",
		Uses{Risk: auth.Read, Effect: jc.Safe, Own: []string{readGoogle.String()}, Reads: enrolmentReads}, planGoogleDevice),
)

func planGoogleDevice(_ context.Context, r *Reader, in *device) (*Plan, error) {
	shown := &Tool{Toolset: "google_emm", kind: jc.GoogleDevice{}.Kind()}
	return readPlan(readGoogle, in, func(ctx context.Context, r *Reader) (any, error) {
		e, err := enrolmentOf(ctx, r, in.Device.Found())
		if err != nil {
			return nil, err
		}
		if e.way != wayAndroid {
			return nil, notFound("device", fmt.Sprintf("%s is not enrolled in Google EMM (it runs %s)", plainName(e.device.Name), inline(e.device.Row["os"])))
		}
		return e.row, checks[jc.GoogleDevice](e.row)
	}, func(ctx context.Context, r *Reader, got any) Answer { return r.object(ctx, shown, got.(jc.Row)) }), nil
}
