package tools

type catalogApp struct {
	App string `json:"app" in:"path" jsonschema:"required,minLength=1"`
}

var appCatalog = Set{"app_catalog", "The catalogue of installable applications."}.Of(
	List[None, Raw]("app_catalog_list", "GET /api/v2/software/catalog/apps",
		"Find ready-made software in the app catalog, to install on devices.", Untyped()),
	Get[catalogApp, Raw]("app_catalog_get", "GET /api/v2/software/catalog/apps/{app}",
		"Show one app of the catalog: versions, publisher, system.", Untyped()),
)
