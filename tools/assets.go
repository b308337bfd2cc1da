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
	one  string // "an accessory of the inventory"
	all  string
}

// assetTools are the tools that the kinds of assets have alike. In is the id.
func assetTools[In any](k assetKind) []*Tool {
	name, at := "assets_"+k.name, "/api/v2/assets/"+k.name
	one := at + "/{" + k.id + "}"
	return []*Tool{
		List[None, Raw](name+"_list", "GET "+at,
			"List "+k.all+".", Untyped(), Takes("limit", "skip", "filter", "sort")),
		Get[In, Raw](name+"_get", "GET "+one,
			"Show "+k.one+".", Untyped()),
		Create[None, Raw](name+"_create", "POST "+at,
			"Add "+k.one+".", Untyped("fields.Name")),
		Change[In, Raw](name+"_update", "PUT "+one,
			"Change "+k.one+". Fields that body leaves out may be cleared.", Untyped("fields.Name")),
		Change[None, Raw](name+"_batch_update", "PATCH "+at+"/batch",
			"Change many of "+k.all+" at once.", Untyped(), Selects(k.id), NoReadBack("assets_"+k.name+"_list shows what they are now")),
		Delete[In](name+"_delete", "DELETE "+one,
			"Delete "+k.one+", with its history.", Untyped()),
		List[In, Raw](name+"_history_list", "GET "+one+"/history",
			"List what happened to "+k.one+": changes and notes.", Untyped()),
		Create[In, Raw](name+"_history_create", "POST "+one+"/history",
			"Write a note into the history of "+k.one+".", Untyped(), NoReadBack("assets_"+k.name+"_history_list shows it")),
	}
}

var assets = Set{"assets", "Inventory of hardware and accessories beyond managed devices."}.Of(slices.Concat(
	assetTools[assetAccessory](assetKind{"accessories", "accessory", "an accessory in the inventory, such as a monitor or keyboard", "accessories in the inventory: monitors, keyboards and other peripherals"}),
	assetTools[assetDevice](assetKind{"devices", "asset", "a hardware asset in the inventory", "hardware assets in the inventory: computers, phones and other devices, managed or not"}),
	assetTools[assetLocation](assetKind{"locations", "location", "a location where assets are kept", "locations where assets are kept: offices, rooms, stores"}),
	[]*Tool{
		Get[device, Raw]("assets_managed_device_get", "GET /api/v2/assets/devices/jc-system/{device}",
			"Show the inventory record (hardware asset) of a managed device.", Untyped()),
		List[None, Raw]("assets_fields_list", "GET /api/v2/assets/field-configurations",
			"List the fields that assets in the inventory have, custom fields too.", Untyped()),
		List[assetField, Raw]("assets_fields_options_list", "GET /api/v2/assets/field-configurations/{field}/select-options",
			"List the values that a select field of assets offers.", Untyped()),
	},
)...)
