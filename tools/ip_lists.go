package tools

import (
	"github.com/invopop/jsonschema"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
)

type ipList struct {
	List jc.Ref[jc.IPList] `json:"ip_list" in:"path" jsonschema:"required"`
}

type ipListNew struct {
	Name        string    `json:"name" jsonschema:"required,minLength=1"`
	IPs         []ipRange `json:"ips,omitempty"`
	Description string    `json:"description,omitempty"`
}

type ipListEdit struct {
	ipList
	Name        string    `json:"name,omitempty" jsonschema:"minLength=1"`
	IPs         []ipRange `json:"ips,omitzero"`
	Description *string   `json:"description,omitempty"`
}

type ipListWhole struct {
	ipList
	Name        string    `json:"name" jsonschema:"required,minLength=1"`
	IPs         []ipRange `json:"ips" jsonschema:"required"`
	Description string    `json:"description,omitempty"`
}

// ipRange is an address, a CIDR block or a range "from-to".
type ipRange string

// JSONSchema shows the forms by example.
func (ipRange) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Examples: []any{"203.0.113.0/24"}}
}

var ipLists = Set{"ip_lists", "Lists of IP addresses for conditional access."}.Of(
	List[None, jc.IPList]("ip_lists_list", "GET /api/v2/iplists",
		"Find IP lists.", Columns("name", "ips", "description")),
	Get[ipList, jc.IPList]("ip_lists_get", "GET /api/v2/iplists/{ip_list}",
		"Show one IP list."),
	Create[ipListNew, jc.IPList]("ip_lists_create", "POST /api/v2/iplists",
		"Create an IP list."),
	Change[ipListEdit, jc.IPList]("ip_lists_update", "PATCH /api/v2/iplists/{ip_list}",
		"Change an IP list; ips replaces all of it."),
	Change[ipListWhole, jc.IPList]("ip_lists_replace", "PUT /api/v2/iplists/{ip_list}",
		"Replace an IP list by another of the same id; a description not given is dropped."),
	Delete[ipList]("ip_lists_delete", "DELETE /api/v2/iplists/{ip_list}",
		"Delete an IP list. Conditions that use it lose it."),
)
