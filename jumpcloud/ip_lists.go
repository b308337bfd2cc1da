package jumpcloud

// IPList is a named list of addresses, ranges and CIDR blocks.
type IPList struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name,omitempty"`
	Description any    `json:"description,omitempty"`
	IPs         []any  `json:"ips,omitempty"`
}

// Kind is the kind of IP lists.
func (IPList) Kind() *Kind { return ipListKind }

var ipListKind = &Kind{
	Type: "ip_list", Noun: "IP list", ID: "id",
	Names: []Name{{Field: "name"}},
	Get:   At("GET /api/v2/iplists/{id}"),
	Find:  At("GET /api/v2/iplists"),
}
