package tools

import (
	"context"
	"strings"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type packageAt struct {
	URL string `json:"url" jsonschema:"required,format=uri"`
}

var softwareAppsInstall = Set{Name: "software_apps"}.Of(
	ReadPost[packageAt, jc.PackageCheck]("software_apps_package_validate", "POST /api/v2/softwareapps/validate",
		"Check the installer package at a URL: its hash, version and bundle identifier."),
	List[softwareApp, jc.SoftwareStatus]("software_apps_statuses_list", "GET /api/v2/softwareapps/{software_app}/statuses",
		"List how the installation of a software app fares, device by device.", Takes("limit", "skip", "sort", "filter"),
		Columns("systemId", "state", "version", "timestamp", "details"), IDs("systemId", jc.Device{}.Kind())),
	telling(Act[softwareApp, None]("software_apps_licenses_reclaim", "POST /api/v2/softwareapps/{software_app}/reclaim-licenses",
		"Reclaim the Apple VPP licences of a software app from devices that were deleted.",
		Idempotent, NoReadBack("JumpCloud took it")),
		"reclaimedLicenses", "availableLicenses", "assignedLicenses", "totalLicenses"),
	Act[softwareApp, None]("software_apps_installation_retry", "POST /api/v2/softwareapps/{software_app}/retry-installation",
		"Retry the installation of an Apple VPP app on the devices where it failed.",
		Destroy, NoReadBack("what becomes of it is in software_apps_statuses_list")),
	Secret[softwareApp]("software_apps_package_version_create", "POST /api/v2/softwareapps/{software_app}/stored-package-versions",
		"Prepare the upload of a new version of a software app's own installer package.", Untyped()),
)

// telling adds fields of the answer to an act, where they say what came of it.
func telling(t *Tool, fields ...string) *Tool {
	return amended(t, func(_ context.Context, _ *Reader, _ any, p *Plan) error {
		verify := p.Steps[0].Verify
		p.Steps[0].Verify = func(ctx context.Context, r *Reader, resp *jc.Response) (Seen, error) {
			seen, err := verify(ctx, r, resp)
			var row jc.Row
			if resp == nil || resp.Decode(&row) != nil {
				return seen, err
			}
			for _, f := range fields {
				if v := row[f]; v != nil {
					seen.Note = strings.TrimPrefix(seen.Note+"; "+f+" "+inline(v), "; ")
				}
			}
			return seen, err
		}
		return nil
	})
}
