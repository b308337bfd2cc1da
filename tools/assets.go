package tools

import (
	"slices"
)

// What is in the inventory, each by its id: which field names it is set by the
// organisation.
type (
	assetAccessory struct {
		Accessory string `json:"accessory" in:"path" jsonschema:"required,minLength=1"`
	}
	assetDevice struct {
		Asset string `json:"asset" in:"path" jsonschema:"required,minLength=1"`
	}
	assetLocation struct {
		Location string `json:"location" in:"path" jsonschema:"required,minLength=1"`
	}
	assetField struct {
		Field string `json:"field" in:"path" jsonschema:"required,minLength=1"`
	}
)

// assetKind is a kind of thing in the inventory, in the words of people.
type assetKind struct {
	name string // in paths and names of tools
	id   string // the argument
	one  string // "an accessory"
	all  string // "accessories"
	such string // "monitors, keyboards"
}

// assetTools are the tools that the kinds of assets have alike. In is the id.
func assetTools[In any](k assetKind) []*Tool {
	name, at := "assets_"+k.name, "/api/v2/assets/"+k.name
	one := at + "/{" + k.id + "}"
	return []*Tool{
		List[None, Raw](name+"_list", "GET "+at,
			"List "+k.all+" of the asset inventory: "+k.such+".", Untyped(), Takes("limit", "skip", "filter", "sort")),
		Get[In, Raw](name+"_get", "GET "+one,
			"Show "+k.one+" of the asset inventory.", Untyped()),
		Create[None, Raw](name+"_create", "POST "+at,
			"Add "+k.one+" to the asset inventory.", Untyped("fields.Name")),
		Change[In, Raw](name+"_update", "PUT "+one,
			"Change "+k.one+" of the asset inventory. Fields that body leaves out may be cleared.", Untyped("fields.Name")),
		Change[None, Raw](name+"_batch_update", "PATCH "+at+"/batch",
			"Change many "+k.all+" of the asset inventory at once.", Untyped(), Selects(k.id), NoReadBack("see "+name+"_list for what they are now")),
		Delete[In](name+"_delete", "DELETE "+one,
			"Delete "+k.one+" from the asset inventory.", Untyped()),
		List[In, Raw](name+"_history_list", "GET "+one+"/history",
			"List the history of "+k.one+" in the asset inventory: changes and notes.", Untyped()),
		Create[In, Raw](name+"_history_create", "POST "+one+"/history",
			"Write a note into the history of "+k.one+" in the asset inventory.", Untyped(), NoReadBack("see "+name+"_history_list")),
	}
}

var assets = Set{"assets", "Inventory of hardware and accessories beyond managed devices."}.Of(slices.Concat(
	assetTools[assetAccessory](assetKind{"accessories", "accessory", "an accessory", "accessories", "monitors, keyboards and other peripherals"}),
	assetTools[assetDevice](assetKind{"devices", "asset", "a hardware asset", "hardware assets", "computers, phones and other devices, managed or not"}),
	assetTools[assetLocation](assetKind{"locations", "location", "a location", "locations", "offices, rooms and stores where assets are"}),
	[]*Tool{
		Get[device, Raw]("assets_managed_device_get", "GET /api/v2/assets/devices/jc-system/{device}",
			"Show the hardware asset that is a managed device, from the asset inventory.", Untyped()),
		List[None, Raw]("assets_fields_list", "GET /api/v2/assets/field-configurations",
			"List the fields that assets of the inventory have, custom fields too.", Untyped()),
		List[assetField, Raw]("assets_fields_options_list", "GET /api/v2/assets/field-configurations/{field}/select-options",
			"List the values to select from in a field of assets.", Untyped()),
	},
)...)
