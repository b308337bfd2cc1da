package tools

var objectStorage = Set{"object_storage", "Files kept by the organisation."}.Of(
	List[None, Raw]("object_storage_items_list", "GET /api/v2/object-storage/items",
		"List the files in the organisation's object storage.", Untyped()),
	Get[None, Raw]("object_storage_status_get", "GET /api/v2/object-storage/status",
		"Show whether object storage is on and how full it is.", Untyped()),
)
