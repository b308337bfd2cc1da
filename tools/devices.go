package tools

import (
	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type device struct {
	Device jc.Ref[jc.Device] `json:"device" in:"path" jsonschema:"required"`
}

type deviceEdit struct {
	device
	DisplayName      *string        `json:"displayName,omitempty"`
	AllowMFA         *bool          `json:"allowMultiFactorAuthentication,omitempty"`
	AllowPublicKey   *bool          `json:"allowPublicKeyAuthentication,omitempty"`
	AllowSSHPassword *bool          `json:"allowSshPasswordAuthentication,omitempty"`
	AllowSSHRoot     *bool          `json:"allowSshRootLogin,omitempty"`
	Attributes       []namedValue   `json:"attributes,omitempty" rare:"true"`
	AgentMessages    []agentMessage `json:"agentBoundMessages,omitempty" rare:"true"`
}

type agentMessage struct {
	Cmd string `json:"cmd,omitempty"`
}

// queued is what the answer to an order means: the agent takes it when it next connects.
const queued = "the order is queued; the device follows it when its agent next connects, and it does not expire"

var devices = Set{"devices", "Computers and phones under management."}.Of(
	List[None, jc.Device]("devices_list", "GET /api/systems",
		"Find devices.", Core, Searches("POST /api/search/systems"),
		IDs("user", jc.User{}.Kind()), InGroups(jc.DeviceGroup{}.Kind(), "GET /api/v2/systemgroups/{group}/membership"),
		Columns("hostname", "user", "os", "version", "serialNumber", "last_contact", "flags")),
	Get[device, jc.Device]("devices_get", "GET /api/systems/{device}",
		"Show one device.", Core),
	Change[deviceEdit, jc.Device]("devices_update", "PUT /api/systems/{device}",
		"Change the display name or sign-in settings of a device."),
	Delete[device]("devices_delete", "DELETE /api/systems/{device}",
		"Remove a device from management; its agent uninstalls itself."),
	Act[device, None]("devices_lock", "POST /api/systems/{device}/command/builtin/lock",
		"Lock a device until someone unlocks it.", Core, Destroy, NoReadBack(queued)),
	Act[device, None]("devices_restart", "POST /api/systems/{device}/command/builtin/restart",
		"Restart a device.", Core, Destroy, NoReadBack(queued)),
	Act[device, None]("devices_shutdown", "POST /api/systems/{device}/command/builtin/shutdown",
		"Shut a device down.", Destroy, NoReadBack(queued)),
	Act[device, None]("devices_erase", "POST /api/systems/{device}/command/builtin/erase",
		"Erase all data on a device. Cannot be undone.", Core, Destroy, NoReadBack(queued)),
)
