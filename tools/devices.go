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

var devices = Set{"devices", "Computers and phones under management."}.Of(
	List[None, jc.Device]("devices_list", "GET /api/systems",
		"Find devices.", Core, Searches("POST /api/search/systems"),
		IDs("user", jc.User{}.Kind()), InGroups(jc.DeviceGroup{}.Kind(), "GET /api/v2/systemgroups/{group}/membership"),
		Columns("hostname", "user", "os", "version", "serialNumber", "last_contact", "flags")),
	Change[deviceEdit, jc.Device]("devices_update", "PUT /api/systems/{device}",
		"Change the display name or sign-in settings of a device."),
	Delete[device]("devices_delete", "DELETE /api/systems/{device}",
		"Remove a device from management; its agent uninstalls itself."),
)
