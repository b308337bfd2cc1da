package tools

import (
	"context"

	"github.com/jc-mcp/jc-mcp/auth"
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type deviceGroup struct {
	Group jc.Ref[jc.DeviceGroup] `json:"group" in:"path" jsonschema:"required"`
}

type deviceGroupNew struct {
	Name        string         `json:"name" jsonschema:"required,minLength=1"`
	Description string         `json:"description,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty" rare:"true"`
	groupExtras
}

type deviceGroupEdit struct {
	deviceGroup
	Name        string         `json:"name,omitempty" jsonschema:"minLength=1"`
	Description *string        `json:"description,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty" rare:"true"`
	groupExtras
}

type deviceGroupMembers struct {
	deviceGroup
	Add    []jc.Ref[jc.Device] `json:"add,omitempty" in:"-"`
	Remove []jc.Ref[jc.Device] `json:"remove,omitempty" in:"-"`
}

const (
	deviceGroupEdges     = "POST /api/v2/systemgroups/{group}/members"
	deviceGroupMembersAt = "GET /api/v2/systemgroups/{group}/members"
	deviceParents        = "GET /api/v2/systems/{device}/memberof"
)

var deviceGroups = Set{"device_groups", "Groups of devices."}.Of(
	List[None, jc.DeviceGroup]("device_groups_list", "GET /api/v2/systemgroups",
		"Find device groups.", Core, Columns("name", "description", "flags")),
	Get[deviceGroup, jc.DeviceGroup]("device_groups_get", "GET /api/v2/systemgroups/{group}",
		"Show one device group."),
	Create[deviceGroupNew, jc.DeviceGroup]("device_groups_create", "POST /api/v2/systemgroups",
		"Create a device group."),
	Change[deviceGroupEdit, jc.DeviceGroup]("device_groups_update", "PUT /api/v2/systemgroups/{group}",
		"Rename or describe a device group.", Merge),
	Delete[deviceGroup]("device_groups_delete", "DELETE /api/v2/systemgroups/{group}",
		"Delete a device group. What it applied to its devices ends."),
	List[deviceGroup, jc.Connection]("device_groups_members_list", deviceGroupMembersAt,
		"List the devices in a device group.", Rows(shownConnection), Columns("name"), Names("name", "type", jc.Device{}.Kind())),
	Job("device_groups_members_change", "Add devices to a device group or remove them.",
		Uses{Own: []string{deviceGroupEdges}, Reads: []string{deviceParents, deviceGroupMembersAt}, Risk: auth.Change, Effect: jc.Idempotent},
		func(ctx context.Context, r *Reader, in *deviceGroupMembers) (*Plan, error) {
			return changeMembers(ctx, r, in.Group.Found(), objects(in.Add), objects(in.Remove),
				jc.At(deviceGroupEdges), jc.At(deviceParents), jc.At(deviceGroupMembersAt))
		}, Core),
)
