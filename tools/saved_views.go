package tools

type savedView struct {
	View string `json:"saved_view" in:"path" jsonschema:"required,minLength=1"`
}

const savedViewsAt = "/api/v2/saved-views"

// The API lists saved views and reads none by itself.
var savedViews = Set{"saved_views", "Saved views of the console."}.Of(
	List[None, Raw]("saved_views_list", "GET "+savedViewsAt,
		"List saved views of lists in the console: columns, filters, order.", Untyped(), Takes("limit", "skip", "filter", "sort")),
	Create[None, Raw]("saved_views_create", "POST "+savedViewsAt,
		"Save a view of a list in the console, for oneself or shared.", Untyped("name", "source", "columns", "configuration", "isDefault", "shared"),
		NoReadBack("see saved_views_list")),
	Change[savedView, Raw]("saved_views_update", "PUT "+savedViewsAt+"/{saved_view}",
		"Change a saved view. What body leaves out may be cleared.", Untyped(), NoReadBack("see saved_views_list")),
	Delete[savedView]("saved_views_delete", "DELETE "+savedViewsAt+"/{saved_view}",
		"Delete a saved view of the console.", Untyped(), NoReadBack("see saved_views_list for what is left")),
	List[None, Raw]("saved_views_devices_list", "GET /api/v2/systems/views",
		"List saved views of the console's device list.", Untyped()),
	Create[None, Raw]("saved_views_devices_create", "POST /api/v2/systems/views",
		"Save a view of the console's device list.", Untyped(), NoReadBack("see saved_views_devices_list")),
)
